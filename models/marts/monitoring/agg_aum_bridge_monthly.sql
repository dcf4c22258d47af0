-- One row per owning org, tier at the month's opening and month: the AUM bridge of its customers, added up.

{{ config(meta={
    'grain': ['org_id', 'tier_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

{%- set amounts = ['opening'] + bridge_parts() + [
    'unexplained', 'closing', 'net_new_money', 'nnm_indirect',
] %}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

bridges as (

    select bridges.*
    from {{ ref('fct_aum_bridge_monthly') }} as bridges
    inner join months on bridges.month_start_date = months.month_start_date

),

summed as (

    select
        owning_org_id,
        opening_tier_code,
        nnm_rule_code,
        month_start_date,
        is_provisional,
        count(*) as customer_cnt,
        {% for amount in amounts -%}
        sum({{ amount }}_amt) as {{ amount }}_amt{{ ',' if not loop.last }}
        {% endfor %}
    from bridges
    group by owning_org_id, opening_tier_code, nnm_rule_code, month_start_date, is_provisional

)

select
    -- ids
    owning_org_id as org_id,

    -- codes
    opening_tier_code as tier_code,
    nnm_rule_code,

    -- dates
    month_start_date,

    -- measures
    cast(customer_cnt as bigint) as customer_cnt,
    {% for amount in amounts -%}
    cast({{ amount }}_amt as {{ amount_type() }}) as {{ amount }}_amt,
    {% endfor -%}
    {{ signed_ratio(total_cents('net_new_money_amt'), total_cents('opening_amt')) }} as net_new_money_rate,

    -- flags
    is_provisional

from summed
