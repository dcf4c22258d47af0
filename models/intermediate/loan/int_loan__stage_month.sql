-- One row per loan and month that tonight computes: its stage of delinquency now and at the end of the month
-- before. Nights carry it. A loan that is gone keeps its row to the end of the month: others are measured by
-- what there was.

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

with rates as (

    select
        currency_code,
        {{ fx_factor('currency_code', 'mid_rate') }} as fx_factor
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

tonight as (

    select
        loans.loan_id,
        loans.org_id,
        loans.loan_class_code,
        balances.five_class_code,
        stages.stage_code,
        stages.stage_order,
        {% for column, name in [
            ('balance_ccy_amt', 'balance'), ('overdue_principal_ccy_amt', 'overdue_principal'),
            ('overdue_interest_ccy_amt', 'overdue_interest'),
        ] -%}
        {{ round_units(wide(cents('balances.' ~ column)) ~ ' * rates.fx_factor', fx_scale()) }}
            as {{ name }}_cents
        {{- ',' if not loop.last }}
        {% endfor %}
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on balances.loan_id = loans.loan_id and loans.known_to_date is null
    inner join rates on loans.currency_code = rates.currency_code
    inner join {{ ref('delinquency_stage_rules') }} as stages
        on
            -- days before the due date are none past it
            greatest(balances.past_due_days, 0) >= stages.from_days
            and (stages.to_days is null or greatest(balances.past_due_days, 0) <= stages.to_days)
    where
        balances.balance_ccy_amt > 0
        or balances.overdue_principal_ccy_amt > 0
        or balances.overdue_interest_ccy_amt > 0

)

{% if has_state() %},

refused as (

    {{ refused_balances() }}

),

last_night as (

    select
        states.*,
        states.month_start_date = {{ month_start(business_date()) }} as is_same_month
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as states

),

joined as (

    select
        coalesce(tonight.loan_id, last_night.loan_id) as loan_id,
        coalesce(tonight.org_id, last_night.org_id) as org_id,
        coalesce(tonight.loan_class_code, last_night.loan_class_code) as loan_class_code,
        coalesce(tonight.five_class_code, last_night.five_class_code) as five_class_code,
        coalesce(tonight.stage_code, last_night.stage_code) as stage_code,
        coalesce(tonight.stage_order, last_night.stage_order) as stage_order,
        coalesce(tonight.balance_cents, last_night.balance_cents) as balance_cents,
        coalesce(tonight.overdue_principal_cents, last_night.overdue_principal_cents)
            as overdue_principal_cents,
        coalesce(tonight.overdue_interest_cents, last_night.overdue_interest_cents) as overdue_interest_cents,
        tonight.loan_id is not null or (refused.row_key is not null and last_night.is_owed) as is_owed,
        case
            when last_night.is_same_month then last_night.stage_before_order
            when last_night.is_owed then last_night.stage_order
        end as stage_before_order,
        case
            when last_night.is_same_month then last_night.balance_before_cents
            when last_night.is_owed then last_night.balance_cents
        end as balance_before_cents
    from tonight
    full outer join last_night on tonight.loan_id = last_night.loan_id
    left join refused
        on
            {{ key_where('tonight.loan_id is null', 'last_night.loan_id') }} = refused.row_key
            and refused.source_code = 'loan'

)

{% endif %}

select
    -- ids
    loan_id,
    org_id,

    -- codes
    loan_class_code,
    five_class_code,
    stage_code,

    -- dates
    {{ business_date() }} as business_date,
    {{ month_start(business_date()) }} as month_start_date,

    -- measures
    cast(stage_order as integer) as stage_order,
    cast(balance_cents as bigint) as balance_cents,
    cast(overdue_principal_cents as bigint) as overdue_principal_cents,
    cast(overdue_interest_cents as bigint) as overdue_interest_cents,
    {% if has_state() -%}
    cast(stage_before_order as integer) as stage_before_order,
    cast(balance_before_cents as bigint) as balance_before_cents,

    -- flags
    is_owed

from joined
where is_owed or stage_before_order is not null
    {%- else -%}
    cast(null as integer) as stage_before_order,
    cast(null as bigint) as balance_before_cents,

    -- flags
    true as is_owed

from tonight
    {%- endif %}
