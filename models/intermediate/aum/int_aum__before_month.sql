-- One row per customer and month that tonight computes: what the months before it add to its averages. It is
-- what the month's first night looked up, but for customers who were merged since, or parted: theirs is
-- looked up each night. They are few.

{{ config(materialized='view') }}

select stored.*
from {{ ref('int_aum__earlier_months') }} as stored
left join {{ ref('int_customer__newly_merged') }} as newly on stored.customer_id = newly.customer_id
where newly.customer_id is null
union all
select *
from (
    {{ aum_of_earlier_months("(
        select customer_months.customer_id, customer_months.month_start_date, customer_months.month_index
        from " ~ ref('int_aum__customer_month') ~ " as customer_months
        inner join " ~ ref('int_customer__newly_merged') ~ " as newly
            on customer_months.customer_id = newly.customer_id
        inner join " ~ ref('int_calendar__open_months') ~ " as months
            on customer_months.month_start_date = months.month_start_date
    )", among=ref('int_customer__newly_merged')) }}
) as looked_up
