-- One row per corporate customer, counterparty and month that tonight computes: what came from the
-- counterparty and went to it, of the transactions that have come so far. Nights carry it. What comes for a
-- month that is over counts in the running one, so that no payment is lost; what reverses a payment takes it
-- back. Both sides stay under the number that was told of.

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

corporates as (

    select customer_id
    from {{ ref('int_customer__versions') }}
    where known_to_date is null and customer_type_code = 'C'

),

told as (

    select * from {{ ref('int_counterparty__payment') }} where business_date = {{ business_date() }}

),

-- what tonight's reversals take back; the latest, where a number was used again
originals as (

    select *
    from (
        select
            *,
            row_number() over (partition by txn_id order by business_date desc nulls last) as recency
        from {{ ref('int_counterparty__payment') }}
        where
            business_date >= {{ add_days(business_date(), '-' ~ oldest_event_days()) }}
            and txn_id in (
                select reversed_txn_id
                from {{ ref('int_flow__told') }}
                where business_date = {{ business_date() }} and is_reversal
            )
    ) as found
    where recency = 1

),

sides as (

    select
        flows.*,
        {% for column in [
            'counterparty_key', 'counterparty_customer_id', 'counter_bank_code', 'counter_bank_name',
            'counter_name', 'is_in_bank',
        ] -%}
        case when originals.txn_id is not null then originals.{{ column }} else told.{{ column }} end
            as {{ 'is_counterparty_in_bank' if column == 'is_in_bank' else column }},
        {% endfor -%}
        coalesce(originals.txn_type_code, told.txn_type_code) = 'salary' as is_salary
    from {{ ref('int_flow__told') }} as flows
    left join told on flows.txn_id = told.txn_id
    left join originals on {{ key_where('flows.is_reversal', 'flows.reversed_txn_id') }} = originals.txn_id
    -- what a month was closed with has been counted
    where
        flows.business_date = {{ business_date() }}
        and (told.txn_id is not null or originals.txn_id is not null)

),

-- between owners of one account, whatever it was paid for
own as (

    select distinct txn_id from sides where customer_id = counterparty_customer_id

),

payments as (

    select
        flows.customer_id,
        flows.counterparty_key,
        flows.counterparty_customer_id,
        flows.counter_bank_code,
        flows.counter_bank_name,
        flows.counter_name,
        {% if is_first_night() -%}
        {{ month_start('flows.txn_date') }} as month_start_date,
        {%- else -%}
        greatest({{ month_start('flows.txn_date') }}, {{ first_computed_month() }}) as month_start_date,
        {%- endif %}
        case when flows.flow_direction_code = 'in' then flows.signed_amt else 0 end as in_amt,
        case when flows.flow_direction_code = 'out' then -flows.signed_amt else 0 end as out_amt,
        case when flows.flow_direction_code <> 'in' then 0 when flows.is_reversal then -1 else 1 end
            as in_cnt,
        case when flows.flow_direction_code <> 'out' then 0 when flows.is_reversal then -1 else 1 end
            as out_cnt,
        case when flows.flow_direction_code = 'out' and flows.is_salary then -flows.signed_amt else 0 end
            as salary_out_amt,
        flows.is_counterparty_in_bank
    from sides as flows
    inner join corporates on flows.customer_id = corporates.customer_id
    left join own on flows.txn_id = own.txn_id
    where flows.flow_code <> 'own_transfer' and own.txn_id is null
    {% if has_state() %}
    union all
    select
        customer_id,
        counterparty_key,
        counterparty_customer_id,
        counter_bank_code,
        counter_bank_name,
        counter_name,
        month_start_date,
        in_amt,
        out_amt,
        in_cnt,
        out_cnt,
        salary_out_amt,
        is_counterparty_in_bank
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    {% endif %}

)

select
    -- ids
    payments.customer_id,
    payments.counterparty_key,
    max(payments.counterparty_customer_id) as counterparty_customer_id,

    -- codes and names; of several spellings the last in order
    max(payments.counter_bank_code) as counter_bank_code,
    max(payments.counter_bank_name) as counter_bank_name,
    max(payments.counter_name) as counter_name,

    -- dates
    payments.month_start_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(sum(payments.in_amt) as {{ amount_type() }}) as in_amt,
    cast(sum(payments.out_amt) as {{ amount_type() }}) as out_amt,
    cast(sum(payments.in_cnt) as bigint) as in_cnt,
    cast(sum(payments.out_cnt) as bigint) as out_cnt,
    cast(sum(payments.salary_out_amt) as {{ amount_type() }}) as salary_out_amt,

    -- flags
    bool_or(payments.is_counterparty_in_bank) as is_counterparty_in_bank

from payments
inner join months on payments.month_start_date = months.month_start_date
group by payments.customer_id, payments.counterparty_key, payments.month_start_date
