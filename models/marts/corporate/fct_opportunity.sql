-- One row per opportunity as known tonight (商机): where it stands, since when, what it is worth, what became
-- of it. Written whole each night, as an opportunity of any age may move.

{{ config(materialized='table', meta={'grain': ['opportunity_id']}) }}

with stays as (

    select * from {{ ref('int_opportunity__stay') }}

),

lives as (

    select
        opportunity_id,
        min(since_date) as opened_date,
        count(*) as stay_cnt,
        sum(case when exit_code = 'went_back' then 1 else 0 end) as went_back_cnt
    from stays
    group by opportunity_id

),

orgs as (

    select employee_id, org_id
    from {{ ref('int_employee__org') }}
    where from_date <= {{ business_date() }} and to_date > {{ business_date() }}

)

select
    -- ids
    stays.opportunity_id,
    stays.customer_id,
    stays.owner_id,
    coalesce(orgs.org_id, 'UNASSIGNED') as org_id,
    stays.source_event_id,

    -- codes
    stays.stage_code,
    case when stays.is_won then 'won' when stays.is_lost then 'lost' else 'open' end as outcome_code,

    -- dates
    lives.opened_date,
    stays.since_date,
    stays.expected_close_date,
    case when stays.is_won or stays.is_lost then stays.since_date end as closed_date,
    case when stays.is_won or stays.is_lost then stays.since_counted_date end as counted_date,

    -- measures
    cast(
        case when stays.is_won or stays.is_lost then 0 else stays.stay_days end as integer
    ) as days_in_stage,
    cast({{ days_between(
        'lives.opened_date',
        'case when stays.is_won or stays.is_lost then stays.since_date else ' ~ business_date() ~ ' end'
    ) }} as integer) as age_days,
    stays.amount_amt,
    stays.probability_rate,
    cast(lives.stay_cnt as bigint) as stay_cnt,
    cast(lives.went_back_cnt as bigint) as went_back_cnt

from stays
inner join lives on stays.opportunity_id = lives.opportunity_id
left join orgs on stays.owner_id = orgs.employee_id
where stays.is_current
