-- One row per customer and month from that of the first night on: how AUM came from its opening to its
-- closing. Each part is rounded once; what no part explains is the rest, so that opening + parts = closing to
-- the cent. A customer without AUM of whom nothing moved has no row. A row for everybody with AUM each night:
-- the closing changes daily.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

{%- set parts = bridge_parts() %}

with months as (

    select
        months.month_start_date,
        months.is_provisional,
        {{ month_from_index('months.month_index - 1') }} as month_before_date,
        months.month_start_date = {{ month_start('first_night.business_date') }} as is_first_month
    from {{ ref('int_calendar__computed_months') }} as months
    inner join {{ ref('int_calendar__recorded_history') }} as first_night
        on months.month_start_date >= {{ month_start('first_night.business_date') }}

),

nnm_rule as (

    select months.month_start_date, rules.nnm_rule_code, rules.part_code
    from months
    inner join {{ ref('nnm_rules') }} as rules
        on rules.valid_from_month = (
            select max(until_then.valid_from_month)
            from {{ ref('nnm_rules') }} as until_then
            where until_then.valid_from_month <= months.month_start_date
        )

),

rounded as (

    select
        customer_id,
        month_start_date,
        part_code,
        {{ round_signed('plain_amt', 'fine_amt') }} as part_amt
    from {{ one_for_survivors(
        by_survivor(ref('int_bridge__part_month')),
        ['customer_id', 'part_code', 'business_date', 'month_start_date'],
        {'plain_amt': 'sum(together.plain_amt)', 'fine_amt': 'sum(together.fine_amt)'},
    ) }} as parts
    where business_date = {{ business_date() }}
    union all
    -- what customers who are merged had at the opening comes under the number of the one who goes on
    select
        merged.survivor_id as customer_id,
        months.month_start_date,
        'scope' as part_code,
        aum.aum_end_amt as part_amt
    from {{ ref('int_customer__survivor') }} as merged
    inner join {{ ref('fct_customer_aum_monthly') }} as aum on merged.customer_id = aum.customer_id
    inner join months on aum.month_start_date = months.month_before_date and not months.is_first_month
    where aum.aum_end_amt <> 0

),

moved as (

    select
        rounded.customer_id,
        rounded.month_start_date,
        {% for part in parts -%}
        sum(case when rounded.part_code = '{{ part }}' then rounded.part_amt else 0 end) as {{ part }}_amt,
        {% endfor -%}
        sum(case when nnm_rule.part_code is not null then rounded.part_amt else 0 end) as net_new_money_amt,
        sum(case when rounded.part_code = 'opening' then rounded.part_amt else 0 end) as first_opening_amt
    from rounded
    left join nnm_rule
        on rounded.month_start_date = nnm_rule.month_start_date and rounded.part_code = nnm_rule.part_code
    group by rounded.customer_id, rounded.month_start_date

),

closings as (

    select aum.customer_id, aum.month_start_date, aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date
    where aum.aum_end_amt <> 0

),

openings as (

    select aum.customer_id, months.month_start_date, aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_before_date and not months.is_first_month
    left join {{ ref('int_customer__survivor') }} as merged on aum.customer_id = merged.customer_id
    where aum.aum_end_amt <> 0 and merged.customer_id is null

),

ends as (

    select
        coalesce(closings.customer_id, openings.customer_id) as customer_id,
        coalesce(closings.month_start_date, openings.month_start_date) as month_start_date,
        openings.aum_end_amt as opening_amt,
        closings.aum_end_amt as closing_amt
    from closings
    full outer join openings
        on
            closings.customer_id = openings.customer_id
            and closings.month_start_date = openings.month_start_date

),

bridged as (

    select
        coalesce(ends.customer_id, moved.customer_id) as customer_id,
        coalesce(ends.month_start_date, moved.month_start_date) as month_start_date,
        coalesce(ends.opening_amt, moved.first_opening_amt, 0) as opening_amt,
        coalesce(ends.closing_amt, 0) as closing_amt,
        {% for part in parts -%}
        coalesce(moved.{{ part }}_amt, 0) as {{ part }}_amt,
        {% endfor -%}
        coalesce(moved.net_new_money_amt, 0) as net_new_money_amt
    from ends
    full outer join moved
        on ends.customer_id = moved.customer_id and ends.month_start_date = moved.month_start_date

),

rest as (

    select
        *,
        closing_amt - opening_amt
        - ({{ parts | join('_amt + ') }}_amt) as unexplained_amt
    from bridged

),

customers as (

    select customer_id, month_start_date, owning_org_id, customer_type_code
    from {{ ref('int_customer__month') }}

),

-- whoever has no row in the month any more: what was known of them last
gone as (

    select
        rest.customer_id,
        rest.month_start_date,
        {{ first_by('versions.home_org_id', ['-' ~ days_between(
            "cast('1900-01-01' as date)", 'versions.known_from_date'
        )]) }} as owning_org_id,
        {{ first_by('versions.customer_type_code', ['-' ~ days_between(
            "cast('1900-01-01' as date)", 'versions.known_from_date'
        )]) }} as customer_type_code
    from rest
    left join customers
        on rest.customer_id = customers.customer_id and rest.month_start_date = customers.month_start_date
    inner join {{ ref('int_customer__versions') }} as versions on rest.customer_id = versions.customer_id
    where customers.customer_id is null
    group by rest.customer_id, rest.month_start_date

),

tiers as (

    select tiers.customer_id, months.month_start_date, tiers.tier_code
    from {{ ref('int_tier__closed_month') }} as tiers
    inner join months on tiers.month_start_date = months.month_before_date

)

select
    -- ids
    rest.customer_id,
    coalesce(customers.owning_org_id, gone.owning_org_id) as owning_org_id,

    -- codes
    case
        when coalesce(customers.customer_type_code, gone.customer_type_code) = 'C' then 'none'
        else coalesce(tiers.tier_code, 'new')
    end as opening_tier_code,
    (
        select min(nnm_rule.nnm_rule_code)
        from nnm_rule
        where nnm_rule.month_start_date = rest.month_start_date
    ) as nnm_rule_code,

    -- dates
    rest.month_start_date,

    -- measures
    cast(rest.opening_amt as {{ amount_type() }}) as opening_amt,
    {% for part in parts -%}
    cast(rest.{{ part }}_amt as {{ amount_type() }}) as {{ part }}_amt,
    {% endfor -%}
    cast(rest.unexplained_amt as {{ amount_type() }}) as unexplained_amt,
    cast(rest.closing_amt as {{ amount_type() }}) as closing_amt,
    cast(rest.net_new_money_amt as {{ amount_type() }}) as net_new_money_amt,
    -- closing − opening − every part that the rule does not count, but for the unexplained
    cast(rest.net_new_money_amt + rest.unexplained_amt as {{ amount_type() }}) as nnm_indirect_amt,

    -- flags
    months.is_provisional

from rest
inner join months on rest.month_start_date = months.month_start_date
left join customers
    on rest.customer_id = customers.customer_id and rest.month_start_date = customers.month_start_date
left join gone on rest.customer_id = gone.customer_id and rest.month_start_date = gone.month_start_date
left join tiers on rest.customer_id = tiers.customer_id and rest.month_start_date = tiers.month_start_date
