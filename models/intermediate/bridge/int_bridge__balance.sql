-- One row per deposit or position of an account that may move the AUM bridge tonight: its balance now and the
-- night before, in cents of its currency. Of all accounts: those with transactions, positions, a foreign
-- currency or an overdraft, and those whose holder, owners, product or weight changed. Of any other, what its
-- balance did is not explained by anything, and the bridge's rest has it. The first night looks at all.

{{ config(materialized='table') }}

-- depends_on: {{ ref('int_customer__survivor') }}
-- read on the first night only, or on the others, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('int_bridge__weight') }}
-- depends_on: {{ ref('int_bridge__move') }}, {{ ref('int_account__owner_versions') }}
-- depends_on: {{ ref('int_account__versions') }}

with now_held as (

    select account_id, product_code, source_code, currency_code, balance_cents
    from {{ ref('int_contribution__account_day') }}
    where
        business_date = {{ business_date() }}
        and month_start_date = {{ month_start(business_date()) }}
        and source_code in ('deposit', 'investment')

),

staged as (

    select account_id, cast('' as varchar) as product_code, 'deposit' as source_code
    from {{ ref('stg_core_banking__deposit_balances') }}
    union all
    select account_id, product_code, 'investment' as source_code
    from {{ ref('stg_core_banking__investment_positions') }}

),

{% if not is_first_night() %}

before_held as (

    select account_id, product_code, source_code, currency_code, balance_cents
    from {{ ref('int_contribution__account_day') }}
    where
        business_date = {{ previous_business_date() }}
        and month_start_date = {{ month_start(previous_business_date()) }}
        and source_code in ('deposit', 'investment')

),

reweighted as (

    select coalesce(now_weights.product_code, before_weights.product_code) as product_code
    from (
        select * from {{ ref('int_bridge__weight') }} where business_date = {{ business_date() }}
    ) as now_weights
    full outer join (
        select * from {{ ref('int_bridge__weight') }} where business_date = {{ previous_business_date() }}
    ) as before_weights
        on now_weights.product_code = before_weights.product_code
    where coalesce(now_weights.aum_weight, 0) <> coalesce(before_weights.aum_weight, 0)

),

touched as (

    select account_id from {{ ref('int_bridge__move') }}
    union
    select account_id
    from now_held
    where
        source_code = 'investment'
        or balance_cents < 0
        or currency_code <> '{{ var("reporting_currency") }}'
    union
    select account_id
    from before_held
    where
        source_code = 'investment'
        or balance_cents < 0
        or currency_code <> '{{ var("reporting_currency") }}'
    union
    select account_id
    from {{ by_survivor(ref('int_account__versions')) }}
    where
        known_from_date = {{ business_date() }}
        or known_to_date = {{ business_date() }}
        or (known_to_date is null and product_code in (select reweighted.product_code from reweighted))
    union
    select account_id
    from {{ by_survivor(ref('int_account__owner_versions')) }}
    where known_from_date = {{ business_date() }} or known_to_date = {{ business_date() }}

),

-- deposits of which no balance is carried: those that were empty or missing the night before. What is paid on
-- such an account, and comes late, still counts
emptied as (

    select distinct accounts.account_id
    from {{ by_survivor(ref('int_account__versions')) }} as accounts
    inner join {{ ref('int_bridge__move') }} as moves on accounts.account_id = moves.account_id
    inner join {{ ref('stg_core_banking__products') }} as products
        on
            accounts.product_code = products.product_code
            and products.asset_class_code in ('deposit', 'settlement')
    where
        accounts.known_from_date <= {{ previous_business_date() }}
        and (accounts.known_to_date is null or accounts.known_to_date > {{ previous_business_date() }})

),

{% else %}

-- the end of the day before the first night, as the initial load tells it: of each balance by the row of the
-- running month, which covers the days before, else by last month's; without one, it is what there is tonight
history as (

    select
        history.account_id,
        case when products.asset_class_code = 'wealth' then history.product_code else '' end as product_code,
        case when products.asset_class_code = 'wealth' then 'investment' else 'deposit' end as source_code,
        history.month_start_date,
        sum({{ cents('history.month_end_balance_ccy_amt') }}) as balance_cents
    from {{ ref('stg_core_banking__monthly_balances') }} as history
    inner join {{ ref('stg_core_banking__products') }} as products
        on history.product_code = products.product_code
    where
        history.month_start_date >= {{ month_start(add_days(month_start(business_date()), -1)) }}
        and history.month_start_date <= {{ business_date() }}
    group by
        history.account_id,
        case when products.asset_class_code = 'wealth' then history.product_code else '' end,
        case when products.asset_class_code = 'wealth' then 'investment' else 'deposit' end,
        history.month_start_date

),

told as (

    select history.account_id, history.product_code, history.source_code, history.balance_cents
    from history
    inner join (
        select account_id, product_code, source_code, max(month_start_date) as month_start_date
        from history
        group by account_id, product_code, source_code
    ) as latest
        on
            history.account_id = latest.account_id
            and history.product_code = latest.product_code
            and history.source_code = latest.source_code
            and history.month_start_date = latest.month_start_date

),

{% endif %}

balances as (

    select
        account_id,
        case when source_code = 'deposit' then '' else product_code end as product_code,
        source_code,
        balance_cents as now_cents,
        cast(0 as bigint) as before_cents,
        false as is_told,
        false as is_there
    from now_held
    {%- if not is_first_night() %}
    where account_id in (select touched.account_id from touched)
    union all
    select
        account_id,
        case when source_code = 'deposit' then '' else product_code end as product_code,
        source_code,
        cast(0 as bigint) as now_cents,
        balance_cents as before_cents,
        true as is_told,
        false as is_there
    from before_held
    where account_id in (select touched.account_id from touched)
    union all
    select
        account_id,
        cast('' as varchar) as product_code,
        'deposit' as source_code,
        cast(0 as bigint) as now_cents,
        cast(0 as bigint) as before_cents,
        true as is_told,
        false as is_there
    from emptied
    {%- else %}
    union all
    select
        account_id,
        product_code,
        source_code,
        cast(0 as bigint) as now_cents,
        balance_cents as before_cents,
        true as is_told,
        false as is_there
    from told
    {%- endif %}
    union all
    select
        account_id,
        product_code,
        source_code,
        cast(0 as bigint) as now_cents,
        cast(0 as bigint) as before_cents,
        false as is_told,
        true as is_there
    from staged
    {%- if not is_first_night() %}
    where account_id in (select touched.account_id from touched)
    {%- endif %}

)

select
    -- ids
    account_id,
    product_code,

    -- codes
    source_code,

    -- measures
    cast(sum(now_cents) as bigint) as now_cents,
    cast(sum(before_cents) as bigint) as before_cents,

    -- flags
    max(case when is_told then 1 else 0 end) = 1 as is_told,
    max(case when is_there then 1 else 0 end) = 1 as is_there

from balances
group by account_id, product_code, source_code
