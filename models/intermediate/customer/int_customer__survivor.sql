-- One row per customer who is merged with another tonight: the customer who goes on (合并后客户), over any number
-- of mergers. The bank's last word counts, also of a record that it has deleted since. Nobody is merged with
-- a customer whom the bank does not tell of, nor a person with a company, nor round in a circle. A merge that
-- was restated by command holds from its earlier day on.

with recursive spoken as (

    select
        versions.customer_id,
        versions.golden_id,
        versions.customer_type_code,
        versions.first_open_date,
        versions.known_from_date
    from {{ ref('int_customer__versions') }} as versions
    left join {{ ref('int_customer__versions') }} as later
        on versions.customer_id = later.customer_id and later.known_from_date >= versions.known_to_date
    where versions.golden_id is not null and later.customer_id is null

),

-- before the night that told it, a merge counts as its restatement says; and so does one that was taken back
restated as (

    select customer_id, golden_id, from_date
    from {{ source('pipeline', 'restated_merge') }}
    where from_date <= {{ business_date() }} and to_date > {{ business_date() }}

),

told as (

    select customer_id, golden_id, customer_type_code, first_open_date, known_from_date as told_date
    from spoken
    where customer_id not in (select restated.customer_id from restated)
    union all
    select
        restated.customer_id,
        restated.golden_id,
        versions.customer_type_code,
        versions.first_open_date,
        restated.from_date as told_date
    from restated
    inner join {{ ref('int_customer__versions') }} as versions
        on restated.customer_id = versions.customer_id and versions.known_to_date is null
    where restated.golden_id is not null

),

merged as (

    select told.customer_id, told.golden_id, told.customer_type_code, told.first_open_date, told.told_date
    from told
    inner join {{ ref('int_customer__versions') }} as goldens
        on
            told.golden_id = goldens.customer_id
            and goldens.known_to_date is null
            and told.customer_type_code = goldens.customer_type_code
    where told.golden_id <> told.customer_id

),

most as (

    select count(*) as merged_cnt from merged

),

steps as (

    select
        merged.customer_id,
        merged.golden_id as survivor_id,
        merged.golden_id,
        merged.customer_type_code,
        merged.first_open_date,
        merged.told_date,
        cast(1 as integer) as hops
    from merged
    union all
    select
        steps.customer_id,
        merged.golden_id as survivor_id,
        steps.golden_id,
        steps.customer_type_code,
        steps.first_open_date,
        steps.told_date,
        cast(steps.hops + 1 as integer) as hops
    from steps
    inner join merged on steps.survivor_id = merged.customer_id
    cross join most
    where steps.hops < most.merged_cnt

)

-- who goes on is nobody's else: in a circle nobody is
select
    -- ids
    steps.customer_id,
    steps.survivor_id,
    steps.golden_id,

    -- codes
    steps.customer_type_code,

    -- dates
    steps.first_open_date,
    steps.told_date,

    -- measures
    steps.hops

from steps
left join merged on steps.survivor_id = merged.customer_id
where merged.customer_id is null
