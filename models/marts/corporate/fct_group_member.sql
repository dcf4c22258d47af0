-- One row per customer and time as a member of a group (集团成员): the ultimate parent, and the way to it. The
-- ultimate parent is a member while somebody is below it. Who closes is a member no more; what lies below
-- keeps its place, because a company that leaves the bank still owns what it owns. Written whole: a relation
-- may be told of any day.

{{ config(materialized='table', meta={'grain': ['customer_id', 'valid_from_date']}) }}

with places as (

    select * from {{ ref('int_group__place') }}

),

members as (

    select distinct customer_id from places

),

-- the times for which batches called the members active; what the first one said holds for the days before
-- it, too
versions as (

    select
        versions.customer_id,
        versions.status_code,
        case
            when
                row_number() over (
                    partition by versions.customer_id
                    order by versions.known_from_date nulls last
                ) = 1
                then cast('0001-01-01' as date)
            else versions.known_from_date
        end as from_date,
        coalesce(versions.known_to_date, cast('9999-12-31' as date)) as to_date
    from {{ living(ref('int_customer__versions')) }} as versions
    inner join members on versions.customer_id = members.customer_id

),

-- versions that follow one another are one time
active as (

    {{ merged_spans(
        "(select customer_id, from_date, to_date from versions where status_code = 'active')"
        " as active_versions",
        ['customer_id']
    ) }}

),

-- an ultimate parent, while somebody is below it
above as (

    {{ merged_spans(
        "(select ultimate_parent_customer_id, from_date, to_date from places where depth = 1) as below",
        ['ultimate_parent_customer_id']
    ) }}

),

placed as (

    select * from places where depth > 0
    union all
    select
        places.ultimate_parent_customer_id,
        places.customer_id,
        places.parent_customer_id,
        places.parent_share,
        places.path,
        places.depth,
        greatest(places.from_date, above.from_date) as from_date,
        least(places.to_date, above.to_date) as to_date,
        places.is_circle_cut
    from places
    inner join above
        on
            places.ultimate_parent_customer_id = above.ultimate_parent_customer_id
            and places.from_date < above.to_date
            and places.to_date > above.from_date
    where places.depth = 0

)

select
    -- ids
    placed.customer_id,
    placed.ultimate_parent_customer_id,
    placed.parent_customer_id,

    -- codes
    placed.path,

    -- dates
    greatest(placed.from_date, active.from_date) as valid_from_date,
    case
        when least(placed.to_date, active.to_date) < cast('9999-12-31' as date)
            then least(placed.to_date, active.to_date)
    end as valid_to_date,

    -- measures
    cast(placed.depth as integer) as depth,
    cast(placed.parent_share as {{ share_type() }}) as share,

    -- flags
    placed.is_circle_cut

from placed
inner join active
    on
        placed.customer_id = active.customer_id
        and placed.from_date < active.to_date
        and placed.to_date > active.from_date
