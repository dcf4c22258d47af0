-- One row per customer and month: what the months before it add to its trailing averages, also of who has
-- nothing in the month itself. Computed once per month, on its first night; the other nights of the month
-- find it here, and look up only who was not in the ledger before.

{{ config(
    materialized='incremental', meta={'carried': 'month_state'},
) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

{% if has_state() -%}
earlier as (

    {{ keys_of_open_months() }}

),

{% endif -%}

-- months on their first night: later nights have nobody of the past to look for
begun as (

    select month_start_date, month_index
    from months
    {% if has_state() %}
    where month_start_date not in (select month_start_date from earlier)
    {% endif %}

),

wanted as (

    select
        tonight.customer_id,
        tonight.month_start_date,
        months.month_index
    from {{ ref('int_contribution__customer_month') }} as tonight
    inner join months on tonight.month_start_date = months.month_start_date
    {% if has_state() %}
    left join earlier
        on
            tonight.customer_id = earlier.customer_id
            and tonight.month_start_date = earlier.month_start_date
    where earlier.customer_id is null
    {% endif %}
    union
    select
        closed.customer_id,
        begun.month_start_date,
        begun.month_index
    from {{ by_survivor(ref('int_contribution__closed_month')) }} as closed
    inner join begun
        on closed.month_index >= begun.month_index - 11 and closed.month_index < begun.month_index
    where closed.month_index >= (select min(month_index) - 11 from begun)

)

{{ contribution_of_earlier_months('wanted') }}
