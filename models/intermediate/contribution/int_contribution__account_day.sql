-- One row per account × product, loan or card, org, holder and owners, and month that tonight computes: its
-- last balance, and so far the sums over the days of the balance (积数), of balance × customer rate and of
-- balance × transfer rate (FTP). This is the state that nights carry: tonight = last night's sums, plus last
-- night's balance for the days without a batch, plus tonight's balance. No day is read twice. A change of
-- org, holder or owners begins another row: each day is that of the org and the owners who had it. Holders
-- stay under the number that was told of. An account that has been empty all month has no row, unless it may
-- bear a cost.
--
-- Sums are whole numbers: cents × millionths of a rate, in a foreign currency × the day's mid rate in
-- fx_scale().

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

-- read on the first night only, or on the others, but the graph is the same every night
-- depends_on: {{ ref('int_contribution__told_history') }}, {{ ref('int_contribution__changed') }}

with products as (

    select * from {{ ref('int_ftp__product') }}

),

months as (

    select * from {{ ref('int_calendar__open_months') }}

),

factors as (

    select * from {{ ref('int_contribution__day_factor') }}

),

tonight as (

    select * from {{ ref('int_contribution__balance_night') }}

),

{% if has_state() %}

last_night as (

    {{ state_of_last_night(customers=[]) }}

),

refused as (

    {{ refused_balances() }}

),

-- what was moved keeps the rate of its opening
kept_terms as (

    select
        last_night.account_id,
        last_night.product_code,
        last_night.source_code,
        max(last_night.term_ftp_millionths) as ftp_millionths,
        max(case when last_night.is_rate_assumed then 1 else 0 end) = 1 as is_rate_assumed
    from last_night
    inner join {{ ref('int_contribution__changed') }} as changed
        on
            last_night.account_id = changed.account_id
            and {{ register_of('last_night.source_code') }} = changed.register_code
    where last_night.term_ftp_millionths is not null
    group by last_night.account_id, last_night.product_code, last_night.source_code

),

{% else %}

-- the days before tonight of which the initial load tells no balance of their own, only the sum
last_night as (

    select * from {{ ref('int_contribution__told_history') }}

),

{% endif %}

holdings as (

    select
        coalesce(tonight.account_id, last_night.account_id) as account_id,
        coalesce(tonight.product_code, last_night.product_code) as product_code,
        coalesce(tonight.customer_id, last_night.customer_id) as customer_id,
        coalesce(tonight.org_id, last_night.org_id) as org_id,
        coalesce(tonight.source_code, last_night.source_code) as source_code,
        coalesce(tonight.currency_code, last_night.currency_code) as currency_code,
        coalesce(tonight.owners_since_date, last_night.owners_since_date) as owners_since_date,
        {% if has_state() %}
        tonight.open_date,
        tonight.maturity_date,
        tonight.account_id is not null or refused.row_key is not null as is_told,
        coalesce(
            tonight.balance_cents, case when refused.row_key is not null then last_night.balance_cents end, 0
        ) as balance_cents,
        {% else %}
        coalesce(tonight.open_date, last_night.open_date) as open_date,
        coalesce(tonight.maturity_date, last_night.maturity_date) as maturity_date,
        tonight.account_id is not null as is_told,
        coalesce(tonight.balance_cents, 0) as balance_cents,
        {% endif %}
        coalesce(tonight.rate_millionths, last_night.rate_millionths) as rate_millionths,
        last_night.account_id is not null as is_carried,
        coalesce(last_night.balance_cents, 0) as carried_cents,
        coalesce(last_night.rate_millionths, 0) as carried_rate_millionths,
        last_night.term_ftp_millionths,
        coalesce(last_night.is_rate_assumed, false) as is_carried_assumed,
        coalesce(last_night.balance_units, 0) as carried_balance_units,
        coalesce(last_night.interest_units, 0) as carried_interest_units,
        coalesce(last_night.ftp_units, 0) as carried_ftp_units
    from tonight
    full outer join last_night
        on
            tonight.account_id = last_night.account_id
            and tonight.product_code = last_night.product_code
            and tonight.source_code = last_night.source_code
            and tonight.org_id = last_night.org_id
            and tonight.customer_id = last_night.customer_id
            and tonight.owners_since_date = last_night.owners_since_date
    {% if has_state() %}
    left join refused
        on
            refused.source_code = last_night.source_code
            and refused.row_key
            = {{ refused_key('last_night.source_code', 'last_night.account_id', 'last_night.product_code') }}
    {% endif %}

),

priced as (

    select
        holdings.*,
        coalesce(products.curve_id, '') as curve_id,
        -- an account with a maturity keeps the rate of its opening
        coalesce(
            holdings.term_ftp_millionths,
            {% if has_state() %}kept_terms.ftp_millionths,{% endif %}
            term_rates.ftp_millionths
        ) as ftp_millionths,
        case
            when holdings.term_ftp_millionths is not null then holdings.is_carried_assumed
            {% if has_state() %}
            when kept_terms.ftp_millionths is not null then kept_terms.is_rate_assumed
            {% endif %}
            else coalesce(term_rates.is_rate_assumed, false)
        end as is_term_assumed
    from holdings
    left join products on holdings.product_code = products.product_code
    {% if has_state() %}
    left join kept_terms
        on
            holdings.account_id = kept_terms.account_id
            and holdings.product_code = kept_terms.product_code
            and holdings.source_code = kept_terms.source_code
    {% endif %}
    left join {{ ref('int_contribution__term_rate') }} as term_rates
        on
            products.curve_id = term_rates.curve_id
            and holdings.open_date = term_rates.rate_date
            and greatest({{ days_between('holdings.open_date', 'holdings.maturity_date') }}, 0)
            = term_rates.tenor_days

),

-- days without a batch, up to each day on which an account may have closed
silent_days as (

    select *
    from factors
    where calendar_date > {{ previous_business_date() }} and calendar_date < {{ business_date() }}

),

silent_sums as (

    select
        last_days.currency_code,
        last_days.curve_id,
        {{ month_start('silent_days.calendar_date') }} as month_start_date,
        last_days.calendar_date as last_open_date,
        sum(silent_days.fx_factor) as fx_factor,
        sum(silent_days.demand_factor) as demand_factor,
        max(case when silent_days.is_demand_assumed then 1 else 0 end) = 1 as is_demand_assumed
    from silent_days as last_days
    inner join silent_days
        on
            last_days.currency_code = silent_days.currency_code
            and last_days.curve_id = silent_days.curve_id
            and last_days.calendar_date >= silent_days.calendar_date
    group by
        last_days.currency_code,
        last_days.curve_id,
        {{ month_start('silent_days.calendar_date') }},
        last_days.calendar_date

),

closings as (

    select account_id, close_date
    from {{ ref('int_contribution__contract') }}
    where
        register_code = 'account'
        and close_date < {{ business_date() }}
        -- told tonight: also of a day before the last night, whose balance no day carries any more
        and (close_date > {{ previous_business_date() }} or known_from_date = {{ business_date() }})

),

by_month as (

    select
        priced.*,
        months.month_start_date,
        months.is_current,
        months.month_start_date = {{ month_start(
            'coalesce(' ~ previous_business_date() ~ ', ' ~ business_date() ~ ')'
        ) }} as is_carried_month,
        coalesce(silent_sums.fx_factor, 0) as silent_fx_factor,
        case
            when priced.ftp_millionths is null then coalesce(silent_sums.demand_factor, 0)
            else coalesce(silent_sums.fx_factor, 0) * priced.ftp_millionths
        end as silent_ftp_factor,
        factors.fx_factor,
        case
            when priced.ftp_millionths is null then factors.demand_factor
            else {{ wide('factors.fx_factor') }} * priced.ftp_millionths
        end as ftp_factor,
        coalesce(silent_sums.is_demand_assumed, false) or (months.is_current and factors.is_demand_assumed)
            as is_demand_assumed
    from priced
    inner join months on {% if is_first_night() %}months.is_current{% else %}true{% endif %}
    inner join factors
        on
            priced.currency_code = factors.currency_code
            and priced.curve_id = factors.curve_id
            and factors.calendar_date = {{ business_date() }}
    left join closings on priced.account_id = closings.account_id
    left join silent_sums
        on
            priced.currency_code = silent_sums.currency_code
            and priced.curve_id = silent_sums.curve_id
            and months.month_start_date = silent_sums.month_start_date
            and silent_sums.last_open_date = {{ add_days(
                'coalesce(closings.close_date, ' ~ business_date() ~ ')', -1
            ) }}

),

bearing_orgs as (

    select * from {{ ref('int_contribution__bearing_org') }}

),

summed as (

    select
        -- ids
        by_month.account_id,
        by_month.product_code,
        by_month.customer_id,
        by_month.org_id,

        -- codes
        by_month.source_code,
        by_month.currency_code,

        -- dates
        {{ business_date() }} as business_date,
        by_month.month_start_date,
        by_month.owners_since_date,

        -- measures
        case when by_month.is_current then by_month.balance_cents else 0 end as balance_cents,
        by_month.rate_millionths,
        by_month.ftp_millionths as term_ftp_millionths,
        case when by_month.is_carried_month then by_month.carried_balance_units else 0 end
        + {{ wide('by_month.carried_cents') }} * by_month.silent_fx_factor
        + case
            when by_month.is_current then {{ wide('by_month.balance_cents') }} * by_month.fx_factor
            else 0
        end as balance_units,
        case when by_month.is_carried_month then by_month.carried_interest_units else 0 end
        + {{ wide('by_month.carried_cents') }} * by_month.silent_fx_factor * by_month.carried_rate_millionths
        + case
            when by_month.is_current
                then {{ wide('by_month.balance_cents') }} * by_month.fx_factor * by_month.rate_millionths
            else 0
        end as interest_units,
        case when by_month.is_carried_month then by_month.carried_ftp_units else 0 end
        + {{ wide('by_month.carried_cents') }} * by_month.silent_ftp_factor
        + case
            when by_month.is_current then {{ wide('by_month.balance_cents') }} * by_month.ftp_factor
            else 0
        end as ftp_units,
        -- of a demand account the days of the month count, of another the opening
        case
            when by_month.curve_id = '' then false
            when by_month.ftp_millionths is not null then by_month.is_term_assumed
            else (by_month.is_carried_month and by_month.is_carried_assumed) or by_month.is_demand_assumed
        end as is_rate_assumed,
        -- what a loan that is paid off, or not yet drawn, may cost is told by its exposure; what was told on
        -- a day of the month is in all of it
        ((by_month.is_current and by_month.is_told) or (by_month.is_carried_month and by_month.is_carried))
        and (by_month.source_code = 'loan' or bearing_orgs.org_id is not null) as is_kept_empty

    from by_month
    left join bearing_orgs
        on by_month.org_id = bearing_orgs.org_id and by_month.month_start_date = bearing_orgs.month_start_date

)

select
    account_id,
    product_code,
    customer_id,
    org_id,
    source_code,
    currency_code,
    business_date,
    month_start_date,
    cast(owners_since_date as date) as owners_since_date,
    cast(balance_cents as bigint) as balance_cents,
    cast(rate_millionths as bigint) as rate_millionths,
    cast(term_ftp_millionths as bigint) as term_ftp_millionths,
    {{ wide('balance_units') }} as balance_units,
    {{ wide('interest_units') }} as interest_units,
    {{ wide('ftp_units') }} as ftp_units,
    is_rate_assumed
from summed
where is_kept_empty or balance_units <> 0 or interest_units <> 0 or ftp_units <> 0
