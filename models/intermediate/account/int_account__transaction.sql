-- One row per transaction on an account, with the night that brought it and what it was for (flow code); a transaction
-- sent twice counts once, whatever date it has the second time. A reversal takes the flow and the direction of the
-- original; without it, its own type and direction hold. Nights are kept for as long as a first one and an original are
-- sought, and for nights that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }} where business_date < {{ add_days(
        business_date(), '-' ~ oldest_event_days() ~ ' - ' ~ replayed_days()
    ) }}",
) }}

with tonight as (

    select * from {{ by_survivor(ref('stg_core_banking__transactions'), columns=['counter_customer_id']) }}

),

{% if has_state() %}

-- what tonight's transactions may be again, or take back: all nights are read once for both
earlier as (

    select txn_id, flow_code, flow_direction_code, signed_ccy_amt > 0 as is_added, business_date
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

    select tonight.*
    from tonight
    {% if has_state() %}
    where txn_id not in (select txn_id from earlier)
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
        fresh.reversed_txn_id is not null as is_reversal
    from fresh
    left join between_own on fresh.txn_id = between_own.txn_id

),

-- of the same batch, or of an earlier night
originals as (

    select txn_id, own_flow_code as flow_code, direction_code as flow_direction_code, direction_code = 'in' as is_added,
        {{ business_date() }} as business_date
    from coded
    where txn_id in (select reversed_txn_id from coded where is_reversal)
    {% if has_state() %}
    union all
    select txn_id, flow_code, flow_direction_code, is_added, business_date from earlier
    {% endif %}

),

original as (

    select
        txn_id,
        max(business_date) as business_date
    from originals
    group by txn_id

),

signed as (

    select
        coded.*,
        coalesce(originals.flow_code, coded.own_flow_code) as flow_code,
        coalesce(originals.flow_direction_code, coded.direction_code) as flow_direction_code,
        -- minus the original: banks send a reversal in the original's direction or in the opposite one
        coalesce(not originals.is_added, coded.direction_code = 'in') as is_added
    from coded
    left join original on coded.reversed_txn_id = original.txn_id
    left join originals
        on original.txn_id = originals.txn_id and original.business_date = originals.business_date

)

select
    -- ids
    txn_id,
    account_id,
    counter_customer_id,
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
        when txn_id in (select txn_id from {{ source('pipeline', 'told_later_txn') }}) then {{ next_batch_date() }}
        else {{ business_date() }}
    end as told_date,

    -- measures
    amount_ccy_amt,
    cast(case when is_added then amount_ccy_amt else -amount_ccy_amt end as {{ amount_type() }}) as signed_ccy_amt,

    -- flags
    is_in_bank,
    is_reversal

from signed
