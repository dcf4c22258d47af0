-- One row per org, loan class, five-class category, stage of delinquency and month (逾期滚动率): what is owed and
-- overdue, and how much of the stage before has rolled into this one. The base is the org's loans of the
-- class that were in the stage before at the end of last month, so that the roll rates of the five categories
-- add up to that of the stage.

{{ config(meta={
    'grain': ['org_id', 'loan_class_code', 'five_class_code', 'stage_code', 'month_start_date'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

loans as (

    select * from {{ ref('int_loan__stage_month') }} where business_date = {{ business_date() }}

),

bases as (

    select
        org_id,
        loan_class_code,
        month_start_date,
        stage_before_order + 1 as stage_order,
        count(*) as loan_cnt,
        sum(balance_before_cents) as balance_cents
    from loans
    where stage_before_order is not null
    group by org_id, loan_class_code, month_start_date, stage_before_order

),

counted as (

    select
        org_id,
        loan_class_code,
        five_class_code,
        stage_code,
        stage_order,
        month_start_date,
        count(*) as loan_cnt,
        sum(balance_cents) as balance_cents,
        sum(overdue_principal_cents) as overdue_principal_cents,
        sum(overdue_interest_cents) as overdue_interest_cents,
        sum(case when stage_before_order = stage_order - 1 then 1 else 0 end) as rolled_cnt,
        -- what was owed then: the rate is a share of it, whatever was repaid since
        sum(case when stage_before_order = stage_order - 1 then balance_before_cents else 0 end)
            as rolled_cents,
        sum(case when stage_before_order > stage_order then 1 else 0 end) as cured_cnt
    from loans
    where is_owed
    group by org_id, loan_class_code, five_class_code, stage_code, stage_order, month_start_date

)

select
    -- ids
    counted.org_id,

    -- codes
    counted.loan_class_code,
    counted.five_class_code,
    counted.stage_code,

    -- dates
    counted.month_start_date,

    -- measures
    cast(counted.loan_cnt as bigint) as loan_cnt,
    {{ cents_amount('counted.balance_cents') }} as balance_amt,
    {{ cents_amount('counted.overdue_principal_cents') }} as overdue_principal_amt,
    {{ cents_amount('counted.overdue_interest_cents') }} as overdue_interest_amt,
    cast(counted.rolled_cnt as bigint) as rolled_cnt,
    cast(coalesce(bases.loan_cnt, 0) as bigint) as roll_base_cnt,
    {{ ratio('counted.rolled_cnt', 'bases.loan_cnt') }} as roll_rate,
    {{ cents_amount('counted.rolled_cents') }} as rolled_amt,
    {{ cents_amount('coalesce(bases.balance_cents, 0)') }} as roll_base_amt,
    {{ ratio('counted.rolled_cents', 'bases.balance_cents') }} as roll_amt_rate,
    cast(counted.cured_cnt as bigint) as cured_cnt,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
left join bases
    on
        counted.org_id = bases.org_id
        and counted.loan_class_code = bases.loan_class_code
        and counted.stage_order = bases.stage_order
        and counted.month_start_date = bases.month_start_date
