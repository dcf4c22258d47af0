-- One row per customer and month that tonight computes: every month from the first recorded one to the
-- one in which a batch says closed, whether or not there is a balance.

with months as (

    -- all of them, also on the first night: nothing here is held per month
    select * from {{ ref('int_calendar__computed_months') }}

),

current_versions as (

    select * from {{ ref('int_customer__versions') }} where known_to_date is null

),

first_month as (

    select min(month_start_date) as first_month_date from months

),

-- customers who are not active now: the last day on which they were, else the day they became known
departed as (

    select
        versions.customer_id,
        coalesce(
            max(case when versions.status_code = 'active' then versions.known_to_date end),
            min(versions.known_from_date)
        ) as last_active_date
    from {{ ref('int_customer__versions') }} as versions
    left join current_versions
        on versions.customer_id = current_versions.customer_id and current_versions.status_code = 'active'
    where current_versions.customer_id is null
    group by versions.customer_id

),

-- money that departed customers still hold keeps their rows: it counts, so it is shown
still_held as (

    select distinct holdings.customer_id, holdings.month_start_date
    from {{ ref('int_aum__holding_day') }} as holdings
    inner join departed on holdings.customer_id = departed.customer_id
    where holdings.business_date = {{ business_date() }}

),

-- customers who came back: the time for which batches had called them closed
away as (

    select
        versions.customer_id,
        min(versions.known_from_date) as away_from_date,
        max(versions.known_to_date) as returned_date
    from {{ ref('int_customer__versions') }} as versions
    inner join first_month on versions.known_to_date > first_month.first_month_date
    where versions.status_code = 'closed'
    group by versions.customer_id

),

-- the last thing known of each customer; a deleted one has no current version
last_versions as (

    select
        customer_id,
        customer_type_code,
        first_open_date,
        home_org_id,
        cast(null as date) as last_active_date
    from current_versions
    where status_code = 'active'
    union all
    select
        customer_id,
        customer_type_code,
        first_open_date,
        home_org_id,
        last_active_date
    from (
        select
            versions.*,
            departed.last_active_date,
            row_number() over (
                partition by versions.customer_id order by versions.known_from_date desc nulls last
            ) as recency
        from {{ ref('int_customer__versions') }} as versions
        inner join departed on versions.customer_id = departed.customer_id
        cross join first_month
        left join (select distinct customer_id from still_held) as holding
            on versions.customer_id = holding.customer_id
        where
            departed.last_active_date >= first_month.first_month_date
            or holding.customer_id is not null
    ) as departed_versions
    where recency = 1

)

select
    -- ids
    last_versions.customer_id,
    last_versions.home_org_id,

    -- codes
    last_versions.customer_type_code,

    -- dates
    months.month_start_date,
    months.month_index,
    last_versions.first_open_date,
    recorded_since.first_month_date

from last_versions
inner join {{ ref('int_customer__recorded_since') }} as recorded_since
    on last_versions.customer_id = recorded_since.customer_id
inner join months on months.month_start_date >= recorded_since.first_month_date
left join still_held
    on
        last_versions.customer_id = still_held.customer_id
        and months.month_start_date = still_held.month_start_date
left join away
    on
        last_versions.customer_id = away.customer_id
        and months.month_start_date > away.away_from_date
        and months.month_end_date < away.returned_date
where
    still_held.customer_id is not null
    or (
        away.customer_id is null
        and (
            last_versions.last_active_date is null
            or months.month_start_date <= last_versions.last_active_date
        )
    )
