-- One row per customer and month: what the months before it add to its trailing averages. Computed once per
-- month, on its first night; the other nights of the month find it here, and look up only who was not in the
-- ledger before.

{{ config(
    materialized='incremental', meta={'carried': 'month_state'},
) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

wanted as (

    select
        tonight.customer_id,
        tonight.month_start_date,
        months.month_index
    from {{ ref('int_contribution__customer_month') }} as tonight
    inner join months on tonight.month_start_date = months.month_start_date
    {% if has_state() %}
    left join (
        {{ keys_of_open_months() }}
    ) as earlier
        on
            tonight.customer_id = earlier.customer_id
            and tonight.month_start_date = earlier.month_start_date
    where earlier.customer_id is null
    {% endif %}

)

{{ contribution_of_earlier_months('wanted') }}
