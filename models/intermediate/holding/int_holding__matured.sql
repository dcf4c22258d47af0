-- One row per holder, org, product line and day of maturity, of deposits and investments that fell due since
-- the last night: what fell due, of a joint account to each owner their share, and all that the holder had
-- with the bank the night before. A joint account is counted with the first of its owners.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

-- depends_on: {{ ref('int_customer__survivor') }}
-- read from the second night on, but the graph is the same every night
-- depends_on: {{ ref('int_account__versions') }}, {{ ref('int_contribution__account_day') }}
-- depends_on: {{ ref('int_account__owner_versions') }}
-- depends_on: {{ ref('int_holding__customer') }}, {{ ref('int_fx__rate_by_day') }}

with products as (

    select product_code, product_line_code from {{ ref('stg_core_banking__products') }}

),

{% if has_state() %}

-- as they were known the night before: a deposit that was prolonged fell due all the same
due_accounts as (

    select account_id, maturity_date
    from {{ by_survivor(ref('int_account__versions')) }}
    where
        maturity_date > {{ previous_business_date() }}
        and maturity_date <= {{ business_date() }}
        and known_from_date <= {{ previous_business_date() }}
        and (known_to_date is null or known_to_date > {{ previous_business_date() }})

),

owners as (

    select
        account_id,
        customer_id,
        {{ millionths_of('sum(ownership_share)') }} as share_units,
        customer_id = min(customer_id) over (partition by account_id) as is_first
    from {{ by_survivor(ref('int_account__owner_versions')) }}
    where
        known_from_date <= {{ previous_business_date() }}
        and (known_to_date is null or known_to_date > {{ previous_business_date() }})
        and ownership_share > 0
    group by account_id, customer_id

),

account_parts as (

    select
        balances.account_id,
        balances.product_code,
        balances.source_code,
        coalesce(owners.customer_id, balances.customer_id) as customer_id,
        coalesce(owners.is_first, true) as is_first,
        balances.org_id,
        coalesce(products.product_line_code, 'unknown') as product_line_code,
        due_accounts.maturity_date as due_date,
        {{ round_units(
            wide('balances.balance_cents') ~ ' * ' ~ fx_factor('balances.currency_code', 'rates.mid_rate'),
            fx_scale()
        ) }} as account_cents,
        coalesce(owners.share_units, 1000000) as share_weight,
        1000000 as share_total
    from due_accounts
    inner join {{ by_survivor(ref('int_contribution__account_day')) }} as balances
        on
            due_accounts.account_id = balances.account_id
            and balances.source_code in ('deposit', 'investment')
            and balances.business_date = {{ previous_business_date() }}
            and balances.month_start_date = {{ month_start(previous_business_date()) }}
            and balances.balance_cents > 0
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on
            balances.currency_code = rates.currency_code
            and rates.calendar_date = {{ previous_business_date() }}
    left join products on balances.product_code = products.product_code
    left join owners on balances.account_id = owners.account_id

),

owner_parts as (

    {{ split_cents(
        'account_parts', 'account_cents', 'share_weight', 'share_total',
        ['account_id', 'product_code', 'source_code'],
        ['customer_id'],
    ) }}

),

due as (

    select
        customer_id,
        org_id,
        product_line_code,
        due_date,
        count(distinct case when is_first then account_id end) as account_cnt,
        sum(split_cents) as due_cents
    from owner_parts
    group by customer_id, org_id, product_line_code, due_date

),

assets as (

    select customer_id, {{ cents('asset_amt') }} as asset_cents
    from {{ ref('int_holding__customer') }}
    where
        business_date = {{ previous_business_date() }}
        and month_start_date = {{ month_start(previous_business_date()) }}

)

select
    due.customer_id,
    due.org_id,
    due.product_line_code,
    due.due_date,
    {{ business_date() }} as business_date,
    cast(due.account_cnt as integer) as account_cnt,
    cast(due.due_cents as bigint) as due_cents,
    cast(coalesce(assets.asset_cents, 0) as bigint) as asset_before_cents
from due
left join assets on due.customer_id = assets.customer_id

{% else %}

none as (

    select * from products where false

)

select
    cast(null as varchar) as customer_id,
    cast(null as varchar) as org_id,
    product_line_code,
    cast(null as date) as due_date,
    {{ business_date() }} as business_date,
    cast(null as integer) as account_cnt,
    cast(null as bigint) as due_cents,
    cast(null as bigint) as asset_before_cents
from none

{% endif %}
