-- One row per customer and month that tonight computes: AUM and balance sums (积数), not yet rounded.
-- A customer without a balance has a row of zeros; a balance without a living customer keeps its row,
-- so that nothing that the accounts hold is missing from the customers' total.

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('int_account__holder') }}
-- depends_on: {{ ref('stg_core_banking__products') }}, {{ ref('int_fx__rate_by_day') }}

with customers as (

    select * from {{ ref('int_customer__month') }}

),

months as (

    select * from {{ ref('int_calendar__open_months') }}

),

from_holdings as (

    select
        customer_id,
        month_start_date,
        aum_unrounded_amt,
        balance_sum_unrounded_amt,
        balance_source
    from {{ ref('int_aum__holding_day') }}
    where business_date = {{ business_date() }}

),

{% if is_first_night() %}

from_history as (

    select
        holders.customer_id,
        history.month_start_date,
        cast(
            cast(
                cast(greatest(history.month_end_balance_ccy_amt, 0) as decimal(38, 2))
                * products.aum_weight * holders.ownership_share as {{ base_type() }}
            ) * rates.mid_rate as {{ exact_type() }}
        ) as aum_unrounded_amt,
        cast(
            cast(
                cast(greatest(history.balance_sum_ccy_amt, 0) as decimal(38, 2))
                * products.aum_weight * holders.ownership_share as {{ base_type() }}
            ) * rates.mid_rate as {{ exact_type() }}
        ) as balance_sum_unrounded_amt,
        case when products.asset_class_code = 'wealth' then 'investment' else 'deposit' end as balance_source
    from {{ ref('stg_core_banking__monthly_balances') }} as history
    inner join {{ ref('int_account__holder') }} as holders on history.account_id = holders.account_id
    inner join {{ ref('stg_core_banking__products') }} as products
        on history.product_code = products.product_code and products.is_in_aum
    inner join months on history.month_start_date = months.month_start_date and not months.is_current
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on holders.currency_code = rates.currency_code and months.month_end_date = rates.calendar_date

),

{% endif %}

all_holdings as (

    select * from from_holdings
    {% if is_first_night() %}
    union all
    select
        customer_id,
        month_start_date,
        aum_unrounded_amt,
        balance_sum_unrounded_amt,
        balance_source
    from from_history
    {% endif %}

),

totals as (

    select
        customer_id,
        month_start_date,
        sum(aum_unrounded_amt) as aum_end_unrounded_amt,
        sum(case when balance_source = 'deposit' then aum_unrounded_amt else 0 end)
            as deposit_end_unrounded_amt,
        sum(balance_sum_unrounded_amt) as balance_sum_unrounded_amt,
        sum(case when balance_source = 'deposit' then balance_sum_unrounded_amt else 0 end)
            as deposit_sum_unrounded_amt
    from all_holdings
    group by customer_id, month_start_date

),

joined as (

    select
        coalesce(customers.customer_id, totals.customer_id) as customer_id,
        coalesce(customers.month_start_date, totals.month_start_date) as month_start_date,
        totals.aum_end_unrounded_amt,
        totals.deposit_end_unrounded_amt,
        totals.balance_sum_unrounded_amt,
        totals.deposit_sum_unrounded_amt
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

    -- measures
    cast(coalesce(joined.aum_end_unrounded_amt, 0) as {{ exact_type() }}) as aum_end_unrounded_amt,
    cast(coalesce(joined.deposit_end_unrounded_amt, 0) as {{ exact_type() }}) as deposit_end_unrounded_amt,
    cast(coalesce(joined.balance_sum_unrounded_amt, 0) as {{ exact_type() }}) as balance_sum_unrounded_amt,
    cast(coalesce(joined.deposit_sum_unrounded_amt, 0) as {{ exact_type() }}) as deposit_sum_unrounded_amt,

    -- flags
    months.is_provisional

from joined
inner join months on joined.month_start_date = months.month_start_date
