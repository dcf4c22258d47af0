-- One row per customer of tier potential and above and calendar day, from the first night on: AUM at the end
-- of the day. The tier is that of the day's month as the night computed it, whatever factor gave it. A day
-- without a batch has the balances of the day before it, at its own rates. A night adds its days and leaves
-- all others alone. Everybody's last day is aum_end_amt of the running month in fct_customer_aum_monthly.

{{ config(meta={
    'grain': ['customer_id', 'calendar_date'], 'partition': 'calendar_date', 'carried': 'business_date',
}) }}

-- depends_on: {{ ref('int_customer__survivor') }}
-- read from the second night on, but the graph is the same every night
-- depends_on: {{ ref('int_aum__holding_day') }}, {{ ref('int_account__holder') }}
-- depends_on: {{ ref('int_fx__rate_by_day') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

tiered as (

    select tiers.customer_id, tiers.month_start_date
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date
    where tiers.tier_rank > 0

),

tonight as (

    select
        aum.customer_id,
        {{ business_date() }} as calendar_date,
        aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date and months.is_current
    inner join tiered
        on aum.customer_id = tiered.customer_id and aum.month_start_date = tiered.month_start_date

),

{% if has_state() %}

silent_rates as (

    select currency_code, calendar_date, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date > {{ previous_business_date() }} and calendar_date < {{ business_date() }}

),

silent_days as (

    select distinct calendar_date from silent_rates

),

closings as (

    select account_id, max(close_date) as close_date
    from {{ ref('int_account__holder') }}
    where
        close_date < {{ business_date() }}
        -- told tonight: also of a day before the last night, whose balance no day carries any more
        and (close_date > {{ previous_business_date() }} or known_from_date = {{ business_date() }})
    group by account_id

),

silent_balances as (

    select
        holdings.customer_id,
        silent_rates.calendar_date,
        sum(
            holdings.base_plain_amt + {{ plain_worth('holdings.base_fine_ccy_amt', 'silent_rates.mid_rate') }}
        ) as aum_plain_amt,
        sum({{ fine_worth('holdings.base_fine_ccy_amt', 'silent_rates.mid_rate') }}) as aum_fine_amt
    from {{ by_survivor(ref('int_aum__holding_day')) }} as holdings
    inner join silent_rates on holdings.currency_code = silent_rates.currency_code
    inner join tiered
        on
            holdings.customer_id = tiered.customer_id
            and tiered.month_start_date = {{ month_start('silent_rates.calendar_date') }}
    left join closings on holdings.account_id = closings.account_id
    where
        holdings.business_date = {{ previous_business_date() }}
        and holdings.month_start_date = {{ month_start(previous_business_date()) }}
        and (closings.close_date is null or silent_rates.calendar_date < closings.close_date)
    group by holdings.customer_id, silent_rates.calendar_date

),

silent as (

    select
        tiered.customer_id,
        silent_days.calendar_date,
        {{ round_amount('coalesce(balances.aum_plain_amt, 0)', 'coalesce(balances.aum_fine_amt, 0)') }}
            as aum_end_amt
    from silent_days
    inner join tiered on tiered.month_start_date = {{ month_start('silent_days.calendar_date') }}
    left join silent_balances as balances
        on
            tiered.customer_id = balances.customer_id
            and silent_days.calendar_date = balances.calendar_date

),

{% endif %}

all_days as (

    select * from tonight
    {% if has_state() %}
    union all
    select * from silent
    {% endif %}

)

select
    -- ids
    customer_id,

    -- dates
    calendar_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(aum_end_amt as {{ amount_type() }}) as aum_end_amt

from all_days
