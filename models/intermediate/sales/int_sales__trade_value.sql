-- One row per sale that tonight's batch reports: the currency of its amounts and what one unit of it was
-- worth on the day of the sale. Where no currency is told it is the account's, else the product's. A day
-- without a rate has the last one before it, a day before all rates the earliest.

with trades as (

    select
        trades.trade_id,
        trades.trade_date,
        coalesce(
            trades.currency_code, accounts.currency_code, products.currency_code,
            '{{ var("reporting_currency") }}'
        ) as currency_code
    from {{ ref('stg_core_banking__sales_trades') }} as trades
    left join {{ ref('stg_core_banking__products') }} as products
        on trades.product_code = products.product_code
    left join {{ ref('int_account__versions') }} as accounts
        on
            {{ key_where('trades.currency_code is null', 'trades.account_id') }} = accounts.account_id
            and accounts.known_to_date is null

),

foreign_days as (

    select distinct currency_code, trade_date
    from trades
    where currency_code <> '{{ var("reporting_currency") }}'

),

known_rates as (

    -- as it valued that day
    select
        days.currency_code,
        days.trade_date,
        rates.rate_date,
        rates.mid_rate,
        1 as preference
    from foreign_days as days
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on days.currency_code = rates.currency_code and days.trade_date = rates.calendar_date
    union all
    -- days that no night has valued
    select
        days.currency_code,
        days.trade_date,
        rates.rate_date,
        rates.mid_rate,
        2 as preference
    from foreign_days as days
    inner join {{ ref('stg_core_banking__fx_rates') }} as rates on days.currency_code = rates.currency_code
    union all
    select
        days.currency_code,
        days.trade_date,
        rates.rate_date,
        rates.mid_rate,
        3 as preference
    from foreign_days as days
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on days.currency_code = rates.currency_code and days.trade_date <> rates.calendar_date

),

ranked as (

    select
        *,
        row_number() over (
            partition by currency_code, trade_date
            order by
                case
                    when preference = 1 then 1
                    when rate_date <= trade_date then 2
                    else 3
                end nulls last,
                abs({{ days_between('rate_date', 'trade_date') }}) nulls last,
                preference nulls last,
                mid_rate nulls last
        ) as closeness
    from known_rates

)

select
    trades.trade_id,
    trades.currency_code,
    case
        when trades.currency_code = '{{ var("reporting_currency") }}' then cast(1 as decimal(18, 8))
        else cast(ranked.mid_rate as decimal(18, 8))
    end as mid_rate
from trades
left join ranked
    on
        trades.currency_code = ranked.currency_code
        and trades.trade_date = ranked.trade_date
        and ranked.closeness = 1
