-- One row per open opportunity tonight: in which month it is expected to close, and what of it, by the stated
-- probability and by how often opportunities that were in its stage were won in the last months.

with rules as (

    select *
    from {{ ref('pipeline_rules') }}
    where
        {{ month_start(business_date()) }} >= valid_from_month
        and (valid_to_month is null or {{ month_start(business_date()) }} <= valid_to_month)

),

opportunities as (

    select * from {{ ref('fct_opportunity') }}

),

-- the opportunities that closed in the window, with each stage that they ever were in
closed as (

    select
        stages.stage_code,
        opportunities.org_id,
        opportunities.outcome_code,
        {{ days_between('stages.first_since_date', 'opportunities.closed_date') }} as to_close_days
    from {{ ref('fct_opportunity_stage') }} as stages
    inner join opportunities on stages.opportunity_id = opportunities.opportunity_id
    cross join rules
    where
        opportunities.closed_date > {{ months_before(business_date(), 'rules.history_months') }}

),

by_org as (

    select
        stage_code,
        org_id,
        count(*) as closed_cnt,
        count(case when outcome_code = 'won' then 1 end) as won_cnt
    from closed
    group by stage_code, org_id

),

by_bank as (

    select
        stage_code,
        count(*) as closed_cnt,
        count(case when outcome_code = 'won' then 1 end) as won_cnt,
        sum(case when outcome_code = 'won' then to_close_days else 0 end) as won_days
    from closed
    group by stage_code

),

rated as (

    select
        opportunities.*,
        rules.forecast_months,
        case
            when by_org.closed_cnt >= rules.closed_cnt_from then 'org'
            when by_bank.closed_cnt >= rules.closed_cnt_from then 'bank'
            else 'stated'
        end as basis_code,
        -- the rate as two whole numbers, so that amounts are rounded once
        case
            when by_org.closed_cnt >= rules.closed_cnt_from then by_org.won_cnt
            when by_bank.closed_cnt >= rules.closed_cnt_from then by_bank.won_cnt
            else {{ millionths_of('opportunities.probability_rate') }}
        end as win_units,
        case
            when by_org.closed_cnt >= rules.closed_cnt_from then by_org.closed_cnt
            when by_bank.closed_cnt >= rules.closed_cnt_from then by_bank.closed_cnt
            else 1000000
        end as all_units,
        coalesce(
            opportunities.expected_close_date,
            {{ add_days(
                business_date(), 'coalesce(' ~ round_units('by_bank.won_days', 'by_bank.won_cnt') ~ ', 0)'
            ) }}
        ) as forecast_date
    from opportunities
    cross join rules
    left join by_org
        on opportunities.stage_code = by_org.stage_code and opportunities.org_id = by_org.org_id
    left join by_bank on opportunities.stage_code = by_bank.stage_code
    where opportunities.outcome_code = 'open'

)

select
    -- ids
    opportunity_id,
    customer_id,
    org_id,
    owner_id,

    -- codes
    stage_code,
    basis_code,

    -- dates: what should have closed before is expected now
    greatest({{ month_start('forecast_date') }}, {{ month_start(business_date()) }}) as forecast_month_date,

    -- measures
    forecast_months,
    amount_amt,
    {{ cents_amount(round_units(
        wide(cents('amount_amt')) ~ ' * ' ~ millionths_of('probability_rate'), '1000000'
    )) }} as expected_stated_amt,
    {{ cents_amount(round_units(
        wide(cents('amount_amt')) ~ ' * win_units', 'all_units'
    )) }} as expected_historical_amt

from rated
