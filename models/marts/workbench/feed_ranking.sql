-- One row per employee and sales product with sales in the running month (销售排名): the rank over all orgs and
-- in the own org.

{{ config(materialized='table', meta={'grain': ['employee_id', 'sales_product_code']}) }}

select
    -- ids
    ranks.employee_id,
    ranks.org_id,

    -- codes
    ranks.sales_product_code,
    ranks.measure_code,

    -- dates
    {{ business_date() }} as business_date,
    ranks.month_start_date,

    -- measures
    ranks.sales_cnt,
    ranks.credit_amt,
    ranks.credit_fee_income_amt,
    ranks.rank_number,
    ranks.rank_in_org_number

from {{ ref('rpt_sales_ranking') }} as ranks
where
    ranks.month_start_date = {{ month_start(business_date()) }}
    and ranks.period_code = 'month'
    and ranks.subject_code = 'employee'
    and ranks.view_code = 'current'
