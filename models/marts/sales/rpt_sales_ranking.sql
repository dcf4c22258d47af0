-- One row per open month, period to date, kind of subject, view, sales product and subject (销售排行榜): employees
-- over all orgs, orgs by their own sales and with all below them, as they were called then and as they are
-- now. Ranked by amount in the reporting currency or by count, as the sales product's rule says; ties share a
-- rank. Quarter and year run to the month's last processed day; `all` is the sum of all sales products.

{{ config(meta={
    'grain': [
        'month_start_date', 'period_code', 'subject_code', 'view_code', 'sales_product_code', 'subject_id'
    ], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with periods as (

    select
        month_start_date,
        'month' as period_code,
        month_start_date as period_start_date,
        through_date,
        is_provisional
    from {{ ref('int_calendar__open_months') }}
    union all
    select
        month_start_date,
        'quarter' as period_code,
        cast(date_trunc('quarter', month_start_date) as date) as period_start_date,
        through_date,
        is_provisional
    from {{ ref('int_calendar__open_months') }}
    union all
    select
        month_start_date,
        'year' as period_code,
        cast(date_trunc('year', month_start_date) as date) as period_start_date,
        through_date,
        is_provisional
    from {{ ref('int_calendar__open_months') }}

),

summed as (

    select
        periods.month_start_date,
        periods.period_code,
        periods.period_start_date,
        periods.is_provisional,
        performance.employee_id,
        performance.org_id,
        performance.sales_product_code,
        sum(performance.sales_cnt) as sales_cnt,
        sum(performance.credit_amt) as credit_amt,
        sum(performance.credit_fee_income_amt) as credit_fee_income_amt
    from {{ ref('agg_sales_performance_daily') }} as performance
    inner join periods
        on
            performance.calendar_date >= periods.period_start_date
            and performance.calendar_date <= periods.through_date
    where performance.calendar_date >= (select min(period_start_date) from periods)
    group by 1, 2, 3, 4, 5, 6, 7

),

with_all as (

    select * from summed
    union all
    select
        month_start_date, period_code, period_start_date, is_provisional, employee_id, org_id,
        'all' as sales_product_code, sales_cnt, credit_amt, credit_fee_income_amt
    from summed

),

homes as (

    select employee_id, org_id
    from {{ ref('int_employee__org') }}
    where to_date > {{ business_date() }}

),

subjects as (

    select
        month_start_date, period_code, period_start_date, is_provisional, sales_product_code,
        'employee' as subject_code,
        'current' as view_code,
        employee_id as subject_id,
        sales_cnt, credit_amt, credit_fee_income_amt
    from with_all
    union all
    select
        sums.month_start_date, sums.period_code, sums.period_start_date, sums.is_provisional,
        sums.sales_product_code,
        'org_own' as subject_code,
        rollup.view_code,
        rollup.rollup_org_id as subject_id,
        sums.sales_cnt, sums.credit_amt, sums.credit_fee_income_amt
    from with_all as sums
    inner join {{ ref('dim_org_rollup') }} as rollup on sums.org_id = rollup.org_id and rollup.distance = 0
    union all
    select
        sums.month_start_date, sums.period_code, sums.period_start_date, sums.is_provisional,
        sums.sales_product_code,
        'org_tree' as subject_code,
        rollup.view_code,
        rollup.rollup_org_id as subject_id,
        sums.sales_cnt, sums.credit_amt, sums.credit_fee_income_amt
    from with_all as sums
    inner join {{ ref('dim_org_rollup') }} as rollup on sums.org_id = rollup.org_id

),

grouped as (

    select
        month_start_date,
        period_code,
        period_start_date,
        is_provisional,
        sales_product_code,
        subject_code,
        view_code,
        subject_id,
        cast(sum(sales_cnt) as decimal(18, 5)) as sales_cnt,
        cast(sum(credit_amt) as {{ amount_type() }}) as credit_amt,
        cast(sum(credit_fee_income_amt) as {{ amount_type() }}) as credit_fee_income_amt
    from subjects
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

-- what a sales product is ranked by on the month's last processed day; their sum by amount
measures as (

    select
        months.month_start_date,
        rules.sales_product_code,
        rules.measure_code
    from {{ ref('int_calendar__open_months') }} as months
    inner join {{ ref('sales_product_rules') }} as rules
        on
            months.through_date >= rules.valid_from_date
            and months.through_date <= coalesce(rules.valid_to_date, cast('9999-12-31' as date))

),

placed as (

    select
        grouped.*,
        coalesce(measures.measure_code, 'amount') as measure_code,
        case when measures.measure_code = 'count' then grouped.sales_cnt else grouped.credit_amt end
            as ranked_by,
        case when grouped.subject_code = 'employee' then grouped.subject_id end as employee_id,
        case when grouped.subject_code = 'employee' then homes.org_id else grouped.subject_id end as org_id,
        -- with all below them, orgs of one level are compared with each other
        case when grouped.subject_code = 'org_tree' then orgs.org_level_code else '' end
            as compared_level_code
    from grouped
    left join measures
        on
            grouped.month_start_date = measures.month_start_date
            and grouped.sales_product_code = measures.sales_product_code
    left join homes
        on {{ key_where("grouped.subject_code = 'employee'", 'grouped.subject_id') }} = homes.employee_id
    left join {{ ref('int_org__versions') }} as orgs
        on
            {{ key_where("grouped.subject_code <> 'employee'", 'grouped.subject_id') }} = orgs.org_id
            and orgs.known_to_date is null

)

select
    -- ids
    subject_id,
    employee_id,
    org_id,

    -- codes
    period_code,
    subject_code,
    view_code,
    sales_product_code,
    measure_code,

    -- dates
    month_start_date,
    period_start_date,

    -- measures
    sales_cnt,
    credit_amt,
    credit_fee_income_amt,
    cast(rank() over (
        partition by
            month_start_date, period_code, subject_code, view_code, sales_product_code, compared_level_code
        order by ranked_by desc nulls last
    ) as integer) as rank_number,
    cast(case when subject_code = 'employee' then rank() over (
        partition by month_start_date, period_code, subject_code, sales_product_code, org_id
        order by ranked_by desc nulls last
    ) end as integer) as rank_in_org_number,

    -- flags
    is_provisional

from placed
