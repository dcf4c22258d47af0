-- One row per holding (account × product × owner, org and asset class) and month that tonight computes: what
-- it is worth and its balance sum (积数) so far. This is the state that nights carry: tonight = last night's
-- sums, plus last night's balance for the days without a batch, plus tonight's balance. No day is read twice.
-- Days count for the owner, org and class of the day: what moves begins a row of its own, and the sums before
-- stay where they were. Owners stay under the number that was told of.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

with products as (

    select * from {{ ref('stg_core_banking__products') }} where is_in_aum

),

months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rates as (

    select * from {{ ref('int_fx__rate_by_day') }}

),

balances as (

    select
        deposits.account_id,
        cast(null as varchar) as product_code,
        'deposit' as balance_source,
        deposits.balance_ccy_amt
    from {{ ref('stg_core_banking__deposit_balances') }} as deposits
    union all
    select
        account_id,
        product_code,
        'investment' as balance_source,
        market_value_ccy_amt as balance_ccy_amt
    from {{ ref('stg_core_banking__investment_positions') }}

),

counted as (

    select
        balances.account_id,
        products.product_code,
        balances.balance_source,
        holders.customer_id,
        holders.org_id,
        products.asset_class_code,
        holders.currency_code,
        holders.is_whole and products.aum_weight = 1 as is_plain,
        -- an overdrawn balance is a liability and a closed account is empty, whatever the table says
        case
            when holders.close_date <= {{ business_date() }} then cast(0 as {{ amount_type() }})
            else cast(greatest(balances.balance_ccy_amt, 0) as {{ amount_type() }})
        end as counted_ccy_amt,
        products.aum_weight,
        holders.ownership_share
    from balances
    inner join {{ ref('int_account__told_holder') }} as holders on balances.account_id = holders.account_id
    inner join products on coalesce(balances.product_code, holders.product_code) = products.product_code

),

tonight as (

    select
        account_id,
        product_code,
        balance_source,
        customer_id,
        org_id,
        asset_class_code,
        currency_code,
        case when is_plain then counted_ccy_amt else cast(0 as {{ amount_type() }}) end as base_plain_amt,
        case
            when is_plain then cast(0 as {{ base_type() }})
            else cast(
                cast(counted_ccy_amt as decimal(38, 2)) * aum_weight * ownership_share as {{ base_type() }}
            )
        end as base_fine_ccy_amt
    from counted

),

{% if has_state() %}

last_night as (

    {{ state_of_last_night(customers=[]) }}

),

refused as (

    {{ refused_balances() }}

),

{% else %}

-- the initial load's row of the running month covers the days before tonight
told as (

    select
        history.account_id,
        history.product_code,
        case when products.asset_class_code = 'wealth' then 'investment' else 'deposit' end as balance_source,
        holders.customer_id,
        holders.org_id,
        products.asset_class_code,
        holders.currency_code,
        rates.mid_rate,
        case
            when holders.is_whole and products.aum_weight = 1
                then cast(greatest(history.balance_sum_ccy_amt, 0) as {{ amount_type() }})
            else cast(0 as {{ amount_type() }})
        end as sum_plain_amt,
        case
            when holders.is_whole and products.aum_weight = 1 then cast(0 as {{ base_type() }})
            else cast(
                cast(greatest(history.balance_sum_ccy_amt, 0) as decimal(38, 2))
                * products.aum_weight * holders.ownership_share as {{ base_type() }}
            )
        end as sum_base_ccy_amt
    from {{ ref('stg_core_banking__monthly_balances') }} as history
    inner join {{ ref('int_account__told_holder') }} as holders on history.account_id = holders.account_id
    inner join products on history.product_code = products.product_code
    inner join rates
        on
            holders.currency_code = rates.currency_code
            and rates.calendar_date = {{ add_days(business_date(), -1) }}
    where history.month_start_date = {{ month_start(business_date()) }}

),

last_night as (

    select
        account_id,
        product_code,
        balance_source,
        customer_id,
        org_id,
        asset_class_code,
        currency_code,
        cast(0 as {{ amount_type() }}) as base_plain_amt,
        cast(0 as {{ base_type() }}) as base_fine_ccy_amt,
        sum_plain_amt + {{ plain_worth('sum_base_ccy_amt', 'mid_rate') }} as balance_sum_plain_amt,
        {{ fine_worth('sum_base_ccy_amt', 'mid_rate') }} as balance_sum_fine_amt
    from told

),

{% endif %}

holdings as (

    select
        coalesce(tonight.account_id, last_night.account_id) as account_id,
        coalesce(tonight.product_code, last_night.product_code) as product_code,
        coalesce(tonight.balance_source, last_night.balance_source) as balance_source,
        coalesce(tonight.customer_id, last_night.customer_id) as customer_id,
        coalesce(tonight.org_id, last_night.org_id) as org_id,
        coalesce(tonight.asset_class_code, last_night.asset_class_code) as asset_class_code,
        coalesce(tonight.currency_code, last_night.currency_code) as currency_code,
        coalesce(
            tonight.base_plain_amt,
            {% if has_state() %}
            case when refused.row_key is not null then last_night.base_plain_amt end,
            {% endif %}
            cast(0 as {{ amount_type() }})
        ) as base_plain_amt,
        coalesce(
            tonight.base_fine_ccy_amt,
            {% if has_state() %}
            case when refused.row_key is not null then last_night.base_fine_ccy_amt end,
            {% endif %}
            cast(0 as {{ base_type() }})
        ) as base_fine_ccy_amt,
        coalesce(last_night.base_plain_amt, cast(0 as {{ amount_type() }})) as carried_base_plain_amt,
        coalesce(last_night.base_fine_ccy_amt, cast(0 as {{ base_type() }})) as carried_base_fine_ccy_amt,
        coalesce(last_night.balance_sum_plain_amt, cast(0 as {{ sum_type() }})) as carried_sum_plain_amt,
        coalesce(last_night.balance_sum_fine_amt, cast(0 as {{ exact_type() }})) as carried_sum_fine_amt
    from tonight
    full outer join last_night
        on
            tonight.account_id = last_night.account_id
            and tonight.product_code = last_night.product_code
            and tonight.balance_source = last_night.balance_source
            and tonight.customer_id = last_night.customer_id
            and tonight.org_id = last_night.org_id
            and tonight.asset_class_code = last_night.asset_class_code
    {% if has_state() %}
    left join refused
        on
            refused.source_code = last_night.balance_source
            and refused.row_key = {{ refused_key(
                'last_night.balance_source', 'last_night.account_id', 'last_night.product_code'
            ) }}
    {% endif %}

),

-- days without a batch and the Σ of their rates, up to each day on which an account may have closed
silent_days as (

    select * from rates
    where
        calendar_date > {{ previous_business_date() }}
        and calendar_date < {{ business_date() }}

),

silent_sums as (

    select
        last_days.currency_code,
        {{ month_start('silent_days.calendar_date') }} as month_start_date,
        last_days.calendar_date as last_open_date,
        cast(count(*) as integer) as day_cnt,
        sum(cast(silent_days.mid_rate as decimal(38, 8))) as rate_sum,
        max(
            case
                when silent_days.calendar_date = last_day(silent_days.calendar_date) then silent_days.mid_rate
            end
        ) as month_end_rate
    from silent_days as last_days
    inner join silent_days
        on
            last_days.currency_code = silent_days.currency_code
            and last_days.calendar_date >= silent_days.calendar_date
    group by
        last_days.currency_code,
        {{ month_start('silent_days.calendar_date') }},
        last_days.calendar_date

),

-- the last day without a batch on which each account was still open
closings as (

    select account_id, max(close_date) as close_date
    from {{ ref('int_account__told_holder') }}
    where
        close_date < {{ business_date() }}
        -- told tonight: also of a day before the last night, whose balance no day carries any more
        and (close_date > {{ previous_business_date() }} or known_from_date = {{ business_date() }})
    group by account_id

),

by_month as (

    select
        holdings.*,
        months.month_start_date,
        months.is_current,
        months.month_start_date = {{ month_start(
            'coalesce(' ~ previous_business_date() ~ ', ' ~ business_date() ~ ')'
        ) }} as is_carried_month,
        silent_sums.day_cnt,
        silent_sums.rate_sum,
        silent_sums.month_end_rate,
        rates.mid_rate
    from holdings
    -- nights after the first one compute past months from what they carry; the first reads them as history
    inner join months on {% if is_first_night() %}months.is_current{% else %}true{% endif %}
    left join closings on holdings.account_id = closings.account_id
    left join silent_sums
        on
            holdings.currency_code = silent_sums.currency_code
            and months.month_start_date = silent_sums.month_start_date
            and silent_sums.last_open_date = {{ add_days(
                'coalesce(closings.close_date, ' ~ business_date() ~ ')', -1
            ) }}
    inner join rates
        on
            holdings.currency_code = rates.currency_code
            and rates.calendar_date = {{ business_date() }}

),

summed as (

    select
        -- ids
        account_id,
        product_code,
        customer_id,
        org_id,

        -- codes
        balance_source,
        asset_class_code,
        currency_code,

        -- dates
        {{ business_date() }} as business_date,
        month_start_date,

        -- measures: whole cents of the reporting currency, and what takes more decimals
        cast(case when is_current then base_plain_amt else 0 end as {{ amount_type() }}) as base_plain_amt,
        cast(case when is_current then base_fine_ccy_amt else 0 end as {{ base_type() }})
            as base_fine_ccy_amt,
        cast(
            case
                when is_current then base_plain_amt + {{ plain_worth('base_fine_ccy_amt', 'mid_rate') }}
                when month_end_rate is not null
                    then carried_base_plain_amt
                    + {{ plain_worth('carried_base_fine_ccy_amt', 'month_end_rate') }}
                else 0
            end as {{ amount_type() }}
        ) as aum_plain_amt,
        cast(
            case
                when is_current then {{ fine_worth('base_fine_ccy_amt', 'mid_rate') }}
                when month_end_rate is not null
                    then {{ fine_worth('carried_base_fine_ccy_amt', 'month_end_rate') }}
                else 0
            end as {{ exact_type() }}
        ) as aum_fine_amt,
        cast(
            case when is_carried_month then carried_sum_plain_amt else 0 end
            + case
                when day_cnt is null then 0
                else {{ times_days('carried_base_plain_amt', 'day_cnt') }}
                    + {{ plain_worth('carried_base_fine_ccy_amt', 'rate_sum') }}
            end
            + case
                when is_current then base_plain_amt + {{ plain_worth('base_fine_ccy_amt', 'mid_rate') }}
                else 0
            end as {{ sum_type() }}
        ) as balance_sum_plain_amt,
        cast(
            case when is_carried_month then carried_sum_fine_amt else 0 end
            + case
                when day_cnt is null then 0
                else {{ fine_worth('carried_base_fine_ccy_amt', 'rate_sum') }}
            end
            + case when is_current then {{ fine_worth('base_fine_ccy_amt', 'mid_rate') }} else 0 end
            as {{ exact_type() }}
        ) as balance_sum_fine_amt

    from by_month

)

select * from summed
where
    aum_plain_amt <> 0
    or aum_fine_amt <> 0
    or balance_sum_plain_amt <> 0
    or balance_sum_fine_amt <> 0
