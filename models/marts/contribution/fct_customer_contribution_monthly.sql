-- One row per customer with anything in the account ledger per calendar month: the components, the
-- contribution and how it goes.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

earlier_months as (

    select earlier.*
    from {{ ref('int_contribution__before_month') }} as earlier
    inner join months on earlier.month_start_date = months.month_start_date

),

-- a month of which some days are not recorded is in no average, its own neither
trailing_sums as (

    select
        totals.*,
        case when totals.is_partial_month then 0 else totals.contribution_cents end + earlier_months.cents_11m
            as cents_12m,
        case when totals.is_partial_month then 0 else 1 end + earlier_months.months_11m_cnt as months_12m,
        case when totals.is_partial_month then 0 else totals.contribution_cents end + earlier_months.cents_2m
            as cents_3m,
        case when totals.is_partial_month then 0 else 1 end + earlier_months.months_2m_cnt as months_3m
    from {{ ref('int_contribution__customer_month') }} as totals
    inner join earlier_months
        on
            totals.customer_id = earlier_months.customer_id
            and totals.month_start_date = earlier_months.month_start_date

),

-- the 3-month average in terms of the 12-month average, both times both numbers of months; after a year
-- without profit 1 for 3 months with one, else 0
judged as (

    select
        *,
        case when cents_12m > 0 then 'earned' else 'lost' end as year_code,
        case
            when cents_12m > 0 then {{ wide('greatest(cents_3m, 0)') }} * months_12m * 1000000
            when cents_3m > 0 then 1000000
            else 0
        end as recent_units,
        case when cents_12m > 0 then {{ wide('cents_12m') }} * months_3m else 1 end as year_units
    from trailing_sums

),

-- the same in all months that tonight computes
owners as (

    select distinct judged.customer_id, customers.owning_org_id
    from judged
    inner join {{ ref('int_customer__month') }} as customers on judged.customer_id = customers.customer_id

),

tiers as (

    select tiers.customer_id, tiers.month_start_date, tiers.tier_code
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date

)

select
    -- ids
    judged.customer_id,
    coalesce(owners.owning_org_id, judged.first_org_id) as owning_org_id,

    -- codes
    coalesce(tiers.tier_code, 'none') as tier_code,
    case when judged.is_partial_month then 'not_judged' else statuses.status_code end
        as contribution_status_code,

    -- dates
    judged.month_start_date,

    -- measures
    {{ component_amounts('judged.') }},
    {{ cents_amount('judged.cents_12m') }} as contribution_12m_amt,
    {{ cents_amount(round_units('judged.cents_12m', 'judged.months_12m')) }} as contribution_avg_12m_amt,
    {{ cents_amount(round_units('judged.cents_3m', 'judged.months_3m')) }} as contribution_avg_3m_amt,
    cast(judged.months_12m as integer) as months_12m_cnt,

    -- flags
    judged.cents_12m < 0 as is_cost_centre,
    judged.is_provisional,
    judged.is_partial_month

from judged
inner join {{ ref('contribution_status_rules') }} as statuses
    on
        judged.year_code = statuses.year_code
        and judged.month_start_date >= statuses.valid_from_month
        and (statuses.valid_to_month is null or judged.month_start_date <= statuses.valid_to_month)
        and judged.recent_units >= {{ millionths_of('statuses.ratio_from') }} * judged.year_units
        and (
            statuses.ratio_to is null
            or judged.recent_units < {{ millionths_of('statuses.ratio_to') }} * judged.year_units
        )
left join owners on judged.customer_id = owners.customer_id
left join tiers
    on judged.customer_id = tiers.customer_id and judged.month_start_date = tiers.month_start_date
