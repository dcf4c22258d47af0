-- One row per customer and month: what the months before it add to its trailing and to-date averages.
-- Computed once per month, on its first night; the other nights of the month find it here. Months that no
-- kept night is in are dropped (see orchestration/warehouse/night.py).

{{ config(
    materialized='incremental', meta={'carried': 'month_state', 'month_by_month': true},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- customers who had months before and are not here yet: all on a month's first night, later in the month
-- only those who come back. New customers have nothing to look up.
wanted as (

    select
        customer_month.customer_id,
        customer_month.month_start_date,
        customer_month.month_index
    from {{ ref('int_aum__customer_month') }} as customer_month
    inner join months on customer_month.month_start_date = months.month_start_date
    inner join {{ ref('int_customer__recorded_since') }} as recorded_since
        on
            customer_month.customer_id = recorded_since.customer_id
            and customer_month.month_start_date > recorded_since.first_month_date
    {% if has_state() %}
    left join (
        {{ keys_of_open_months() }}
    ) as earlier
        on
            customer_month.customer_id = earlier.customer_id
            and customer_month.month_start_date = earlier.month_start_date
    where earlier.customer_id is null
    {% endif %}

),

closed as (

    select *
    from {{ ref('int_aum__closed_month') }}
    where
        month_index >= (select min(month_index) - 11 from months)
        and month_index < (select max(month_index) from months)

),

looked_up as (

    select
        wanted.customer_id,
        wanted.month_start_date,
        closed.month_index >= wanted.month_index - 5 as is_in_6m,
        date_trunc('quarter', closed.month_start_date) = date_trunc('quarter', wanted.month_start_date)
            as is_in_quarter,
        year(closed.month_start_date) = year(wanted.month_start_date) as is_in_year,
        -- trailing averages and maxima leave a partial month out, sums to date do not
        case when not closed.is_partial_month then closed.aum_month_avg_amt end as aum_month_avg_amt,
        closed.month_index,
        closed.balance_sum_plain_amt,
        closed.balance_sum_fine_amt
    from wanted
    -- whoever was away for longer than a year has a row of zeros
    left join closed
        on
            wanted.customer_id = closed.customer_id
            and closed.month_index >= wanted.month_index - 11
            and closed.month_index < wanted.month_index

),

summed as (

    select
        customer_id,
        month_start_date,
        sum(case when is_in_6m then aum_month_avg_amt end) as aum_avg_sum_5m_amt,
        count(case when is_in_6m then month_index end) as months_5m_cnt,
        count(case when is_in_6m then aum_month_avg_amt end) as averaged_5m_cnt,
        max(case when is_in_6m then aum_month_avg_amt end) as aum_max_5m_amt,
        sum(aum_month_avg_amt) as aum_avg_sum_11m_amt,
        count(aum_month_avg_amt) as averaged_11m_cnt,
        max(aum_month_avg_amt) as aum_max_11m_amt,
        sum(case when is_in_quarter then balance_sum_plain_amt end) as quarter_sum_plain_amt,
        sum(case when is_in_quarter then balance_sum_fine_amt end) as quarter_sum_fine_amt,
        sum(case when is_in_year then balance_sum_plain_amt end) as year_sum_plain_amt,
        sum(case when is_in_year then balance_sum_fine_amt end) as year_sum_fine_amt
    from looked_up
    group by customer_id, month_start_date

)

select
    -- ids
    customer_id,

    -- dates
    month_start_date,

    -- measures
    cast(coalesce(aum_avg_sum_5m_amt, 0) as {{ sum_type() }}) as aum_avg_sum_5m_amt,
    cast(months_5m_cnt as integer) as months_5m_cnt,
    cast(averaged_5m_cnt as integer) as averaged_5m_cnt,
    cast(coalesce(aum_max_5m_amt, 0) as {{ amount_type() }}) as aum_max_5m_amt,
    cast(coalesce(aum_avg_sum_11m_amt, 0) as {{ sum_type() }}) as aum_avg_sum_11m_amt,
    cast(averaged_11m_cnt as integer) as averaged_11m_cnt,
    cast(coalesce(aum_max_11m_amt, 0) as {{ amount_type() }}) as aum_max_11m_amt,
    cast(coalesce(quarter_sum_plain_amt, 0) as {{ sum_type() }}) as quarter_sum_plain_amt,
    cast(coalesce(quarter_sum_fine_amt, 0) as {{ exact_type() }}) as quarter_sum_fine_amt,
    cast(coalesce(year_sum_plain_amt, 0) as {{ sum_type() }}) as year_sum_plain_amt,
    cast(coalesce(year_sum_fine_amt, 0) as {{ exact_type() }}) as year_sum_fine_amt

from summed
