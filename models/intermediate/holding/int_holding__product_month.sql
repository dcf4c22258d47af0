-- One row per customer, org, product and kind of holding, and month that tonight computes: what is held of
-- it, and how much at the month's last processed day. Deposits, investments and loans are held by a balance,
-- cards by being valid, products of `holding_rules` that have no balance by an open account. Everybody's
-- balances come anew each night, so every night looks at all of them; the first one adds the past months.
--
-- Balances are the customer's share at full weight, in AUM or not. Each is rounded once, so that any sum of
-- them is exact.

{{ config(materialized='table', meta={'month_by_month': true}) }}

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('stg_core_banking__monthly_loans') }}
-- depends_on: {{ ref('int_loan__versions') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

contracts as (

    select * from {{ ref('int_contribution__contract') }}

),

rates as (

    select
        currency_code,
        calendar_date,
        {{ fx_factor('currency_code', 'mid_rate') }} as fx_factor
    from {{ ref('int_fx__rate_by_day') }}

),

owners as (

    select account_id, customer_id, {{ millionths_of('ownership_share') }} as share_units
    from {{ ref('int_account__owner') }}

),

told as (

    select
        balances.account_id,
        balances.product_code,
        balances.source_code,
        {{ register_of('balances.source_code') }} as register_code,
        months.month_start_date,
        balances.balance_cents,
        {{ business_date() }} as through_date
    from {{ ref('int_contribution__account_day') }} as balances
    inner join months on balances.month_start_date = months.month_start_date and months.is_current
    where balances.business_date = {{ business_date() }} and balances.balance_cents > 0
    {% if is_first_night() %}
    union all
    select
        balances.account_id,
        balances.product_code,
        case when products.asset_class_code = 'wealth' then 'investment' else 'deposit' end as source_code,
        'account' as register_code,
        balances.month_start_date,
        {{ cents('balances.month_end_balance_ccy_amt') }} as balance_cents,
        months.month_end_date as through_date
    from {{ ref('stg_core_banking__monthly_balances') }} as balances
    inner join months on balances.month_start_date = months.month_start_date and not months.is_current
    inner join {{ ref('stg_core_banking__products') }} as products
        on balances.product_code = products.product_code
    inner join contracts on balances.account_id = contracts.account_id and contracts.register_code = 'account'
    -- a row may end with the last day before the closing
    where
        balances.month_end_balance_ccy_amt > 0
        and (contracts.close_date is null or contracts.close_date > months.month_end_date)
    union all
    select
        balances.loan_id as account_id,
        loans.product_code,
        'loan' as source_code,
        'loan' as register_code,
        balances.month_start_date,
        {{ cents('balances.month_end_balance_ccy_amt') }} as balance_cents,
        months.month_end_date as through_date
    from {{ ref('stg_core_banking__monthly_loans') }} as balances
    inner join months on balances.month_start_date = months.month_start_date and not months.is_current
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on balances.loan_id = loans.loan_id and loans.known_to_date is null
    where balances.month_end_balance_ccy_amt > 0
    {% endif %}

),

-- what is held without a balance; a card's balance is what is owed on it
without_balance as (

    select
        cards.card_id as account_id,
        coalesce(cards.product_code, contracts.product_code) as product_code,
        'card' as source_code,
        'card' as register_code,
        months.month_start_date,
        coalesce(told.balance_cents, 0) as balance_cents,
        months.through_date
    from {{ by_survivor(ref('int_card__versions')) }} as cards
    inner join contracts on cards.card_id = contracts.account_id and contracts.register_code = 'card'
    inner join months on cards.issue_date <= months.through_date and cards.expiry_date >= months.through_date
    left join told
        on
            cards.card_id = told.account_id
            and told.register_code = 'card'
            and months.month_start_date = told.month_start_date
    where cards.known_to_date is null and cards.status_code <> 'cancelled'
    union all
    select
        contracts.account_id,
        contracts.product_code,
        'open' as source_code,
        'account' as register_code,
        months.month_start_date,
        cast(0 as bigint) as balance_cents,
        months.through_date
    from contracts
    inner join {{ ref('stg_core_banking__products') }} as products
        on contracts.product_code = products.product_code
    inner join {{ ref('holding_rules') }} as rules
        on products.asset_class_code = rules.asset_class_code and rules.held_by_code = 'open'
    inner join months
        on
            contracts.open_date <= months.through_date
            and (contracts.close_date is null or contracts.close_date > months.through_date)
    where contracts.register_code = 'account'

),

held as (

    select * from told where source_code <> 'card'
    union all
    select * from without_balance

),

shared as (

    select
        coalesce(owners.customer_id, contracts.customer_id) as customer_id,
        contracts.org_id,
        held.product_code,
        held.source_code,
        held.month_start_date,
        contracts.open_date,
        case when contracts.maturity_date >= held.through_date then contracts.maturity_date end
            as maturity_date,
        case
            when owners.share_units is null and rates.fx_factor = {{ fx_scale() }} then held.balance_cents
            else {{ round_units(
                wide('held.balance_cents') ~ ' * coalesce(owners.share_units, 1000000) * rates.fx_factor',
                wide('1000000') ~ ' * ' ~ fx_scale()
            ) }}
        end as balance_cents
    from held
    inner join contracts
        on held.account_id = contracts.account_id and held.register_code = contracts.register_code
    inner join rates
        on contracts.currency_code = rates.currency_code and held.through_date = rates.calendar_date
    left join owners
        on {{ key_where("held.register_code = 'account'", 'held.account_id') }} = owners.account_id
    -- an owner whose share is 0 holds nothing of it
    where coalesce(owners.share_units, 1) <> 0

)

select
    -- ids
    shared.customer_id,
    shared.org_id,
    shared.product_code,

    -- codes
    shared.source_code as holding_code,
    coalesce(
        products.product_line_code, case when shared.source_code = 'card' then 'card' else 'unknown' end
    ) as product_line_code,
    coalesce(
        products.asset_class_code, case when shared.source_code = 'card' then 'card' else 'unknown' end
    ) as asset_class_code,

    -- dates
    shared.month_start_date,
    min(shared.open_date) as since_date,
    min(shared.maturity_date) as maturity_date,

    -- measures
    cast(count(*) as integer) as account_cnt,
    {{ cents_amount('sum(shared.balance_cents)') }} as balance_amt

from shared
left join {{ ref('stg_core_banking__products') }} as products on shared.product_code = products.product_code
group by
    shared.customer_id,
    shared.org_id,
    shared.product_code,
    shared.source_code,
    products.product_line_code,
    products.asset_class_code,
    shared.month_start_date
