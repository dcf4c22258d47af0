-- One row per customer and month: what the months before it add to its trailing and to-date averages.
-- Computed once per month, on its first night; the other nights of the month find it here. Months that no
-- kept night is in are dropped (see orchestration/warehouse/night.py).

{{ config(
    materialized='incremental', meta={'carried': 'month_state', 'month_by_month': true},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- customers who had months before and are not here yet: all on a month's first night, later in the month
-- only those who come back. New customers have nothing to look up.
wanted as (

    select
        customer_month.customer_id,
        customer_month.month_start_date,
        customer_month.month_index
    from {{ ref('int_aum__customer_month') }} as customer_month
    inner join months on customer_month.month_start_date = months.month_start_date
    inner join {{ one_for_survivors(
        by_survivor(ref('int_customer__recorded_since')),
        ['customer_id'],
        {'first_month_date': 'min(together.first_month_date)'},
    ) }} as recorded_since
        on
            customer_month.customer_id = recorded_since.customer_id
            and customer_month.month_start_date > recorded_since.first_month_date
    {% if has_state() %}
    left join (
        {{ keys_of_open_months() }}
    ) as earlier
        on
            customer_month.customer_id = earlier.customer_id
            and customer_month.month_start_date = earlier.month_start_date
    where earlier.customer_id is null
    {% endif %}

)

select *
from (
    {{ aum_of_earlier_months('wanted') }}
) as summed
