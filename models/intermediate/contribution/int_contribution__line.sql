-- One row per account × product, loan or card and month that tonight computes: average balance, rates and net
-- interest, in whole cents and millionths.

{{ config(materialized='view') }}

with priced as (

    select
        state.*,
        months.elapsed_days as balance_days,
        products.day_count_basis,
        coalesce(products.curve_id, '') <> '' as has_ftp,
        state.source_code in ('loan', 'card') as is_lent,
        -- sums of a foreign currency hold its rate in millionths
        case
            when state.currency_code = '{{ var("reporting_currency") }}' then cast(1 as bigint)
            else cast(1000000 as bigint)
        end as fx_scale,
        abs(state.balance_units) as weight_units
    from {{ ref('int_contribution__account_day') }} as state
    inner join {{ ref('int_contribution__month') }} as months
        on state.month_start_date = months.month_start_date
    left join {{ ref('int_ftp__product') }} as products on state.product_code = products.product_code
    where state.business_date = {{ business_date() }}

)

select
    -- ids
    account_id,
    product_code,
    customer_id,
    org_id,

    -- codes
    source_code,

    -- dates
    month_start_date,

    -- measures
    {{ round_units('balance_units', 'balance_days * fx_scale') }} as average_cents,
    balance_days,
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
    coalesce({{ round_units('interest_units', 'day_count_basis * 1000000 * fx_scale') }}, 0) as interest_cents,
    case
        when has_ftp and not is_lent
            then coalesce({{ round_units('(ftp_units - interest_units)', 'day_count_basis * 1000000 * fx_scale') }}, 0)
        else 0
    end as deposit_nii_cents,
    case
        when has_ftp and is_lent
            then coalesce({{ round_units('(interest_units - ftp_units)', 'day_count_basis * 1000000 * fx_scale') }}, 0)
        else 0
    end as loan_nii_cents,
    transaction_cnt

from priced
