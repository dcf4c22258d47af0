-- One row per customer as of the last business date: the table that people screen with. Its columns stand in
-- the ten groups of query conditions (客户多维度查询条件, seed query_condition_rules). Everybody is looked at each
-- night, because balances, ages and days since the last contact of everybody change with it; what takes
-- history comes carried.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with customers as (

    select
        *,
        {{ age_at('birth_date', business_date()) }} as age
    from {{ living(ref('int_customer__versions')) }}
    where known_to_date is null

),

months as (

    select * from {{ ref('int_calendar__open_months') }} where is_current

),

rules as (

    {{ segment_rules_in_force() }}

),

bands as (

    {{ segment_bands_in_force() }}

),

tiers as (

    select tiers.*
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date

),

reasons as (

    select reasons.*
    from {{ ref('fct_tier_reason') }} as reasons
    inner join months on reasons.month_start_date = months.month_start_date

),

aum as (

    select aum.*
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date

),

{%- for rulebook in ['postal', 'wealth'] %}

{{ rulebook }}_rules as (

    {{ rulebook_in_force('months', ref('tier_rulebooks'), "'" ~ rulebook ~ "'") }}

),

{{ rulebook }} as (

    select aum.customer_id, tiers.tier_code
    from (
        select
            aum.customer_id,
            rulebooks.rulebook_version,
            {{ assessment_aum('rulebooks.aum_basis_code', 'aum') }} as assessment_aum_amt
        from aum
        inner join {{ rulebook }}_rules as rulebooks on aum.month_start_date = rulebooks.month_start_date
    ) as aum
    inner join (
        select
            *,
            lead(aum_from_amt) over (partition by rulebook_version order by tier_rank nulls last)
                as next_from_amt
        from {{ ref('tier_rules') }}
    ) as tiers
        on
            aum.rulebook_version = tiers.rulebook_version
            and aum.assessment_aum_amt >= coalesce(tiers.aum_from_amt, 0)
            and (tiers.next_from_amt is null or aum.assessment_aum_amt < tiers.next_from_amt)

),
{%- endfor %}

managers as (

    select managers.customer_id, managers.employee_id
    from {{ ref('int_ownership__main_manager') }} as managers
    inner join months on managers.month_start_date = months.month_start_date

),

assistants as (

    select customer_id, count(distinct employee_id) as assistant_cnt
    from {{ ref('int_ownership__assignment') }}
    where
        role_code = 'assistant'
        and employee_id <> 'UNASSIGNED'
        and valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date > {{ business_date() }})
    group by customer_id

),

households as (

    select household_id, count(*) as member_cnt
    from {{ ref('int_household__member') }}
    group by household_id

),

-- the months of the year alone, at most twelve
money as (

    select
        bridge.customer_id,
        sum(
            case
                when bridge.month_start_date = months.month_start_date then bridge.net_new_money_amt
                else 0
            end
        ) as net_new_money_month_amt,
        sum(bridge.net_new_money_amt) as net_new_money_year_amt
    from {{ by_survivor(ref('fct_aum_bridge_monthly')) }} as bridge
    inner join months
        on
            bridge.month_start_date <= months.month_start_date
            and year(bridge.month_start_date) = year(months.month_start_date)
    where bridge.month_start_date >= {{ activity_from_date() }}
    group by bridge.customer_id

),

segments as (

    select segments.*
    from {{ ref('fct_customer_segment_monthly') }} as segments
    inner join months on segments.month_start_date = months.month_start_date

),

labels as (

    select
        labels.customer_id,
        ',' || {{ joined_text('labels.label_code', "','", ['labels.label_code nulls last']) }} || ','
            as label_codes
    from {{ ref('fct_customer_label') }} as labels
    inner join months on labels.month_start_date = months.month_start_date
    group by labels.customer_id

),

contributions as (

    select contributions.*
    from {{ ref('int_contribution__of_year') }} as contributions
    inner join months on contributions.month_start_date = months.month_start_date

),

withdrawals as (

    select event_id, max(entry_id) as entry_id
    from {{ by_survivor(ref('fct_event')) }} as told_events
    where
        entry_type_code = 'withdrawal'
        and business_date > {{ add_days(business_date(), '-' ~ oldest_told_days()) }}
        and business_date <= {{ business_date() }}
    group by event_id

),

-- what was told last and holds still, in the order of rpt_key_customer_status; none is older than the feed
-- looks back
last_events as (

    select
        entries.customer_id,
        {%- set latest = [
            days_between('entries.business_date', "cast('1900-01-01' as date)"), 'entries.priority',
            days_between('entries.event_date', "cast('1900-01-01' as date)"), 'entries.event_id',
        ] %}
        {{ first_by('entries.event_code', latest) }} as event_code,
        {{ first_by('entries.event_date', latest) }} as event_date
    from {{ by_survivor(ref('fct_event')) }} as entries
    left join withdrawals
        on entries.event_id = withdrawals.event_id and entries.entry_id < withdrawals.entry_id
    where
        entries.entry_type_code = 'event'
        and entries.business_date > {{ add_days(business_date(), '-' ~ oldest_told_days()) }}
        and entries.business_date <= {{ business_date() }}
        and withdrawals.event_id is null
    group by entries.customer_id

),

recommended as (

    select customer_id, product_line_code from {{ ref('fct_recommendation') }} where rank_number = 1

)

select
    -- 1: identity and demography
    customers.customer_id,
    {{ business_date() }} as business_date,
    customers.customer_name,
    customers.customer_type_code,
    customers.gender_code,
    customers.age,
    age_bands.band_code as age_band_code,
    customers.region_code,
    customers.occupation_code,
    customers.education_code,
    customers.industry_code,
    customers.income_band_code,
    customers.risk_level_code,
    customers.acquisition_source_code,
    coalesce(customers.is_employee, false) as is_employee,
    members.household_id,
    cast(households.member_cnt as integer) as household_size,
    customers.first_open_date,
    {{ months_of_tenure('customers.first_open_date') }} as tenure_months,
    customers.status_code = 'closed' as is_closed,
    -- 2: tier and status
    tiers.tier_code,
    tiers.tier_rank,
    tiers.status_code,
    tiers.deciding_factor_code,
    tiers.below_months,
    reasons.next_tier_code,
    reasons.next_tier_missing_amt,
    reasons.months_to_loss,
    tiers.lost_tier_code,
    postal.tier_code as postal_class_code,
    wealth.tier_code as wealth_class_code,
    -- 3: ownership
    coalesce(owning.owning_org_id, customers.home_org_id) as owning_org_id,
    orgs.org_name as owning_org_name,
    managers.employee_id,
    employees.employee_name,
    cast(coalesce(assistants.assistant_cnt, 0) as integer) as assistant_cnt,
    pending.customer_id is not null as is_pending_assignment,
    -- 4: assets
    coalesce(assets.deposit_amt, 0) as deposit_amt,
    coalesce(assets.investment_amt, 0) as investment_amt,
    coalesce(assets.total_assets_amt, 0) as total_assets_amt,
    coalesce(assets.aum_amt, 0) as aum_amt,
    aum.aum_month_avg_amt,
    aum.aum_quarter_avg_amt,
    aum.aum_year_avg_amt,
    aum.aum_avg_6m_amt,
    aum.aum_avg_12m_amt,
    assets.aum_change_day_amt,
    assets.aum_change_month_amt,
    assets.aum_change_year_amt,
    largest.largest_line_share,
    cast(money.net_new_money_month_amt as {{ amount_type() }}) as net_new_money_month_amt,
    cast(money.net_new_money_year_amt as {{ amount_type() }}) as net_new_money_year_amt,
    -- 5: liabilities
    coalesce(liabilities.loan_amt, 0) as loan_amt,
    coalesce(liabilities.mortgage_amt, 0) as mortgage_amt,
    coalesce(liabilities.unsecured_loan_amt, 0) as unsecured_loan_amt,
    coalesce(liabilities.guaranteed_loan_amt, 0) as guaranteed_loan_amt,
    coalesce(liabilities.other_loan_amt, 0) as other_loan_amt,
    coalesce(liabilities.overdue_amt, 0) as overdue_amt,
    coalesce(liabilities.past_due_days, 0) as past_due_days,
    liabilities.worst_five_class_code,
    liabilities.next_instalment_date,
    liabilities.next_instalment_amt,
    coalesce(liabilities.card_debt_amt, 0) as card_debt_amt,
    liabilities.card_limit_use_rate,
    -- 6: products
    coalesce(position.line_cnt, 0) as line_cnt,
    position.held_line_codes,
    position.next_maturity_date,
    position.next_maturity_amt,
    -- 7: transactions and channels
    coalesce(activity.txn_3m_cnt, 0) as txn_3m_cnt,
    coalesce(activity.txn_6m_cnt, 0) as txn_6m_cnt,
    coalesce(activity.txn_12m_cnt, 0) as txn_12m_cnt,
    coalesce(activity.txn_3m_amt, 0) as txn_3m_amt,
    coalesce(activity.txn_6m_amt, 0) as txn_6m_amt,
    coalesce(activity.txn_12m_amt, 0) as txn_12m_amt,
    activity.last_txn_date,
    coalesce(activity.salary_months_cnt >= rules.payroll_months, false) as is_payroll,
    coalesce(activity.outside_in_3m_amt, 0) as outside_in_3m_amt,
    coalesce(activity.outside_out_3m_amt, 0) as outside_out_3m_amt,
    contacts.contracted_channel_codes,
    contacts.used_channel_codes,
    -- 8: cards
    liabilities.card_kind_codes,
    liabilities.best_card_grade_code,
    coalesce(liabilities.card_spend_3m_amt, 0) as card_spend_3m_amt,
    coalesce(liabilities.card_spend_12m_amt, 0) as card_spend_12m_amt,
    liabilities.next_card_expiry_date,
    -- 9: contact and consent
    contacts.last_contact_date,
    contacts.last_contact_channel_code,
    coalesce(contacts.contact_30d_cnt, 0) as contact_30d_cnt,
    coalesce(contacts.contact_12m_cnt, 0) as contact_12m_cnt,
    contacts.consent_purpose_codes,
    coalesce(contacts.open_case_cnt, 0) as open_case_cnt,
    contacts.last_visit_date,
    -- 10: labels, segments, events, contribution
    segments.lifecycle_code,
    segments.activity_code,
    segments.rfm_code,
    segments.value_code,
    segments.potential_code,
    segments.asset_layer_code,
    segments.coarse_class_code,
    segments.file_class_code,
    segments.wealth_style_code,
    segments.service_class_code,
    coalesce(segments.is_key_customer, false) as is_key_customer,
    coalesce(segments.is_credit_need, false) as is_credit_need,
    coalesce(segments.is_wealth_need, false) as is_wealth_need,
    coalesce(segments.is_payment_need, false) as is_payment_need,
    coalesce(segments.is_cross_border_need, false) as is_cross_border_need,
    labels.label_codes,
    last_events.event_code as last_event_code,
    last_events.event_date as last_event_date,
    contributions.contribution_12m_amt,
    coalesce(contributions.is_cost_centre, false) as is_cost_centre,
    recommended.product_line_code as recommended_product_line_code

from customers
cross join rules
left join bands as age_bands on {{ in_band('age_bands', 'age_band', 'customers.age') }}
left join tiers on customers.customer_id = tiers.customer_id
left join reasons on customers.customer_id = reasons.customer_id
left join aum on customers.customer_id = aum.customer_id
left join postal
    on {{ key_where("customers.customer_type_code = 'P'", 'customers.customer_id') }} = postal.customer_id
left join wealth
    on {{ key_where("customers.customer_type_code = 'P'", 'customers.customer_id') }} = wealth.customer_id
left join {{ ref('int_customer__owning_org') }} as owning on customers.customer_id = owning.customer_id
left join {{ ref('dim_org') }} as orgs on coalesce(owning.owning_org_id, customers.home_org_id) = orgs.org_id
left join managers on customers.customer_id = managers.customer_id
left join {{ ref('dim_employee') }} as employees on managers.employee_id = employees.employee_id
left join assistants on customers.customer_id = assistants.customer_id
left join {{ ref('int_ownership__pending') }} as pending on customers.customer_id = pending.customer_id
left join {{ ref('int_household__member') }} as members on customers.customer_id = members.customer_id
left join households on members.household_id = households.household_id
left join {{ ref('fct_customer_assets') }} as assets on customers.customer_id = assets.customer_id
left join {{ ref('int_aum__largest_line') }} as largest on customers.customer_id = largest.customer_id
left join money on customers.customer_id = money.customer_id
left join {{ ref('int_customer__position') }} as position on customers.customer_id = position.customer_id
left join {{ ref('int_customer__liability') }} as liabilities
    on customers.customer_id = liabilities.customer_id
left join {{ ref('int_activity__customer') }} as activity on customers.customer_id = activity.customer_id
left join {{ ref('int_contact__customer') }} as contacts on customers.customer_id = contacts.customer_id
left join segments on customers.customer_id = segments.customer_id
left join labels on customers.customer_id = labels.customer_id
left join last_events on customers.customer_id = last_events.customer_id
left join contributions on customers.customer_id = contributions.customer_id
left join recommended on customers.customer_id = recommended.customer_id
