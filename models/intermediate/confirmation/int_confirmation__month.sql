-- One row per month that is over and that tonight may have changed: what is confirmed of it so far. That is
-- every month if the tables of confirmations have to be made anew.

-- depends_on: {{ ref('fct_customer_tier_monthly') }}

with night as (

    select * from {{ source('pipeline', 'confirmation') }}

),

spine as (

    select distinct {{ month_start('spine.calendar_date') }} as month_start_date
    from {{ day_spine(
        '(select min(history_start_date) from ' ~ ref('int_calendar__recorded_history') ~ ')', business_date()
    ) }} as spine

),

latest as (

    select month_start_date, max(version_number) as version_number
    from {{ source('confirmed', 'fct_month_confirmed') }}
    group by month_start_date

),

-- the first of the batches that may have changed a month is named as the cause; the initial load tells of all
-- months
causes as (

    select
        spine.month_start_date,
        min(batches.business_date) as business_date
    from spine
    inner join {{ source('pipeline', 'restating_batch') }} as batches
        on
            batches.first_month_date <= spine.month_start_date
            or batches.business_date
            = (select min(business_date) from {{ ref('int_calendar__recorded_history') }})
    group by spine.month_start_date

)

select
    spine.month_start_date,
    coalesce(latest.version_number, 0) as version_number,
    -- a month that ended without a batch is first confirmed as of its last day
    case
        when closed.month_start_date is not null and latest.month_start_date is null
            then last_day(spine.month_start_date)
        else night.confirmed_date
    end as confirmed_date,
    coalesce(causes.business_date, told.business_date) as caused_by_business_date,
    coalesce(batches.sequence, told.sequence) as caused_by_sequence
from spine
cross join night
left join {{ ref('int_calendar__open_months') }} as open_months
    on spine.month_start_date = open_months.month_start_date
left join {{ source('pipeline', 'closed_month') }} as closed
    on spine.month_start_date = closed.month_start_date
left join latest on spine.month_start_date = latest.month_start_date
-- what the first batch after a month tells of it may change what the month's last night confirmed
left join {{ source('pipeline', 'closed_month') }} as told
    on {{ key_where('latest.version_number is not null', 'spine.month_start_date') }} = told.month_start_date
left join causes
    on
        {{ key_where('latest.version_number is not null', 'spine.month_start_date') }}
        = causes.month_start_date
left join {{ source('pipeline', 'restating_batch') }} as batches
    on causes.business_date = batches.business_date
where
    last_day(spine.month_start_date) <= {{ business_date() }}
    and (
        open_months.month_start_date is not null
        or closed.month_start_date is not null
        or not night.is_in_sync
    )
