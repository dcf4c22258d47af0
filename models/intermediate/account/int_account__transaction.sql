-- One row per transaction on an account, with the night that brought it and what it was for (flow code); a
-- transaction sent twice counts once, whatever date it has the second time. A reversal takes the flow and the
-- direction of the original; without it, its own type and direction hold. A reversal of a reversal is the
-- original once more. Nights are kept for as long as a first one and an original are sought, and for nights
-- that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }} where business_date < {{ add_days(
        business_date(), '-' ~ oldest_event_days() ~ ' - ' ~ replayed_days()
    ) }}",
) }}

with recursive tonight as (

    select *
    from {{ by_survivor(
        ref('stg_core_banking__transactions'),
        columns=['counter_customer_id'],
        told_as='told_counter_customer_id',
    ) }} as transactions

),

{% if has_state() %}

-- what tonight's transactions may be again, or take back: all nights are read once for both
earlier as (

    select txn_id, flow_code, flow_direction_code, signed_ccy_amt > 0 as is_added, is_reversal, business_date
    from {{ this }}
    where
        business_date >= {{ oldest_event_night() }}
        and txn_id in (
            select txn_id from tonight
            union
            select reversed_txn_id from tonight where reversed_txn_id is not null
        )

),

{% endif %}

fresh as (

    select *
    from tonight
    {% if has_state() %}
    where txn_id not in (select earlier.txn_id from earlier)
    {% endif %}

),

-- in the bank, to or from somebody who owns the account too
between_own as (

    select fresh.txn_id
    from fresh
    inner join {{ by_survivor(ref('int_account__versions')) }} as accounts
        on
            fresh.account_id = accounts.account_id
            and fresh.counter_customer_id = accounts.customer_id
            and accounts.known_to_date is null
    where fresh.is_in_bank
    union
    select fresh.txn_id
    from fresh
    inner join {{ ref('int_account__owner') }} as owners
        on fresh.account_id = owners.account_id and fresh.counter_customer_id = owners.customer_id
    where fresh.is_in_bank

),

coded as (

    select
        fresh.*,
        case
            when fresh.txn_type_code in ('interest', 'fee', 'loan', 'purchase', 'redemption', 'cash')
                then fresh.txn_type_code
            when between_own.txn_id is not null then 'own_transfer'
            when fresh.is_in_bank then 'bank_transfer'
            when fresh.txn_type_code = 'salary' then 'salary'
            else 'outside'
        end as own_flow_code,
        fresh.reversed_txn_id is not null as is_taking_back
    from fresh
    left join between_own on fresh.txn_id = between_own.txn_id

),

{% if has_state() -%}
latest as (

    select *
    from (
        select
            *,
            row_number() over (partition by txn_id order by business_date desc nulls last) as recency
        from earlier
    ) as told
    where recency = 1

),

{% endif -%}
-- what each comes to, from the original on: minus it, whether the bank sends a reversal in the original's
-- direction or in the opposite one. What takes a reversal back makes the original again, and is no reversal
followed as (

    select
        coded.txn_id,
        {% if has_state() -%}
        coalesce(latest.flow_code, coded.own_flow_code) as flow_code,
        coalesce(latest.flow_direction_code, coded.direction_code) as flow_direction_code,
        coalesce(not latest.is_added, coded.direction_code = 'in') as is_added,
        coded.is_taking_back and not coalesce(latest.is_reversal, false) as is_reversal,
        {%- else -%}
        coded.own_flow_code as flow_code,
        coded.direction_code as flow_direction_code,
        coded.direction_code = 'in' as is_added,
        coded.is_taking_back as is_reversal,
        {%- endif %}
        1 as step_cnt
    from coded
    {% if has_state() -%}
    left join latest on coded.reversed_txn_id = latest.txn_id
    {%- endif %}
    where not coded.is_taking_back or coded.reversed_txn_id not in (select txn_id from coded)
    union all
    select
        coded.txn_id,
        followed.flow_code,
        followed.flow_direction_code,
        not followed.is_added as is_added,
        not followed.is_reversal as is_reversal,
        followed.step_cnt + 1 as step_cnt
    from followed
    inner join coded on followed.txn_id = coded.reversed_txn_id
    where followed.step_cnt < {{ longest_chain() }}

),

signed as (

    select
        coded.*,
        coalesce(followed.flow_code, coded.own_flow_code) as flow_code,
        coalesce(followed.flow_direction_code, coded.direction_code) as flow_direction_code,
        coalesce(followed.is_added, coded.direction_code = 'in') as is_added,
        coalesce(followed.is_reversal, coded.is_taking_back) as is_reversal
    from coded
    -- transactions that take each other back follow from none
    left join followed on coded.txn_id = followed.txn_id

)

select
    -- ids
    txn_id,
    account_id,
    told_counter_customer_id as counter_customer_id,
    reversed_txn_id,

    -- codes
    txn_type_code,
    direction_code,
    flow_code,
    flow_direction_code,
    channel_code,
    currency_code,

    -- dates
    txn_date,
    txn_at,
    {{ business_date() }} as business_date,
    -- the night whose batch brought it: later than the business date of what a month is closed with
    case
        when txn_id in (select txn_id from {{ source('pipeline', 'told_later_txn') }})
            then {{ next_batch_date() }}
        else {{ business_date() }}
    end as told_date,

    -- measures
    amount_ccy_amt,
    cast(case when is_added then amount_ccy_amt else -amount_ccy_amt end as {{ amount_type() }})
        as signed_ccy_amt,

    -- flags
    is_in_bank,
    is_reversal

from signed
