-- One row per customer and month that tonight computes: AUM and balance sums (积数), not yet rounded.
-- A customer without a balance has a row of zeros; a balance without a living customer keeps its row,
-- so that nothing that the accounts hold is missing from the customers' total.

{{ config(
    materialized='table', meta={'month_by_month': true},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

customers as (

    select customers.customer_id, customers.month_start_date
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date

),

holdings as (

    select holdings.*
    from {{ ref('int_aum__holding_month') }} as holdings
    inner join months on holdings.month_start_date = months.month_start_date

),

totals as (

    select
        customer_id,
        month_start_date,
        sum(aum_plain_amt) as aum_end_plain_amt,
        sum(aum_fine_amt) as aum_end_fine_amt,
        sum(case when balance_source = 'deposit' then aum_plain_amt else 0 end) as deposit_end_plain_amt,
        sum(case when balance_source = 'deposit' then aum_fine_amt else 0 end) as deposit_end_fine_amt,
        sum(balance_sum_plain_amt) as balance_sum_plain_amt,
        sum(balance_sum_fine_amt) as balance_sum_fine_amt,
        sum(case when balance_source = 'deposit' then balance_sum_plain_amt else 0 end)
            as deposit_sum_plain_amt,
        sum(case when balance_source = 'deposit' then balance_sum_fine_amt else 0 end) as deposit_sum_fine_amt
    from holdings
    group by customer_id, month_start_date

),

joined as (

    select
        coalesce(customers.customer_id, totals.customer_id) as customer_id,
        coalesce(customers.month_start_date, totals.month_start_date) as month_start_date,
        totals.aum_end_plain_amt,
        totals.aum_end_fine_amt,
        totals.deposit_end_plain_amt,
        totals.deposit_end_fine_amt,
        totals.balance_sum_plain_amt,
        totals.balance_sum_fine_amt,
        totals.deposit_sum_plain_amt,
        totals.deposit_sum_fine_amt
    from customers
    full outer join totals
        on
            customers.customer_id = totals.customer_id
            and customers.month_start_date = totals.month_start_date

)

select
    -- ids
    joined.customer_id,

    -- dates
    joined.month_start_date,
    months.month_end_date,
    months.month_index,
    months.recorded_days,

    -- measures: whole cents, and what takes more decimals
    cast(coalesce(joined.aum_end_plain_amt, 0) as {{ amount_type() }}) as aum_end_plain_amt,
    cast(coalesce(joined.aum_end_fine_amt, 0) as {{ exact_type() }}) as aum_end_fine_amt,
    cast(coalesce(joined.deposit_end_plain_amt, 0) as {{ amount_type() }}) as deposit_end_plain_amt,
    cast(coalesce(joined.deposit_end_fine_amt, 0) as {{ exact_type() }}) as deposit_end_fine_amt,
    cast(coalesce(joined.balance_sum_plain_amt, 0) as {{ sum_type() }}) as balance_sum_plain_amt,
    cast(coalesce(joined.balance_sum_fine_amt, 0) as {{ exact_type() }}) as balance_sum_fine_amt,
    cast(coalesce(joined.deposit_sum_plain_amt, 0) as {{ sum_type() }}) as deposit_sum_plain_amt,
    cast(coalesce(joined.deposit_sum_fine_amt, 0) as {{ exact_type() }}) as deposit_sum_fine_amt,

    -- flags
    months.is_partial_month,
    months.is_provisional

from joined
inner join months on joined.month_start_date = months.month_start_date
