-- One row per opportunity and stay in a stage, as known tonight: since when, until when, where it went then.
-- An opportunity that comes back to a stage stays there once more. Written whole: opportunities are few, and
-- a change that comes late moves the stays after it.

with changes as (

    select
        changes.*,
        -- months that are over stay as they are: what is told of one later counts on the night that tells it
        {{ counted_date('changes.changed_at', 'changes.business_date', 'history.business_date') }}
            as counted_date,
        coalesce(stages.stage_order, 0) as stage_order,
        -- a stage that the rules do not know is one on the way
        coalesce(stages.is_won, false) as is_won,
        coalesce(stages.is_lost, false) as is_lost
    from {{ by_survivor(ref('int_opportunity__change')) }} as changes
    -- the first night that told of any brought what went before
    cross join {{ first_told(ref('int_opportunity__change')) }} as history
    left join {{ ref('opportunity_stages') }} as stages
        on
            changes.stage_code = stages.stage_code
            and cast(changes.changed_at as date) >= stages.valid_from_date
            and (stages.valid_to_date is null or cast(changes.changed_at as date) <= stages.valid_to_date)
    where cast(changes.changed_at as date) <= {{ business_date() }}

),

marked as (

    select
        *,
        case
            when (
                lag(stage_code) over (partition by opportunity_id order by changed_at nulls last)
                is distinct from stage_code
            ) then 1
            else 0
        end as is_new_stay
    from changes

),

numbered as (

    select
        *,
        sum(is_new_stay) over (
            partition by opportunity_id order by changed_at nulls last
            rows between unbounded preceding and current row
        ) as stay_no,
        row_number() over (partition by opportunity_id order by changed_at desc nulls last) as recency
    from marked

),

stays as (

    select
        opportunity_id,
        stay_no,
        min(stage_code) as stage_code,
        min(stage_order) as stage_order,
        bool_or(is_won) as is_won,
        bool_or(is_lost) as is_lost,
        min(changed_at) as since_at,
        min(counted_date) as since_counted_date,
        max(changed_at) as last_changed_at
    from numbered
    group by opportunity_id, stay_no

),

-- a stay that is told of when what followed it has been counted is past by then: no month finds it, or counts
-- twice what was in the stage before it
counted as (

    select
        opportunity_id,
        stay_no,
        stage_code,
        stage_order,
        is_won,
        is_lost,
        since_at,
        min(since_counted_date) over (
            partition by opportunity_id order by stay_no nulls last
            rows between current row and unbounded following
        ) as since_counted_date,
        last_changed_at
    from stays

),

followed as (

    select
        *,
        lead(since_at) over (partition by opportunity_id order by stay_no nulls last) as until_at,
        lead(since_counted_date) over (partition by opportunity_id order by stay_no nulls last)
            as until_counted_date,
        lead(stage_code) over (partition by opportunity_id order by stay_no nulls last) as next_stage_code,
        lead(stage_order) over (partition by opportunity_id order by stay_no nulls last) as next_stage_order,
        lead(is_won) over (partition by opportunity_id order by stay_no nulls last) as is_won_next,
        lead(is_lost) over (partition by opportunity_id order by stay_no nulls last) as is_lost_next
    from counted

)

select
    -- ids
    followed.opportunity_id,
    last_words.customer_id,
    last_words.owner_id,
    last_words.source_event_id,

    -- codes
    followed.stage_code,
    followed.stage_order,
    followed.next_stage_code,
    -- how it was left; nobody leaves what is over but by coming back
    case
        when followed.until_at is null then 'stays'
        when followed.is_won_next then 'won'
        when followed.is_lost_next then 'lost'
        when not followed.is_won and not followed.is_lost and followed.next_stage_order > followed.stage_order
            then 'passed_on'
        else 'went_back'
    end as exit_code,

    -- dates
    cast(followed.since_at as date) as since_date,
    cast(followed.until_at as date) as until_date,
    followed.since_counted_date,
    followed.until_counted_date,
    last_words.expected_close_date,

    -- measures
    cast(followed.stay_no as integer) as stay_no,
    {{ days_between(
        'cast(followed.since_at as date)',
        'coalesce(cast(followed.until_at as date), ' ~ business_date() ~ ')'
    ) }} as stay_days,
    cast(last_words.amount_amt as {{ amount_type() }}) as amount_amt,
    -- what the stage after it brought, where it was left
    cast(lead(last_words.amount_amt) over (
        partition by followed.opportunity_id order by followed.stay_no nulls last
    ) as {{ amount_type() }}) as next_amount_amt,
    cast(last_words.probability_rate as {{ share_type() }}) as probability_rate,

    -- flags
    followed.is_won,
    followed.is_lost,
    followed.until_at is null as is_current

from followed
inner join numbered as last_words
    on
        followed.opportunity_id = last_words.opportunity_id
        and followed.stay_no = last_words.stay_no
        and followed.last_changed_at = last_words.changed_at
