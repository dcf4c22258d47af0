-- One row per customer with a customer-initiated transaction in the 11 months before, and month: what those
-- months add to trailing figures. Computed once per month, on its first night, as known then (as_of_date);
-- the other nights of the month find it here and add what they bring.

{{ config(materialized='incremental', meta={'carried': 'month_state'}) }}

with entries as (

    select *
    from {{ entries_by_survivor() }} as entries
    where
        txn_date < {{ month_start(business_date()) }}
        {%- if has_state() %}
        and not exists (
            select 1
            from {{ this }} as earlier
            where earlier.month_start_date = {{ month_start(business_date()) }}
        )
        {%- endif %}

)

select
    *,
    {{ month_start(business_date()) }} as month_start_date,
    {{ business_date() }} as as_of_date
from (
    {{ activity_sums('entries') }}
) as sums
