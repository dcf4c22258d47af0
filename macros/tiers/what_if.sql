{# What-if: the rule of the live marts over all published history, under any rulebook. The text becomes two
   table macros of the published database (see int_tier__what_if), so it names published tables; the tables of
   the rulebook are parameters of those macros. It reads few columns, and of the customers whom the rulebook
   never has above ordinary no more than it takes to see that. What the second step holds in memory grows with
   the months judged: `acrm what-if` gives it some customers at a time. #}

{% macro what_if_parameters() -%}
    rulebook,
    rulebooks := 'rules.tier_rulebooks',
    tiers := 'rules.tier_rules',
    factors := 'rules.tier_factor_rules',
    statuses := 'rules.tier_status_rules'
{%- endmacro %}

{% macro what_if_judged_parameters() -%}
    rulebook,
    rulebooks := 'rules.tier_rulebooks',
    tiers := 'rules.tier_rules',
    factors := 'rules.tier_factor_rules'
{%- endmacro %}

{% macro what_if_judged() %}
-- One row per customer and month of those who are ever above ordinary under the rulebook: what it judges them
-- by.
with tier_rules as (

    select * from query_table(tiers)

),

recorded_months as (

    select month_start_date from customer_value.fct_customer_tier_monthly group by month_start_date

),

in_force as (

    {{ rulebook_in_force('recorded_months', 'query_table(rulebooks)', 'rulebook') }}

),

factor_rules as (

    select * from query_table(factors)
    where rulebook_version in (select rulebook_version from in_force)

),

lowest as (

    select rulebook_version, min(aum_from_amt) as lowest_from_amt from tier_rules group by rulebook_version

),

rulebook_months as (

    select in_force.*, lowest.lowest_from_amt
    from in_force
    inner join lowest on in_force.rulebook_version = lowest.rulebook_version

),

-- months whose AUM reaches a tier; a basis that no version of the rulebook names is not read
aum_reached as (

    {%- for code, column in aum_bases().items() %}
    select aum.customer_id, aum.month_start_date, {{ judged_aum('aum', column) }} as assessment_aum_amt
    from customer_value.fct_customer_aum_monthly as aum
    inner join rulebook_months
        on
            aum.month_start_date = rulebook_months.month_start_date
            and rulebook_months.aum_basis_code = '{{ code }}'
    where {{ judged_aum('aum', column) }} >= rulebook_months.lowest_from_amt
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- months in which another factor reaches a threshold of any version
factor_reached as (

    select
        customer_id,
        month_start_date,
        card_spend_12m_amt,
        mortgage_balance_amt,
        credit_loan_balance_amt,
        has_diamond_card
    from customer_value.fct_customer_tier_monthly
    where
        {%- for code, column in factor_columns().items() %}
        {{ 'or ' if not loop.first }}{{ column }} >= (
            select min(threshold_amt) from factor_rules where factor_code = '{{ code }}'
        )
        {%- endfor %}

),

factor_amounts as (

    select factor_reached.*, rulebook_months.rulebook_version
    from factor_reached
    inner join rulebook_months on factor_reached.month_start_date = rulebook_months.month_start_date

),

best_factor as (

    {{ best_factor('factor_amounts', 'tier_rules', 'factor_rules') }}

),

-- a number in place of the text by which the customer goes: what follows joins and sorts by it
candidates as (

    select customer_id, row_number() over (order by customer_id nulls last) as customer_number
    from (
        select customer_id from aum_reached
        union
        select customer_id from best_factor
    ) as above_ordinary

),

months as (

    select
        candidates.customer_id,
        candidates.customer_number,
        rulebook_months.month_start_date,
        rulebook_months.month_index,
        rulebook_months.rulebook_version,
        rulebook_months.lost_report_months,
        tier_months.is_provisional
    from customer_value.fct_customer_tier_monthly as tier_months
    inner join candidates on tier_months.customer_id = candidates.customer_id
    inner join rulebook_months on tier_months.month_start_date = rulebook_months.month_start_date

),

judged as (

    select
        months.customer_id,
        months.customer_number,
        months.month_start_date,
        months.month_index,
        months.rulebook_version,
        months.lost_report_months,
        months.is_provisional,
        aum.assessment_aum_amt,
        coalesce(factor.tier_rank, 0) as factor_tier_rank,
        factor.factor_code
    from months
    left join (
        select candidates.customer_number, aum_reached.month_start_date, aum_reached.assessment_aum_amt
        from aum_reached
        inner join candidates on aum_reached.customer_id = candidates.customer_id
    ) as aum
        on months.customer_number = aum.customer_number and months.month_start_date = aum.month_start_date
    left join (
        select candidates.customer_number, best_factor.*
        from best_factor
        inner join candidates on best_factor.customer_id = candidates.customer_id
    ) as factor
        on
            months.customer_number = factor.customer_number
            and months.month_start_date = factor.month_start_date

)

select * from judged
{% endmacro %}

{% macro what_if_held_parameters() -%}
    judged,
    tiers := 'rules.tier_rules',
    statuses := 'rules.tier_status_rules'
{%- endmacro %}

{% macro what_if_held(judged='query_table(judged)') %}
-- One row per customer and month in which the rulebook gives a tier above ordinary, or shows a lost one; of
-- months of what_if_judged, always all of a customer's.
with tier_rules as (

    select * from query_table(tiers)

),

judged_months as (

    select * from {{ judged }}

),

-- a number in place of the text by which the customer goes: what follows joins and sorts by it
numbered as (

    select
        customer_number as customer_id,
        month_start_date,
        month_index,
        rulebook_version,
        lost_report_months,
        is_provisional,
        assessment_aum_amt,
        factor_tier_rank,
        factor_code
    from judged_months

),

tier_statuses as (

    {{ tier_statuses('numbered', 'tier_rules', 'query_table(statuses)') }}

),

held as (

    {{ tier_held('numbered', 'tier_statuses', 'tier_rules') }}

)

select
    names.customer_id,
    held.rulebook_version,
    held.tier_code,
    held.tier_rank,
    held.status_code,
    held.deciding_factor_code,
    held.held_by_factor_code,
    held.lost_tier_code,
    held.month_start_date,
    held.below_months
from held
inner join (
    select customer_number, max(customer_id) as customer_id from judged_months group by customer_number
) as names
    on held.customer_id = names.customer_number
where held.tier_rank > 0 or held.lost_tier_code is not null
{% endmacro %}

{% macro what_if_above_ordinary() %}
-- One row per customer and month in which the rulebook gives a tier above ordinary, or shows a lost one.
-- Every other row of fct_customer_tier_monthly is ordinary under the rulebook.
select * from (
    {{ what_if_held(
        '(select * from customer_value.what_if_judged('
        ~ 'rulebook, rulebooks := rulebooks, tiers := tiers, factors := factors))'
    ) }}
) as above_ordinary
{% endmacro %}

{% macro what_if_tiers() %}
-- One row per personal customer and month: the tier that the rulebook gives, beside the live one.
with recorded_months as (

    select month_start_date from customer_value.fct_customer_tier_monthly group by month_start_date

),

in_force as (

    {{ rulebook_in_force('recorded_months', 'query_table(rulebooks)', 'rulebook') }}

),

ordinary as (

    select in_force.month_start_date, in_force.rulebook_version, tier_rules.tier_code
    from in_force
    inner join query_table(tiers) as tier_rules
        on in_force.rulebook_version = tier_rules.rulebook_version and tier_rules.tier_rank = 0

)

select
    live.customer_id,
    live.owning_org_id,
    ordinary.rulebook_version,
    coalesce(what_if.tier_code, ordinary.tier_code) as tier_code,
    coalesce(what_if.tier_rank, 0) as tier_rank,
    coalesce(what_if.status_code, 'normal') as status_code,
    coalesce(what_if.deciding_factor_code, 'aum') as deciding_factor_code,
    what_if.held_by_factor_code,
    what_if.lost_tier_code,
    live.tier_code as live_tier_code,
    live.tier_rank as live_tier_rank,
    live.status_code as live_status_code,
    live.month_start_date,
    coalesce(what_if.below_months, 0) as below_months,
    live.is_provisional
from customer_value.fct_customer_tier_monthly as live
inner join ordinary on live.month_start_date = ordinary.month_start_date
left join customer_value.what_if_above_ordinary(
    rulebook, rulebooks := rulebooks, tiers := tiers, factors := factors, statuses := statuses
) as what_if
    on live.customer_id = what_if.customer_id and live.month_start_date = what_if.month_start_date
{% endmacro %}
