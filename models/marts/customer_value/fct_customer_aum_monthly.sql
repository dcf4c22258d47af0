-- One row per customer per calendar month, to the business date: assets under management at the end of
-- the month, on average, and over trailing months. Each amount is rounded once, at the customer's total;
-- deposits are rounded likewise and investments are the rest, so that the parts add up.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
    'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

earlier_months as (

    select earlier.*
    from {{ ref('int_aum__before_month') }} as earlier
    inner join months on earlier.month_start_date = months.month_start_date

),

summed as (

    select
        customer_months.customer_id,
        customer_months.month_start_date,
        customer_months.is_provisional,
        {{ round_amount('customer_months.aum_end_plain_amt', 'customer_months.aum_end_fine_amt') }}
            as aum_end_amt,
        {{ round_amount('customer_months.deposit_end_plain_amt', 'customer_months.deposit_end_fine_amt') }}
            as deposit_end_amt,
        {{ round_amount(
            'customer_months.balance_sum_plain_amt', 'customer_months.balance_sum_fine_amt', sum_type()
        ) }} as balance_sum_amt,
        customer_months.balance_sum_plain_amt,
        customer_months.balance_sum_fine_amt,
        customer_months.deposit_sum_plain_amt,
        customer_months.deposit_sum_fine_amt,
        customer_months.recorded_days,
        customer_months.balance_sum_plain_amt + coalesce(earlier.quarter_sum_plain_amt, 0)
            as quarter_sum_plain_amt,
        customer_months.balance_sum_fine_amt + coalesce(earlier.quarter_sum_fine_amt, 0)
            as quarter_sum_fine_amt,
        customer_months.balance_sum_plain_amt + coalesce(earlier.year_sum_plain_amt, 0) as year_sum_plain_amt,
        customer_months.balance_sum_fine_amt + coalesce(earlier.year_sum_fine_amt, 0) as year_sum_fine_amt,
        months.quarter_days,
        months.year_days,
        months.thirty_days,
        months.is_partial_month,
        case when months.is_partial_month then 0 else 1 end as own_month_cnt,
        -- a customer who is new this month has no earlier months
        coalesce(earlier.aum_avg_sum_5m_amt, 0) as aum_avg_sum_5m_amt,
        coalesce(earlier.averaged_5m_cnt, 0) as averaged_5m_cnt,
        coalesce(earlier.aum_max_5m_amt, 0) as aum_max_5m_amt,
        coalesce(earlier.aum_avg_sum_11m_amt, 0) as aum_avg_sum_11m_amt,
        coalesce(earlier.averaged_11m_cnt, 0) as averaged_11m_cnt,
        coalesce(earlier.aum_max_11m_amt, 0) as aum_max_11m_amt
    from {{ ref('int_aum__customer_month') }} as customer_months
    inner join months on customer_months.month_start_date = months.month_start_date
    left join earlier_months as earlier
        on
            customer_months.customer_id = earlier.customer_id
            and customer_months.month_start_date = earlier.month_start_date

),

averaged as (

    select
        *,
        {{ divide_round('balance_sum_plain_amt', 'balance_sum_fine_amt', 'recorded_days') }}
            as aum_month_avg_amt,
        {{ divide_round('deposit_sum_plain_amt', 'deposit_sum_fine_amt', 'recorded_days') }}
            as deposit_month_avg_amt
    from summed

),

-- trailing figures leave a partial month out; nothing is left of them where there is no other month
counted as (

    select
        *,
        case when own_month_cnt + averaged_11m_cnt > 0 then own_month_cnt + averaged_11m_cnt end
            as months_12m_cnt,
        case when own_month_cnt + averaged_5m_cnt > 0 then own_month_cnt + averaged_5m_cnt end
            as months_6m_cnt,
        case when is_partial_month then 0 else aum_month_avg_amt end as own_avg_amt
    from averaged

)

select
    -- ids
    customer_id,

    -- dates
    month_start_date,

    -- measures
    aum_end_amt,
    aum_month_avg_amt,
    {{ divide_round('balance_sum_plain_amt', 'balance_sum_fine_amt', 'thirty_days') }}
        as aum_month_avg_30_amt,
    {{ divide_round('quarter_sum_plain_amt', 'quarter_sum_fine_amt', 'quarter_days') }}
        as aum_quarter_avg_amt,
    {{ divide_round('year_sum_plain_amt', 'year_sum_fine_amt', 'year_days') }} as aum_year_avg_amt,
    {{ divide_cents('(own_avg_amt + aum_avg_sum_5m_amt)', 'months_6m_cnt') }} as aum_avg_6m_amt,
    {{ divide_cents('(own_avg_amt + aum_avg_sum_11m_amt)', 'months_12m_cnt') }} as aum_avg_12m_amt,
    case when months_6m_cnt > 0 then greatest(own_avg_amt, aum_max_5m_amt) end as aum_max_6m_amt,
    case when months_12m_cnt > 0 then greatest(own_avg_amt, aum_max_11m_amt) end as aum_max_12m_amt,
    balance_sum_amt,
    deposit_end_amt,
    cast(aum_end_amt - deposit_end_amt as {{ amount_type() }}) as investment_end_amt,
    deposit_month_avg_amt,
    cast(aum_month_avg_amt - deposit_month_avg_amt as {{ amount_type() }}) as investment_month_avg_amt,
    coalesce(months_12m_cnt, 0) as months_12m_cnt,

    -- flags
    own_month_cnt + averaged_11m_cnt = 12 as is_full_12m_window,
    is_partial_month,
    is_provisional

from counted
