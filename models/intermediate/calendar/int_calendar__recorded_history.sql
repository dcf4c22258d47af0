-- One row: the first day that the bank has recorded, from the initial load's past months or its own date.

{{ config(
    materialized='incremental', incremental_strategy='append', meta={'carried': 'business_date'},
) }}

select
    cast(
        coalesce(min(monthly_balances.month_start_date), {{ business_date() }}) as date
    ) as history_start_date,
    {{ business_date() }} as business_date
from {{ ref('stg_core_banking__monthly_balances') }} as monthly_balances
{% if has_state() %}
having not exists (select 1 from {{ this }})
{% endif %}
