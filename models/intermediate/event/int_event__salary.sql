-- One row per salary received and owner of the account, and one per salary taken back, with the night that
-- brought it. Kept for 13 months and for nights that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }}
        where business_date < {{ add_days(business_date(), '-400 - ' ~ replayed_days()) }}",
) }}

-- read on every night but the first
-- depends_on: {{ ref('int_account__transaction') }}

with tonight as (

    select * from {{ ref('int_flow__told') }}

),

salaries as (

    select txn_id, customer_id, txn_date, false as is_taken_back
    from tonight
    where txn_type_code = 'salary' and direction_code = 'in' and not is_reversal

),

known as (

    select txn_id, customer_id, txn_date from salaries
    {% if has_state() %}
    union all
    select txn_id, customer_id, txn_date from {{ this }} where not is_taken_back
    {% endif %}

),

-- a reversal of tonight, or one that came before the salary
taken_back as (

    select distinct known.txn_id, known.customer_id, known.txn_date, true as is_taken_back
    from tonight
    inner join known on tonight.reversed_txn_id = known.txn_id
    where tonight.is_reversal
    {%- if has_state() %}
    union
    select salaries.txn_id, salaries.customer_id, salaries.txn_date, true as is_taken_back
    from salaries
    inner join {{ ref('int_account__transaction') }} as log
        on
            salaries.txn_id = log.reversed_txn_id
            and log.is_reversal
            and log.business_date >= {{ oldest_event_night() }}
    {%- endif %}

),

entries as (

    select * from salaries
    union all
    select * from taken_back

)

select
    txn_id,
    customer_id,
    txn_date,
    {{ business_date() }} as business_date,
    is_taken_back
from entries
