-- One row per product as of tonight: what prices it. The curve is '' for what is invested with customers'
-- money, for a product without a curve, and while a curve has no rate at all.

{{ config(materialized='view') }}

with curves as (

    select distinct curve_id from {{ ref('int_ftp__point') }}

)

select
    products.product_code,
    products.product_line_code,
    products.asset_class_code,
    case when products.asset_class_code = 'wealth' then '' else coalesce(curves.curve_id, '') end as curve_id,
    products.day_count_basis
from {{ ref('stg_core_banking__products') }} as products
left join curves on products.ftp_curve_id = curves.curve_id
