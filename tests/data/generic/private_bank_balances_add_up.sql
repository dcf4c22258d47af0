{% test private_bank_balances_add_up(model) %}
-- Fails on any private-banking customer whose products do not add to the published deposits and
-- investments of the running month, to the cent.

with running_month as (

    select month_start_date from {{ ref('int_calendar__open_months') }} where is_current

),

members as (

    select distinct member.customer_id, member.month_start_date
    from {{ ref('int_private_bank__member_month') }} as member
    inner join running_month on member.month_start_date = running_month.month_start_date
    where member.is_member

),

products as (

    select
        report.customer_id,
        report.month_start_date,
        sum(case when report.balance_class_code = 'deposit' then report.balance_amt else 0 end) as deposit_amt,
        sum(case when report.balance_class_code = 'investment' then report.balance_amt else 0 end)
            as investment_amt
    from {{ model }} as report
    inner join running_month on report.month_start_date = running_month.month_start_date
    group by report.customer_id, report.month_start_date

)

select
    members.customer_id,
    aum.deposit_end_amt,
    products.deposit_amt,
    aum.investment_end_amt,
    products.investment_amt
from members
inner join {{ ref('fct_customer_aum_monthly') }} as aum
    on members.customer_id = aum.customer_id and members.month_start_date = aum.month_start_date
left join products
    on members.customer_id = products.customer_id and members.month_start_date = products.month_start_date
where
    aum.deposit_end_amt <> coalesce(products.deposit_amt, 0)
    or aum.investment_end_amt <> coalesce(products.investment_amt, 0)

{% endtest %}
