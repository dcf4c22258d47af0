-- One row per account, loan and card as of tonight: whose it is, the number that was told of, and what prices
-- its balance. What has no maturity, or one that means none, has tenor 0.

{{ config(materialized='view', tags=['night']) }}

with cards as (

    select *
    from {{ by_survivor(ref('int_card__versions'), told_as='told_customer_id') }}
    where known_to_date is null

),

-- a card names no product: it is that of the catalogue which the card's kind is sold as
card_products as (

    select
        rules.card_kind_code,
        rules.customer_rate,
        min(products.product_code) as product_code
    from {{ ref('card_contribution_rules') }} as rules
    left join {{ ref('stg_core_banking__products') }} as products
        on rules.sales_product_code = products.sales_product_code
    group by rules.card_kind_code, rules.customer_rate

)

select
    'account' as register_code,
    accounts.account_id,
    accounts.customer_id,
    accounts.told_customer_id,
    accounts.product_code,
    accounts.org_id,
    accounts.currency_code,
    accounts.open_date,
    {{ open_ended('accounts.maturity_date') }} as maturity_date,
    -- closed without a date counts as closed tonight
    case
        when accounts.status_code = 'closed' then coalesce(accounts.close_date, {{ business_date() }})
        else coalesce(accounts.close_date, told.close_date)
    end as close_date,
    case when told.account_id is not null then {{ business_date() }} else accounts.known_from_date end
        as known_from_date,
    accounts.interest_rate as customer_rate
from {{ by_survivor(ref('int_account__versions'), told_as='told_customer_id') }} as accounts
left join {{ source('pipeline', 'told_closing') }} as told on accounts.account_id = told.account_id
where accounts.known_to_date is null

union all

select
    'loan' as register_code,
    loan_id as account_id,
    customer_id,
    told_customer_id,
    product_code,
    org_id,
    currency_code,
    start_date as open_date,
    {{ open_ended('maturity_date') }} as maturity_date,
    cast(null as date) as close_date,
    known_from_date,
    interest_rate as customer_rate
from {{ by_survivor(ref('int_loan__versions'), told_as='told_customer_id') }}
where known_to_date is null

union all

select
    'card' as register_code,
    cards.card_id as account_id,
    cards.customer_id,
    cards.told_customer_id,
    coalesce(card_products.product_code, cards.card_kind_code || '_card') as product_code,
    cards.org_id,
    '{{ var("reporting_currency") }}' as currency_code,
    cards.issue_date as open_date,
    cast(null as date) as maturity_date,
    cast(null as date) as close_date,
    cards.known_from_date,
    card_products.customer_rate
from cards
left join card_products on cards.card_kind_code = card_products.card_kind_code
