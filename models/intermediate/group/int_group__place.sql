-- One row per customer and time below a parent or above a child: the parents up to the ultimate one (集团成员关系).
-- Where parents go round in a circle it is cut at its smallest number: that customer is the ultimate parent.
-- The path names customers by hashes under the bank's key: a member is shown to who may not see all those
-- above.

{{ config(materialized='table') }}

with recursive edges as (

    select * from {{ ref('int_group__edge') }}

),

-- from each customer upwards past larger numbers only: who comes back is the smallest of a circle
walks as (

    select
        customer_id as start_customer_id,
        parent_customer_id as at_customer_id,
        from_date,
        to_date
    from edges
    where parent_customer_id > customer_id
    union
    select
        walks.start_customer_id,
        edges.parent_customer_id as at_customer_id,
        greatest(walks.from_date, edges.from_date) as from_date,
        least(walks.to_date, edges.to_date) as to_date
    from walks
    inner join edges
        on
            walks.at_customer_id = edges.customer_id
            and walks.from_date < edges.to_date
            and walks.to_date > edges.from_date
    where
        walks.at_customer_id <> walks.start_customer_id
        and edges.parent_customer_id >= walks.start_customer_id

),

cuts as (

    select distinct start_customer_id as customer_id, from_date, to_date
    from walks
    where at_customer_id = start_customer_id

),

days as (

    select customer_id, from_date as edge_from_date, from_date as calendar_date from edges
    union
    select edges.customer_id, edges.from_date as edge_from_date, cuts.from_date as calendar_date
    from edges
    inner join cuts
        on
            edges.customer_id = cuts.customer_id
            and cuts.from_date > edges.from_date
            and cuts.from_date < edges.to_date
    union
    select edges.customer_id, edges.from_date as edge_from_date, cuts.to_date as calendar_date
    from edges
    inner join cuts
        on
            edges.customer_id = cuts.customer_id
            and cuts.to_date > edges.from_date
            and cuts.to_date < edges.to_date

),

pieces as (

    select
        days.customer_id,
        edges.parent_customer_id,
        edges.parent_share,
        days.calendar_date as from_date,
        coalesce(
            lead(days.calendar_date) over (
                partition by days.customer_id, days.edge_from_date order by days.calendar_date nulls last
            ),
            edges.to_date
        ) as to_date
    from days
    inner join edges on days.customer_id = edges.customer_id and days.edge_from_date = edges.from_date

),

-- what is left of a customer's time under a parent once the circles are cut
children as (

    select pieces.*
    from pieces
    left join cuts
        on
            pieces.customer_id = cuts.customer_id
            and pieces.from_date >= cuts.from_date
            and pieces.to_date <= cuts.to_date
    where cuts.customer_id is null

),

-- when a parent has none itself: between, before and after its times under one
taken as (

    select customer_id, from_date, to_date from children
    union
    select
        parent_customer_id as customer_id,
        cast('0001-01-01' as date) as from_date,
        cast('0001-01-01' as date) as to_date
    from edges
    union
    -- a circle is told of the days on which there is one
    select customer_id, from_date, from_date as to_date from cuts
    union
    select customer_id, to_date as from_date, to_date from cuts

),

-- as a path names them
named as (

    select taken.customer_id, {{ keyed_hash('taken.customer_id', 'pads') }} as path_name
    from (
        select customer_id from children
        union
        select customer_id from taken
    ) as taken
    cross join {{ source('pipeline', 'hash_pad') }} as pads

),

free as (

    select
        customer_id,
        to_date as from_date,
        coalesce(
            lead(from_date) over (partition by customer_id order by from_date nulls last, to_date nulls last),
            cast('9999-12-31' as date)
        ) as to_date
    from taken

),

places as (

    select
        free.customer_id as ultimate_parent_customer_id,
        free.customer_id,
        cast(null as varchar) as parent_customer_id,
        cast(null as {{ share_type() }}) as parent_share,
        cast(named.path_name as varchar) as path,
        cast(0 as integer) as depth,
        free.from_date,
        free.to_date
    from free
    inner join named on free.customer_id = named.customer_id
    where free.from_date < free.to_date
    union all
    select
        places.ultimate_parent_customer_id,
        children.customer_id,
        children.parent_customer_id,
        children.parent_share,
        places.path || '/' || named.path_name as path,
        cast(places.depth + 1 as integer) as depth,
        greatest(places.from_date, children.from_date) as from_date,
        least(places.to_date, children.to_date) as to_date
    from places
    inner join children
        on
            places.customer_id = children.parent_customer_id
            and places.from_date < children.to_date
            and places.to_date > children.from_date
    inner join named on children.customer_id = named.customer_id

)

select
    ultimate_parent_customer_id,
    customer_id,
    parent_customer_id,
    parent_share,
    path,
    depth,
    from_date,
    to_date,
    exists ( -- noqa: LT01, LT06
        select 1
        from cuts
        where
            cuts.customer_id = places.customer_id
            and places.depth = 0
            and cuts.from_date < places.to_date
            and cuts.to_date > places.from_date
    ) as is_circle_cut
from places
