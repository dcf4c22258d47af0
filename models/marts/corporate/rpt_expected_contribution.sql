-- One row per corporate customer won in the last 12 months (新客户预期贡献), as of the last business date: the
-- months that are known, and for the others of the first twelve what earlier customers of the same industry
-- and size brought in that month after they were won, on average. Earlier customers are those won before;
-- where none of the peer group has come that far, those of the industry count, else all. A month that is not
-- recorded whole is not known.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with rules as (

    select *
    from {{ ref('corporate_segment_rules') }}
    where
        {{ month_start(business_date()) }} >= valid_from_month
        and (valid_to_month is null or {{ month_start(business_date()) }} <= valid_to_month)

),

-- of those won in the last three years, so that a night does not read all history
months as (

    select
        segments.*,
        coalesce(segments.industry_code, 'none') as peer_industry_code,
        rules.curve_months
    from {{ ref('fct_corporate_segment_monthly') }} as segments
    cross join rules
    where segments.month_start_date >= {{ month_from_index(month_index(business_date()) ~ ' - 47') }}

),

first_months as (

    select months.*
    from months
    cross join {{ ref('int_contribution__recorded_from') }} as recorded
    where
        months.tenure_months >= 0
        and months.tenure_months < months.curve_months
        and months.month_start_date >= recorded.recorded_from_date

),

-- whoever was won at the end of a month a year ago has all months of the curve behind them
won as (

    select *
    from months
    where
        month_start_date = {{ month_start(business_date()) }}
        and first_open_date > {{ months_before(business_date(), 12) }}

),

-- whole months of earlier cohorts
earlier as (

    select *
    from first_months
    where first_open_date <= {{ months_before(business_date(), 12) }} and not is_provisional

),

curves as (

    select
        'industry_size' as peer_basis_code, peer_industry_code, size_band_code, tenure_months,
        sum({{ cents('contribution_amt') }}) as cents, count(*) as customer_cnt
    from earlier group by peer_industry_code, size_band_code, tenure_months
    union all
    select
        'industry' as peer_basis_code, peer_industry_code, 'all' as size_band_code, tenure_months,
        sum({{ cents('contribution_amt') }}) as cents, count(*) as customer_cnt
    from earlier group by peer_industry_code, tenure_months
    union all
    select
        'all' as peer_basis_code, 'all' as peer_industry_code, 'all' as size_band_code, tenure_months,
        sum({{ cents('contribution_amt') }}) as cents, count(*) as customer_cnt
    from earlier group by tenure_months

),

known as (

    select
        won.customer_id,
        sum({{ cents('first_months.contribution_amt') }}) as known_cents,
        count(*) as known_months
    from won
    inner join first_months on won.customer_id = first_months.customer_id
    group by won.customer_id

),

remaining_months as (

    select distinct tenure_months from curves

),

remaining as (

    select
        won.customer_id,
        coalesce(own.customer_cnt, industry.customer_cnt, everybody.customer_cnt) as customer_cnt,
        case
            when own.customer_cnt > 0 then {{ round_units('own.cents', 'own.customer_cnt') }}
            when industry.customer_cnt > 0 then {{ round_units('industry.cents', 'industry.customer_cnt') }}
            else {{ round_units('everybody.cents', 'everybody.customer_cnt') }}
        end as mean_cents
    from won
    cross join remaining_months
    left join first_months as known_months
        on
            won.customer_id = known_months.customer_id
            and remaining_months.tenure_months = known_months.tenure_months
    left join curves as own
        on
            own.peer_basis_code = 'industry_size'
            and won.peer_industry_code = own.peer_industry_code
            and won.size_band_code = own.size_band_code
            and remaining_months.tenure_months = own.tenure_months
    left join curves as industry
        on
            industry.peer_basis_code = 'industry'
            and won.peer_industry_code = industry.peer_industry_code
            and remaining_months.tenure_months = industry.tenure_months
    left join curves as everybody
        on everybody.peer_basis_code = 'all' and remaining_months.tenure_months = everybody.tenure_months
    where known_months.customer_id is null

),

expected as (

    select
        customer_id,
        sum(mean_cents) as remaining_cents,
        count(*) as curve_month_cnt,
        min(customer_cnt) as least_customer_cnt
    from remaining
    group by customer_id

)

select
    -- ids
    won.customer_id,
    won.owning_org_id,

    -- codes
    won.peer_industry_code,
    won.size_band_code,

    -- dates
    won.first_open_date,

    -- measures
    cast(coalesce(known.known_months, 0) as integer) as known_months,
    {{ wide_cents_amount('coalesce(known.known_cents, 0)') }} as known_amt,
    cast(won.curve_months - coalesce(known.known_months, 0) as integer) as remaining_months,
    cast(coalesce(expected.curve_month_cnt, 0) as integer) as expected_months,
    {{ wide_cents_amount('coalesce(expected.remaining_cents, 0)') }} as remaining_amt,
    {{ wide_cents_amount('(coalesce(known.known_cents, 0) + coalesce(expected.remaining_cents, 0))') }}
        as expected_12m_amt,
    cast(coalesce(expected.least_customer_cnt, 0) as bigint) as curve_customer_cnt,

    -- flags: whether the curve tells all of the months that remain
    coalesce(expected.curve_month_cnt, 0) = won.curve_months - coalesce(known.known_months, 0) as is_complete

from won
left join known on won.customer_id = known.customer_id
left join expected on won.customer_id = expected.customer_id
