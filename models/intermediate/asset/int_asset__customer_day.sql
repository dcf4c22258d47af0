-- One row per customer with assets or debts tonight, or at the end of last month or last year: their amounts
-- then and now. Nights carry it, so that changes need no past day; customers without anything have no row.
-- The first night takes the ends of months from the history that the initial load tells. What there was then
-- stays under the number that had it, also of a customer who is merged tonight.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}, {{ ref('stg_core_banking__monthly_loans') }}
-- depends_on: {{ ref('int_account__holder') }}, {{ ref('int_loan__versions') }}
-- depends_on: {{ ref('stg_core_banking__products') }}, {{ ref('int_fx__rate_by_day') }}

{%- set measures = ['total_assets', 'deposit', 'loan', 'aum'] %}

with held as (

    select
        customer_id,
        sum(case when asset_class_code in ('loan', 'card') then 0 else plain_amt end) as asset_plain_amt,
        sum(case when asset_class_code in ('loan', 'card') then 0 else fine_amt end) as asset_fine_amt,
        sum(deposit_plain_amt) as deposit_plain_amt,
        sum(deposit_fine_amt) as deposit_fine_amt,
        sum(case when asset_class_code = 'loan' then fine_amt else 0 end) as loan_amt,
        sum(case when asset_class_code = 'card' then fine_amt else 0 end) as card_amt
    from {{ ref('int_asset__part') }}
    group by customer_id

),

tonight as (

    select
        held.customer_id,
        {{ round_amount('held.asset_plain_amt', 'held.asset_fine_amt') }} as total_assets_amt,
        {{ round_amount('held.deposit_plain_amt', 'held.deposit_fine_amt') }} as deposit_amt,
        {{ round_amount('0', 'held.loan_amt') }} as loan_amt,
        {{ round_amount('0', 'held.card_amt') }} as card_debt_amt,
        coalesce(aum.aum_end_amt, 0) as aum_amt
    from held
    left join {{ ref('fct_customer_aum_monthly') }} as aum
        on held.customer_id = aum.customer_id and aum.month_start_date = {{ month_start(business_date()) }}

),

{% if has_state() %}

last_night as (

    {{ state_of_last_night(customers=[]) }}

),

ends as (

    select
        customer_id,
        {% for measure in measures -%}
        case
            when month_start_date < {{ month_start(business_date()) }} then {{ measure }}_amt
            else month_{{ measure }}_amt
        end as month_{{ measure }}_amt,
        case
            when year(month_start_date) < year({{ business_date() }}) then {{ measure }}_amt
            else year_{{ measure }}_amt
        end as year_{{ measure }}_amt{{ ',' if not loop.last }}
        {% endfor %}
    from last_night

)

{% else %}

-- the two months at whose ends changes are measured; one of them in January
wanted as (

    select
        {{ add_days(month_start(business_date()), -1) }} as month_end_date,
        cast(date_trunc('year', {{ business_date() }}) as date) as year_date

),

wanted_months as (

    select month_end_date, true as is_month, month_end_date = {{ add_days('year_date', -1) }} as is_year
    from wanted
    union all
    select {{ add_days('year_date', -1) }} as month_end_date, false as is_month, true as is_year
    from wanted
    where month_end_date <> {{ add_days('year_date', -1) }}

),

told as (

    select
        holders.customer_id,
        wanted_months.is_month,
        wanted_months.is_year,
        case when products.asset_class_code = 'wealth' then 0 else 1 end as is_deposit,
        0 as is_loan,
        cast(
            cast(greatest(history.month_end_balance_ccy_amt, 0) as decimal(24, 2))
            * holders.ownership_share * rates.mid_rate as {{ exact_type() }}
        ) as worth_amt
    from {{ ref('stg_core_banking__monthly_balances') }} as history
    inner join wanted_months on history.month_start_date = {{ month_start('wanted_months.month_end_date') }}
    inner join {{ ref('int_account__holder') }} as holders on history.account_id = holders.account_id
    inner join {{ ref('stg_core_banking__products') }} as products
        on history.product_code = products.product_code
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on holders.currency_code = rates.currency_code and wanted_months.month_end_date = rates.calendar_date
    -- a row may end with the last day before the closing
    where holders.close_date is null or holders.close_date > wanted_months.month_end_date
    union all
    select
        loans.customer_id,
        wanted_months.is_month,
        wanted_months.is_year,
        0 as is_deposit,
        1 as is_loan,
        cast(
            cast(greatest(history.month_end_balance_ccy_amt, 0) as decimal(24, 2)) * rates.mid_rate
            as {{ exact_type() }}
        ) as worth_amt
    from {{ ref('stg_core_banking__monthly_loans') }} as history
    inner join wanted_months on history.month_start_date = {{ month_start('wanted_months.month_end_date') }}
    inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
        on history.loan_id = loans.loan_id and loans.known_to_date is null
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on loans.currency_code = rates.currency_code and wanted_months.month_end_date = rates.calendar_date

),

told_amounts as (

    select
        customer_id,
        {% for end in ['month', 'year'] -%}
        cast(sum(case when is_{{ end }} and is_loan = 0 then worth_amt else 0 end) as {{ amount_type() }})
            as {{ end }}_total_assets_amt,
        cast(sum(case when is_{{ end }} and is_deposit = 1 then worth_amt else 0 end) as {{ amount_type() }})
            as {{ end }}_deposit_amt,
        cast(sum(case when is_{{ end }} and is_loan = 1 then worth_amt else 0 end) as {{ amount_type() }})
            as {{ end }}_loan_amt{{ ',' if not loop.last }}
        {% endfor %}
    from told
    group by customer_id

),

told_aum as (

    select
        aum.customer_id,
        sum(case when wanted_months.is_month then aum.aum_end_amt else 0 end) as month_aum_amt,
        sum(case when wanted_months.is_year then aum.aum_end_amt else 0 end) as year_aum_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join wanted_months on aum.month_start_date = {{ month_start('wanted_months.month_end_date') }}
    group by aum.customer_id

),

ends as (

    select
        told_amounts.*,
        coalesce(told_aum.month_aum_amt, 0) as month_aum_amt,
        coalesce(told_aum.year_aum_amt, 0) as year_aum_amt
    from told_amounts
    left join told_aum on told_amounts.customer_id = told_aum.customer_id

)

{% endif %}

select
    -- ids
    coalesce(tonight.customer_id, ends.customer_id) as customer_id,

    -- dates
    {{ business_date() }} as business_date,
    {{ month_start(business_date()) }} as month_start_date,

    -- measures
    {% for measure in measures + ['card_debt'] -%}
    cast(coalesce(tonight.{{ measure }}_amt, 0) as {{ amount_type() }}) as {{ measure }}_amt,
    {% endfor -%}
    {% for measure in measures -%}
    cast(coalesce(ends.month_{{ measure }}_amt, 0) as {{ amount_type() }}) as month_{{ measure }}_amt,
    cast(coalesce(ends.year_{{ measure }}_amt, 0) as {{ amount_type() }})
        as year_{{ measure }}_amt{{ ',' if not loop.last }}
    {% endfor %}

from tonight
full outer join ends on tonight.customer_id = ends.customer_id
where
    tonight.customer_id is not null
    {% for measure in measures -%}
    or ends.month_{{ measure }}_amt <> 0
    or ends.year_{{ measure }}_amt <> 0
    {% endfor %}
