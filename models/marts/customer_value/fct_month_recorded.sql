-- One row per month and factor of a tier: whether the bank's records tell of it. Before the first night that
-- is what the initial load brought: balances and loans of the month itself, card transactions of all the
-- months that count in it; a card is known from its issue on. AUM of a partial month is recorded, of some
-- days only. Loans of a month are not where the history leaves out one that is owed and older than the month.

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__loans') }}, {{ ref('stg_core_banking__loan_balances') }}

{{ config(meta={
    'grain': ['month_start_date', 'factor_code'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rulebooks as (

    {{ rulebook_in_force('months', ref('tier_rulebooks'), "'" ~ var('rulebook') ~ "'") }}

),

{% if is_first_night() %}

left_out as (

    select distinct months.month_start_date
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ ref('stg_core_banking__loans') }} as loans on balances.loan_id = loans.loan_id
    inner join months on loans.start_date < months.month_start_date
    left join {{ ref('stg_core_banking__monthly_loans') }} as history
        on balances.loan_id = history.loan_id and months.month_start_date = history.month_start_date
    where balances.balance_ccy_amt > 0 and history.loan_id is null

),

{% endif %}

-- rows of past months come on the first night alone
told as (

    select distinct month_start_date, 'aum' as subject_code
    from {{ ref('stg_core_banking__monthly_balances') }}
    union all
    select distinct month_start_date, 'loan' as subject_code from {{ ref('stg_core_banking__monthly_loans') }}
    {% if is_first_night() %}
    where month_start_date not in (select left_out.month_start_date from left_out)
    {% endif %}

),

facts as (

    select
        months.month_start_date,
        months.is_provisional,
        months.month_start_date >= {{ month_start('recorded_history.business_date') }}
            as is_since_first_night,
        coalesce(
            {{ month_from_index('(months.month_index - rulebooks.card_spend_months + 1)') }}
            >= recorded_history.card_spend_start_date,
            true
        ) as has_all_card_months,
        count(case when told.subject_code = 'aum' then 1 end) > 0 as has_balances,
        count(case when told.subject_code = 'loan' then 1 end) > 0 as has_loans
    from months
    inner join rulebooks on months.month_start_date = rulebooks.month_start_date
    cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
    left join told on months.month_start_date = told.month_start_date
    group by 1, 2, 3, 4

),

factors as (

    select 'aum' as factor_code
    {%- for code in factor_columns() %}
    union all
    select '{{ code }}' as factor_code
    {%- endfor %}

)

select
    -- codes
    factors.factor_code,

    -- dates
    facts.month_start_date,

    -- flags
    case
        when factors.factor_code = 'card_spend' then facts.has_all_card_months
        when factors.factor_code = 'card_grade' or facts.is_since_first_night then true
        when factors.factor_code = 'aum' then facts.has_balances
        else facts.has_loans
    end as is_recorded,
    -- from the first night on a tier is judged by every factor, whatever is recorded of it
    case
        when factors.factor_code = 'card_grade' or facts.is_since_first_night then true
        when factors.factor_code = 'card_spend' then facts.has_all_card_months
        when factors.factor_code = 'aum' then facts.has_balances
        else facts.has_loans
    end as is_judged,
    facts.is_provisional

from facts
cross join factors
