-- One row per owning org of the customer, case type and month (服务质量): cases opened in the month, how quickly
-- they were answered and solved, what customers said of them, and what is open at the month's last processed
-- day, from whatever month. A closed month keeps what was known of its cases then; a case first told after
-- its month was closed counts in the month that tells it.

{{ config(meta={
    'grain': ['org_id', 'case_type_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month', 'begins': 'any_night',
}) }}

with months as (

    select
        months.*, rules.at_once_minutes, rules.reply_minutes, rules.solve_minutes,
        rules.promoter_from_score, rules.detractor_to_score
    from {{ ref('int_calendar__computed_months') }} as months
    inner join {{ ref('service_rules') }} as rules
        on
            months.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)

),

{% if not is_first_night() -%}
-- the night that first told of any case may have told of years of them: those count in no later month than
-- their own
told as (

    select
        *,
        min(told_date) over () as first_told_date
    from (
        select case_id, min(known_from_date) as told_date
        from {{ by_survivor(ref('int_service__case_versions')) }}
        group by case_id
    ) as first_versions

),

{% endif -%}

-- dates of the bank's own clock: a month of the history is as it was on its last day
cases as (

    select
        cases.customer_id,
        cases.case_type_code,
        months.month_start_date,
        months.through_date,
        cast(cases.opened_at as date) as opened_date,
        cast(cases.opened_at as date) >= months.month_start_date
        {%- if not is_first_night() %}
        or (told.told_date >= months.month_start_date and told.told_date > told.first_told_date)
        {%- endif %} as is_of_month,
        cases.closed_at is null or cast(cases.closed_at as date) > months.through_date as is_open,
        cases.first_reply_at <= {{ add_minutes('cases.opened_at', 'months.at_once_minutes') }} as is_at_once,
        cases.first_reply_at <= {{ add_minutes('cases.opened_at', 'months.reply_minutes') }} as is_replied,
        cases.closed_at <= {{ add_minutes('cases.opened_at', 'months.solve_minutes') }} as is_solved,
        -- customers score from 0 to 10: any other number is none
        case when cases.score between 0 and 10 then cases.score end as score,
        cases.score between months.promoter_from_score and 10 as is_promoter,
        cases.score between 0 and months.detractor_to_score as is_detractor
    from {{ by_survivor(ref('int_service__case_versions')) }} as cases
    {% if not is_first_night() -%}
    inner join told on cases.case_id = told.case_id
    {% endif -%}
    inner join months
        on
            cast(cases.opened_at as date) <= months.through_date
            and (
                cast(cases.opened_at as date) >= months.month_start_date
                {%- if not is_first_night() %}
                or told.told_date >= months.month_start_date
                {%- endif %}
                or cases.closed_at is null
                or cast(cases.closed_at as date) > months.through_date
            )
    where cases.known_to_date is null

),

-- read for a month of tonight only; who left before the month belongs to the org of the file
owners as (

    select
        asked.customer_id,
        asked.month_start_date,
        coalesce(customers.owning_org_id, known.home_org_id) as owning_org_id
    from (select distinct customer_id, month_start_date from cases) as asked
    left join {{ ref('int_customer__month') }} as customers
        on asked.customer_id = customers.customer_id and asked.month_start_date = customers.month_start_date
    left join {{ living(ref('int_customer__versions')) }} as known
        on asked.customer_id = known.customer_id and known.known_to_date is null

),

counted as (

    select
        coalesce(owners.owning_org_id, 'UNKNOWN') as org_id,
        cases.case_type_code,
        cases.month_start_date,
        sum(case when cases.is_of_month then 1 else 0 end) as case_cnt,
        sum(case when cases.is_of_month and cases.is_at_once then 1 else 0 end) as at_once_cnt,
        sum(case when cases.is_of_month and cases.is_replied then 1 else 0 end) as replied_in_time_cnt,
        sum(case when cases.is_of_month and cases.is_solved then 1 else 0 end) as solved_in_time_cnt,
        sum(case when cases.is_of_month and not cases.is_open then 1 else 0 end) as closed_cnt,
        sum(case when cases.is_open then 1 else 0 end) as open_cnt,
        sum(
            case
                when cases.is_open then {{ days_between('cases.opened_date', 'cases.through_date') }}
                else 0
            end
        ) as open_age_days,
        max(case when cases.is_open then {{ days_between('cases.opened_date', 'cases.through_date') }} end)
            as oldest_open_days,
        sum(case when cases.is_of_month and cases.score is not null then 1 else 0 end) as scored_cnt,
        sum(case when cases.is_of_month then coalesce(cases.score, 0) else 0 end) as score_sum,
        sum(case when cases.is_of_month and cases.is_promoter then 1 else 0 end) as promoter_cnt,
        sum(case when cases.is_of_month and cases.is_detractor then 1 else 0 end) as detractor_cnt
    from cases
    left join owners
        on cases.customer_id = owners.customer_id and cases.month_start_date = owners.month_start_date
    -- of what the history tells only that
    where cases.is_of_month or cases.is_open
    group by coalesce(owners.owning_org_id, 'UNKNOWN'), cases.case_type_code, cases.month_start_date

)

select
    -- ids
    counted.org_id,

    -- codes
    counted.case_type_code,

    -- dates
    counted.month_start_date,

    -- measures
    cast(counted.case_cnt as bigint) as case_cnt,
    cast(counted.at_once_cnt as bigint) as at_once_cnt,
    cast(counted.replied_in_time_cnt as bigint) as replied_in_time_cnt,
    {{ ratio('counted.replied_in_time_cnt', 'counted.case_cnt') }} as replied_in_time_rate,
    cast(counted.solved_in_time_cnt as bigint) as solved_in_time_cnt,
    {{ ratio('counted.solved_in_time_cnt', 'counted.case_cnt') }} as solved_in_time_rate,
    cast(counted.closed_cnt as bigint) as closed_cnt,
    {{ ratio('counted.closed_cnt', 'counted.case_cnt') }} as closed_loop_rate,
    cast(counted.open_cnt as bigint) as open_cnt,
    cast(counted.open_age_days as bigint) as open_age_days,
    {{ signed_ratio('counted.open_age_days', 'counted.open_cnt') }} as open_age_days_avg,
    cast(counted.oldest_open_days as integer) as oldest_open_days,
    cast(counted.scored_cnt as bigint) as scored_cnt,
    cast(counted.score_sum as bigint) as score_sum,
    {{ ratio('counted.score_sum', 'counted.scored_cnt') }} as csat_mean,
    cast(counted.promoter_cnt as bigint) as promoter_cnt,
    cast(counted.detractor_cnt as bigint) as detractor_cnt,
    cast(
        {{ signed_ratio('(counted.promoter_cnt - counted.detractor_cnt) * 100', 'counted.scored_cnt') }}
        as decimal(9, 2)
    ) as nps,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
