-- One row per scheme of segments, org, month, segment before and segment now: the customers who went this
-- way, persons by their schemes, corporates by those called corporate_.
-- Counted as rpt_tier_migration_monthly counts: the segment before is `new` for a customer without a row the
-- month before, the one now `closed` without a row this month; a customer whose owning org changed opened the
-- month at another org than the one where the row of the way stands. The first month that is recorded has
-- nobody before it.

{%- set populations = {
    'personal': {
        'lifecycle': 'lifecycle_code', 'activity': 'activity_code', 'rfm': 'rfm_code', 'value': 'value_code',
        'potential': 'potential_code', 'asset_layer': 'asset_layer_code', 'coarse_class': 'coarse_class_code',
        'file_class': 'file_class_code',
        'wealth_style': 'wealth_style_code', 'service_class': 'service_class_code',
        'key_customer': 'key_customer_code', 'credit_need': 'credit_need_code',
        'wealth_need': 'wealth_need_code', 'payment_need': 'payment_need_code',
        'cross_border_need': 'cross_border_need_code',
    },
    'corporate': {
        'corporate_size': 'size_band_code', 'corporate_lifecycle': 'lifecycle_code',
        'corporate_activity': 'activity_code', 'corporate_value': 'value_code',
        'corporate_potential': 'potential_code',
    },
} %}

{{ config(meta={
    'grain': ['month_start_date', 'scheme_code', 'org_id', 'from_segment_code', 'to_segment_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }} where is_current

),

personal as (

    select
        segments.*,
        case when segments.is_key_customer then 'key' else 'other' end as key_customer_code,
        {%- for need in ['credit', 'wealth', 'payment', 'cross_border'] %}
        case when segments.is_{{ need }}_need then 'need' else 'no_need' end as {{ need }}_need_code,
        {%- endfor %}
        months.month_start_date = segments.month_start_date as is_now
    from {{ first_for_survivors(
        by_survivor(ref('fct_customer_segment_monthly'), told_as='told_customer_id'),
        ['customer_id', 'month_start_date'],
        [],
    ) }} as segments
    inner join months
        on
            segments.month_start_date >= {{ month_from_index('months.month_index - 1') }}
            and segments.month_start_date <= months.month_start_date

),

corporate as (

    select segments.*, months.month_start_date = segments.month_start_date as is_now
    from {{ first_for_survivors(
        by_survivor(ref('fct_corporate_segment_monthly'), told_as='told_customer_id'),
        ['customer_id', 'month_start_date'],
        [],
    ) }} as segments
    inner join months
        on
            segments.month_start_date >= {{ month_from_index('months.month_index - 1') }}
            and segments.month_start_date <= months.month_start_date

),

-- all schemes of a population together: few ways of many customers
{%- for population, schemes in populations.items() %}

{{ population }}_ways as (

    select
        before.owning_org_id as opening_org_id,
        coalesce(now.owning_org_id, before.owning_org_id) as org_id,
        before.customer_id is null as is_new,
        now.customer_id is null as is_closed,
        {%- for scheme, column in schemes.items() %}
        before.{{ column }} as from_{{ scheme }},
        now.{{ column }} as to_{{ scheme }},
        {%- endfor %}
        count(*) as customer_cnt
    from (select * from {{ population }} where is_now) as now
    full outer join (select * from {{ population }} where not is_now) as before
        on now.customer_id = before.customer_id
    group by
        before.owning_org_id,
        coalesce(now.owning_org_id, before.owning_org_id),
        before.customer_id is null,
        now.customer_id is null
        {%- for scheme, column in schemes.items() %},
        before.{{ column }},
        now.{{ column }}
        {%- endfor %}

),
{%- endfor %}

by_scheme as (

    {%- for population, schemes in populations.items() %}
    {%- set is_last_population = loop.last %}
    {%- for scheme in schemes %}
    select
        '{{ scheme }}' as scheme_code,
        opening_org_id,
        org_id,
        is_new,
        is_closed,
        case when is_new then 'new' else coalesce(from_{{ scheme }}, 'none') end as from_segment_code,
        case when is_closed then 'closed' else coalesce(to_{{ scheme }}, 'none') end as to_segment_code,
        customer_cnt
    from {{ population }}_ways
    {{ 'union all' if not (is_last_population and loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

-- a way at the org where it ends, and at the org where it began
ends as (

    select
        scheme_code,
        org_id,
        from_segment_code,
        to_segment_code,
        customer_cnt,
        cast(0 as bigint) as opening_cnt,
        case when is_closed then 0 else customer_cnt end as closing_cnt
    from by_scheme
    union all
    select
        scheme_code,
        opening_org_id as org_id,
        from_segment_code,
        to_segment_code,
        cast(0 as bigint) as customer_cnt,
        customer_cnt as opening_cnt,
        cast(0 as bigint) as closing_cnt
    from by_scheme
    where not is_new

)

select
    -- ids
    ends.org_id,

    -- codes
    ends.scheme_code,
    ends.from_segment_code,
    ends.to_segment_code,

    -- dates
    months.month_start_date,

    -- measures
    cast(sum(ends.customer_cnt) as bigint) as customer_cnt,
    cast(sum(ends.opening_cnt) as bigint) as opening_cnt,
    cast(sum(ends.closing_cnt) as bigint) as closing_cnt,

    -- flags
    months.is_provisional

from ends
cross join months
group by
    ends.org_id,
    ends.scheme_code,
    ends.from_segment_code,
    ends.to_segment_code,
    months.month_start_date,
    months.is_provisional
