-- One row per product and night that said something new of it: the catalogue as it came to be. A product that
-- is no longer delivered keeps its last row, and so its name.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{%- set attributes = [
    'product_name', 'asset_class_code', 'product_line_code', 'sales_product_code', 'currency_code',
    'is_in_aum', 'aum_weight',
] %}

with tonight as (

    select * from {{ ref('stg_core_banking__products') }}

)

{%- if has_state() %},

last_said as (

    select
        *,
        row_number() over (partition by product_code order by business_date desc nulls last) as recency
    from {{ this }}

)
{%- endif %}

select
    tonight.product_code,
    {% for attribute in attributes %}tonight.{{ attribute }},
    {% endfor %}{{ business_date() }} as business_date
from tonight
{% if has_state() %}
left join last_said on tonight.product_code = last_said.product_code and last_said.recency = 1
where
    last_said.product_code is null
    {% for attribute in attributes %}or tonight.{{ attribute }} is distinct from last_said.{{ attribute }}
    {% endfor %}
{% endif %}
