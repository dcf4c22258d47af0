-- One row per corporate customer and month (对公客户分层): size, lifecycle, activity, value and potential by the
-- month's rules, with the figures that they were judged by. A bank knows a company by what it keeps and owes:
-- the size is of that.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select
        months.*, rules.rule_version, rules.new_months, rules.growth_months, rules.mature_months,
        rules.high_payment_cnt, rules.medium_payment_cnt
    from {{ ref('int_calendar__open_months') }} as months
    inner join {{ ref('corporate_segment_rules') }} as rules
        on
            months.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)

),

customers as (

    select
        known.customer_id,
        known.owning_org_id,
        known.first_open_date,
        versions.industry_code,
        versions.region_code,
        months.*
    from {{ ref('int_customer__month') }} as known
    inner join months on known.month_start_date = months.month_start_date
    left join {{ living(ref('int_customer__versions')) }} as versions
        on known.customer_id = versions.customer_id and versions.known_to_date is null
    where known.customer_type_code = 'C' and not known.is_closed

),

loans as (

    select customer_id, month_start_date, cast(sum(balance_amt) as {{ amount_type() }}) as loan_amt
    from {{ ref('int_customer__debt_month') }}
    where business_date = {{ business_date() }} and debt_code = 'loan'
    group by customer_id, month_start_date

),

lines as (

    select customer_id, month_start_date, count(*) as line_cnt
    from {{ ref('int_holding__line') }}
    where business_date = {{ business_date() }} and is_held
    group by customer_id, month_start_date

),

-- the last 12 months of payments, and no others
payments as (

    select
        flows.customer_id,
        months.month_start_date,
        sum(flows.in_amt + flows.out_amt) as settlement_12m_amt,
        sum(case when flows.is_inside then 0 else flows.in_amt + flows.out_amt end) as outside_12m_amt,
        sum(flows.in_cnt + flows.out_cnt) as payment_12m_cnt,
        sum(
            case
                when flows.month_start_date > {{ month_from_index('months.month_index - 6') }}
                    then flows.in_cnt + flows.out_cnt
                else 0
            end
        ) as payment_6m_cnt
    from {{ flows_by_survivor(ref('fct_counterparty_flow_monthly')) }} as flows
    inner join months
        on
            flows.month_start_date <= months.month_start_date
            and flows.month_start_date > {{ month_from_index('months.month_index - 12') }}
    group by flows.customer_id, months.month_start_date

),

measured as (

    select
        customers.*,
        coalesce(aum.deposit_end_amt, 0) as deposit_end_amt,
        coalesce(aum.deposit_month_avg_amt, 0) as deposit_month_avg_amt,
        coalesce(loans.loan_amt, 0) as loan_amt,
        cast(coalesce(aum.deposit_month_avg_amt, 0) as {{ sum_type() }}) + coalesce(loans.loan_amt, 0)
            as size_amt,
        coalesce(earned.contribution_amt, 0) as contribution_amt,
        coalesce(earned.contribution_avg_12m_amt, 0) as contribution_avg_12m_amt,
        coalesce(lines.line_cnt, 0) as line_cnt,
        coalesce(payments.settlement_12m_amt, 0) as settlement_12m_amt,
        coalesce(payments.outside_12m_amt, 0) as outside_12m_amt,
        coalesce(payments.payment_12m_cnt, 0) as payment_12m_cnt,
        coalesce(payments.payment_6m_cnt, 0) as payment_6m_cnt
    from customers
    left join {{ ref('fct_customer_aum_monthly') }} as aum
        on customers.customer_id = aum.customer_id and customers.month_start_date = aum.month_start_date
    left join loans
        on customers.customer_id = loans.customer_id and customers.month_start_date = loans.month_start_date
    left join lines
        on customers.customer_id = lines.customer_id and customers.month_start_date = lines.month_start_date
    left join payments
        on
            customers.customer_id = payments.customer_id
            and customers.month_start_date = payments.month_start_date
    left join {{ ref('int_contribution__of_year') }} as earned
        on customers.customer_id = earned.customer_id and customers.month_start_date = earned.month_start_date

)

select
    -- ids
    measured.customer_id,
    measured.owning_org_id,

    -- codes
    measured.industry_code,
    measured.region_code,
    size_bands.band_code as size_band_code,
    case
        when measured.through_date <= {{ months_before('measured.first_open_date', '-measured.new_months') }}
            then 'new'
        when measured.through_date
        <= {{ months_before('measured.first_open_date', '-measured.growth_months') }}
            then 'growth'
        when measured.through_date
        <= {{ months_before('measured.first_open_date', '-measured.mature_months') }}
            then 'mature'
        else 'senior'
    end as lifecycle_code,
    case
        when measured.payment_6m_cnt >= 6 * measured.high_payment_cnt then 'high'
        when measured.payment_6m_cnt >= 6 * measured.medium_payment_cnt then 'medium'
        when measured.payment_6m_cnt > 0 then 'low'
        when measured.payment_12m_cnt > 0 then 'none'
        else 'sleeping'
    end as activity_code,
    value_bands.band_code as value_code,
    potential_bands.band_code as potential_code,
    value_bands.band_code || '_' || potential_bands.band_code as value_potential_code,
    measured.rule_version,

    -- dates
    measured.month_start_date,
    measured.first_open_date,

    -- measures
    cast(measured.month_index - {{ month_index('measured.first_open_date') }} as integer) as tenure_months,
    cast(measured.deposit_end_amt as {{ amount_type() }}) as deposit_end_amt,
    cast(measured.deposit_month_avg_amt as {{ amount_type() }}) as deposit_month_avg_amt,
    cast(measured.loan_amt as {{ amount_type() }}) as loan_amt,
    cast(measured.contribution_amt as {{ amount_type() }}) as contribution_amt,
    cast(measured.contribution_avg_12m_amt as {{ amount_type() }}) as contribution_avg_12m_amt,
    cast(measured.line_cnt as bigint) as line_cnt,
    cast(measured.settlement_12m_amt as {{ amount_type() }}) as settlement_12m_amt,
    cast(measured.outside_12m_amt as {{ amount_type() }}) as outside_12m_amt,
    cast(measured.payment_12m_cnt as bigint) as payment_12m_cnt,
    cast(measured.payment_6m_cnt as bigint) as payment_6m_cnt,

    -- flags
    measured.is_provisional

from measured
{% for scheme, amount in [
    ('size', 'size_amt'), ('value', 'contribution_avg_12m_amt'), ('potential', 'outside_12m_amt'),
] -%}
inner join {{ ref('corporate_segment_bands') }} as {{ scheme }}_bands
    on
        {{ scheme }}_bands.scheme_code = '{{ scheme }}'
        and measured.month_start_date >= {{ scheme }}_bands.valid_from_month
        and (
            {{ scheme }}_bands.valid_to_month is null
            or measured.month_start_date <= {{ scheme }}_bands.valid_to_month
        )
        and ({{ scheme }}_bands.from_amt is null or measured.{{ amount }} >= {{ scheme }}_bands.from_amt)
        and ({{ scheme }}_bands.to_amt is null or measured.{{ amount }} < {{ scheme }}_bands.to_amt)
{% endfor %}
