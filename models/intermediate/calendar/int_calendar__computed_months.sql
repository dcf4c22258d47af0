-- One row per month that tonight computes: the running month and every month since the last night that
-- was not over then. The first night computes all recorded months.

-- counted on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__customers') }}

with bounds as (

    select
        {% if is_first_night() %}
        {{ month_start('history_start_date') }} as first_day,
        {% else %}
        -- the day after the last night: its month is the first that can still change
        {{ add_days(previous_business_date(), 1) }} as first_day,
        {% endif %}
        {{ business_date() }} as last_day,
        {{ month_start('history_start_date') }} as history_month_date,
        {{ month_start('business_date') }} as first_batch_month_date,
        unrecorded_days
    from {{ ref('int_calendar__recorded_history') }}

),

months as (

    select distinct {{ month_start('spine.calendar_date') }} as month_start_date
    from bounds
    cross join {{ day_spine(
        '(select min(first_day) from bounds)', '(select max(last_day) from bounds)'
    ) }} as spine

),

described as (

    select
        months.month_start_date,
        last_day(months.month_start_date) as month_end_date,
        least(last_day(months.month_start_date), {{ business_date() }}) as through_date,
        {{ month_index('months.month_start_date') }} as month_index,
        months.month_start_date = {{ month_start(business_date()) }} as is_current,
        last_day(months.month_start_date) > {{ business_date() }} as is_provisional,
        bounds.history_month_date,
        bounds.first_batch_month_date,
        bounds.unrecorded_days,
        {%- if is_first_night() %}
        customers.customer_cnt,
        {%- endif %}
        -- the first batch came inside the month and no history tells of the days before it
        months.month_start_date = bounds.first_batch_month_date and bounds.unrecorded_days > 0
            as is_partial_month
    from months
    cross join bounds
    {%- if is_first_night() %}
    cross join (select count(*) as customer_cnt from {{ ref('stg_core_banking__customers') }}) as customers
    {%- endif %}

)

select
    month_start_date,
    month_end_date,
    through_date,
    month_index,
    {% if is_first_night() -%}
    -- as many months together as the engine can hold of all customers; where that is not all, the running one
    -- alone, because the next night replaces its rows and no others
    case
        when is_current and count(*) over () * customer_cnt > {{ var('customer_months_at_once') }}
            then 9999
        else cast(floor(
            (row_number() over (order by month_start_date nulls last) - 1) * customer_cnt
            / {{ var('customer_months_at_once') }}
        ) as integer)
    end as portion,
    {%- else -%}
    0 as portion,
    {%- endif %}
    {{ days_between('month_start_date', 'through_date') }} + 1 as elapsed_days,
    -- averages divide by the days that are recorded
    {{ days_between('month_start_date', 'through_date') }} + 1
    - case when is_partial_month then unrecorded_days else 0 end as recorded_days,
    case
        when is_partial_month
            then {{ days_between('month_start_date', 'through_date') }} + 1 - unrecorded_days
        else 30
    end as thirty_days,
    -- averages to date run from the start of the quarter or year, but not from before recorded history
    {{ days_between(
        "greatest(cast(date_trunc('quarter', month_start_date) as date), history_month_date)", 'through_date'
    ) }} + 1
    - case
        when
            first_batch_month_date <= month_start_date
            and date_trunc('quarter', first_batch_month_date) = date_trunc('quarter', month_start_date)
            then unrecorded_days
        else 0
    end as quarter_days,
    {{ days_between(
        "greatest(cast(date_trunc('year', month_start_date) as date), history_month_date)", 'through_date'
    ) }} + 1
    - case
        when
            first_batch_month_date <= month_start_date
            and year(first_batch_month_date) = year(month_start_date)
            then unrecorded_days
        else 0
    end as year_days,
    is_current,
    is_partial_month,
    is_provisional
from described
