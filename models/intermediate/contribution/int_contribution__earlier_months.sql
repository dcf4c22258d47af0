-- One row per customer and month: what the months before it add to its trailing averages. Computed once per month, on
-- its first night; the other nights of the month find it here, and look up only who was not in the ledger before.

{{ config(
    materialized='incremental', meta={'carried': 'month_state'},
) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

wanted as (

    select
        tonight.customer_id,
        tonight.month_start_date,
        months.month_index
    from {{ ref('int_contribution__customer_month') }} as tonight
    inner join months on tonight.month_start_date = months.month_start_date
    {% if has_state() %}
    left join (
        {{ keys_of_open_months() }}
    ) as earlier
        on
            tonight.customer_id = earlier.customer_id
            and tonight.month_start_date = earlier.month_start_date
    where earlier.customer_id is null
    {% endif %}

),

closed as (

    select *
    from {{ ref('int_contribution__closed_month') }}
    where
        month_index >= (select min(month_index) - 11 from months)
        and month_index < (select max(month_index) from months)

),

looked_up as (

    select
        wanted.customer_id,
        wanted.month_start_date,
        closed.month_index >= wanted.month_index - 2 as is_in_3m,
        closed.contribution_cents
    from wanted
    -- a row of zeros for who has no month before: it is not looked up again
    left join closed
        on
            wanted.customer_id = closed.customer_id
            and closed.month_index >= wanted.month_index - 11
            and closed.month_index < wanted.month_index

)

select
    -- ids
    customer_id,

    -- dates
    month_start_date,

    -- measures
    cast(coalesce(sum(case when is_in_3m then contribution_cents end), 0) as bigint) as cents_2m,
    cast(count(case when is_in_3m then contribution_cents end) as integer) as months_2m_cnt,
    cast(coalesce(sum(contribution_cents), 0) as bigint) as cents_11m,
    cast(count(contribution_cents) as integer) as months_11m_cnt

from looked_up
group by customer_id, month_start_date
