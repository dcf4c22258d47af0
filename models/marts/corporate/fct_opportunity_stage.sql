-- One row per opportunity and stage that it ever was in, as known tonight (商机阶段). What came back to a stage
-- has been in it several times: its days add, amount, probability and owner are of the last time.

{{ config(materialized='table', meta={'grain': ['opportunity_id', 'stage_code']}) }}

with stays as (

    select
        *,
        row_number() over (partition by opportunity_id, stage_code order by stay_no desc nulls last)
            as recency
    from {{ ref('int_opportunity__stay') }}

),

times as (

    select
        opportunity_id,
        stage_code,
        min(since_date) as first_since_date,
        -- an opportunity that is over does not age
        sum(case when is_current and (is_won or is_lost) then 0 else stay_days end) as days_in_stage,
        count(*) as entered_cnt
    from stays
    group by opportunity_id, stage_code

)

select
    -- ids
    stays.opportunity_id,
    stays.customer_id,
    stays.owner_id,
    stays.source_event_id,

    -- codes
    stays.stage_code,
    stays.exit_code,
    opportunities.outcome_code,

    -- dates
    times.first_since_date,
    stays.since_date,
    stays.until_date,

    -- measures
    stays.stage_order,
    cast(times.days_in_stage as integer) as days_in_stage,
    stays.amount_amt,
    stays.probability_rate,
    cast(times.entered_cnt as bigint) as entered_cnt,

    -- flags
    stays.is_current

from stays
inner join times on stays.opportunity_id = times.opportunity_id and stays.stage_code = times.stage_code
inner join {{ ref('fct_opportunity') }} as opportunities
    on stays.opportunity_id = opportunities.opportunity_id
where stays.recency = 1
