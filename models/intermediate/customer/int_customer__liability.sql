-- One row per customer with a loan or card tonight: what is owed by class, arrears, the next instalment, the
-- cards and what was spent with them. Balances come anew each night; spending is read of the 12 calendar
-- months that count.

{{ config(materialized='table') }}

with rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

loans as (

    select
        loans.customer_id,
        loans.loan_id,
        loans.loan_class_code,
        balances.five_class_code,
        balances.past_due_days,
        cast(cast(balances.balance_ccy_amt as decimal(38, 2)) * rates.mid_rate as {{ worth_type() }})
            as balance_amt,
        cast(
            (cast(balances.overdue_principal_ccy_amt as decimal(38, 2)) + balances.overdue_interest_ccy_amt)
            * rates.mid_rate as {{ worth_type() }}
        ) as overdue_amt
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on balances.loan_id = loans.loan_id and loans.known_to_date is null
    inner join rates on loans.currency_code = rates.currency_code
    -- what a bank still lists of a loan that is repaid is nobody's debt
    where
        balances.balance_ccy_amt > 0
        or balances.overdue_principal_ccy_amt > 0
        or balances.overdue_interest_ccy_amt > 0

),

loan_totals as (

    select
        customer_id,
        -- rounded here: few customers have loans, and 128 bits take microseconds to be rounded
        cast(sum(balance_amt) as {{ amount_type() }}) as loan_amt,
        cast(sum(case when loan_class_code = 'mortgage' then balance_amt else 0 end) as {{ amount_type() }})
            as mortgage_amt,
        cast(sum(case when loan_class_code = 'unsecured' then balance_amt else 0 end) as {{ amount_type() }})
            as unsecured_loan_amt,
        cast(sum(case when loan_class_code = 'guaranteed' then balance_amt else 0 end) as {{ amount_type() }})
            as guaranteed_loan_amt,
        cast(sum(case when loan_class_code = 'other' then balance_amt else 0 end) as {{ amount_type() }})
            as other_loan_amt,
        cast(sum(overdue_amt) as {{ amount_type() }}) as overdue_amt,
        max(past_due_days) as loan_past_due_days,
        {{ first_by('five_class_code', [
            "case five_class_code when 'loss' then 1 when 'doubtful' then 2"
            " when 'substandard' then 3 when 'special_mention' then 4 else 5 end"
        ]) }} as worst_five_class_code
    from loans
    group by customer_id

),

instalments as (

    select
        loans.customer_id,
        schedule.due_date,
        sum(cast(
            (cast(schedule.due_principal_ccy_amt as decimal(38, 2)) + schedule.due_interest_ccy_amt)
            * rates.mid_rate
            as {{ worth_type() }}
        )) as due_amt
    from {{ ref('int_loan__schedule_versions') }} as schedule
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on schedule.loan_id = loans.loan_id and loans.known_to_date is null
    inner join rates on loans.currency_code = rates.currency_code
    where
        schedule.known_to_date is null
        and schedule.paid_date is null
        and schedule.due_date >= {{ business_date() }}
    group by loans.customer_id, schedule.due_date

),

next_instalments as (

    select
        customer_id,
        min(due_date) as next_instalment_date,
        cast({{ first_by('due_amt', ['due_date']) }} as {{ amount_type() }}) as next_instalment_amt
    from instalments
    group by customer_id

),

card_totals as (

    select
        cards.customer_id,
        ',' || {{ joined_text(
            'cards.card_kind_code', "','", ['cards.card_kind_code nulls last'], is_distinct=true
        ) }} || ',' as card_kind_codes,
        max(
            case cards.card_grade_code
                when 'diamond' then 4
                when 'platinum' then 3
                when 'gold' then 2
                else 1
            end
        ) as best_grade,
        min({{ told_date('cards.expiry_date') }}) as next_card_expiry_date,
        -- of cards that are neither cancelled nor expired
        sum(
            case
                when cards.card_kind_code = 'credit' then greatest(coalesce(balances.balance_ccy_amt, 0), 0)
                else 0
            end
        ) as limit_used_amt,
        sum(case when cards.card_kind_code = 'credit' then cards.credit_limit_ccy_amt end) as card_limit_amt
    from {{ by_survivor(ref('int_card__versions')) }} as cards
    left join {{ ref('stg_core_banking__card_balances') }} as balances on cards.card_id = balances.card_id
    where
        cards.known_to_date is null
        and cards.status_code <> 'cancelled'
        and cards.expiry_date >= {{ business_date() }}
    group by cards.customer_id

),

-- what is owed on a card is owed whether or not it has expired or was cancelled
card_debts as (

    select
        cards.customer_id,
        sum(case when cards.card_kind_code = 'credit' then greatest(balances.balance_ccy_amt, 0) else 0 end)
            as card_debt_amt,
        max(coalesce(balances.past_due_days, 0)) as card_past_due_days
    from {{ ref('stg_core_banking__card_balances') }} as balances
    inner join {{ by_survivor(ref('int_card__versions')) }} as cards
        on balances.card_id = cards.card_id and cards.known_to_date is null
    group by cards.customer_id

),

spend as (

    select
        customer_id,
        sum(spend_amt) as card_spend_12m_amt,
        sum(case
            when month_start_date >= {{ month_from_index(month_index(business_date()) ~ ' - 2') }}
                then spend_amt
            else 0
        end) as card_spend_3m_amt
    from {{ by_survivor(ref('int_card__spend_entry')) }}
    where
        month_start_date >= {{ activity_from_date() }}
        and month_start_date <= {{ month_start(business_date()) }}
    group by customer_id

),

customers as (

    select customer_id from loan_totals
    union
    select customer_id from next_instalments
    union
    select customer_id from card_totals
    union
    select customer_id from card_debts
    union
    select customer_id from spend

)

select
    -- ids
    customers.customer_id,

    -- codes
    loan_totals.worst_five_class_code,
    card_totals.card_kind_codes,
    case card_totals.best_grade
        when 4 then 'diamond' when 3 then 'platinum' when 2 then 'gold' when 1 then 'classic'
    end as best_card_grade_code,

    -- dates
    next_instalments.next_instalment_date,
    card_totals.next_card_expiry_date,

    -- measures
    coalesce(loan_totals.loan_amt, 0) as loan_amt,
    coalesce(loan_totals.mortgage_amt, 0) as mortgage_amt,
    coalesce(loan_totals.unsecured_loan_amt, 0) as unsecured_loan_amt,
    coalesce(loan_totals.guaranteed_loan_amt, 0) as guaranteed_loan_amt,
    coalesce(loan_totals.other_loan_amt, 0) as other_loan_amt,
    coalesce(loan_totals.overdue_amt, 0) as overdue_amt,
    cast(greatest(
        coalesce(loan_totals.loan_past_due_days, 0), coalesce(card_debts.card_past_due_days, 0)
    ) as integer) as past_due_days,
    next_instalments.next_instalment_amt,
    cast(coalesce(card_debts.card_debt_amt, 0) as {{ amount_type() }}) as card_debt_amt,
    cast(card_totals.card_limit_amt as {{ sum_type() }}) as card_limit_amt,
    case
        when card_totals.card_limit_amt > 0 then {{ signed_ratio(
            total_cents('card_totals.limit_used_amt'), total_cents('card_totals.card_limit_amt')
        ) }}
    end as card_limit_use_rate,
    cast(coalesce(spend.card_spend_3m_amt, 0) as {{ amount_type() }}) as card_spend_3m_amt,
    cast(coalesce(spend.card_spend_12m_amt, 0) as {{ amount_type() }}) as card_spend_12m_amt

from customers
left join loan_totals on customers.customer_id = loan_totals.customer_id
left join next_instalments on customers.customer_id = next_instalments.customer_id
left join card_totals on customers.customer_id = card_totals.customer_id
left join card_debts on customers.customer_id = card_debts.customer_id
left join spend on customers.customer_id = spend.customer_id
