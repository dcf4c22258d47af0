-- One row per holding (account × product × owner) and month that tonight computes: its worth and its balance
-- sum (积数). The first night adds the past months, which the bank sends as monthly balances.

{{ config(materialized='view') }}

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('int_account__holder') }}
-- depends_on: {{ ref('stg_core_banking__products') }}, {{ ref('int_fx__rate_by_day') }}
-- depends_on: {{ ref('int_calendar__computed_months') }}

with from_holdings as (

    select
        customer_id,
        org_id,
        asset_class_code,
        balance_source,
        month_start_date,
        aum_plain_amt,
        aum_fine_amt,
        balance_sum_plain_amt,
        balance_sum_fine_amt
    from {{ ref('int_aum__holding_day') }}
    where business_date = {{ business_date() }}

)

{%- if is_first_night() %},

history as (

    select
        holders.customer_id,
        holders.org_id,
        products.asset_class_code,
        balances.month_start_date,
        case when products.asset_class_code = 'wealth' then 'investment' else 'deposit' end as balance_source,
        holders.is_whole and products.aum_weight = 1 as is_plain,
        cast(products.aum_weight as decimal(38, 6)) * holders.ownership_share * rates.mid_rate as factor,
        cast(greatest(balances.month_end_balance_ccy_amt, 0) as {{ amount_type() }}) as end_ccy_amt,
        cast(greatest(balances.balance_sum_ccy_amt, 0) as {{ amount_type() }}) as sum_ccy_amt
    from {{ ref('stg_core_banking__monthly_balances') }} as balances
    inner join {{ ref('int_account__holder') }} as holders on balances.account_id = holders.account_id
    inner join {{ ref('stg_core_banking__products') }} as products
        on balances.product_code = products.product_code and products.is_in_aum
    inner join {{ ref('int_calendar__computed_months') }} as months
        on balances.month_start_date = months.month_start_date and not months.is_current
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on holders.currency_code = rates.currency_code and months.month_end_date = rates.calendar_date

),

from_history as (

    select
        customer_id,
        org_id,
        asset_class_code,
        balance_source,
        month_start_date,
        case when is_plain then end_ccy_amt else 0 end as aum_plain_amt,
        cast(case when is_plain then 0 else cast(end_ccy_amt as decimal(38, 2)) * factor end as {{ exact_type() }})
            as aum_fine_amt,
        case when is_plain then sum_ccy_amt else 0 end as balance_sum_plain_amt,
        cast(case when is_plain then 0 else cast(sum_ccy_amt as decimal(38, 2)) * factor end as {{ exact_type() }})
            as balance_sum_fine_amt
    from history

)
{%- endif %}

select * from from_holdings
{%- if is_first_night() %}
union all
select * from from_history
{%- endif %}
