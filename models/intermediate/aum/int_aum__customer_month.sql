-- One row per customer and month that tonight computes: AUM and balance sums (积数), not yet rounded.
-- A customer without a balance has a row of zeros; a balance without a living customer keeps its row,
-- so that nothing that the accounts hold is missing from the customers' total.

{{ config(
    materialized='table',
    pre_hook='{{ begin_month_by_month() }}', post_hook='{{ finish_month_by_month() }}',
) }}

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('int_account__holder') }}
-- depends_on: {{ ref('stg_core_banking__products') }}, {{ ref('int_fx__rate_by_day') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

customers as (

    select customers.customer_id, customers.month_start_date
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date

),

from_holdings as (

    select
        holdings.customer_id,
        holdings.month_start_date,
        holdings.balance_source,
        holdings.aum_plain_amt,
        holdings.aum_fine_amt,
        holdings.balance_sum_plain_amt,
        holdings.balance_sum_fine_amt
    from {{ ref('int_aum__holding_day') }} as holdings
    inner join months on holdings.month_start_date = months.month_start_date
    where holdings.business_date = {{ business_date() }}

),

{% if is_first_night() %}

history as (

    select
        holders.customer_id,
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
    inner join months on balances.month_start_date = months.month_start_date and not months.is_current
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on holders.currency_code = rates.currency_code and months.month_end_date = rates.calendar_date

),

from_history as (

    select
        customer_id,
        month_start_date,
        balance_source,
        case when is_plain then end_ccy_amt else 0 end as aum_plain_amt,
        cast(case when is_plain then 0 else cast(end_ccy_amt as decimal(38, 2)) * factor end as {{ exact_type() }})
            as aum_fine_amt,
        case when is_plain then sum_ccy_amt else 0 end as balance_sum_plain_amt,
        cast(case when is_plain then 0 else cast(sum_ccy_amt as decimal(38, 2)) * factor end as {{ exact_type() }})
            as balance_sum_fine_amt
    from history

),

{% endif %}

all_holdings as (

    select * from from_holdings
    {% if is_first_night() %}
    union all
    select * from from_history
    {% endif %}

),

totals as (

    select
        customer_id,
        month_start_date,
        sum(aum_plain_amt) as aum_end_plain_amt,
        sum(aum_fine_amt) as aum_end_fine_amt,
        sum(case when balance_source = 'deposit' then aum_plain_amt else 0 end) as deposit_end_plain_amt,
        sum(case when balance_source = 'deposit' then aum_fine_amt else 0 end) as deposit_end_fine_amt,
        sum(balance_sum_plain_amt) as balance_sum_plain_amt,
        sum(balance_sum_fine_amt) as balance_sum_fine_amt,
        sum(case when balance_source = 'deposit' then balance_sum_plain_amt else 0 end)
            as deposit_sum_plain_amt,
        sum(case when balance_source = 'deposit' then balance_sum_fine_amt else 0 end) as deposit_sum_fine_amt
    from all_holdings
    group by customer_id, month_start_date

),

joined as (

    select
        coalesce(customers.customer_id, totals.customer_id) as customer_id,
        coalesce(customers.month_start_date, totals.month_start_date) as month_start_date,
        totals.aum_end_plain_amt,
        totals.aum_end_fine_amt,
        totals.deposit_end_plain_amt,
        totals.deposit_end_fine_amt,
        totals.balance_sum_plain_amt,
        totals.balance_sum_fine_amt,
        totals.deposit_sum_plain_amt,
        totals.deposit_sum_fine_amt
    from customers
    full outer join totals
        on
            customers.customer_id = totals.customer_id
            and customers.month_start_date = totals.month_start_date

)

select
    -- ids
    joined.customer_id,

    -- dates
    joined.month_start_date,
    months.month_end_date,
    months.month_index,
    months.elapsed_days,

    -- measures: whole cents, and what takes more decimals
    cast(coalesce(joined.aum_end_plain_amt, 0) as {{ amount_type() }}) as aum_end_plain_amt,
    cast(coalesce(joined.aum_end_fine_amt, 0) as {{ exact_type() }}) as aum_end_fine_amt,
    cast(coalesce(joined.deposit_end_plain_amt, 0) as {{ amount_type() }}) as deposit_end_plain_amt,
    cast(coalesce(joined.deposit_end_fine_amt, 0) as {{ exact_type() }}) as deposit_end_fine_amt,
    cast(coalesce(joined.balance_sum_plain_amt, 0) as {{ amount_type() }}) as balance_sum_plain_amt,
    cast(coalesce(joined.balance_sum_fine_amt, 0) as {{ exact_type() }}) as balance_sum_fine_amt,
    cast(coalesce(joined.deposit_sum_plain_amt, 0) as {{ amount_type() }}) as deposit_sum_plain_amt,
    cast(coalesce(joined.deposit_sum_fine_amt, 0) as {{ exact_type() }}) as deposit_sum_fine_amt,

    -- flags
    months.is_provisional

from joined
inner join months on joined.month_start_date = months.month_start_date
