-- One row per indicator, month, org, employee, way of splitting and part (计划指标实际值): what came. Of an amount
-- that is told by product line and by tier, each way adds to the whole; `whole` marks the one that is added
-- up. It reads all customers of the open months, because whom they belong to and which tier they have may
-- change any night.

{{ config(materialized='incremental', meta={'carried': 'open_month'}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

customers as (

    select
        aum.customer_id,
        aum.month_start_date,
        months.through_date,
        coalesce(tiers.owning_org_id, known.owning_org_id, 'UNKNOWN') as org_id,
        coalesce(managers.employee_id, 'UNASSIGNED') as employee_id,
        case
            when known.customer_type_code = 'C' then 'corporate'
            else coalesce(tiers.tier_code, 'none')
        end as tier_code,
        coalesce(tiers.tier_rank >= gold.tier_rank, false) as is_gold_up,
        coalesce(known.customer_type_code = 'C', false) as is_corporate,
        -- who is told of when the month of the opening is over is new on the night that tells
        {{ counted_date('known.first_open_date', 'since.business_date', 'history.business_date') }}
            as new_date,
        {{ cents('aum.aum_end_amt') }} as aum_end_cents,
        {{ cents('aum.deposit_end_amt') }} as deposit_end_cents,
        {{ cents('aum.aum_month_avg_amt') }} as aum_month_avg_cents,
        {{ cents('aum.deposit_month_avg_amt') }} as deposit_month_avg_cents
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date
    cross join {{ ref('int_calendar__recorded_history') }} as history
    left join {{ ref('int_customer__recorded_since') }} as since on aum.customer_id = since.customer_id
    left join {{ ref('int_customer__month') }} as known
        on aum.customer_id = known.customer_id and aum.month_start_date = known.month_start_date
    left join {{ ref('fct_customer_tier_monthly') }} as tiers
        on aum.customer_id = tiers.customer_id and aum.month_start_date = tiers.month_start_date
    left join {{ ref('tier_rules') }} as gold
        on tiers.rulebook_version = gold.rulebook_version and gold.tier_code = 'gold'
    left join {{ ref('int_ownership__main_manager') }} as managers
        on aum.customer_id = managers.customer_id and aum.month_start_date = managers.month_start_date

),

grouped as (

    select
        month_start_date,
        org_id,
        employee_id,
        tier_code,
        sum(aum_end_cents) as aum_end_cents,
        sum(deposit_end_cents) as deposit_end_cents,
        sum(aum_month_avg_cents) as aum_month_avg_cents,
        sum(deposit_month_avg_cents) as deposit_month_avg_cents,
        sum(case when is_corporate then deposit_month_avg_cents else 0 end) as corporate_deposit_avg_cents,
        100 * count(case when new_date >= month_start_date and new_date <= through_date then 1 end)
            as new_cents,
        100 * count(case when is_gold_up then 1 end) as gold_up_cents
    from customers
    group by month_start_date, org_id, employee_id, tier_code

),

owners as (

    select customer_id, month_start_date, org_id, employee_id, tier_code from customers

),

-- one line per indicator: who, which tier, which product line
counted as (

    {% for indicator, line, cents in [
        ('aum_end', 'deposit', 'deposit_end_cents'),
        ('aum_end', 'investment', 'aum_end_cents - deposit_end_cents'),
        ('aum_month_avg', 'deposit', 'deposit_month_avg_cents'),
        ('aum_month_avg', 'investment', 'aum_month_avg_cents - deposit_month_avg_cents'),
        ('deposit_month_avg', 'deposit', 'deposit_month_avg_cents'),
        ('corporate_deposit_avg', 'deposit', 'corporate_deposit_avg_cents'),
        ('new_customers', 'none', 'new_cents'),
        ('tier_gold_up_customers', 'none', 'gold_up_cents'),
    ] -%}
    select
        month_start_date, '{{ indicator }}' as indicator_code, org_id, employee_id, tier_code,
        '{{ line }}' as product_line_code, {{ cents }} as cents
    from grouped
    union all
    {% endfor -%}
    select
        debts.month_start_date,
        'loan_balance' as indicator_code,
        debts.org_id,
        coalesce(owners.employee_id, 'UNASSIGNED') as employee_id,
        coalesce(owners.tier_code, 'none') as tier_code,
        coalesce(products.product_line_code, 'none') as product_line_code,
        {{ cents('cast(debts.balance_amt as ' ~ amount_type() ~ ')') }} as cents
    from {{ ref('int_customer__debt_month') }} as debts
    inner join months on debts.month_start_date = months.month_start_date
    left join owners
        on debts.customer_id = owners.customer_id and debts.month_start_date = owners.month_start_date
    left join {{ ref('stg_core_banking__products') }} as products
        on debts.product_code = products.product_code
    where debts.business_date = {{ business_date() }} and debts.debt_code = 'loan'
    union all
    select
        lost.month_start_date,
        'lost_customers' as indicator_code,
        coalesce(owners.org_id, 'UNKNOWN') as org_id,
        coalesce(owners.employee_id, 'UNASSIGNED') as employee_id,
        coalesce(owners.tier_code, 'none') as tier_code,
        'none' as product_line_code,
        100 as cents
    from (
        select distinct events.customer_id, events.month_start_date
        from {{ ref('fct_tier_event') }} as events
        inner join months on events.month_start_date = months.month_start_date
        where events.event_code = 'lost'
    ) as lost
    left join owners
        on lost.customer_id = owners.customer_id and lost.month_start_date = owners.month_start_date
    union all
    select
        months.month_start_date,
        'sales_amount' as indicator_code,
        sales.org_id,
        sales.employee_id,
        'none' as tier_code,
        sales.sales_product_code as product_line_code,
        {{ cents('sales.credit_amt') }} as cents
    from {{ ref('agg_sales_performance_daily') }} as sales
    inner join months
        on sales.calendar_date >= months.month_start_date and sales.calendar_date <= months.through_date
    {% for indicator, column in [('fee_income', 'fee_income_amt'), ('contribution', 'contribution_amt')] %}
    union all
    select
        earned.month_start_date,
        '{{ indicator }}' as indicator_code,
        earned.owning_org_id as org_id,
        coalesce(owners.employee_id, 'UNASSIGNED') as employee_id,
        coalesce(owners.tier_code, 'none') as tier_code,
        'none' as product_line_code,
        {{ cents('earned.' ~ column) }} as cents
    from {{ ref('fct_customer_contribution_monthly') }} as earned
    inner join months on earned.month_start_date = months.month_start_date
    left join owners
        on earned.customer_id = owners.customer_id and earned.month_start_date = owners.month_start_date
    {% endfor %}
    union all
    select
        bridge.month_start_date,
        'net_new_money' as indicator_code,
        coalesce(owners.org_id, bridge.owning_org_id) as org_id,
        coalesce(owners.employee_id, 'UNASSIGNED') as employee_id,
        coalesce(owners.tier_code, 'none') as tier_code,
        'none' as product_line_code,
        {{ cents('bridge.net_new_money_amt') }} as cents
    from {{ ref('fct_aum_bridge_monthly') }} as bridge
    inner join months on bridge.month_start_date = months.month_start_date
    left join owners
        on bridge.customer_id = owners.customer_id and bridge.month_start_date = owners.month_start_date
    where bridge.net_new_money_amt <> 0
    union all
    select
        months.month_start_date,
        'opportunities_won_amt' as indicator_code,
        won.org_id,
        won.owner_id as employee_id,
        coalesce(owners.tier_code, 'none') as tier_code,
        'none' as product_line_code,
        {{ cents('won.amount_amt') }} as cents
    from {{ ref('fct_opportunity') }} as won
    inner join months
        on won.counted_date >= months.month_start_date and won.counted_date <= months.through_date
    left join owners
        on won.customer_id = owners.customer_id and months.month_start_date = owners.month_start_date
    where won.outcome_code = 'won'
    union all
    select
        months.month_start_date,
        'visits' as indicator_code,
        coalesce(staff.org_id, 'UNKNOWN') as org_id,
        visits.employee_id,
        coalesce(owners.tier_code, 'none') as tier_code,
        'none' as product_line_code,
        100 as cents
    from (
        select
            visits.*,
            {{ counted_date('visits.visited_at', 'visits.business_date', 'history.business_date') }}
                as counted_date
        from {{ by_survivor(ref('int_contact__visit')) }} as visits
        cross join {{ first_told(ref('int_contact__visit')) }} as history
    ) as visits
    inner join months
        on visits.counted_date >= months.month_start_date and visits.counted_date <= months.through_date
    left join {{ ref('int_employee__org') }} as staff
        on
            visits.employee_id = staff.employee_id
            and staff.from_date <= cast(visits.visited_at as date)
            and staff.to_date > cast(visits.visited_at as date)
    left join owners
        on visits.customer_id = owners.customer_id and months.month_start_date = owners.month_start_date

),

split as (

    select
        month_start_date, indicator_code, org_id, employee_id, 'tier' as split_code, tier_code as part_code,
        cents
    from counted
    union all
    select
        month_start_date, indicator_code, org_id, employee_id, 'product_line' as split_code,
        product_line_code as part_code, cents
    from counted

)

select
    -- ids
    org_id,
    employee_id,

    -- codes
    indicator_code,
    split_code,
    part_code,

    -- dates
    month_start_date,

    -- measures: a count is one of whole units
    {{ wide_cents_amount('sum(cents)') }} as actual_value,

    -- flags
    split_code = 'tier' as is_whole

from split
group by org_id, employee_id, indicator_code, split_code, part_code, month_start_date
