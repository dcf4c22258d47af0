-- One row per trade: who sold it is known, waited for, not found, or no longer asked (业绩归属状态).

{{ config(meta={
    'grain': ['trade_id'], 'partition': 'month_start_date', 'changed_on': 'knowledge_date',
    'carried': 'current',
}) }}

select
    -- ids
    trade_id,
    customer_id,
    product_code,
    trade_org_id,
    sales_org_id,

    -- codes
    state_code,
    rule_code,
    reason_code,
    sales_product_code,
    rulebook_version,
    currency_code,

    -- dates
    trade_date,
    {{ month_start('trade_date') }} as month_start_date,
    wait_end_date,
    known_from_date as knowledge_date,

    -- measures
    amount_amt as trade_amt,
    fee_income_amt,
    amount_reporting_amt as trade_reporting_amt,

    -- flags
    is_disputed

from {{ ref('int_sales__trade_versions') }}
where
    known_to_date is null
    {% if has_state() %}
    and (
        known_from_date = {{ business_date() }}
        -- what nights that run again had said of a trade
        or trade_id in (select trade_id from {{ this }} where knowledge_date > {{ previous_business_date() }})
    )
    {% endif %}
