-- One row per corporate customer who is not closed (对公客户全景视图), as of the last business date: who it is, what
-- it keeps, owes and uses, whom it pays, who looks after it, what it earns the bank, and what is under way.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with customers as (

    select *
    from {{ ref('fct_corporate_segment_monthly') }}
    where month_start_date = {{ month_start(business_date()) }}

),

known as (

    select customer_id, credit_limit_amt
    from {{ living(ref('int_customer__versions')) }}
    where known_to_date is null and customer_type_code = 'C'

),

aum as (

    select *
    from {{ ref('fct_customer_aum_monthly') }}
    where month_start_date = {{ month_start(business_date()) }}

),

earned as (

    select
        earned.*,
        months.hurdle_rate
    from {{ ref('fct_customer_contribution_monthly') }} as earned
    inner join {{ ref('int_contribution__month') }} as months
        on earned.month_start_date = months.month_start_date and months.is_current

),

members as (

    select customer_id, ultimate_parent_customer_id, depth
    from {{ ref('fct_group_member') }}
    where
        valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date > {{ business_date() }})

),

-- every line that the bank sells, held or not
lines as (

    select distinct product_line_code
    from {{ ref('stg_core_banking__products') }}
    where product_line_code is not null

),

held as (

    select customer_id, product_line_code
    from {{ ref('int_holding__line') }}
    where
        business_date = {{ business_date() }}
        and month_start_date = {{ month_start(business_date()) }}
        and is_held

),

line_sets as (

    select
        customers.customer_id,
        {{ joined_text(
            'case when held.customer_id is not null then lines.product_line_code end', "','",
            ['lines.product_line_code']
        ) }} as held_lines,
        {{ joined_text(
            'case when held.customer_id is null then lines.product_line_code end', "','",
            ['lines.product_line_code']
        ) }} as missing_lines
    from customers
    cross join lines
    left join held
        on customers.customer_id = held.customer_id and lines.product_line_code = held.product_line_code
    group by customers.customer_id

),

flows as (

    select
        customer_id,
        -- whom all was taken back from is none
        count(case when payment_cnt > 0 then 1 end) as counterparty_cnt,
        count(case when payment_cnt > 0 and counterparty_customer_id is not null then 1 end)
            as inside_counterparty_cnt,
        count(case when salary_amt > 0 and is_person then 1 end) as payroll_person_cnt,
        sum(case when is_person then salary_amt else 0 end) as payroll_12m_amt
    from (
        select
            payments.*,
            -- what another company is paid is no payroll
            coalesce(versions.customer_type_code = 'P', false) as is_person
        from (
            select
                customer_id,
                counterparty_key,
                counterparty_customer_id,
                sum(in_cnt + out_cnt) as payment_cnt,
                sum(salary_out_amt) as salary_amt
            from {{ flows_by_survivor(ref('fct_counterparty_flow_monthly')) }} as flows
            where month_start_date > {{ month_from_index(month_index(business_date()) ~ ' - 12') }}
            group by customer_id, counterparty_key, counterparty_customer_id
        ) as payments
        left join {{ ref('int_customer__versions') }} as versions
            on payments.counterparty_customer_id = versions.customer_id and versions.known_to_date is null
    ) as counterparties
    group by customer_id

),

team as (

    select
        customer_id,
        {{ joined_text('employee_id', "','", ['employee_id']) }} as team_employees
    from (
        select distinct customer_id, employee_id
        from {{ ref('int_ownership__assignment') }}
        where
            employee_id <> 'UNASSIGNED'
            and valid_from_date <= {{ business_date() }}
            and (valid_to_date is null or valid_to_date > {{ business_date() }})
    ) as assignments
    group by customer_id

),

opportunities as (

    select customer_id, count(*) as open_opportunity_cnt, sum(amount_amt) as open_opportunity_amt
    from {{ ref('fct_opportunity') }}
    where outcome_code = 'open'
    group by customer_id

),

visits as (

    select customer_id, max(cast(visited_at as date)) as last_visit_date
    from {{ by_survivor(ref('int_contact__visit')) }}
    where cast(visited_at as date) <= {{ business_date() }}
    group by customer_id

),

-- of the last 30 days, without what was withdrawn
events as (

    select
        customer_id,
        count(*) as event_30d_cnt,
        max(told_date) as last_event_date,
        {{ first_by(
            'event_code', ['-' ~ days_between("cast('1900-01-01' as date)", 'told_date'), 'event_id']
        ) }} as last_event_code
    from (
        select
            entries.event_id,
            entries.customer_id,
            entries.event_code,
            min(entries.business_date) as told_date
        from {{ by_survivor(ref('fct_event')) }} as entries
        inner join known on entries.customer_id = known.customer_id
        where
            entries.business_date > {{ add_days(business_date(), -30) }}
            and entries.business_date <= {{ business_date() }}
        group by entries.event_id, entries.customer_id, entries.event_code
        -- one that came back after it was withdrawn holds
        having sum(case when entries.entry_type_code = 'event' then 1 else -1 end) > 0
    ) as told
    group by customer_id

),

-- the channel most used in the last 12 months
channels as (

    select
        customer_id,
        {{ first_by('channel_code', ['-use_cnt', 'channel_code']) }} as preferred_channel_code
    from (
        select used.customer_id, used.channel_code, sum(used.login_cnt + used.txn_cnt) as use_cnt
        from {{ by_survivor(ref('int_channel__usage')) }} as used
        inner join known on used.customer_id = known.customer_id
        where
            used.usage_date > {{ months_before(business_date(), 12) }}
            -- a bound, so that older nights are not read
            and used.business_date > {{ months_before(business_date(), 12) }}
        group by used.customer_id, used.channel_code
    ) as uses
    group by customer_id

)

select
    -- ids
    customers.customer_id,
    customers.owning_org_id,
    members.ultimate_parent_customer_id,
    coalesce(managers.employee_id, 'UNASSIGNED') as main_employee_id,

    -- codes
    customers.industry_code,
    customers.region_code,
    customers.size_band_code,
    customers.lifecycle_code,
    customers.activity_code,
    customers.value_code,
    customers.potential_code,
    customers.value_potential_code,
    line_sets.held_lines,
    line_sets.missing_lines,
    team.team_employees,
    channels.preferred_channel_code,
    events.last_event_code,

    -- dates
    customers.first_open_date,
    visits.last_visit_date,
    events.last_event_date,
    {{ business_date() }} as as_of_date,

    -- measures
    cast(members.depth as integer) as group_depth,
    customers.deposit_end_amt,
    customers.deposit_month_avg_amt,
    cast(coalesce(aum.aum_end_amt, 0) as {{ amount_type() }}) as aum_end_amt,
    cast(coalesce(aum.aum_year_avg_amt, 0) as {{ amount_type() }}) as aum_year_avg_amt,
    customers.loan_amt,
    cast(known.credit_limit_amt as {{ amount_type() }}) as credit_limit_amt,
    customers.line_cnt,
    customers.settlement_12m_amt,
    customers.payment_12m_cnt,
    cast(coalesce(flows.counterparty_cnt, 0) as bigint) as counterparty_cnt,
    cast(coalesce(flows.inside_counterparty_cnt, 0) as bigint) as inside_counterparty_cnt,
    cast(coalesce(flows.payroll_person_cnt, 0) as bigint) as payroll_person_cnt,
    cast(coalesce(flows.payroll_12m_amt, 0) as {{ amount_type() }}) as payroll_12m_amt,
    customers.contribution_amt,
    cast(coalesce(of_year.contribution_12m_amt, 0) as {{ amount_type() }}) as contribution_12m_amt,
    cast(coalesce(earned.eva_amt, 0) as {{ amount_type() }}) as eva_amt,
    -- contribution by capital, of a year: the month's charge on capital is the hurdle's part of it
    case
        when earned.capital_charge_amt < 0 then {{ signed_ratio(
            wide(cents('earned.contribution_amt')) ~ ' * ' ~ millionths_of('earned.hurdle_rate'),
            wide(cents('-earned.capital_charge_amt')) ~ ' * 1000000'
        ) }}
    end as raroc_rate,
    cast(coalesce(events.event_30d_cnt, 0) as bigint) as event_30d_cnt,
    cast(coalesce(opportunities.open_opportunity_cnt, 0) as bigint) as open_opportunity_cnt,
    cast(coalesce(opportunities.open_opportunity_amt, 0) as {{ amount_type() }}) as open_opportunity_amt,

    -- flags
    members.customer_id is not null as is_in_group

from customers
left join known on customers.customer_id = known.customer_id
left join aum on customers.customer_id = aum.customer_id
left join earned on customers.customer_id = earned.customer_id
left join {{ ref('int_contribution__of_year') }} as of_year
    on customers.customer_id = of_year.customer_id and customers.month_start_date = of_year.month_start_date
left join members on customers.customer_id = members.customer_id
left join line_sets on customers.customer_id = line_sets.customer_id
left join flows on customers.customer_id = flows.customer_id
left join team on customers.customer_id = team.customer_id
left join {{ ref('int_ownership__main_manager') }} as managers
    on customers.customer_id = managers.customer_id and customers.month_start_date = managers.month_start_date
left join opportunities on customers.customer_id = opportunities.customer_id
left join visits on customers.customer_id = visits.customer_id
left join events on customers.customer_id = events.customer_id
left join channels on customers.customer_id = channels.customer_id
