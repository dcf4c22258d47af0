-- One row per relationship manager, or UNASSIGNED, and org and calendar month: the contribution of the
-- customers held, by days and participation. What nobody held stays with the owning org.

{{ config(meta={
    'grain': ['employee_id', 'org_id', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

held as (

    select held.*
    from {{ ref('fct_rm_customer_contribution_monthly') }} as held
    inner join months on held.month_start_date = months.month_start_date

),

parts as (

    select
        employee_id,
        org_id,
        customer_id,
        month_start_date,
        {% for component in split_components() -%}
        {{ cents(component ~ '_amt') }} as {{ component }}_cents,
        {% endfor -%}
        case when employee_id <> 'UNASSIGNED' then {{ cents('inherited_amt') }} end as inherited_cents,
        case when employee_id <> 'UNASSIGNED' then {{ cents('since_amt') }} end as since_cents
    from held
    union all
    -- customers whom nobody held for a day of the month
    select
        'UNASSIGNED' as employee_id,
        customers.owning_org_id as org_id,
        customers.customer_id,
        customers.month_start_date,
        {% for component in split_components() -%}
        {{ cents('customers.' ~ component ~ '_amt') }} as {{ component }}_cents,
        {% endfor -%}
        cast(null as bigint) as inherited_cents,
        cast(null as bigint) as since_cents
    from {{ ref('fct_customer_contribution_monthly') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    left join (select distinct customer_id, month_start_date from held) as held_customers
        on
            customers.customer_id = held_customers.customer_id
            and customers.month_start_date = held_customers.month_start_date
    where held_customers.customer_id is null

),

totals as (

    select
        employee_id,
        org_id,
        month_start_date,
        -- a customer has one row per manager and org
        count(*) as customer_cnt,
        {% for component in split_components() -%}
        sum({{ component }}_cents) as {{ component }}_cents,
        {% endfor -%}
        sum(inherited_cents) as inherited_cents,
        sum(since_cents) as since_cents
    from parts
    group by employee_id, org_id, month_start_date

)

select
    -- ids
    totals.employee_id,
    totals.org_id,

    -- dates
    totals.month_start_date,

    -- measures
    cast(totals.customer_cnt as bigint) as customer_cnt,
    cast(totals.customer_cnt as bigint) as customer_count,
    {{ component_amounts('totals.') }},
    {{ cents_amount('totals.inherited_cents') }} as inherited_amt,
    {{ cents_amount('totals.since_cents') }} as since_amt,

    -- flags
    months.is_provisional,
    months.is_partial_month

from totals
inner join months on totals.month_start_date = months.month_start_date
