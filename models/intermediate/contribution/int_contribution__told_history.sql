-- One row per account × product or loan of whose running month the initial load tells the days before
-- tonight: their sums, priced like any other day's. The day by day balance is not known, so that a demand
-- rate or none of a day counts by the average of the days on which the account was open.

{{ config(materialized='view', tags=['night']) }}

with products as (

    select * from {{ ref('int_ftp__product') }}

),

demand_days as (

    select
        curve_id,
        calendar_date,
        sum(ftp_millionths) over by_date as through_millionths,
        sum(ftp_millionths) over by_date - ftp_millionths as before_millionths,
        is_rate_assumed
    from {{ ref('int_ftp__demand_day') }}
    window by_date as (partition by curve_id order by calendar_date nulls last)

),

fx as (

    select
        currency_code,
        case
            when currency_code = '{{ var("reporting_currency") }}' then cast(1 as bigint)
            else {{ fx_units('mid_rate') }}
        end as fx_factor
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ add_days(business_date(), -1) }}

),

told as (

    select 'account' as register_code, account_id, product_code, balance_sum_ccy_amt
    from {{ ref('stg_core_banking__monthly_balances') }}
    where month_start_date = {{ month_start(business_date()) }}
    union all
    select
        'loan' as register_code,
        loan_id as account_id,
        cast(null as varchar) as product_code,
        balance_sum_ccy_amt
    from {{ ref('stg_core_banking__monthly_loans') }}
    where month_start_date = {{ month_start(business_date()) }}

),

owners_since as (

    select account_id, max(known_from_date) as owners_since_date
    from {{ ref('int_account__owner_versions') }}
    group by account_id

),

contracts as (

    select
        told.account_id,
        products.product_code,
        contracts.told_customer_id as customer_id,
        contracts.org_id,
        case
            when told.register_code = 'loan' then 'loan'
            when products.asset_class_code = 'wealth' then 'investment'
            else 'deposit'
        end as source_code,
        contracts.currency_code,
        products.curve_id,
        case
            when told.register_code = 'account'
                then coalesce(owners_since.owners_since_date, cast('1900-01-01' as date))
            else cast('1900-01-01' as date)
        end as owners_since_date,
        contracts.open_date,
        contracts.maturity_date,
        greatest(
            coalesce(contracts.open_date, {{ month_start(business_date()) }}),
            {{ month_start(business_date()) }}
        ) as first_day,
        {{ add_days(
            'least(coalesce(contracts.close_date, ' ~ business_date() ~ '), ' ~ business_date() ~ ')', -1
        ) }} as last_open_day,
        {{ wide(cents('told.balance_sum_ccy_amt')) }} * fx.fx_factor as balance_units,
        case
            when products.asset_class_code = 'wealth' then cast(0 as bigint)
            else {{ millionths_of('coalesce(contracts.customer_rate, 0)') }}
        end as rate_millionths
    from told
    inner join {{ ref('int_contribution__contract') }} as contracts
        on told.account_id = contracts.account_id and told.register_code = contracts.register_code
    inner join products on coalesce(told.product_code, contracts.product_code) = products.product_code
    inner join fx on contracts.currency_code = fx.currency_code
    left join owners_since on told.account_id = owners_since.account_id

),

dated as (

    select
        *,
        greatest(first_day, last_open_day) as last_day
    from contracts

)

select
    -- ids
    dated.account_id,
    dated.product_code,
    dated.customer_id,
    dated.org_id,

    -- codes
    dated.source_code,
    dated.currency_code,

    -- dates
    dated.owners_since_date,
    dated.open_date,
    dated.maturity_date,

    -- measures
    cast(0 as bigint) as balance_cents,
    dated.rate_millionths,
    term_rates.ftp_millionths as term_ftp_millionths,
    dated.balance_units,
    dated.balance_units * dated.rate_millionths as interest_units,
    case
        when dated.curve_id = '' then cast(0 as {{ wide_type() }})
        when term_rates.ftp_millionths is not null then dated.balance_units * term_rates.ftp_millionths
        else {{ round_wide(
            'dated.balance_units * (last_days.through_millionths - first_days.before_millionths)',
            '(' ~ days_between('dated.first_day', 'dated.last_day') ~ ' + 1)'
        ) }}
    end as ftp_units,

    -- flags
    case
        when dated.curve_id = '' then false
        when term_rates.ftp_millionths is not null then term_rates.is_rate_assumed
        -- the days without a curve are the first ones
        else coalesce(first_days.is_rate_assumed, false)
    end as is_rate_assumed

from dated
left join {{ ref('int_contribution__term_rate') }} as term_rates
    on
        dated.curve_id = term_rates.curve_id
        and dated.open_date = term_rates.rate_date
        and greatest({{ days_between('dated.open_date', 'dated.maturity_date') }}, 0)
        = term_rates.tenor_days
left join demand_days as first_days
    on dated.curve_id = first_days.curve_id and dated.first_day = first_days.calendar_date
left join demand_days as last_days
    on dated.curve_id = last_days.curve_id and dated.last_day = last_days.calendar_date
