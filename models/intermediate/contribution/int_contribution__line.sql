-- One row per account × product, loan or card, org and month that tonight computes: average balance, rates
-- and net interest, in whole cents and millionths. An account with transactions and no balance has a row of
-- its own product, where a cost may be spread by them.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

state as (

    select
        states.*,
        {{ register_of('states.source_code') }} as register_code
    from {{ by_survivor(ref('int_contribution__account_day')) }} as states
    inner join months on states.month_start_date = months.month_start_date
    where states.business_date = {{ business_date() }}

),

changed as (

    select * from {{ ref('int_contribution__changed') }}

),

org_days as (

    select
        register_code,
        account_id,
        org_id,
        month_start_date,
        {{ first_by('customer_id', [days_between('from_date', "cast('1900-01-01' as date)")]) }}
            as customer_id,
        cast(sum(held_days) as integer) as held_days,
        cast(max(open_days) as integer) as open_days
    from {{ ref('int_contribution__held_day') }}
    group by register_code, account_id, org_id, month_start_date

),

changed_sums as (

    select
        state.account_id,
        state.product_code,
        state.org_id,
        state.source_code,
        state.register_code,
        state.month_start_date,
        min(state.currency_code) as currency_code,
        max(state.customer_id) as customer_id,
        max(state.rate_millionths) as rate_millionths,
        max(state.term_ftp_millionths) as term_ftp_millionths,
        sum(state.balance_units) as balance_units,
        sum(state.interest_units) as interest_units,
        sum(state.ftp_units) as ftp_units,
        max(case when state.is_rate_assumed then 1 else 0 end) = 1 as is_rate_assumed
    from state
    inner join changed
        on state.register_code = changed.register_code and state.account_id = changed.account_id
    group by
        state.account_id,
        state.product_code,
        state.org_id,
        state.source_code,
        state.register_code,
        state.month_start_date

),

-- its rates are the same at every org
changed_rates as (

    select
        account_id,
        product_code,
        source_code,
        month_start_date,
        max(rate_millionths) as rate_millionths,
        max(term_ftp_millionths) as term_ftp_millionths,
        max(case when is_rate_assumed then 1 else 0 end) = 1 as is_rate_assumed
    from changed_sums
    group by account_id, product_code, source_code, month_start_date

),

-- an org that kept it empty bears its days of costs and risks
changed_orgs as (

    select account_id, product_code, org_id, source_code, register_code, month_start_date
    from changed_sums
    union
    select
        products.account_id,
        products.product_code,
        org_days.org_id,
        products.source_code,
        products.register_code,
        products.month_start_date
    from changed_sums as products
    inner join org_days
        on
            products.register_code = org_days.register_code
            and products.account_id = org_days.account_id
            and products.month_start_date = org_days.month_start_date
    where products.source_code <> 'investment'

),

changed_lines as (

    select
        changed_orgs.account_id,
        changed_orgs.product_code,
        coalesce(org_days.customer_id, sums.customer_id) as customer_id,
        changed_orgs.org_id,
        changed_orgs.source_code,
        coalesce(sums.currency_code, contracts.currency_code) as currency_code,
        changed_orgs.month_start_date,
        rates.rate_millionths,
        rates.term_ftp_millionths,
        coalesce(sums.balance_units, 0) as balance_units,
        coalesce(sums.interest_units, 0) as interest_units,
        coalesce(sums.ftp_units, 0) as ftp_units,
        rates.is_rate_assumed,
        -- only where another org kept it, too
        case when org_days.held_days < org_days.open_days then org_days.held_days end as held_days,
        case when org_days.held_days < org_days.open_days then org_days.open_days end as open_days
    from changed_orgs
    inner join changed_rates as rates
        on
            changed_orgs.account_id = rates.account_id
            and changed_orgs.product_code = rates.product_code
            and changed_orgs.source_code = rates.source_code
            and changed_orgs.month_start_date = rates.month_start_date
    left join changed_sums as sums
        on
            changed_orgs.account_id = sums.account_id
            and changed_orgs.product_code = sums.product_code
            and changed_orgs.org_id = sums.org_id
            and changed_orgs.source_code = sums.source_code
            and changed_orgs.month_start_date = sums.month_start_date
    left join org_days
        on
            changed_orgs.register_code = org_days.register_code
            and changed_orgs.account_id = org_days.account_id
            and changed_orgs.org_id = org_days.org_id
            and changed_orgs.month_start_date = org_days.month_start_date
    left join {{ ref('int_contribution__contract') }} as contracts
        on
            changed_orgs.register_code = contracts.register_code
            and changed_orgs.account_id = contracts.account_id

),

-- accounts of which only transactions are known
moved_only as (

    select
        contracts.account_id,
        coalesce(contracts.product_code, '') as product_code,
        contracts.customer_id,
        transactions.org_id,
        case
            when contracts.register_code = 'card' then 'card'
            when products.asset_class_code = 'wealth' then 'investment'
            else 'deposit'
        end as source_code,
        contracts.currency_code,
        transactions.month_start_date
    from {{ ref('int_contribution__transaction_month') }} as transactions
    inner join months on transactions.month_start_date = months.month_start_date
    inner join {{ ref('int_contribution__bearing_org') }} as bearing
        on transactions.org_id = bearing.org_id and transactions.month_start_date = bearing.month_start_date
    inner join {{ ref('int_contribution__contract') }} as contracts
        on
            transactions.register_code = contracts.register_code
            and transactions.account_id = contracts.account_id
    left join {{ ref('int_ftp__product') }} as products on contracts.product_code = products.product_code
    left join (
        select register_code, account_id, org_id, month_start_date from state
        union
        select register_code, account_id, org_id, month_start_date from changed_orgs
    ) as known
        on
            transactions.register_code = known.register_code
            and transactions.account_id = known.account_id
            and transactions.org_id = known.org_id
            and transactions.month_start_date = known.month_start_date
    where transactions.business_date = {{ business_date() }} and known.account_id is null

),

sums as (

    select
        state.account_id,
        state.product_code,
        state.customer_id,
        state.org_id,
        state.source_code,
        state.currency_code,
        state.month_start_date,
        state.rate_millionths,
        state.term_ftp_millionths,
        state.balance_units,
        state.interest_units,
        state.ftp_units,
        state.is_rate_assumed,
        cast(null as integer) as held_days,
        cast(null as integer) as open_days
    from state
    left join changed on state.register_code = changed.register_code and state.account_id = changed.account_id
    where changed.account_id is null
    union all
    select * from changed_lines
    union all
    select
        account_id,
        product_code,
        customer_id,
        org_id,
        source_code,
        currency_code,
        month_start_date,
        cast(0 as bigint) as rate_millionths,
        cast(null as bigint) as term_ftp_millionths,
        {{ wide('0') }} as balance_units,
        {{ wide('0') }} as interest_units,
        {{ wide('0') }} as ftp_units,
        false as is_rate_assumed,
        cast(null as integer) as held_days,
        cast(null as integer) as open_days
    from moved_only

),

priced as (

    select
        sums.*,
        months.elapsed_days as balance_days,
        months.reserve_ratio,
        months.reserve_rate,
        months.tax_rate,
        products.day_count_basis,
        coalesce(products.curve_id, '') <> '' as has_ftp,
        sums.source_code in ('loan', 'card') as is_lent,
        -- sums of a foreign currency hold its rate as a whole number
        case
            when sums.currency_code = '{{ var("reporting_currency") }}' then cast(1 as bigint)
            else cast({{ fx_scale() }} as bigint)
        end as fx_scale,
        abs(sums.balance_units) as weight_units
    from sums
    inner join months on sums.month_start_date = months.month_start_date
    left join {{ ref('int_ftp__product') }} as products on sums.product_code = products.product_code

)

select
    -- ids
    account_id,
    product_code,
    customer_id,
    org_id,

    -- codes
    source_code,
    currency_code,

    -- dates
    month_start_date,

    -- measures
    {{ round_units('balance_units', 'balance_days * fx_scale') }} as average_cents,
    balance_days,
    held_days,
    open_days,
    day_count_basis as day_count,
    -- a rate is the average over the balances; where they cancel out there is none, and the last one is told
    case
        when weight_units > 0 and abs(interest_units) <= weight_units * 1000000
            then {{ average_rate('interest_units', 'balance_units') }}
        else rate_millionths
    end as customer_millionths,
    case
        when not has_ftp then cast(null as bigint)
        when weight_units > 0 and abs(ftp_units) <= weight_units * 1000000
            then {{ average_rate('ftp_units', 'balance_units') }}
        else term_ftp_millionths
    end as ftp_millionths,
    coalesce({{ round_units('interest_units', 'day_count_basis * 1000000 * fx_scale') }}, 0)
        as interest_cents,
    case
        when has_ftp and not is_lent
            then coalesce(
                {{ round_units('(ftp_units - interest_units)', 'day_count_basis * 1000000 * fx_scale') }}, 0
            )
        else 0
    end as deposit_nii_cents,
    case
        when has_ftp and is_lent
            then coalesce(
                {{ round_units('(interest_units - ftp_units)', 'day_count_basis * 1000000 * fx_scale') }}, 0
            )
        else 0
    end as loan_nii_cents,
    -- what the required reserve costs, and the tax on interest: 0 unless the bank has filled in the rates
    case
        when reserve_ratio > 0 and has_ftp and source_code = 'deposit'
            then -cast(coalesce({{ round_wide(
                '((ftp_units - balance_units * ' ~ millionths_of('reserve_rate') ~ ') * '
                ~ millionths_of('reserve_ratio') ~ ')',
                '(cast(1000000000000 as ' ~ wide_type() ~ ') * fx_scale * day_count_basis)'
            ) }}, 0) as bigint)
        else 0
    end as reserve_cost_cents,
    case
        when tax_rate > 0 and is_lent
            then -cast(coalesce({{ round_wide(
                '(interest_units * ' ~ millionths_of('tax_rate') ~ ')',
                '(cast(1000000000000 as ' ~ wide_type() ~ ') * fx_scale * day_count_basis)'
            ) }}, 0) as bigint)
        else 0
    end as tax_cents,

    -- flags
    is_rate_assumed

from priced
