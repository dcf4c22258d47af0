-- One row per customer, month that tonight computes and flow: the transactions dated in the month, of those
-- that have come so far, not yet rounded. Nights carry it, under the number that was told of; what comes for
-- a month that is over is left out of it.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

moves as (

    select
        customer_id,
        flow_code,
        {{ month_start('txn_date') }} as month_start_date,
        1 as txn_cnt,
        signed_plain_amt,
        signed_fine_amt
    from {{ ref('int_flow__told') }}
    -- what a month was closed with has been counted
    where business_date = {{ business_date() }}
    {% if has_state() %}
    union all
    select
        customer_id,
        flow_code,
        month_start_date,
        txn_cnt,
        signed_plain_amt,
        signed_fine_amt
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    {% endif %}

)

select
    -- ids
    moves.customer_id,

    -- codes
    moves.flow_code,

    -- dates
    {{ business_date() }} as business_date,
    moves.month_start_date,

    -- measures
    cast(sum(moves.txn_cnt) as bigint) as txn_cnt,
    cast(sum(moves.signed_plain_amt) as {{ sum_type() }}) as signed_plain_amt,
    cast(sum(moves.signed_fine_amt) as {{ exact_type() }}) as signed_fine_amt

from moves
inner join months on moves.month_start_date = months.month_start_date
group by moves.customer_id, moves.flow_code, moves.month_start_date
