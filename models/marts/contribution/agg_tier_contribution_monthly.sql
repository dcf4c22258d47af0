-- One row per tier and calendar month: what its customers contribute; `none` are those without a tier.

{{ config(meta={
    'grain': ['tier_code', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

totals as (

    select
        customers.tier_code,
        customers.month_start_date,
        count(*) as customer_cnt,
        sum(case when customers.is_cost_centre then 1 else 0 end) as cost_centre_cnt,
        {{ component_sums('customers.') }}
    from {{ ref('fct_customer_contribution_monthly') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    group by customers.tier_code, customers.month_start_date

)

select
    -- codes
    totals.tier_code,

    -- dates
    totals.month_start_date,

    -- measures
    cast(totals.customer_cnt as bigint) as customer_cnt,
    cast(totals.customer_cnt as bigint) as customer_count,
    cast(totals.cost_centre_cnt as bigint) as cost_centre_cnt,
    cast(totals.cost_centre_cnt as bigint) as cost_centre_count,
    {{ component_amounts('totals.') }},

    -- flags
    months.is_provisional,
    months.is_partial_month

from totals
inner join months on totals.month_start_date = months.month_start_date
