-- One row per prospect (潜在客户资料库), as of the last business date: an outside counterparty that pays customers
-- of ours, or a customer of ours whose payments go nearly all to and from other banks. The score is of the
-- last 12 months, by the rules' weights: how much it paid, in how many months, how many of ours, and whether
-- that rises. Three partners say why.

{{ config(materialized='table', meta={'grain': ['counterparty_key']}) }}

with rules as (

    select *
    from {{ ref('prospect_weights') }}
    where
        {{ month_start(business_date()) }} >= valid_from_month
        and (valid_to_month is null or {{ month_start(business_date()) }} <= valid_to_month)

),

-- the running month and the eleven before it
flows as (

    select
        *,
        month_start_date > {{ month_from_index(month_index(business_date()) ~ ' - 6') }} as is_recent
    from {{ flows_by_survivor(ref('fct_counterparty_flow_monthly')) }} as flows
    where month_start_date > {{ month_from_index(month_index(business_date()) ~ ' - 12') }}

),

segments as (

    select customer_id, owning_org_id, coalesce(industry_code, 'none') as industry_code, month_start_date
    from {{ ref('fct_corporate_segment_monthly') }}
    where month_start_date > {{ month_from_index(month_index(business_date()) ~ ' - 12') }}

),

-- a partner who has left the bank since counts at the org, and in the industry, of their last month
last_segments as (

    select customer_id, owning_org_id, industry_code
    from (
        select
            *,
            row_number() over (partition by customer_id order by month_start_date desc nulls last) as place
        from segments
    ) as ranked
    where place = 1

),

thin as (

    select flows.customer_id
    from flows
    inner join segments
        on
            flows.customer_id = segments.customer_id
            and segments.month_start_date = {{ month_start(business_date()) }}
    cross join rules
    group by flows.customer_id
    having
        sum(flows.in_amt + flows.out_amt) > 0
        and {{ wide(total_cents(
            'sum(case when flows.is_inside then 0 else flows.in_amt + flows.out_amt end)'
        )) }} * 1000000
        >= {{ wide(total_cents('sum(flows.in_amt + flows.out_amt)')) }}
        * max({{ millionths_of('rules.outside_share_from') }})

),

-- the other side of a payment, as the partner of ours that has it in its books
sides as (

    select
        flows.counterparty_key,
        cast(null as varchar) as prospect_customer_id,
        flows.counter_bank_code,
        flows.counter_bank_name,
        flows.counter_name,
        flows.customer_id as partner_customer_id,
        flows.month_start_date,
        flows.is_recent,
        flows.in_amt,
        flows.out_amt
    from flows
    where not flows.is_inside
    union all
    select
        flows.counterparty_key,
        flows.counterparty_customer_id as prospect_customer_id,
        flows.counter_bank_code,
        flows.counter_bank_name,
        flows.counter_name,
        flows.customer_id as partner_customer_id,
        flows.month_start_date,
        flows.is_recent,
        flows.in_amt,
        flows.out_amt
    from flows
    inner join thin on flows.counterparty_customer_id = thin.customer_id

),

partners as (

    select
        counterparty_key,
        partner_customer_id,
        sum(in_amt) as in_amt,
        sum(in_amt + out_amt) as amount_amt
    from sides
    group by counterparty_key, partner_customer_id

),

ranked_partners as (

    select
        partners.*,
        last_segments.owning_org_id,
        last_segments.industry_code,
        row_number() over (
            partition by partners.counterparty_key
            order by partners.amount_amt desc nulls last, partners.partner_customer_id asc nulls last
        ) as place
    from partners
    left join last_segments on partners.partner_customer_id = last_segments.customer_id

),

-- the industry and the org of most of the amount
mains as (

    select
        counterparty_key,
        {{ first_by('industry_code', ['-amount_amt', 'industry_code']) }} as main_industry_code
    from (
        select
            counterparty_key,
            coalesce(industry_code, 'none') as industry_code,
            sum(amount_amt) as amount_amt
        from ranked_partners
        group by 1, 2
    ) as industries
    group by counterparty_key

),

orgs as (

    select
        counterparty_key,
        {{ first_by('org_id', ['-amount_amt', 'org_id']) }} as org_id
    from (
        select
            counterparty_key,
            coalesce(owning_org_id, 'UNASSIGNED') as org_id,
            sum(amount_amt) as amount_amt
        from ranked_partners
        group by 1, 2
    ) as partner_orgs
    group by counterparty_key

),

totals as (

    select
        counterparty_key,
        max(prospect_customer_id) as prospect_customer_id,
        max(counter_bank_code) as counter_bank_code,
        max(counter_bank_name) as counter_bank_name,
        max(counter_name) as counter_name,
        count(distinct case when in_amt > 0 then month_start_date end) as active_months,
        sum(in_amt) as in_amt,
        sum(out_amt) as out_amt,
        sum(case when is_recent then in_amt else 0 end) as recent_in_amt,
        sum(case when is_recent then 0 else in_amt end) as earlier_in_amt
    from sides
    group by counterparty_key
    having sum(in_amt) > 0 or max(prospect_customer_id) is not null
    union all
    -- a thin customer who pays and is paid by nobody of ours
    select
        'customer|' || customer_id as counterparty_key,
        customer_id as prospect_customer_id,
        cast(null as varchar) as counter_bank_code,
        cast(null as varchar) as counter_bank_name,
        cast(null as varchar) as counter_name,
        0 as active_months,
        cast(0 as {{ amount_type() }}) as in_amt,
        cast(0 as {{ amount_type() }}) as out_amt,
        cast(0 as {{ amount_type() }}) as recent_in_amt,
        cast(0 as {{ amount_type() }}) as earlier_in_amt
    from thin
    where customer_id not in (select prospect_customer_id from sides where prospect_customer_id is not null)

),

-- each part of the score in units of which a million million are all of it
scored as (

    select
        totals.*,
        rules.rule_version,
        coalesce(counted.partner_cnt, 0) as partner_cnt,
        case
            when totals.recent_in_amt > totals.earlier_in_amt then 'rising'
            when totals.recent_in_amt < totals.earlier_in_amt then 'falling'
            else 'steady'
        end as trend_code,
        {{ round_wide(
            wide(total_cents('least(totals.in_amt, rules.amount_full_amt)')) ~ ' * ' ~ wide('1000000000000'),
            total_cents('rules.amount_full_amt')
        ) }} as amount_units,
        {{ round_wide(wide('totals.active_months') ~ ' * ' ~ wide('1000000000000'), '12') }} as months_units,
        {{ round_wide(
            wide('least(coalesce(counted.partner_cnt, 0), rules.partners_full_cnt)') ~ ' * '
            ~ wide('1000000000000'),
            'rules.partners_full_cnt'
        ) }} as partners_units,
        case
            when totals.recent_in_amt > totals.earlier_in_amt then {{ wide('1000000000000') }}
            when totals.recent_in_amt < totals.earlier_in_amt then {{ wide('0') }}
            else {{ wide('500000000000') }}
        end as trend_units,
        rules.amount_weight,
        rules.months_weight,
        rules.partners_weight,
        rules.trend_weight
    from totals
    left join (
        select counterparty_key, count(case when in_amt > 0 then 1 end) as partner_cnt
        from partners
        group by counterparty_key
    ) as counted on totals.counterparty_key = counted.counterparty_key
    cross join rules

),

summed as (

    select
        *,
        -- of a hundred points, rounded once
        cast(
            cast({{ round_wide(
                millionths_of('amount_weight') ~ ' * amount_units + '
                ~ millionths_of('months_weight') ~ ' * months_units + '
                ~ millionths_of('partners_weight') ~ ' * partners_units + '
                ~ millionths_of('trend_weight') ~ ' * trend_units',
                wide('1000000000000')
            ) }} as decimal(18, 0)) * cast(0.0001 as decimal(5, 4)) as decimal(9, 4)
        ) as score
    from scored

)

select
    -- ids
    summed.counterparty_key,
    summed.prospect_customer_id,
    coalesce(orgs.org_id, own.owning_org_id, 'UNASSIGNED') as org_id,
    first_partner.partner_customer_id as partner_1_customer_id,
    second_partner.partner_customer_id as partner_2_customer_id,
    third_partner.partner_customer_id as partner_3_customer_id,

    -- codes and names
    case when summed.prospect_customer_id is null then 'outside' else 'thin_customer' end
        as prospect_type_code,
    summed.counter_bank_code,
    summed.counter_bank_name,
    summed.counter_name,
    coalesce(mains.main_industry_code, 'none') as main_industry_code,
    summed.trend_code,
    summed.rule_version,

    -- measures
    cast(summed.active_months as integer) as active_months,
    cast(summed.in_amt as {{ amount_type() }}) as in_amt,
    cast(summed.out_amt as {{ amount_type() }}) as out_amt,
    cast(summed.partner_cnt as bigint) as partner_cnt,
    summed.score,
    cast(rank() over (
        partition by coalesce(orgs.org_id, own.owning_org_id, 'UNASSIGNED')
        order by summed.score desc nulls last
    ) as integer) as org_rank_no

from summed
left join mains on summed.counterparty_key = mains.counterparty_key
left join orgs on summed.counterparty_key = orgs.counterparty_key
-- whose org it is where nobody of ours is paid
left join last_segments as own on summed.prospect_customer_id = own.customer_id
left join ranked_partners as first_partner
    on summed.counterparty_key = first_partner.counterparty_key and first_partner.place = 1
left join ranked_partners as second_partner
    on summed.counterparty_key = second_partner.counterparty_key and second_partner.place = 2
left join ranked_partners as third_partner
    on summed.counterparty_key = third_partner.counterparty_key and third_partner.place = 3
