-- One row per customer, product, org and month with fees: a line of its own in the ledger, since no fee names an
-- account. The customer's second org of a product has its name in the line's, so that lines stay apart.

{{ config(materialized='view') }}

with fees as (

    select
        fees.customer_id,
        fees.product_code,
        fees.org_id,
        fees.month_start_date,
        {{ cents('sum(fees.fee_income_amt)') }} as fee_income_cents,
        {{ cents('sum(fees.direct_cost_amt)') }} as direct_cost_cents
    from {{ ref('int_contribution__fee') }} as fees
    inner join {{ ref('int_contribution__month') }} as months
        on fees.month_start_date = months.month_start_date
    group by fees.customer_id, fees.product_code, fees.org_id, fees.month_start_date

)

select
    'FEE:' || customer_id || ':' || product_code || case
        when row_number() over (
            partition by customer_id, product_code, month_start_date order by org_id nulls last
        ) > 1 then ':' || org_id
        else ''
    end as account_id,
    *
from fees
