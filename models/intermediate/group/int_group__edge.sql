-- One row per customer and time with a parent (集团母公司), as known tonight. Of several parents the one with the
-- largest share counts, then the smallest number, so that a customer has one on any day.

{{ config(materialized='table') }}

with parents as (

    select
        customer_id,
        related_id as parent_customer_id,
        relation_share,
        valid_from as from_date,
        coalesce({{ told_date('valid_to') }}, cast('9999-12-31' as date)) as to_date
    from {{ by_survivor(ref('int_customer__relation_versions'), columns=['customer_id', 'related_id']) }}
    where
        known_to_date is null
        and relation_type_code = 'group_parent'
        -- nobody is their own parent
        and customer_id <> related_id
        and coalesce({{ told_date('valid_to') }}, cast('9999-12-31' as date)) > valid_from

),

-- nothing changes but on a day on which a relation begins or ends
days as (

    select customer_id, from_date as calendar_date from parents
    union
    select customer_id, to_date as calendar_date from parents

),

spans as (

    select
        customer_id,
        calendar_date as from_date,
        lead(calendar_date) over (partition by customer_id order by calendar_date nulls last) as to_date
    from days

),

ranked as (

    select
        spans.customer_id,
        spans.from_date,
        spans.to_date,
        parents.parent_customer_id,
        parents.relation_share,
        row_number() over (
            partition by spans.customer_id, spans.from_date
            order by parents.relation_share desc nulls last, parents.parent_customer_id asc nulls last
        ) as preference
    from spans
    inner join parents
        on
            spans.customer_id = parents.customer_id
            and parents.from_date <= spans.from_date
            and parents.to_date >= spans.to_date

)

select
    customer_id,
    parent_customer_id,
    cast(relation_share as {{ share_type() }}) as parent_share,
    from_date,
    to_date
from ranked
where preference = 1
