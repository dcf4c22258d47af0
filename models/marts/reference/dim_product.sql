-- One row per product that was ever delivered, as the catalogue last had it.

{{ config(materialized='table', meta={'grain': ['product_code'], 'cut': 'whole'}) }}

with said as (

    select
        *,
        min(business_date) over (partition by product_code) as offered_since_date,
        row_number() over (partition by product_code order by business_date desc nulls last) as recency
    from {{ ref('int_product__said') }}

)

select
    -- ids
    said.product_code,

    -- codes and names
    said.product_name,
    said.asset_class_code,
    said.product_line_code,
    said.sales_product_code,
    said.currency_code,

    -- dates
    said.offered_since_date,

    -- measures
    cast(said.aum_weight as {{ share_type() }}) as aum_weight,

    -- flags
    said.is_in_aum,
    tonight.product_code is not null as is_offered

from said
left join {{ ref('stg_core_banking__products') }} as tonight on said.product_code = tonight.product_code
where said.recency = 1
