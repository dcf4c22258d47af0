-- One row per employee, org, sales product and day (销售业绩日汇总): what the day's entries of the ledger credited,
-- less what they took back. The day is that of the entry, so no day that was published ever changes; counts
-- are sums of ratios, amounts in the reporting currency at the rate of the trade date. The org is the one
-- that sold, as it was called then.

{{ config(meta={
    'grain': ['calendar_date', 'employee_id', 'org_id', 'sales_product_code'],
    'partition': 'calendar_date', 'carried': 'business_date',
}) }}

select
    -- ids
    employee_id,
    sales_org_id as org_id,

    -- codes
    sales_product_code,

    -- dates
    effective_date as calendar_date,
    effective_date as business_date,

    -- measures
    cast(sum(credit_ratio) as decimal(18, 5)) as sales_cnt,
    cast(coalesce(sum(credit_reporting_amt), 0) as {{ amount_type() }}) as credit_amt,
    cast(coalesce(sum(credit_fee_income_reporting_amt), 0) as {{ amount_type() }}) as credit_fee_income_amt

from {{ ref('fct_sales_credit') }}
where effective_date = {{ business_date() }}
group by employee_id, sales_org_id, sales_product_code, effective_date
