-- One row per customer and month that tonight computes: what the months before it add to its trailing
-- averages. It is what the month's first night looked up, but for customers who were merged since, or parted:
-- theirs is looked up each night.

{{ config(materialized='view') }}

select stored.*
from {{ ref('int_contribution__earlier_months') }} as stored
left join {{ ref('int_customer__newly_merged') }} as newly on stored.customer_id = newly.customer_id
where newly.customer_id is null
union all
{{ contribution_of_earlier_months("(
    select newly.customer_id, months.month_start_date, months.month_index
    from " ~ ref('int_customer__newly_merged') ~ " as newly
    cross join " ~ ref('int_contribution__month') ~ " as months
)", among=ref('int_customer__newly_merged')) }}
