-- One row per personal customer and month, from the month of the first night on: the segments of the customer
-- at the month's last processed day, by the rules of the month.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }} where is_current

),

rules as (

    {{ segment_rules_in_force() }}

),

bands as (

    {{ segment_bands_in_force() }}

),

-- a month that is over has its own cut-offs; a provisional one those of the month before, or its own if there
-- are none
cut_months as (

    select max(cut_offs.month_start_date) as month_start_date
    from {{ ref('rpt_rfm_cut_off') }} as cut_offs
    inner join months
        on
            cut_offs.month_start_date >= {{ month_from_index('months.month_index - 1') }}
            and cut_offs.month_start_date <= months.month_start_date

),

cut_offs as (

    select
        {%- for measure in ['recency', 'frequency', 'monetary'] %}
        {%- for cut in range(1, 5) %}
        max(
            case
                when cut_offs.measure_code = '{{ measure }}' and cut_offs.cut_order = {{ cut }}
                    then cut_offs.cut_off_value
            end
        ) as {{ measure }}_{{ cut }}{{ ',' if not (loop.last and measure == 'monetary') }}
        {%- endfor %}
        {%- endfor %}
    from {{ ref('rpt_rfm_cut_off') }} as cut_offs
    inner join cut_months on cut_offs.month_start_date = cut_months.month_start_date

),

points as (

    select labels.customer_id, sum(potential.points) as label_points
    from {{ ref('fct_customer_label') }} as labels
    inner join months on labels.month_start_date = months.month_start_date
    inner join {{ ref('potential_rules') }} as potential
        on
            potential.source_code = 'label'
            and labels.label_code = potential.item_code
            and labels.month_start_date >= potential.valid_from_month
            and (potential.valid_to_month is null or labels.month_start_date <= potential.valid_to_month)
    group by labels.customer_id

),

contributions as (

    select contributions.customer_id, contributions.contribution_avg_12m_amt
    from {{ ref('int_contribution__of_year') }} as contributions
    inner join months on contributions.month_start_date = months.month_start_date

),

aum as (

    select aum.customer_id, aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date

),

arrears as (

    select customer_id, max(last_arrears_date) as last_arrears_date
    from {{ by_survivor(ref('int_customer__arrears')) }} as states
    where business_date = {{ business_date() }}
    group by customer_id

),

measured as (

    select
        customers.customer_id,
        customers.owning_org_id,
        customers.month_start_date,
        customers.is_closed,
        months.through_date,
        months.is_provisional,
        customers.first_open_date,
        {{ days_between('activity.last_txn_date', 'months.through_date') }} as recency_days,
        coalesce(activity.txn_12m_cnt, 0) as frequency_cnt,
        coalesce(activity.txn_12m_amt, 0) as monetary_amt,
        coalesce(activity.txn_6m_cnt, 0) as txn_6m_cnt,
        coalesce(activity.salary_months_cnt, 0) as salary_months_cnt,
        coalesce(activity.foreign_12m_cnt, 0) as foreign_12m_cnt,
        coalesce(position.asset_amt, 0) as asset_amt,
        coalesce(position.investment_amt, 0) as investment_amt,
        coalesce(position.loan_amt, 0) as loan_amt,
        coalesce(position.card_debt_amt, 0) as card_debt_amt,
        coalesce(position.has_foreign_holding, false) as has_foreign_holding,
        coalesce(aum.aum_end_amt, 0) as aum_amt,
        coalesce(contributions.contribution_avg_12m_amt, 0) as contribution_amt,
        arrears.last_arrears_date,
        {{ age_at('versions.birth_date', 'months.through_date') }} as age,
        cast(versions.risk_level_code as integer) as risk_level,
        versions.occupation_code,
        coalesce(points.label_points, 0) + coalesce(incomes.points, 0) as potential_points
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    left join {{ living(ref('int_customer__versions')) }} as versions
        on customers.customer_id = versions.customer_id and versions.known_to_date is null
    left join {{ ref('int_activity__customer') }} as activity on customers.customer_id = activity.customer_id
    left join {{ ref('int_customer__position') }} as position on customers.customer_id = position.customer_id
    left join aum on customers.customer_id = aum.customer_id
    left join contributions on customers.customer_id = contributions.customer_id
    left join arrears on customers.customer_id = arrears.customer_id
    left join points on customers.customer_id = points.customer_id
    left join {{ ref('potential_rules') }} as incomes
        on
            incomes.source_code = 'income_band'
            and versions.income_band_code = incomes.item_code
            and customers.month_start_date >= incomes.valid_from_month
            and (incomes.valid_to_month is null or customers.month_start_date <= incomes.valid_to_month)
    where customers.customer_type_code = 'P'

),

scored as (

    select
        measured.*,
        {%- for measure, column in [
            ('recency', 'recency_days'), ('frequency', 'frequency_cnt'), ('monetary', 'monetary_amt'),
        ] %}
        case
            when measured.frequency_cnt = 0 then 0
            else {{ '5 - (' if measure == 'recency' else '1 + (' }}
            {%- for cut in range(1, 5) %}
                case when cut_offs.{{ measure }}_{{ cut }} < measured.{{ column }} then 1 else 0 end
                {{- ' +' if not loop.last }}
            {%- endfor %})
        end as {{ measure }}_score{{ ',' if not loop.last }}
        {%- endfor %}
    from measured
    cross join cut_offs

),

-- few profiles of many customers: rules are tried on those
styles as (

    select
        profiles.age, profiles.risk_level, profiles.occupation_code, profiles.txn_6m_cnt,
        {{ first_by('rules.wealth_style_code', ['rules.style_order']) }} as wealth_style_code
    from (
        select distinct age, risk_level, occupation_code, txn_6m_cnt from measured
    ) as profiles
    inner join {{ ref('wealth_style_rules') }} as rules
        on
            (rules.age_from is null or profiles.age >= rules.age_from)
            and (rules.age_to is null or profiles.age < rules.age_to)
            and (rules.risk_level_from is null or profiles.risk_level >= rules.risk_level_from)
            and (rules.risk_level_to is null or profiles.risk_level <= rules.risk_level_to)
            and (
                rules.occupation_codes is null
                or position(',' || profiles.occupation_code || ',' in ',' || rules.occupation_codes || ',')
                > 0
            )
            and (rules.txn_month_from is null or profiles.txn_6m_cnt >= 6 * rules.txn_month_from)
            and {{ month_start(business_date()) }} >= rules.valid_from_month
            and (rules.valid_to_month is null or {{ month_start(business_date()) }} <= rules.valid_to_month)
    group by profiles.age, profiles.risk_level, profiles.occupation_code, profiles.txn_6m_cnt

),

groups as (

    select
        scores.recency_score, scores.frequency_score, scores.monetary_score,
        {{ first_by('rules.rfm_code', ['rules.group_order']) }} as rfm_code
    from (
        select distinct recency_score, frequency_score, monetary_score from scored
    ) as scores
    inner join {{ ref('rfm_group_rules') }} as rules
        on
            scores.recency_score between rules.recency_from and rules.recency_to
            and scores.frequency_score between rules.frequency_from and rules.frequency_to
            and scores.monetary_score between rules.monetary_from and rules.monetary_to
            and {{ month_start(business_date()) }} >= rules.valid_from_month
            and (rules.valid_to_month is null or {{ month_start(business_date()) }} <= rules.valid_to_month)
    group by scores.recency_score, scores.frequency_score, scores.monetary_score

)

select
    -- ids
    scored.customer_id,
    scored.owning_org_id,

    -- codes
    case
        when scored.through_date <= {{ add_months('scored.first_open_date', 'rules.new_months') }} then 'new'
        when scored.through_date <= {{ add_months('scored.first_open_date', 'rules.growth_months') }}
            then 'growth'
        when scored.through_date <= {{ add_months('scored.first_open_date', 'rules.mature_months') }}
            then 'mature'
        else 'senior'
    end as lifecycle_code,
    case
        when scored.frequency_cnt = 0 then 'sleeping'
        when scored.txn_6m_cnt = 0 then 'dormant'
        when scored.txn_6m_cnt >= 6 * rules.high_txn_cnt then 'high'
        when scored.txn_6m_cnt >= 6 * rules.medium_txn_cnt then 'medium'
        else 'low'
    end as activity_code,
    groups.rfm_code,
    value_bands.band_code as value_code,
    potential_bands.band_code as potential_code,
    layer_bands.band_code as asset_layer_code,
    class_bands.band_code as coarse_class_code,
    file_bands.band_code as file_class_code,
    styles.wealth_style_code,
    service_bands.band_code as service_class_code,

    -- dates
    scored.month_start_date,

    -- measures
    scored.recency_days,
    scored.frequency_cnt,
    cast(scored.monetary_amt as {{ amount_type() }}) as monetary_amt,
    cast(scored.recency_score as integer) as recency_score,
    cast(scored.frequency_score as integer) as frequency_score,
    cast(scored.monetary_score as integer) as monetary_score,
    cast(scored.potential_points as integer) as potential_points,

    -- flags
    scored.loan_amt > 0 or scored.card_debt_amt > 0 as is_credit_need,
    scored.investment_amt > 0 or scored.asset_amt >= rules.wealth_need_amt as is_wealth_need,
    scored.txn_6m_cnt >= 6 * rules.payment_need_cnt or scored.salary_months_cnt >= rules.payroll_months
        as is_payment_need,
    scored.foreign_12m_cnt > 0 or scored.has_foreign_holding as is_cross_border_need,
    (scored.asset_amt > rules.key_asset_amt or scored.loan_amt > rules.key_loan_amt)
    and (
        scored.last_arrears_date is null
        or scored.last_arrears_date
        <= {{ add_months('scored.through_date', '(-12 * rules.key_clean_years)') }}
    ) as is_key_customer,
    scored.is_closed,
    scored.is_provisional

from scored
cross join rules
left join groups
    on
        scored.recency_score = groups.recency_score
        and scored.frequency_score = groups.frequency_score
        and scored.monetary_score = groups.monetary_score
left join styles
    on
        scored.txn_6m_cnt = styles.txn_6m_cnt
        and scored.age is not distinct from styles.age
        and scored.risk_level is not distinct from styles.risk_level
        and scored.occupation_code is not distinct from styles.occupation_code
{%- for scheme, alias, number in [
    ('value', 'value_bands', 'scored.contribution_amt'),
    ('potential', 'potential_bands', 'scored.potential_points'),
    ('asset_layer', 'layer_bands', 'scored.aum_amt'), ('coarse_class', 'class_bands', 'scored.aum_amt'),
    ('file_class', 'file_bands', 'scored.contribution_amt'),
    ('service_class', 'service_bands', 'scored.aum_amt'),
] %}
left join bands as {{ alias }} on {{ in_band(alias, scheme, number) }}
{%- endfor %}
