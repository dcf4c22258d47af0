-- One row per customer, product, org and month with fees: a line of its own in the ledger, since no fee names
-- an account.

{{ config(materialized='view') }}

with fees as (

    select
        fees.customer_id,
        fees.product_code,
        fees.org_id,
        fees.month_start_date,
        {{ millionths_of('months.tax_rate') }} as tax_millionths,
        {{ cents('sum(fees.fee_income_amt)') }} as fee_income_cents,
        {{ cents('sum(fees.direct_cost_amt)') }} as direct_cost_cents
    from {{ by_survivor(ref('int_contribution__fee')) }} as fees
    inner join {{ ref('int_contribution__month') }} as months
        on fees.month_start_date = months.month_start_date
    group by fees.customer_id, fees.product_code, fees.org_id, fees.month_start_date, months.tax_rate

)

select
    'FEE:' || customer_id || ':' || product_code as account_id,
    *,
    -{{ round_units(wide('fee_income_cents') ~ ' * tax_millionths', '1000000') }} as tax_cents
from fees
