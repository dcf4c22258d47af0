-- One row per account or card, org and month that tonight computes: its transactions so far, each at the org
-- that kept the account on its day. Nights carry it. A transaction that comes after its month was closed
-- counts in the first that is open.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}
    {% if is_first_night() %}where is_current{% endif %}

),

moves as (

    select 'account' as register_code, account_id, txn_date
    from {{ ref('int_account__transaction') }}
    where business_date = {{ business_date() }}
    union all
    select 'card' as register_code, card_id as account_id, txn_date
    from {{ ref('int_card__transactions') }}
    where business_date = {{ business_date() }}

),

counted as (

    select
        moves.register_code,
        moves.account_id,
        moves.txn_date,
        greatest({{ month_start('moves.txn_date') }}, first_open.month_start_date) as month_start_date,
        count(*) as transaction_cnt
    from moves
    cross join (select min(month_start_date) as month_start_date from months) as first_open
    {% if is_first_night() %}
    where moves.txn_date >= first_open.month_start_date
    {% endif %}
    group by moves.register_code, moves.account_id, moves.txn_date, first_open.month_start_date

),

placed as (

    select
        counted.register_code,
        counted.account_id,
        coalesce(spans.org_id, contracts.org_id) as org_id,
        counted.month_start_date,
        counted.transaction_cnt
    from counted
    inner join {{ ref('int_contribution__contract') }} as contracts
        on counted.register_code = contracts.register_code and counted.account_id = contracts.account_id
    left join {{ ref('int_contribution__held_span') }} as spans
        on
            counted.register_code = spans.register_code
            and counted.account_id = spans.account_id
            and counted.txn_date >= spans.from_date
            and counted.txn_date < spans.to_date
    {% if has_state() %}
    union all
    select
        last_night.register_code,
        last_night.account_id,
        last_night.org_id,
        last_night.month_start_date,
        last_night.transaction_cnt
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    inner join months on last_night.month_start_date = months.month_start_date
    {% endif %}

)

select
    -- ids
    account_id,
    org_id,

    -- codes
    register_code,

    -- dates
    {{ business_date() }} as business_date,
    month_start_date,

    -- measures
    cast(sum(transaction_cnt) as integer) as transaction_cnt

from placed
group by account_id, org_id, register_code, month_start_date
