-- One row per night and customer who was ever in arrears on a loan or card, as far as recorded: the last day
-- of it that is known. Of months before the first night the initial load tells only that there were arrears:
-- their last day counts. Customers stay under the number that was told of.

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_loans') }}

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

with known as (

    select loans.customer_id, {{ business_date() }} as arrears_date
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ ref('int_loan__versions') }} as loans
        on balances.loan_id = loans.loan_id and loans.known_to_date is null
    where
        balances.past_due_days > 0
        or balances.overdue_principal_ccy_amt > 0
        or balances.overdue_interest_ccy_amt > 0
    union all
    select cards.customer_id, {{ business_date() }} as arrears_date
    from {{ ref('stg_core_banking__card_balances') }} as balances
    inner join {{ ref('int_card__versions') }} as cards
        on balances.card_id = cards.card_id and cards.known_to_date is null
    where balances.past_due_days > 0
    {% if is_first_night() %}
    union all
    select loans.customer_id, least(last_day(history.month_start_date), {{ business_date() }}) as arrears_date
    from {{ ref('stg_core_banking__monthly_loans') }} as history
    inner join {{ ref('int_loan__versions') }} as loans
        on history.loan_id = loans.loan_id and loans.known_to_date is null
    where history.worst_past_due_days > 0
    {% endif %}
    {% if has_state() %}
    union all
    select customer_id, last_arrears_date as arrears_date
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    {% endif %}

)

select
    customer_id,
    {{ month_start(business_date()) }} as month_start_date,
    {{ business_date() }} as business_date,
    max(arrears_date) as last_arrears_date
from known
group by customer_id
