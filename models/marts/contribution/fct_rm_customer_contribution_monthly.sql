-- One row per relationship manager, org, customer and calendar month: the manager's part of the customer's
-- contribution, by days held and participation, and of it what was taken over and what has changed since. The
-- part of the month that nobody held is UNASSIGNED at the owning org.
--
-- Taken over is the customer's contribution of the month before the first that the manager holds without a
-- break, 0 for a new customer; in the first month that is recorded whole, and in one before it, it is that
-- month's own.

{{ config(meta={
    'grain': ['employee_id', 'org_id', 'customer_id', 'month_start_date'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

customers as (

    select customers.*
    from {{ ref('fct_customer_contribution_monthly') }} as customers
    inner join months on customers.month_start_date = months.month_start_date

),

parties as (

    select
        managers.customer_id,
        managers.employee_id,
        coalesce(managers.org_id, customers.owning_org_id) as org_id,
        managers.month_start_date,
        managers.part_weight,
        managers.whole_weight,
        {% for component in split_components() -%}
        {{ cents('customers.' ~ component ~ '_amt') }} as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_ownership__manager_month') }} as managers
    inner join customers
        on
            managers.customer_id = customers.customer_id
            and managers.month_start_date = customers.month_start_date
    where managers.part_weight > 0

),

party_parts as (

    {% for component in split_components() %}
    select
        customer_id,
        employee_id,
        org_id,
        month_start_date,
        part_weight,
        whole_weight,
        '{{ component }}' as component_code,
        {{ component }}_cents as cents
    from parties
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

party_shares as (

    {{ split_cents(
        'party_parts', 'cents', 'part_weight', 'whole_weight',
        ['customer_id', 'month_start_date', 'component_code'], ['employee_id', 'org_id'],
    ) }}

),

shares as (

    select
        employee_id,
        org_id,
        customer_id,
        month_start_date,
        max(part_weight) as part_weight,
        max(whole_weight) as whole_weight,
        {% for component in split_components() -%}
        sum(case when component_code = '{{ component }}' then split_cents else 0 end)
            as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from party_shares
    group by employee_id, org_id, customer_id, month_start_date

),

recorded as (

    select * from {{ ref('int_contribution__recorded_from') }}

),

{% if has_state() %}

-- what the managers of the month before had taken over, and have still
earlier as (

    select
        customer_id,
        employee_id,
        min(taken_over_month_date) as taken_over_month_date,
        min(taken_over_total_amt) as taken_over_total_amt
    from {{ by_survivor(this) }} as earlier_shares
    where
        month_start_date = (select {{ month_from_index('min(month_index) - 1') }} from months)
        and taken_over_month_date >= (select recorded_from_date from recorded)
    group by customer_id, employee_id

),

{% endif %}

holdings as (

    select
        shares.customer_id,
        shares.employee_id,
        min(shares.month_start_date) as first_month_date,
        min(months.month_index) as first_month_index
    from shares
    inner join months on shares.month_start_date = months.month_start_date
    group by shares.customer_id, shares.employee_id

),

ledger_start as (

    select
        min(customers.month_start_date) as month_start_date,
        min(recorded.recorded_from_date) as recorded_from_date
    from {{ ref('fct_customer_contribution_monthly') }} as customers
    cross join recorded

),

taken_over as (

    select
        holdings.customer_id,
        holdings.employee_id,
        case
            {% if has_state() %}
            when earlier.customer_id is not null then earlier.taken_over_month_date
            {% endif %}
            when
                holdings.first_month_date = ledger_start.month_start_date
                or {{ month_from_index('holdings.first_month_index - 1') }} < ledger_start.recorded_from_date
                then holdings.first_month_date
            else {{ month_from_index('holdings.first_month_index - 1') }}
        end as taken_over_month_date,
        {% if has_state() %}
        earlier.taken_over_total_amt as known_total_amt
        {% else %}
        cast(null as {{ amount_type() }}) as known_total_amt
        {% endif %}
    from holdings
    cross join ledger_start
    {% if has_state() %}
    left join earlier
        on holdings.customer_id = earlier.customer_id and holdings.employee_id = earlier.employee_id
    {% endif %}

),

-- the only month before tonight's that is read, and only for whom it counts
taken_over_totals as (

    select
        taken_over.customer_id,
        taken_over.employee_id,
        taken_over.taken_over_month_date,
        coalesce(taken_over.known_total_amt, before.contribution_amt, 0) as taken_over_total_amt
    from taken_over
    left join (
        select customer_id, month_start_date, contribution_amt
        from {{ one_for_survivors(
            by_survivor(ref('fct_customer_contribution_monthly')),
            ['customer_id', 'month_start_date'],
            {'contribution_amt': 'sum(together.contribution_amt)'},
        ) }} as contributions
        where month_start_date >= (select {{ month_from_index('min(month_index) - 1') }} from months)
    ) as before
        on
            taken_over.customer_id = before.customer_id
            and taken_over.taken_over_month_date = before.month_start_date

),

compared as (

    select
        shares.*,
        taken_over_totals.taken_over_month_date,
        taken_over_totals.taken_over_total_amt,
        {{ round_units(
            wide(cents('taken_over_totals.taken_over_total_amt')) ~ ' * shares.part_weight',
            'shares.whole_weight'
        ) }} as taken_over_cents
    from shares
    inner join taken_over_totals
        on
            shares.customer_id = taken_over_totals.customer_id
            and shares.employee_id = taken_over_totals.employee_id

)

select
    -- ids
    compared.employee_id,
    compared.org_id,
    compared.customer_id,

    -- dates
    compared.month_start_date,
    compared.taken_over_month_date,

    -- measures
    {{ ratio('compared.part_weight', 'compared.whole_weight') }} as held_share,
    {{ component_amounts('compared.') }},
    cast(compared.taken_over_total_amt as {{ amount_type() }}) as taken_over_total_amt,
    {{ cents_amount('compared.taken_over_cents') }} as inherited_amt,
    {{ cents_amount(
        '(compared.' ~ contribution_components() | join('_cents + compared.')
        ~ '_cents - compared.taken_over_cents)'
    ) }} as since_amt,

    -- flags
    months.is_provisional,
    months.is_partial_month

from compared
inner join months on compared.month_start_date = months.month_start_date
