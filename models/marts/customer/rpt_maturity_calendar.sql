-- One row per org, product line and week, Monday to Sunday, as of the last business date (到期日历): what falls
-- due from tomorrow on in this week and the twelve that follow, and of the thirteen weeks behind, what fell
-- due and how much of it its holders still have with the bank, whatever they did with it.

{{ config(materialized='table', meta={'grain': ['org_id', 'product_line_code', 'due_week_date']}) }}

with products as (

    select product_code, product_line_code from {{ ref('stg_core_banking__products') }}

),

bounds as (

    select
        cast(date_trunc('week', {{ business_date() }}) as date) as this_week_date,
        {{ add_days("cast(date_trunc('week', " ~ business_date() ~ ") as date)", 91) }} as last_week_date,
        {{ add_days("cast(date_trunc('week', " ~ business_date() ~ ") as date)", -91) }} as first_week_date

),

contracts as (

    select contracts.*
    from {{ ref('int_contribution__contract') }} as contracts
    cross join bounds
    where contracts.maturity_date > {{ business_date() }} and contracts.maturity_date < bounds.last_week_date

),

-- a joint account falls due to each of its owners, and counts with the first of them
owners as (

    select
        account_id,
        customer_id,
        customer_id = min(customer_id) over (partition by account_id) as is_first
    from {{ ref('int_account__owner') }}
    where ownership_share > 0

),

coming as (

    select
        balances.org_id,
        coalesce(products.product_line_code, 'unknown') as product_line_code,
        cast(date_trunc('week', contracts.maturity_date) as date) as due_week_date,
        coalesce(owners.customer_id, balances.customer_id) as customer_id,
        -- an account with several products is one
        count(distinct case when coalesce(owners.is_first, true) then balances.account_id end) as account_cnt,
        sum(case when coalesce(owners.is_first, true) then {{ round_units(
            wide('balances.balance_cents') ~ ' * ' ~ fx_factor('balances.currency_code', 'rates.mid_rate'),
            fx_scale()
        ) }} else 0 end) as due_cents,
        cast(null as bigint) as retained_cents
    from {{ by_survivor(ref('int_contribution__account_day')) }} as balances
    inner join contracts
        on
            balances.account_id = contracts.account_id
            and {{ register_of('balances.source_code') }} = contracts.register_code
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on balances.currency_code = rates.currency_code and rates.calendar_date = {{ business_date() }}
    left join products on balances.product_code = products.product_code
    left join owners
        on {{ key_where("contracts.register_code = 'account'", 'balances.account_id') }} = owners.account_id
    where
        balances.business_date = {{ business_date() }}
        and balances.month_start_date = {{ month_start(business_date()) }}
        and balances.balance_cents > 0
    group by 1, 2, 3, 4

),

-- all that fell due to a holder since the same night before
matured as (

    select
        matured.*,
        sum(matured.due_cents) over (partition by matured.customer_id, matured.business_date)
            as night_due_cents
    from {{ by_survivor(ref('int_holding__matured')) }} as matured
    cross join bounds
    where matured.business_date >= bounds.first_week_date

),

-- what is left of it beyond the rest that they had besides
kept as (

    select
        matured.*,
        least(
            matured.night_due_cents,
            greatest(
                coalesce({{ cents('customers.asset_amt') }}, 0)
                - greatest(matured.asset_before_cents - matured.night_due_cents, 0),
                0
            )
        ) as kept_cents
    from matured
    left join {{ ref('int_holding__customer') }} as customers
        on
            matured.customer_id = customers.customer_id
            and customers.business_date = {{ business_date() }}
            and customers.month_start_date = {{ month_start(business_date()) }}

),

kept_parts as (

    {{ split_cents(
        'kept', 'kept_cents', 'due_cents', 'night_due_cents', ['customer_id', 'business_date'],
        ['due_date', 'org_id', 'product_line_code'],
    ) }}

),

behind as (

    select
        parts.org_id,
        parts.product_line_code,
        cast(date_trunc('week', parts.due_date) as date) as due_week_date,
        parts.customer_id,
        sum(parts.account_cnt) as account_cnt,
        sum(parts.due_cents) as due_cents,
        sum(parts.split_cents) as retained_cents
    from kept_parts as parts
    cross join bounds
    where parts.due_date >= bounds.first_week_date
    group by 1, 2, 3, 4

),

weeks as (

    select *, true as is_coming from coming
    union all
    select *, false as is_coming from behind

),

summed as (

    select
        org_id,
        product_line_code,
        due_week_date,
        sum(case when is_coming then account_cnt else 0 end) as account_cnt,
        sum(case when is_coming then due_cents else 0 end) as due_cents,
        count(distinct case when is_coming then customer_id end) as customer_cnt,
        sum(case when not is_coming then account_cnt else 0 end) as matured_account_cnt,
        sum(case when not is_coming then due_cents else 0 end) as matured_cents,
        sum(case when not is_coming then retained_cents else 0 end) as retained_cents
    from weeks
    group by org_id, product_line_code, due_week_date

)

select
    -- ids
    summed.org_id,

    -- codes
    summed.product_line_code,

    -- dates
    {{ business_date() }} as business_date,
    summed.due_week_date,

    -- measures
    cast({{ days_between('bounds.this_week_date', 'summed.due_week_date') }} as integer) as due_in_days,
    cast(summed.account_cnt as bigint) as account_cnt,
    {{ cents_amount('summed.due_cents') }} as due_amt,
    cast(summed.customer_cnt as bigint) as customer_cnt,
    cast(summed.matured_account_cnt as bigint) as matured_account_cnt,
    {{ cents_amount('summed.matured_cents') }} as matured_amt,
    {{ cents_amount('summed.retained_cents') }} as retained_amt,
    {{ ratio('summed.retained_cents', 'summed.matured_cents') }} as retention_rate

from summed
cross join bounds
