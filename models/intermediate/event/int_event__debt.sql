-- One row per event and rule of loans and cards that are worse tonight than the night before: arrears, stages
-- past due, classes. A loan or card that was not known before sets the state and tells nothing.

{{ config(materialized='view', tags=['night']) }}

with rules as (

    {{ event_rules_tonight(['interest_arrears', 'loan_overdue', 'card_overdue', 'class_downgrade']) }}

),

rates as (

    {{ rates_tonight() }}

),

-- every loan or card with something amiss tonight; the others cannot be worse
tonight as (

    select *
    from {{ ref('int_event__debt_night') }}
    where business_date = {{ business_date() }}

),

last_night as (

    select *
    from {{ ref('int_event__debt_night') }}
    where business_date = {{ previous_batch_date() }}

),

subjects as (

    select
        'loan' as subject_type_code,
        loans.loan_id as subject_id,
        loans.customer_id,
        balances.balance_ccy_amt,
        cast(balances.overdue_principal_ccy_amt as {{ sum_type() }}) + balances.overdue_interest_ccy_amt
            as overdue_ccy_amt,
        rates.mid_rate
    from {{ by_survivor(ref('int_loan__versions')) }} as loans
    inner join {{ ref('stg_core_banking__loan_balances') }} as balances on loans.loan_id = balances.loan_id
    inner join rates on loans.currency_code = rates.currency_code
    where loans.known_to_date is null
    union all
    select
        'card' as subject_type_code,
        cards.card_id as subject_id,
        cards.customer_id,
        balances.balance_ccy_amt,
        coalesce(balances.min_due_ccy_amt, 0) as overdue_ccy_amt,
        cast(1 as {{ fx_type() }}) as mid_rate
    from {{ by_survivor(ref('int_card__versions')) }} as cards
    inner join {{ ref('stg_core_banking__card_balances') }} as balances on cards.card_id = balances.card_id
    where cards.known_to_date is null

),

known_before as (

    select 'loan' as subject_type_code, loan_id as subject_id
    from {{ by_survivor(ref('int_loan__versions')) }}
    where known_from_date < {{ business_date() }}
    union
    select 'card' as subject_type_code, card_id as subject_id
    from {{ by_survivor(ref('int_card__versions')) }}
    where
        known_from_date < {{ business_date() }}
        -- where balances of cards begin to come, the first ones set the state
        and exists (select 1 from last_night where subject_type_code = 'card' and subject_id = '')

),

compared as (

    select
        subjects.*,
        tonight.past_due_days,
        coalesce(last_night.past_due_days, 0) as before_past_due_days,
        tonight.overdue_interest_ccy_amt,
        coalesce(last_night.overdue_interest_ccy_amt, 0) as before_overdue_interest_ccy_amt,
        {{ five_class_rank('tonight.five_class_code') }} as class_rank,
        {{ five_class_rank("coalesce(last_night.five_class_code, 'normal')") }} as before_class_rank,
        -- the first day of the arrears, the same at every stage of them; nothing is a hundred years past due
        {{ add_days(business_date(), '1 - greatest(least(tonight.past_due_days, 36525), 0)') }}
            as arrears_date
    from tonight
    inner join subjects
        on tonight.subject_type_code = subjects.subject_type_code and tonight.subject_id = subjects.subject_id
    inner join known_before
        on
            tonight.subject_type_code = known_before.subject_type_code
            and tonight.subject_id = known_before.subject_id
    left join last_night
        on
            tonight.subject_type_code = last_night.subject_type_code
            and tonight.subject_id = last_night.subject_id

)

{% for subject_type, code in (('loan', 'loan_overdue'), ('card', 'card_overdue')) %}
select
    {{ event_found(
        'compared.customer_id', subject_type, 'compared.subject_id',
        "cast(rules.threshold_cnt as varchar) || '|' || cast(compared.arrears_date as varchar)",
        business_date(),
        amount=event_worth('compared.overdue_ccy_amt', 'compared.mid_rate'),
        reference=event_worth('compared.balance_ccy_amt', 'compared.mid_rate'),
        reference_date='compared.arrears_date', count='compared.past_due_days',
        occurrence='cast(compared.arrears_date as varchar)',
    ) }}
from compared
inner join rules
    on
        rules.event_code = '{{ code }}'
        and compared.subject_type_code = '{{ subject_type }}'
        and compared.past_due_days >= rules.threshold_cnt
        and compared.before_past_due_days < rules.threshold_cnt

union all
{% endfor %}

select
    {{ event_found(
        'compared.customer_id', 'loan', 'compared.subject_id', 'cast(' ~ business_date() ~ ' as varchar)',
        business_date(),
        amount=event_worth('compared.overdue_interest_ccy_amt', 'compared.mid_rate'),
        reference=event_worth('compared.balance_ccy_amt', 'compared.mid_rate'),
    ) }}
from compared
inner join rules
    on
        rules.event_code = 'interest_arrears'
        and compared.subject_type_code = 'loan'
        and compared.overdue_interest_ccy_amt > 0
        and compared.before_overdue_interest_ccy_amt <= 0

union all

select
    {{ event_found(
        'compared.customer_id', 'loan', 'compared.subject_id', 'cast(' ~ business_date() ~ ' as varchar)',
        business_date(),
        amount=event_worth('compared.balance_ccy_amt', 'compared.mid_rate'), count='compared.class_rank',
    ) }}
from compared
inner join rules
    on
        rules.event_code = 'class_downgrade'
        and compared.subject_type_code = 'loan'
        and compared.class_rank > compared.before_class_rank
