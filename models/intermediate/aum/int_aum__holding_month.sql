-- One row per customer, org, asset class and month that tonight computes: what is held, its worth and its
-- balance sum (积数). The first night adds the past months, which the bank sends as monthly balances.

{{ config(materialized='table', meta={'month_by_month': true}) }}

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('int_account__holder') }}
-- depends_on: {{ ref('stg_core_banking__products') }}, {{ ref('int_fx__rate_by_day') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

from_holdings as (

    select
        holdings.customer_id,
        holdings.org_id,
        holdings.asset_class_code,
        holdings.balance_source,
        holdings.month_start_date,
        holdings.aum_plain_amt,
        holdings.aum_fine_amt,
        holdings.balance_sum_plain_amt,
        holdings.balance_sum_fine_amt
    from {{ by_survivor(ref('int_aum__holding_day')) }} as holdings
    inner join months on holdings.month_start_date = months.month_start_date
    where holdings.business_date = {{ business_date() }}

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
        rates.mid_rate,
        cast(products.aum_weight as decimal(38, 6)) * holders.ownership_share as share,
        -- a row may end with the last day before the closing
        case
            when holders.close_date <= months.month_end_date then cast(0 as {{ amount_type() }})
            else cast(greatest(balances.month_end_balance_ccy_amt, 0) as {{ amount_type() }})
        end as end_ccy_amt,
        cast(greatest(balances.balance_sum_ccy_amt, 0) as {{ amount_type() }}) as sum_ccy_amt
    from {{ ref('stg_core_banking__monthly_balances') }} as balances
    inner join {{ ref('int_account__holder') }} as holders on balances.account_id = holders.account_id
    inner join {{ ref('stg_core_banking__products') }} as products
        on balances.product_code = products.product_code and products.is_in_aum
    inner join months on balances.month_start_date = months.month_start_date and not months.is_current
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on holders.currency_code = rates.currency_code and months.month_end_date = rates.calendar_date

),

shared_history as (

    select
        *,
        cast(
            case when is_plain then 0 else cast(end_ccy_amt as decimal(38, 2)) * share end
            as {{ base_type() }}
        ) as end_base_ccy_amt,
        cast(
            case when is_plain then 0 else cast(sum_ccy_amt as decimal(38, 2)) * share end
            as {{ base_type() }}
        ) as sum_base_ccy_amt
    from history

),

from_history as (

    select
        customer_id,
        org_id,
        asset_class_code,
        balance_source,
        month_start_date,
        case when is_plain then end_ccy_amt else {{ plain_worth('end_base_ccy_amt', 'mid_rate') }} end
            as aum_plain_amt,
        {{ fine_worth('end_base_ccy_amt', 'mid_rate') }} as aum_fine_amt,
        case when is_plain then sum_ccy_amt else {{ plain_worth('sum_base_ccy_amt', 'mid_rate') }} end
            as balance_sum_plain_amt,
        {{ fine_worth('sum_base_ccy_amt', 'mid_rate') }} as balance_sum_fine_amt
    from shared_history

)
{%- endif %},

all_holdings as (

    select * from from_holdings
    {%- if is_first_night() %}
    union all
    select * from from_history
    {%- endif %}

),

summed as (

    select
        customer_id,
        org_id,
        asset_class_code,
        balance_source,
        month_start_date,
        sum(aum_plain_amt) as aum_plain_amt,
        sum(aum_fine_amt) as aum_fine_amt,
        sum(balance_sum_plain_amt) as balance_sum_plain_amt,
        sum(balance_sum_fine_amt) as balance_sum_fine_amt
    from all_holdings
    group by customer_id, org_id, asset_class_code, balance_source, month_start_date

)

select
    -- ids
    customer_id,
    org_id,

    -- codes
    asset_class_code,
    balance_source,

    -- dates
    month_start_date,

    -- measures: whole cents, and what takes more decimals
    cast(aum_plain_amt as {{ amount_type() }}) as aum_plain_amt,
    cast(aum_fine_amt as {{ exact_type() }}) as aum_fine_amt,
    cast(balance_sum_plain_amt as {{ sum_type() }}) as balance_sum_plain_amt,
    cast(balance_sum_fine_amt as {{ exact_type() }}) as balance_sum_fine_amt

from summed
