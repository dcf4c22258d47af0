-- One row per customer who was merged in the month that tonight computes, or parted, or goes on for one who
-- was: what the month's first night found in the months before is not theirs any more.

{{ config(materialized='view', tags=['night']) }}

with spoken as (

    select customer_id, golden_id
    from {{ ref('int_customer__versions') }}
    where
        golden_id is not null
        and (
            known_from_date >= {{ month_start(business_date()) }}
            or known_to_date >= {{ month_start(business_date()) }}
        )
    union
    select customer_id, golden_id
    from {{ ref('int_customer__survivor') }}
    where told_date >= {{ month_start(business_date()) }}

),

either as (

    select customer_id from spoken
    union
    select golden_id as customer_id from spoken

)

select distinct coalesce(survivors.survivor_id, either.customer_id) as customer_id
from either
left join {{ ref('int_customer__survivor') }} as survivors on either.customer_id = survivors.customer_id
