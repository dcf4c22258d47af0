-- One row per customer and month that tonight computes: the contribution of the year that ends with the
-- month, also of who has nothing in the month itself.

{{ config(materialized='view') }}

select
    earned.customer_id,
    earned.month_start_date,
    earned.contribution_amt,
    earned.contribution_12m_amt,
    earned.contribution_avg_12m_amt,
    earned.is_cost_centre
from {{ ref('fct_customer_contribution_monthly') }} as earned
inner join {{ ref('int_contribution__month') }} as months
    on earned.month_start_date = months.month_start_date
union all
select
    customer_id,
    month_start_date,
    cast(null as {{ amount_type() }}) as contribution_amt,
    {{ cents_amount('cents_12m') }} as contribution_12m_amt,
    {{ cents_amount(round_units('cents_12m', 'months_12m_cnt')) }} as contribution_avg_12m_amt,
    cents_12m < 0 as is_cost_centre
from {{ ref('int_contribution__absent') }}
