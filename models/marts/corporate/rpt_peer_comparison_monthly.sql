-- One row per corporate customer and month (同业对比): where the customer stands among peers. Peers are of the
-- same industry and size, where they are enough, else of the same industry, else all. The percentile is the
-- share of the other peers with less.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with segments as (

    select
        segments.*,
        coalesce(segments.industry_code, 'none') as peer_industry_code,
        rules.peer_cnt_from
    from {{ ref('fct_corporate_segment_monthly') }} as segments
    inner join {{ ref('int_calendar__open_months') }} as months
        on segments.month_start_date = months.month_start_date
    inner join {{ ref('corporate_segment_rules') }} as rules on segments.rule_version = rules.rule_version

),

counted as (

    select
        *,
        count(*) over (partition by month_start_date, peer_industry_code, size_band_code)
            as industry_size_cnt,
        count(*) over (partition by month_start_date, peer_industry_code) as industry_cnt
    from segments

),

grouped as (

    select
        *,
        case
            when industry_size_cnt >= peer_cnt_from then 'industry_size'
            when industry_cnt >= peer_cnt_from then 'industry'
            else 'all'
        end as peer_basis_code
    from counted

),

-- each customer once in every group that somebody is compared with
groups as (

    select
        month_start_date, customer_id, 'industry_size' as peer_basis_code,
        peer_industry_code || '/' || size_band_code as peer_group_code,
        contribution_amt, deposit_month_avg_amt, line_cnt
    from grouped
    union all
    select
        month_start_date, customer_id, 'industry' as peer_basis_code,
        peer_industry_code as peer_group_code,
        contribution_amt, deposit_month_avg_amt, line_cnt
    from grouped
    union all
    select
        month_start_date, customer_id, 'all' as peer_basis_code, 'all' as peer_group_code,
        contribution_amt, deposit_month_avg_amt, line_cnt
    from grouped

),

measures as (

    select
        month_start_date, customer_id, peer_basis_code, peer_group_code, 'contribution' as measure_code,
        {{ cents('contribution_amt') }} as units
    from groups
    union all
    select
        month_start_date, customer_id, peer_basis_code, peer_group_code, 'deposit' as measure_code,
        {{ cents('deposit_month_avg_amt') }} as units
    from groups
    union all
    select
        month_start_date, customer_id, peer_basis_code, peer_group_code, 'line' as measure_code,
        100 * line_cnt as units
    from groups

),

ranked as (

    select
        *,
        count(*) over one_group as peer_cnt,
        rank() over (
            partition by month_start_date, peer_basis_code, peer_group_code, measure_code
            order by units nulls last
        ) - 1 as below_cnt,
        row_number() over (
            partition by month_start_date, peer_basis_code, peer_group_code, measure_code
            order by units nulls last, customer_id nulls last
        ) as place
    from measures
    window one_group as (partition by month_start_date, peer_basis_code, peer_group_code, measure_code)

),

-- twice the median: the one in the middle twice, or the two in the middle
medians as (

    select
        month_start_date,
        peer_basis_code,
        peer_group_code,
        measure_code,
        sum(case
            when 2 * place = peer_cnt + 1 then 2 * units
            when 2 * place in (peer_cnt, peer_cnt + 2) then units
            else 0
        end) as two_medians
    from ranked
    group by month_start_date, peer_basis_code, peer_group_code, measure_code

),

compared as (

    select
        ranked.*,
        {{ round_units('medians.two_medians', '2') }} as median_units
    from ranked
    inner join medians
        on
            ranked.month_start_date = medians.month_start_date
            and ranked.peer_basis_code = medians.peer_basis_code
            and ranked.peer_group_code = medians.peer_group_code
            and ranked.measure_code = medians.measure_code

)

select
    -- ids
    grouped.customer_id,

    -- codes
    grouped.peer_basis_code,
    compared.peer_group_code,

    -- dates
    grouped.month_start_date,

    -- measures
    cast(max(compared.peer_cnt) as bigint) as peer_cnt,
    {% for measure in ['contribution', 'deposit', 'line'] -%}
    max(
        case
            when compared.measure_code = '{{ measure }}'
                then {{ ratio('compared.below_cnt', '(compared.peer_cnt - 1)') }}
        end
    ) as {{ measure }}_percentile,
    {%- for name, units in [
        ('value', 'compared.units'), ('median', 'compared.median_units'),
        ('gap', '(compared.units - compared.median_units)'),
    ] %}
    cast(
        max(case when compared.measure_code = '{{ measure }}' then {{ cents_amount(units) }} end)
        as {{ amount_type() }}
    ) as {{ measure }}_{{ name }},
    {%- endfor %}
    {% endfor %}
    -- flags
    grouped.is_provisional

from grouped
inner join compared
    on
        grouped.customer_id = compared.customer_id
        and grouped.month_start_date = compared.month_start_date
        and grouped.peer_basis_code = compared.peer_basis_code
group by
    grouped.customer_id, grouped.peer_basis_code, compared.peer_group_code, grouped.month_start_date,
    grouped.is_provisional
