-- One row per assignment as known tonight, whoever it is from: by hand as the bank recorded it, or by the
-- customer's loan or card for the days on which nobody is assigned by hand. A recall is a decision by hand,
-- too: from then on the customer waits for the next one. An assignment that never came to hold has no row.

with told as (

    select *
    from {{ ref('int_assignment__versions') }}
    where known_to_date is null and (valid_to_date is null or valid_to_date > valid_from_date)

),

-- who goes on for customers who are merged, and was given to nobody, is looked after by those who looked
-- after the one of them who was given away last
inherited as (

    select merged.survivor_id, {{ first_by(
        'merged.customer_id',
        ['-' ~ days_between("cast('1900-01-01' as date)", 'told.valid_from_date'), 'merged.customer_id'],
    ) }} as customer_id
    from {{ ref('int_customer__survivor') }} as merged
    inner join told on merged.customer_id = told.customer_id
    left join told as own on merged.survivor_id = own.customer_id
    where own.customer_id is null
    group by merged.survivor_id

),

-- else a customer who is merged has been looked after up to then
by_hand as (

    select
        {{ replaced_columns('told', {
            'customer_id': 'coalesce(inherited.survivor_id, told.customer_id)',
            'valid_to_date': 'case when merged.customer_id is not null and inherited.customer_id is null '
                ~ 'then least(coalesce(told.valid_to_date, merged.told_date), merged.told_date) '
                ~ 'else told.valid_to_date end',
        }) }},
        told.customer_id as told_customer_id
    from told
    left join {{ ref('int_customer__survivor') }} as merged on told.customer_id = merged.customer_id
    left join inherited on told.customer_id = inherited.customer_id
    where
        merged.customer_id is null
        or inherited.customer_id is not null
        or told.valid_from_date < merged.told_date

),

-- from the night that found it on; what the first night found began when the loan or the card did
named as (

    select
        versions.*,
        case
            when versions.known_from_date = history.business_date
                then least(coalesce(versions.begin_date, versions.known_from_date), versions.known_from_date)
            else versions.known_from_date
        end as from_date,
        coalesce(versions.known_to_date, cast('9999-12-31' as date)) as to_date
    from {{ ref('int_ownership__named_versions') }} as versions
    cross join {{ ref('int_calendar__recorded_history') }} as history

),

decided as (

    select
        by_hand.customer_id,
        by_hand.valid_from_date as from_date,
        case
            when by_hand.valid_to_date is null or by_hand.change_reason_code = 'recall'
                then cast('9999-12-31' as date)
            else by_hand.valid_to_date
        end as to_date
    from by_hand
    inner join (select distinct customer_id from named) as customers
        on by_hand.customer_id = customers.customer_id

),

-- the days between those, before and after them
free as (

    select
        customer_id,
        coalesce(
            max(to_date) over (
                partition by customer_id
                order by from_date nulls last, to_date nulls last
                rows between unbounded preceding and 1 preceding
            ),
            cast('0001-01-01' as date)
        ) as from_date,
        from_date as to_date
    from decided
    union all
    select
        customer_id,
        max(to_date) as from_date,
        cast('9999-12-31' as date) as to_date
    from decided
    group by customer_id

),

by_product as (

    select
        named.*,
        greatest(named.from_date, coalesce(free.from_date, named.from_date)) as free_from_date,
        least(named.to_date, coalesce(free.to_date, named.to_date)) as free_to_date
    from named
    left join free on named.customer_id = free.customer_id

)

select
    -- ids
    assignment_id,
    customer_id,
    told_customer_id,
    employee_id,
    org_id,

    -- codes
    role_code,
    change_reason_code,
    'hand' as source_code,

    -- dates
    valid_from_date,
    valid_to_date,
    recorded_at,
    known_from_date,

    -- measures
    participation_share

from by_hand
union all
select
    -- ids
    source_code || '-' || customer_id || '-' || cast(free_from_date as varchar) as assignment_id,
    customer_id,
    customer_id as told_customer_id,
    employee_id,
    org_id,

    -- codes
    role_code,
    'assign' as change_reason_code,
    source_code,

    -- dates
    free_from_date as valid_from_date,
    case when free_to_date < cast('9999-12-31' as date) then free_to_date end as valid_to_date,
    cast(known_from_date as timestamp) as recorded_at,
    known_from_date,

    -- measures
    participation_share

from by_product
where free_from_date < free_to_date
