-- One row per account × product of several owners, or of a changed holder, org, owner and month that tonight
-- computes: the owner's weight in what follows the balances (Σ of the daily balances by the share of the day)
-- and in all else (Σ of the days held while open by the share of the day). Of others the whole line is the
-- holder's.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

changed as (

    select * from {{ ref('int_contribution__changed') }}

),

owner_versions as (

    select
        account_id,
        customer_id,
        {{ millionths_of('ownership_share') }} as share_weight,
        known_from_date,
        coalesce(known_to_date, cast('9999-12-31' as date)) as known_to_date
    from {{ by_survivor(ref('int_account__owner_versions')) }}

),

joint as (

    select account_id from owner_versions where known_to_date = cast('9999-12-31' as date) group by account_id

),

states as (

    select
        states.account_id,
        states.product_code,
        states.source_code,
        {{ register_of('states.source_code') }} as register_code,
        states.customer_id,
        states.org_id,
        states.month_start_date,
        states.owners_since_date,
        abs(states.balance_units) as balance_units
    from {{ by_survivor(ref('int_contribution__account_day')) }} as states
    inner join months on states.month_start_date = months.month_start_date
    where states.business_date = {{ business_date() }}

),

-- owners of the balances
balance_states as (

    select states.*
    from states
    left join joint
        on {{ key_where("states.register_code = 'account'", 'states.account_id') }} = joint.account_id
    left join changed
        on states.account_id = changed.account_id and states.register_code = changed.register_code
    where joint.account_id is not null or changed.account_id is not null

),

balance_parts as (

    select
        balance_states.account_id,
        balance_states.product_code,
        balance_states.source_code,
        balance_states.org_id,
        balance_states.month_start_date,
        coalesce(owners.customer_id, balance_states.customer_id) as owner_id,
        sum(balance_states.balance_units * coalesce(owners.share_weight, 1000000)) as balance_weight
    from balance_states
    left join owner_versions as owners
        on
            {{ key_where("balance_states.register_code = 'account'", 'balance_states.account_id') }}
            = owners.account_id
            and balance_states.owners_since_date >= owners.known_from_date
            and balance_states.owners_since_date < owners.known_to_date
    group by
        balance_states.account_id,
        balance_states.product_code,
        balance_states.source_code,
        balance_states.org_id,
        balance_states.month_start_date,
        coalesce(owners.customer_id, balance_states.customer_id)

),

-- owners of the days: of what has changed day by day, of others as they are
day_parts as (

    select
        held.account_id,
        held.register_code,
        held.org_id,
        held.month_start_date,
        coalesce(owners.customer_id, held.customer_id) as owner_id,
        sum(held.held_days * coalesce(owners.share_weight, 1000000)) as day_weight
    from {{ ref('int_contribution__held_day') }} as held
    left join owner_versions as owners
        on
            {{ key_where("held.register_code = 'account'", 'held.account_id') }} = owners.account_id
            and held.told_date >= owners.known_from_date
            and held.told_date < owners.known_to_date
    group by
        held.account_id,
        held.register_code,
        held.org_id,
        held.month_start_date,
        coalesce(owners.customer_id, held.customer_id)

),

lines as (

    select
        lines.account_id,
        lines.product_code,
        lines.source_code,
        lines.org_id,
        lines.month_start_date,
        day_parts.owner_id,
        day_parts.day_weight
    from {{ ref('int_contribution__line') }} as lines
    inner join day_parts
        on
            lines.account_id = day_parts.account_id
            and {{ register_of('lines.source_code') }} = day_parts.register_code
            and lines.org_id = day_parts.org_id
            and lines.month_start_date = day_parts.month_start_date
    union all
    select
        lines.account_id,
        lines.product_code,
        lines.source_code,
        lines.org_id,
        lines.month_start_date,
        owners.customer_id as owner_id,
        sum(owners.share_weight) as day_weight
    from {{ ref('int_contribution__line') }} as lines
    inner join owner_versions as owners
        on
            lines.account_id = owners.account_id
            and {{ register_of('lines.source_code') }} = 'account'
            and owners.known_to_date = cast('9999-12-31' as date)
    left join changed on lines.account_id = changed.account_id and changed.register_code = 'account'
    where changed.account_id is null
    group by
        lines.account_id,
        lines.product_code,
        lines.source_code,
        lines.org_id,
        lines.month_start_date,
        owners.customer_id

),

both_weights as (

    select
        coalesce(lines.account_id, balance_parts.account_id) as account_id,
        coalesce(lines.product_code, balance_parts.product_code) as product_code,
        coalesce(lines.source_code, balance_parts.source_code) as source_code,
        coalesce(lines.org_id, balance_parts.org_id) as org_id,
        coalesce(lines.month_start_date, balance_parts.month_start_date) as month_start_date,
        coalesce(lines.owner_id, balance_parts.owner_id) as customer_id,
        coalesce(lines.day_weight, 0) as day_weight,
        coalesce(balance_parts.balance_weight, 0) as balance_weight
    from lines
    full outer join balance_parts
        on
            lines.account_id = balance_parts.account_id
            and lines.product_code = balance_parts.product_code
            and lines.source_code = balance_parts.source_code
            and lines.org_id = balance_parts.org_id
            and lines.month_start_date = balance_parts.month_start_date
            and lines.owner_id = balance_parts.owner_id

),

totals as (

    select
        *,
        sum(day_weight) over of_line as day_total,
        sum(balance_weight) over of_line as balance_total
    from both_weights
    window of_line as (partition by account_id, product_code, source_code, org_id, month_start_date)

),

-- a balance of 0 all month follows the days, days of which none is known the balance; weights of
-- foreign balances are so large that cents times them would not fit
scaled as (

    select
        *,
        1 + {{ floor_divide('balance_total', '10000000000000000000000') }} as balance_scale
    from totals

),

fitted as (

    select
        account_id,
        product_code,
        source_code,
        org_id,
        month_start_date,
        customer_id,
        case
            when day_total > 0 then {{ wide('day_weight') }}
            else {{ floor_divide('balance_weight', 'balance_scale') }}
        end as day_weight,
        case
            when balance_total > 0 then {{ floor_divide('balance_weight', 'balance_scale') }}
            else {{ wide('day_weight') }}
        end as balance_weight
    from scaled

)

select
    account_id,
    product_code,
    source_code,
    org_id,
    month_start_date,
    customer_id,
    {{ wide('day_weight') }} as day_weight,
    {{ wide('balance_weight') }} as balance_weight,
    {{ wide('sum(day_weight) over of_line') }} as day_total,
    {{ wide('sum(balance_weight) over of_line') }} as balance_total
from fitted
where day_weight > 0 or balance_weight > 0
window of_line as (partition by account_id, product_code, source_code, org_id, month_start_date)
