-- One row per customer and product line recommended to them, as of the last business date (产品推荐): by a rule,
-- or because many hold it together with a line that the customer holds. Nothing that is held, above the
-- customer's risk level, or declined of late.

{{ config(materialized='table', meta={'grain': ['customer_id', 'product_line_code']}) }}

select
    -- ids
    customer_id,

    -- codes
    product_line_code,
    source_code,
    rule_code,

    -- dates
    business_date,

    -- measures
    rank_number,
    score,

    -- words
    reason

from {{ ref('int_recommendation__list') }}
where business_date = {{ business_date() }} and list_code = 'tonight'
