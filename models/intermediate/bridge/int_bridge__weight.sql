-- One row per product and night: the weight with which the catalogue of the night counts it in AUM, 0
-- outside. Nights compare it with that of the night before; a product that is in no catalogue counts nothing.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

select
    product_code,
    {{ business_date() }} as business_date,
    {{ month_start(business_date()) }} as month_start_date,
    cast(case when is_in_aum then aum_weight else 0 end as decimal(9, 6)) as aum_weight
from {{ ref('stg_core_banking__products') }}
