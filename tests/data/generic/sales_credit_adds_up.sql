{% test sales_credit_adds_up(model) %}
-- Fails on any trade that tonight looked at whose live credits are not exactly what its state says: ratios add to
-- 1.00000 and amounts to the trade's if it is credited, and there are none if it is not. A night that is replayed
-- adds nothing to the ledger and is not judged.

with touched as (

    select trades.*
    from {{ ref('int_sales__attribution') }} as trades
    cross join {{ source('pipeline', 'confirmation') }} as night
    where
        night.confirmed_date = {{ business_date() }}
        and not exists (select 1 from {{ model }} where knowledge_date > {{ business_date() }})

),

totals as (

    select
        entries.trade_id,
        sum(entries.credit_ratio) as credit_ratio,
        sum(entries.credit_amt) as credit_amt,
        sum(entries.credit_fee_income_amt) as credit_fee_income_amt
    from {{ model }} as entries
    inner join touched on entries.trade_id = touched.trade_id
    group by entries.trade_id

)

select
    touched.trade_id,
    touched.state_code,
    totals.credit_ratio,
    totals.credit_amt,
    totals.credit_fee_income_amt
from touched
left join totals on touched.trade_id = totals.trade_id
where
    coalesce(totals.credit_ratio, 0) <> case when touched.state_code = 'credited' then 1 else 0 end
    or coalesce(totals.credit_amt, 0) <> case when touched.state_code = 'credited' then touched.amount_amt else 0 end
    or coalesce(totals.credit_fee_income_amt, 0)
    <> case when touched.state_code = 'credited' then touched.fee_income_amt else 0 end

{% endtest %}
