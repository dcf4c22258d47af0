-- One row per customer as of the last business date (客户资产监测): what they hold and owe, and the change against
-- the business date before, the end of last month and the end of last year. Everybody has a row, and
-- everybody's changes are new each night, so the table is written whole.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

{%- set measures = ['total_assets', 'deposit', 'investment', 'loan', 'aum'] %}

{%- set sums = {} %}
{%- for measure in ['total_assets', 'deposit', 'loan', 'card_debt', 'aum'] %}
{%- for end in ['', 'month_', 'year_'] if not (end and measure == 'card_debt') %}
{%- do sums.update({end ~ measure ~ '_amt': 'sum(together.' ~ end ~ measure ~ '_amt)'}) %}
{%- endfor %}
{%- endfor %}

with tonight as (

    select
        *, total_assets_amt - deposit_amt as investment_amt,
        month_total_assets_amt - month_deposit_amt as month_investment_amt,
        year_total_assets_amt - year_deposit_amt as year_investment_amt
    from {{ one_for_survivors(
        by_survivor(ref('int_asset__customer_day')), ['customer_id', 'business_date'], sums
    ) }} as states
    where business_date = {{ business_date() }}

),

day_before as (

    select *, total_assets_amt - deposit_amt as investment_amt
    from {{ one_for_survivors(by_survivor(ref('int_asset__customer_day')), ['customer_id', 'business_date'], {
        'total_assets_amt': 'sum(together.total_assets_amt)',
        'deposit_amt': 'sum(together.deposit_amt)',
        'loan_amt': 'sum(together.loan_amt)',
        'aum_amt': 'sum(together.aum_amt)',
    }) }} as states
    where business_date = {{ previous_batch_date() }}

),

-- the ends of last month and last year, if a night or the initial load's history tells of them; loans by
-- their own
recorded as (

    select
        {{ previous_batch_date() }} is not null as has_day,
        history_start_date < {{ month_start(business_date()) }} as has_month,
        history_start_date < cast(date_trunc('year', {{ business_date() }}) as date) as has_year,
        business_date < {{ month_start(business_date()) }} or exists (
            select 1 from {{ ref('fct_month_recorded') }}
            where
                factor_code = 'mortgage'
                and is_recorded
                and month_start_date = {{ month_start(add_days(month_start(business_date()), -1)) }}
        ) as has_loan_month,
        business_date < cast(date_trunc('year', {{ business_date() }}) as date) or exists (
            select 1 from {{ ref('fct_month_recorded') }}
            where
                factor_code = 'mortgage'
                and is_recorded
                and month_start_date = {{ month_start(add_days(
                    "cast(date_trunc('year', " ~ business_date() ~ ") as date)", -1
                )) }}
        ) as has_loan_year
    from {{ ref('int_calendar__recorded_history') }}

),

customers as (

    select customers.customer_id, customers.owning_org_id
    from {{ ref('int_customer__month') }} as customers
    where customers.month_start_date = {{ month_start(business_date()) }}

),

amounts as (

    select
        coalesce(customers.customer_id, tonight.customer_id) as customer_id,
        customers.owning_org_id,
        {% for measure in measures + ['card_debt'] -%}
        coalesce(tonight.{{ measure }}_amt, 0) as {{ measure }}_amt,
        {% endfor -%}
        {% for measure in measures -%}
        coalesce(tonight.month_{{ measure }}_amt, 0) as month_{{ measure }}_amt,
        coalesce(tonight.year_{{ measure }}_amt, 0) as year_{{ measure }}_amt{{ ',' if not loop.last }}
        {% endfor %}
    from customers
    full outer join tonight on customers.customer_id = tonight.customer_id
    -- who has no row in the month any more is shown while something is held or owed
    where
        customers.customer_id is not null
        or tonight.total_assets_amt <> 0
        or tonight.loan_amt <> 0
        or tonight.card_debt_amt <> 0

),

gone as (

    select
        amounts.customer_id,
        {{ first_by('versions.home_org_id', ['-' ~ days_between(
            "cast('1900-01-01' as date)", 'versions.known_from_date'
        )]) }} as owning_org_id
    from amounts
    inner join {{ ref('int_customer__versions') }} as versions on amounts.customer_id = versions.customer_id
    where amounts.owning_org_id is null
    group by amounts.customer_id

),

managers as (

    select *
    from {{ ref('int_ownership__main_manager') }}
    where month_start_date = {{ month_start(business_date()) }}

)

select
    -- ids
    amounts.customer_id,
    coalesce(amounts.owning_org_id, gone.owning_org_id) as owning_org_id,
    managers.employee_id,

    -- dates
    {{ business_date() }} as business_date,

    -- measures
    cast(amounts.deposit_amt as {{ amount_type() }}) as deposit_amt,
    cast(amounts.investment_amt as {{ amount_type() }}) as investment_amt,
    cast(amounts.total_assets_amt as {{ amount_type() }}) as total_assets_amt,
    cast(amounts.aum_amt as {{ amount_type() }}) as aum_amt,
    cast(amounts.loan_amt as {{ amount_type() }}) as loan_amt,
    cast(amounts.card_debt_amt as {{ amount_type() }}) as card_debt_amt,
    cast(amounts.total_assets_amt - amounts.loan_amt - amounts.card_debt_amt as {{ amount_type() }})
        as net_assets_amt
    {%- for measure in measures %}
    {%- set recorded = 'recorded.has_loan_' if measure == 'loan' else 'recorded.has_' %},
    cast(
        case
            when recorded.has_day then amounts.{{ measure }}_amt - coalesce(day_before.{{ measure }}_amt, 0)
        end as {{ amount_type() }}
    ) as {{ measure }}_change_day_amt,
    cast(
        case
            when {{ recorded }}month
                then amounts.{{ measure }}_amt - amounts.month_{{ measure }}_amt
        end as {{ amount_type() }}
    ) as {{ measure }}_change_month_amt,
    cast(
        case
            when {{ recorded }}year
                then amounts.{{ measure }}_amt - amounts.year_{{ measure }}_amt
        end as {{ amount_type() }}
    ) as {{ measure }}_change_year_amt
    {%- endfor %}

from amounts
cross join recorded
left join day_before on amounts.customer_id = day_before.customer_id
left join gone on amounts.customer_id = gone.customer_id
left join managers on amounts.customer_id = managers.customer_id
