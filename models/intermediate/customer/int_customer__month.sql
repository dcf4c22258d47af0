-- One row per customer and month that tonight computes: every month from the first recorded one to the
-- one in which a batch says closed, whether or not there is a balance; and the org that owns the relationship
-- (客户归属机构) as of tonight.

with months as (

    -- all of them, also on the first night: nothing here is held per month
    select * from {{ ref('int_calendar__computed_months') }}

),

current_versions as (

    select * from {{ living(ref('int_customer__versions')) }} where known_to_date is null

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
    from {{ living(ref('int_customer__versions')) }} as versions
    left join current_versions
        on versions.customer_id = current_versions.customer_id and current_versions.status_code = 'active'
    where
        current_versions.customer_id is null
        -- says no more than the line before, but few rows are left to look for
        and (versions.known_to_date is not null or versions.status_code <> 'active')
    group by versions.customer_id

),

-- customers who came back: the time for which batches had called them closed
away as (

    select
        versions.customer_id,
        min(versions.known_from_date) as away_from_date,
        max(versions.known_to_date) as returned_date
    from {{ living(ref('int_customer__versions')) }} as versions
    inner join first_month on versions.known_to_date > first_month.first_month_date
    where versions.status_code = 'closed'
    group by versions.customer_id

),

-- money of customers who departed or were away keeps their rows: it counts, so it is shown
still_held as (

    select distinct holdings.customer_id, holdings.month_start_date
    from {{ by_survivor(ref('int_aum__holding_day')) }} as holdings
    inner join (
        select customer_id from departed
        union
        select customer_id from away
    ) as absent
        on holdings.customer_id = absent.customer_id
    where holdings.business_date = {{ business_date() }}

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
        from {{ living(ref('int_customer__versions')) }} as versions
        inner join departed on versions.customer_id = departed.customer_id
        cross join first_month
        left join (select distinct customer_id from still_held) as holding
            on versions.customer_id = holding.customer_id
        where
            departed.last_active_date >= first_month.first_month_date
            or holding.customer_id is not null
    ) as departed_versions
    where recency = 1

),

customers as (

    select
        last_versions.*,
        coalesce(owning.owning_org_id, last_versions.home_org_id) as owning_org_id,
        recorded_since.first_month_date,
        away.away_from_date,
        away.returned_date
    -- begins with everybody, a table without a filter: an engine knows how many that are, and hashes the
    -- other side
    from {{ one_for_survivors(
        by_survivor(ref('int_customer__recorded_since')),
        ['customer_id'],
        {'first_month_date': 'min(together.first_month_date)'},
    ) }} as recorded_since
    left join {{ ref('int_customer__owning_org') }} as owning
        on recorded_since.customer_id = owning.customer_id
    left join away on recorded_since.customer_id = away.customer_id
    inner join last_versions on recorded_since.customer_id = last_versions.customer_id

)

select
    -- ids
    customers.customer_id,
    customers.owning_org_id,

    -- codes
    customers.customer_type_code,

    -- dates
    months.month_start_date,
    months.month_index,
    customers.first_open_date,
    customers.first_month_date,

    -- flags: closed by the end of the month, as a batch of it or of a month before said
    coalesce(
        customers.last_active_date <= months.month_end_date
        or (
            customers.away_from_date <= months.month_end_date
            and customers.returned_date > months.month_end_date
        ),
        false
    ) as is_closed

from customers
inner join months on months.month_start_date >= customers.first_month_date
left join still_held
    on
        customers.customer_id = still_held.customer_id
        and months.month_start_date = still_held.month_start_date
where
    still_held.customer_id is not null
    or (
        (
            customers.last_active_date is null
            or months.month_start_date <= customers.last_active_date
        )
        and (
            customers.away_from_date is null
            or months.month_start_date <= customers.away_from_date
            or months.month_end_date >= customers.returned_date
        )
    )
