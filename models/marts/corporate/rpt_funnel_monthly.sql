-- One row per org, owner, stage and month (商机漏斗): what was in the stage, what came, how it left. In each row
-- opening + opened + entered = passed on + went back + won + lost + closing. The last owner of a stay answers
-- for all of it. What is over rests in no stage: won and lost have a row only where an opportunity was opened
-- as such or left it.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'owner_id', 'stage_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

stays as (

    select
        stays.*,
        coalesce(orgs.org_id, 'UNASSIGNED') as org_id,
        months.month_start_date,
        months.through_date,
        months.is_provisional,
        stays.since_counted_date < months.month_start_date as is_opening,
        stays.since_counted_date >= months.month_start_date and stays.stay_no = 1 as is_opened,
        stays.since_counted_date >= months.month_start_date and stays.stay_no > 1 as is_entered,
        coalesce(stays.until_counted_date <= months.through_date, false) as is_left
    from {{ ref('int_opportunity__stay') }} as stays
    inner join months
        on
            stays.since_counted_date <= months.through_date
            and (stays.until_date is null or stays.until_counted_date >= months.month_start_date)
    left join {{ ref('int_employee__org') }} as orgs
        on
            stays.owner_id = orgs.employee_id
            and orgs.from_date <= months.through_date
            and orgs.to_date > months.through_date

),

-- of what is over, what was opened so, and what came back
judged as (

    select
        *,
        case when is_left then exit_code when is_won then 'won' when is_lost then 'lost' else 'stays' end
            as way_code,
        {{ days_between('since_date', 'through_date') }} as open_days,
        -- what is won or lost is what it was worth then
        case when is_left then next_amount_amt else amount_amt end as closed_amt
    from stays
    where not (is_won or is_lost) or is_left or is_opened

),

counted as (

    select
        org_id,
        owner_id,
        stage_code,
        month_start_date,
        is_provisional,
        max(stage_order) as stage_order,
        count(case when is_opening then 1 end) as opening_cnt,
        count(case when is_opened then 1 end) as opened_cnt,
        count(case when is_entered then 1 end) as entered_cnt,
        count(case when way_code = 'passed_on' then 1 end) as passed_on_cnt,
        count(case when way_code = 'went_back' then 1 end) as went_back_cnt,
        count(case when way_code = 'won' then 1 end) as won_cnt,
        count(case when way_code = 'lost' then 1 end) as lost_cnt,
        count(case when way_code = 'stays' then 1 end) as closing_cnt,
        sum(case when is_opened then amount_amt else 0 end) as opened_amt,
        sum(case when way_code = 'passed_on' then amount_amt else 0 end) as passed_on_amt,
        sum(case when way_code = 'won' then closed_amt else 0 end) as won_amt,
        sum(case when way_code = 'lost' then closed_amt else 0 end) as lost_amt,
        sum(case when way_code = 'stays' then amount_amt else 0 end) as closing_amt,
        sum(case when is_left then stay_days else 0 end) as left_days,
        count(case when way_code = 'stays' and open_days <= 30 then 1 end) as aged_30_cnt,
        count(case when way_code = 'stays' and open_days > 30 and open_days <= 90 then 1 end) as aged_90_cnt,
        count(case when way_code = 'stays' and open_days > 90 then 1 end) as aged_over_90_cnt,
        max(case when way_code = 'stays' then open_days end) as oldest_days
    from judged
    group by org_id, owner_id, stage_code, month_start_date, is_provisional

)

select
    -- ids
    org_id,
    owner_id,

    -- codes
    stage_code,

    -- dates
    month_start_date,

    -- measures
    cast(stage_order as integer) as stage_order,
    opening_cnt,
    opened_cnt,
    entered_cnt,
    passed_on_cnt,
    went_back_cnt,
    won_cnt,
    lost_cnt,
    closing_cnt,
    cast(opened_amt as {{ amount_type() }}) as opened_amt,
    cast(passed_on_amt as {{ amount_type() }}) as passed_on_amt,
    cast(won_amt as {{ amount_type() }}) as won_amt,
    cast(lost_amt as {{ amount_type() }}) as lost_amt,
    cast(closing_amt as {{ amount_type() }}) as closing_amt,
    {{ ratio('(passed_on_cnt + won_cnt)', '(passed_on_cnt + went_back_cnt + won_cnt + lost_cnt)') }}
        as conversion_rate,
    {{ divide_cents('left_days', '(passed_on_cnt + went_back_cnt + won_cnt + lost_cnt)') }}
        as mean_stage_days,
    aged_30_cnt,
    aged_90_cnt,
    aged_over_90_cnt,
    cast(oldest_days as integer) as oldest_days,

    -- flags
    is_provisional

from counted
