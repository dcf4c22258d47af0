-- One row per balance that may move the AUM bridge tonight and owner: the balance, the owner's weight in AUM
-- (weight of the product × share) and the exchange rate, now and the night before. What is missing or closed
-- tonight keeps its weight of the night before, and is empty. Owners are named by the number that was told
-- of.

{{ config(materialized='table') }}

with balances as (

    select * from {{ ref('int_bridge__balance') }}

),

accounts as (

    select accounts.*
    from {{ ref('int_account__versions') }} as accounts
    where
        accounts.account_id in (select balances.account_id from balances)
        {%- if not is_first_night() %}
        and (accounts.known_to_date is null or accounts.known_to_date > {{ previous_business_date() }})
        {%- endif %}

),

owners as (

    select owners.*
    from {{ ref('int_account__owner_versions') }} as owners
    where
        owners.account_id in (select balances.account_id from balances)
        {%- if not is_first_night() %}
        and (owners.known_to_date is null or owners.known_to_date > {{ previous_business_date() }})
        {%- endif %}

),

held as (

    select
        'now' as night_code,
        accounts.account_id,
        accounts.product_code,
        accounts.currency_code,
        accounts.open_date,
        accounts.close_date,
        coalesce(owners.customer_id, accounts.customer_id) as customer_id,
        coalesce(owners.ownership_share, cast(1 as decimal(9, 6))) as ownership_share
    from accounts
    left join owners on accounts.account_id = owners.account_id and owners.known_to_date is null
    where accounts.known_to_date is null
    union all
    select
        'before' as night_code,
        accounts.account_id,
        accounts.product_code,
        accounts.currency_code,
        accounts.open_date,
        accounts.close_date,
        coalesce(owners.customer_id, accounts.customer_id) as customer_id,
        coalesce(owners.ownership_share, cast(1 as decimal(9, 6))) as ownership_share
    from accounts
    left join owners
        on
            accounts.account_id = owners.account_id
            {% if is_first_night() -%}
            and owners.known_to_date is null
    where accounts.known_to_date is null
            {%- else -%}
            and owners.known_from_date <= {{ previous_business_date() }}
    where accounts.known_from_date <= {{ previous_business_date() }}
            {%- endif %}

),

closed as (

    select distinct account_id
    from {{ ref('int_account__holder') }}
    where close_date <= {{ business_date() }}

),

weights as (

    select 'now' as night_code, product_code, aum_weight
    from {{ ref('int_bridge__weight') }}
    where business_date = {{ business_date() }}
    union all
    select 'before' as night_code, product_code, aum_weight
    from {{ ref('int_bridge__weight') }}
    where business_date = coalesce({{ previous_business_date() }}, {{ business_date() }})

),

rates as (

    select 'now' as night_code, currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}
    union all
    select 'before' as night_code, currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = coalesce({{ previous_business_date() }}, {{ add_days(business_date(), -1) }})

),

-- what each owner had in each balance on each of the two nights
sides as (

    select
        balances.account_id,
        balances.product_code,
        balances.source_code,
        held.customer_id,
        held.night_code,
        held.currency_code,
        held.open_date,
        held.close_date,
        cast(coalesce(weights.aum_weight, 0) * held.ownership_share as decimal(18, 12)) as aum_share
    from balances
    inner join held on balances.account_id = held.account_id
    left join weights
        on
            case when balances.source_code = 'deposit' then held.product_code else balances.product_code end
            = weights.product_code
            and held.night_code = weights.night_code

),

both_nights as (

    select
        account_id,
        product_code,
        source_code,
        customer_id,
        max(case when night_code = 'now' then currency_code end) as now_currency_code,
        max(case when night_code = 'before' then currency_code end) as before_currency_code,
        min(open_date) as open_date,
        max(close_date) as close_date,
        sum(case when night_code = 'now' then aum_share end) as now_share,
        sum(case when night_code = 'before' then aum_share end) as before_share
    from sides
    group by account_id, product_code, source_code, customer_id

),

-- an account is known before or not, whoever owned it
known_before as (

    select distinct account_id from held where night_code = 'before'

),

weighed as (

    select
        both_nights.*,
        balances.now_cents,
        {% if is_first_night() -%}
        case
            -- last month's row says nothing of what was closed since
            when both_nights.close_date < {{ business_date() }} then 0
            when balances.is_told then balances.before_cents
            -- what opens on the first night had nothing on the day before
            when both_nights.open_date >= {{ business_date() }} then 0
            else balances.now_cents
        end as before_cents,
        {%- else -%}
        balances.before_cents,
        {%- endif %}
        known_before.account_id is null as is_new,
        balances.is_there and closed.account_id is null as is_there
    from both_nights
    inner join balances
        on
            both_nights.account_id = balances.account_id
            and both_nights.product_code = balances.product_code
            and both_nights.source_code = balances.source_code
    left join known_before on both_nights.account_id = known_before.account_id
    left join closed on both_nights.account_id = closed.account_id

)

select
    -- ids
    weighed.account_id,
    weighed.product_code,
    weighed.customer_id,

    -- codes
    weighed.source_code,

    -- measures
    case
        when weighed.is_there or weighed.is_new then coalesce(weighed.now_share, 0)
        else coalesce(weighed.before_share, 0)
    end as now_share,
    case when weighed.is_new then coalesce(weighed.now_share, 0) else coalesce(weighed.before_share, 0) end
        as before_share,
    now_rates.mid_rate as now_rate,
    coalesce(before_rates.mid_rate, now_rates.mid_rate) as before_rate,
    {{ cents_amount('weighed.now_cents') }} as now_ccy_amt,
    {{ cents_amount('weighed.before_cents') }} as before_ccy_amt,
    {{ cents_amount('greatest(weighed.now_cents, 0)') }} as now_counted_ccy_amt,
    {{ cents_amount('greatest(weighed.before_cents, 0)') }} as before_counted_ccy_amt

from weighed
inner join rates as now_rates
    on
        case
            when weighed.is_there then coalesce(weighed.now_currency_code, weighed.before_currency_code)
            else coalesce(weighed.before_currency_code, weighed.now_currency_code)
        end = now_rates.currency_code
        and now_rates.night_code = 'now'
left join rates as before_rates
    on
        coalesce(weighed.before_currency_code, weighed.now_currency_code) = before_rates.currency_code
        and before_rates.night_code = 'before'
