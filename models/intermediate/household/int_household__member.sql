-- One row per personal customer who is in a household tonight. Relations of the kinds that the rules name
-- come before the household that the bank says: whoever is related, over however many steps, goes by the
-- smallest number among them, which is hashed by the bank's key, since a household is shown to who may not
-- see that customer. Closed customers are in none.

{{ config(materialized='table') }}

with recursive customers as (

    select customer_id, household_id
    from {{ living(ref('int_customer__versions')) }}
    where known_to_date is null and customer_type_code = 'P' and status_code = 'active'

),

relations as (

    select relations.customer_id, relations.related_id
    from {{ by_survivor(ref('int_customer__relation_versions'), columns=['customer_id', 'related_id']) }}
        as relations
    inner join {{ ref('household_rules') }} as rules
        on relations.relation_type_code = rules.relation_type_code
    inner join customers as first_ones on relations.customer_id = first_ones.customer_id
    inner join customers as others on relations.related_id = others.customer_id
    where
        relations.known_to_date is null
        and relations.valid_from <= {{ business_date() }}
        and (relations.valid_to is null or relations.valid_to > {{ business_date() }})
        and relations.customer_id <> relations.related_id

),

-- either way round
pairs as (

    select customer_id, related_id from relations
    union
    select related_id as customer_id, customer_id as related_id from relations

),

-- whoever is related to nobody with a smaller number; the smallest of all who are related is one of them
firsts as (

    select customer_id
    from pairs
    group by customer_id
    having min(related_id) > customer_id

),

reached as (

    select customer_id as first_id, customer_id from firsts
    union
    select reached.first_id, pairs.related_id as customer_id
    from reached
    inner join pairs on reached.customer_id = pairs.customer_id

),

related as (

    select customer_id, min(first_id) as smallest_id
    from reached
    group by customer_id

)

select
    customers.customer_id,
    coalesce('REL-' || {{ keyed_hash('related.smallest_id', 'pads') }}, customers.household_id)
        as household_id,
    case when related.customer_id is not null then 'relation' else 'delivered' end as source_code
from customers
cross join {{ source('pipeline', 'hash_pad') }} as pads
left join related on customers.customer_id = related.customer_id
where related.customer_id is not null or customers.household_id is not null
