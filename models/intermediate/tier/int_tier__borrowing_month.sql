-- One row per customer and month with loans or a top card: the factors beside AUM and card spend, at the
-- last day of the month that a batch covered. A month that ended without a batch keeps what the last
-- night saw. The first night adds the months before it, as far as they are recorded.

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_loans') }}, {{ ref('fct_month_recorded') }}

{{ config(
    materialized='incremental', meta={'carried': 'month_start'},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

loans as (

    select
        loans.customer_id,
        factors.factor_code,
        cast(balances.balance_ccy_amt as decimal(38, 2)) * rates.mid_rate as balance_amt
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on balances.loan_id = loans.loan_id and loans.known_to_date is null
    inner join {{ ref('loan_factor_rules') }} as factors on loans.loan_class_code = factors.loan_class_code
    inner join rates on loans.currency_code = rates.currency_code

),

{% if is_first_night() %}

-- what the initial load tells of loans at the ends of the months before
loan_history as (

    select
        loans.customer_id,
        months.month_start_date,
        factors.factor_code,
        cast(history.month_end_balance_ccy_amt as decimal(38, 2)) * month_end_rates.mid_rate as balance_amt
    from {{ ref('stg_core_banking__monthly_loans') }} as history
    inner join months on history.month_start_date = months.month_start_date and not months.is_current
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on history.loan_id = loans.loan_id and loans.known_to_date is null
    inner join {{ ref('loan_factor_rules') }} as factors on loans.loan_class_code = factors.loan_class_code
    -- a history of some loans only judges nobody
    inner join {{ ref('fct_month_recorded') }} as recorded
        on
            months.month_start_date = recorded.month_start_date
            and factors.factor_code = recorded.factor_code
            and recorded.is_judged
    inner join {{ ref('int_fx__rate_by_day') }} as month_end_rates
        on
            loans.currency_code = month_end_rates.currency_code
            and months.month_end_date = month_end_rates.calendar_date

),

{% endif %}

-- a card counts on the last day of the month that has been processed: as the last batch of the month knew
-- it, and not expired by that day
cards as (

    select distinct cards.customer_id, months.month_start_date
    from {{ by_survivor(ref('int_card__versions')) }} as cards
    inner join {{ ref('card_factor_rules') }} as factors
        on
            cards.card_kind_code = factors.card_kind_code
            and cards.card_grade_code = factors.card_grade_code
    inner join months
        on
            cards.expiry_date >= months.through_date
            -- months before the first night: as the first batch knows the card, from its issue on
            and cards.issue_date <= months.through_date
            and (
                {% if is_first_night() %}
                cards.known_to_date is null
                {% else %}
                (months.is_current and cards.known_to_date is null)
                or (
                    not months.is_current
                    and cards.known_from_date <= {{ previous_business_date() }}
                    and (cards.known_to_date is null or cards.known_to_date > {{ previous_business_date() }})
                )
                {% endif %}
            )
    where cards.status_code = 'valid'

),

loan_totals as (

    select
        customer_id,
        sum(case when factor_code = 'mortgage' then balance_amt else 0 end) as mortgage_balance_amt,
        sum(case when factor_code = 'credit_loan' then balance_amt else 0 end) as credit_loan_balance_amt
    from loans
    group by customer_id

),

loans_by_month as (

    select
        loan_totals.customer_id,
        months.month_start_date,
        loan_totals.mortgage_balance_amt,
        loan_totals.credit_loan_balance_amt
    from loan_totals
    inner join months on months.is_current

    {% if has_state() %}
    union all

    select
        last_night.customer_id,
        months.month_start_date,
        sum(last_night.mortgage_balance_amt) as mortgage_balance_amt,
        sum(last_night.credit_loan_balance_amt) as credit_loan_balance_amt
    from {{ by_survivor(this) }} as last_night
    inner join months on not months.is_current
    where last_night.month_start_date = {{ month_start(previous_business_date()) }}
    group by last_night.customer_id, months.month_start_date
    {% endif %}

    {% if is_first_night() %}
    union all

    select
        customer_id,
        month_start_date,
        sum(case when factor_code = 'mortgage' then balance_amt else 0 end) as mortgage_balance_amt,
        sum(case when factor_code = 'credit_loan' then balance_amt else 0 end) as credit_loan_balance_amt
    from loan_history
    group by customer_id, month_start_date
    {% endif %}

)

select
    coalesce(loans_by_month.customer_id, cards.customer_id) as customer_id,
    coalesce(loans_by_month.month_start_date, cards.month_start_date) as month_start_date,
    cast(coalesce(loans_by_month.mortgage_balance_amt, 0) as {{ amount_type() }}) as mortgage_balance_amt,
    cast(coalesce(loans_by_month.credit_loan_balance_amt, 0) as {{ amount_type() }})
        as credit_loan_balance_amt,
    cards.customer_id is not null as has_diamond_card
from loans_by_month
full outer join cards
    on
        loans_by_month.customer_id = cards.customer_id
        and loans_by_month.month_start_date = cards.month_start_date
