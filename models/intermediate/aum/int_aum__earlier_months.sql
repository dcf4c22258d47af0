-- One row per customer and month: what the months before it add to its trailing and to-date averages.
-- Computed once per month, on its first night; the other nights of the month find it here. Months that no
-- kept night is in are dropped (see orchestration/warehouse.py).

-- depends_on: {{ ref('int_calendar__open_months') }}
{{ config(
    materialized='incremental', incremental_strategy='append', meta={'carried': 'month_state'},
) }}

-- customers who had months before and are not here yet: all on a month's first night, later in the month
-- only those who come back. New customers have nothing to look up.
with wanted as (

    select
        customer_month.customer_id,
        customer_month.month_start_date,
        customer_month.month_index
    from {{ ref('int_aum__customer_month') }} as customer_month
    inner join {{ ref('int_customer__recorded_since') }} as recorded_since
        on
            customer_month.customer_id = recorded_since.customer_id
            and customer_month.month_start_date > recorded_since.first_month_date
    {% if has_state() %}
    left join (
        select customer_id, month_start_date
        from {{ this }}
        -- only the blocks of the open months are read
        where month_start_date >= (select min(month_start_date) from {{ ref('int_calendar__open_months') }})
    ) as earlier
        on
            customer_month.customer_id = earlier.customer_id
            and customer_month.month_start_date = earlier.month_start_date
    where earlier.customer_id is null
    {% endif %}

),

closed as (

    select closed_month.*
    from {{ ref('int_aum__closed_month') }} as closed_month
    inner join (
        select customer_id, min(month_index) as first_index from wanted group by customer_id
    ) as wanted_customers
        on
            closed_month.customer_id = wanted_customers.customer_id
            and closed_month.month_index >= wanted_customers.first_index - 11

),

combined as (

    select
        coalesce(wanted.customer_id, closed.customer_id) as customer_id,
        coalesce(wanted.month_start_date, closed.month_start_date) as month_start_date,
        coalesce(wanted.month_index, closed.month_index) as month_index,
        wanted.customer_id is not null as is_wanted,
        closed.aum_month_avg_amt,
        closed.balance_sum_plain_amt,
        closed.balance_sum_fine_amt
    from wanted
    full outer join closed
        on wanted.customer_id = closed.customer_id and wanted.month_start_date = closed.month_start_date

),

windowed as (

    select
        customer_id,
        month_start_date,
        is_wanted,
        sum(aum_month_avg_amt) over last_5 as aum_avg_sum_5m_amt,
        count(aum_month_avg_amt) over last_5 as months_5m_cnt,
        max(aum_month_avg_amt) over last_5 as aum_max_5m_amt,
        sum(aum_month_avg_amt) over last_11 as aum_avg_sum_11m_amt,
        count(aum_month_avg_amt) over last_11 as months_11m_cnt,
        max(aum_month_avg_amt) over last_11 as aum_max_11m_amt,
        sum(balance_sum_plain_amt) over earlier_in_quarter as quarter_sum_plain_amt,
        sum(balance_sum_fine_amt) over earlier_in_quarter as quarter_sum_fine_amt,
        sum(balance_sum_plain_amt) over earlier_in_year as year_sum_plain_amt,
        sum(balance_sum_fine_amt) over earlier_in_year as year_sum_fine_amt
    from combined
    window
        last_5 as (
            partition by customer_id order by month_index range between 5 preceding and 1 preceding
        ),
        last_11 as (
            partition by customer_id order by month_index range between 11 preceding and 1 preceding
        ),
        earlier_in_quarter as (
            partition by customer_id, date_trunc('quarter', month_start_date)
            order by month_index range between 2 preceding and 1 preceding
        ),
        earlier_in_year as (
            partition by customer_id, year(month_start_date)
            order by month_index range between 11 preceding and 1 preceding
        )

)

select
    -- ids
    customer_id,

    -- dates
    month_start_date,

    -- measures
    cast(coalesce(aum_avg_sum_5m_amt, 0) as {{ amount_type() }}) as aum_avg_sum_5m_amt,
    cast(months_5m_cnt as integer) as months_5m_cnt,
    cast(coalesce(aum_max_5m_amt, 0) as {{ amount_type() }}) as aum_max_5m_amt,
    cast(coalesce(aum_avg_sum_11m_amt, 0) as {{ amount_type() }}) as aum_avg_sum_11m_amt,
    cast(months_11m_cnt as integer) as months_11m_cnt,
    cast(coalesce(aum_max_11m_amt, 0) as {{ amount_type() }}) as aum_max_11m_amt,
    cast(coalesce(quarter_sum_plain_amt, 0) as {{ amount_type() }}) as quarter_sum_plain_amt,
    cast(coalesce(quarter_sum_fine_amt, 0) as {{ exact_type() }}) as quarter_sum_fine_amt,
    cast(coalesce(year_sum_plain_amt, 0) as {{ amount_type() }}) as year_sum_plain_amt,
    cast(coalesce(year_sum_fine_amt, 0) as {{ exact_type() }}) as year_sum_fine_amt

from windowed
where is_wanted
