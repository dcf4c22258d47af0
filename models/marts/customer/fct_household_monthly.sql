-- One row per household and month, from the month of the first night on: its members' figures added up. A
-- person is in one household per month, and of a joint account everybody has their own share, so nothing
-- counts twice.

{{ config(meta={
    'grain': ['household_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }} where is_current

),

rulebooks as (

    {{ rulebook_in_force('months', ref('tier_rulebooks'), "'" ~ var('rulebook') ~ "'") }}

),

tiers as (

    select
        *,
        lead(aum_from_amt) over (partition by rulebook_version order by tier_rank nulls last) as next_from_amt
    from {{ ref('tier_rules') }}

),

aum as (

    select
        aum.customer_id,
        aum.aum_end_amt,
        {{ assessment_aum('rulebooks.aum_basis_code', 'aum') }} as assessment_aum_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join rulebooks on aum.month_start_date = rulebooks.month_start_date

),

contributions as (

    select contributions.customer_id, contributions.contribution_amt
    from {{ ref('fct_customer_contribution_monthly') }} as contributions
    inner join months on contributions.month_start_date = months.month_start_date

),

households as (

    select
        members.household_id,
        min(members.source_code) as source_code,
        count(*) as member_cnt,
        coalesce(sum(aum.aum_end_amt), 0) as aum_amt,
        coalesce(sum(aum.assessment_aum_amt), 0) as assessment_aum_amt,
        coalesce(sum(position.asset_amt), 0) as asset_amt,
        coalesce(sum(position.loan_amt), 0) as loan_amt,
        sum(contributions.contribution_amt) as contribution_amt
    from {{ ref('int_household__member') }} as members
    left join aum on members.customer_id = aum.customer_id
    left join {{ ref('int_customer__position') }} as position on members.customer_id = position.customer_id
    left join contributions on members.customer_id = contributions.customer_id
    group by members.household_id

)

select
    -- ids
    households.household_id,

    -- codes
    households.source_code,
    rulebooks.rulebook_version,
    tiers.tier_code,

    -- dates
    rulebooks.month_start_date,

    -- measures
    cast(households.member_cnt as integer) as member_cnt,
    cast(households.aum_amt as {{ amount_type() }}) as aum_amt,
    cast(households.assessment_aum_amt as {{ amount_type() }}) as assessment_aum_amt,
    cast(households.asset_amt as {{ amount_type() }}) as total_assets_amt,
    cast(households.loan_amt as {{ amount_type() }}) as loan_amt,
    cast(households.contribution_amt as {{ amount_type() }}) as contribution_amt,

    -- flags
    months.is_provisional

from households
cross join rulebooks
inner join months on rulebooks.month_start_date = months.month_start_date
inner join tiers
    on
        rulebooks.rulebook_version = tiers.rulebook_version
        and greatest(households.assessment_aum_amt, 0) >= coalesce(tiers.aum_from_amt, 0)
        and (tiers.next_from_amt is null or greatest(households.assessment_aum_amt, 0) < tiers.next_from_amt)
