-- One row per loan and month that tonight computes: the risk parameters that hold in it, the month's own or
-- those of the last month before it within a year.

{{ config(materialized='view') }}

with known as (

    select
        months.month_start_date,
        months.hurdle_rate,
        months.default_capital_rate,
        risks.*,
        -- the later month, and of one month the later word
        {{ days_between("cast('1900-01-01' as date)", 'risks.risk_month_date') }} * cast(100000 as bigint)
        + {{ days_between("cast('1900-01-01' as date)", 'risks.business_date') }} as recency
    from {{ ref('int_contribution__risk') }} as risks
    inner join {{ ref('int_contribution__month') }} as months
        on risks.risk_month_date <= months.month_start_date
    where
        risks.risk_month_date >= (
            select {{ month_from_index('min(month_index) - 11') }} from {{ ref('int_contribution__month') }}
        )

),

last_known as (

    select loan_id, month_start_date, max(recency) as recency
    from known
    group by loan_id, month_start_date

)

select
    known.loan_id,
    known.month_start_date,
    known.pd_rate,
    known.lgd_rate,
    {{ cents('known.ead_ccy_amt') }} as ead_ccy_cents,
    coalesce(known.capital_rate, known.default_capital_rate) as capital_rate,
    known.hurdle_rate
from known
inner join last_known
    on
        known.loan_id = last_known.loan_id
        and known.month_start_date = last_known.month_start_date
        and known.recency = last_known.recency
