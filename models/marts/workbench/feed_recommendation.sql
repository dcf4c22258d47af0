-- One row per customer and product line recommended (推荐商机), as of the last business date, with who looks
-- after the customer. Lines of customers without a manager are the org's, employee_id empty.

{{ config(materialized='table', meta={'grain': ['customer_id', 'product_line_code']}) }}

select
    -- ids
    managers.employee_id,
    owners.owning_org_id as org_id,
    recommended.customer_id,

    -- codes
    recommended.product_line_code,
    recommended.source_code,
    recommended.rule_code,

    -- dates
    recommended.business_date,

    -- measures
    recommended.rank_number,
    recommended.score,
    recommended.reason

from {{ ref('fct_recommendation') }} as recommended
inner join {{ ref('int_customer__month') }} as owners
    on
        recommended.customer_id = owners.customer_id
        and owners.month_start_date = {{ month_start(business_date()) }}
left join {{ ref('int_ownership__main_manager') }} as managers
    on
        recommended.customer_id = managers.customer_id
        and managers.month_start_date = {{ month_start(business_date()) }}
