-- One row per month, measure and cut: the values below which 20, 40, 60 and 80 % of the personal customers
-- lie who made a transaction in 12 months. Computed when the month is over; a provisional month has its own
-- only if there are none of the month before, which it would be scored by.

{{ config(meta={
    'grain': ['month_start_date', 'measure_code', 'cut_order'], 'partition': 'month_start_date',
    'carried': 'open_month', 'cut': 'whole',
}) }}

with months as (

    select months.*
    from {{ ref('int_calendar__open_months') }} as months
    where
        months.is_current
        {%- if has_state() %}
        and (
            not months.is_provisional
            or not exists (
                select 1
                from {{ this }} as earlier
                where earlier.month_start_date = {{ month_from_index('months.month_index - 1') }}
            )
        )
        {%- endif %}

),

active as (

    select
        activity.customer_id,
        months.month_start_date,
        months.is_provisional,
        {{ days_between('activity.last_txn_date', 'months.through_date') }} as recency_days,
        activity.txn_12m_cnt as frequency_cnt,
        activity.txn_12m_amt as monetary_amt
    from {{ ref('int_activity__customer') }} as activity
    inner join months on activity.month_start_date = months.month_start_date
    inner join {{ ref('int_customer__month') }} as customers
        on
            activity.customer_id = customers.customer_id
            and months.month_start_date = customers.month_start_date
            and customers.customer_type_code = 'P'

),

measured as (

    {%- for measure, column in [
        ('recency', 'recency_days'), ('frequency', 'frequency_cnt'), ('monetary', 'monetary_amt'),
    ] %}
    select
        customer_id,
        month_start_date,
        is_provisional,
        '{{ measure }}' as measure_code,
        cast({{ column }} as {{ amount_type() }}) as measured_value
    from active
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by measure_code order by measured_value nulls last, customer_id nulls last
        ) as place,
        count(*) over (partition by measure_code) as customer_cnt
    from measured

),

cuts as (

    {%- for cut in range(1, 5) %}
    select {{ cut }} as cut_order, cast(0.{{ 2 * cut }} as {{ share_type() }}) as cut_share
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

-- the smallest value that has at least the share of the customers at or below it
select
    -- codes
    ranked.measure_code,

    -- dates
    ranked.month_start_date,

    -- measures
    cast(cuts.cut_order as integer) as cut_order,
    cuts.cut_share,
    ranked.measured_value as cut_off_value,
    cast(ranked.customer_cnt as bigint) as customer_cnt,

    -- flags
    ranked.is_provisional

from cuts
inner join ranked on ranked.place = {{ divide_whole('(cuts.cut_order * ranked.customer_cnt + 4)', '5') }}
