-- One row per campaign and segment of its customers, `all` among them (营销效果): how many were reached, answered
-- and converted, what it cost, and what it did beside those left out to compare. A campaign without such a
-- group shows no effect, and says so. A night computes the campaigns whose customers it computes.
--
-- The difference of the two rates has Newcombe's hybrid score interval (Statistics in Medicine 17, 1998,
-- 873-890, method 10); its p-value is two-sided with the pooled variance. The effect on AUM is the difference
-- of the mean changes, plain and adjusted by the AUM of before (CUPED: Deng, Xu, Kohavi, Walker, 2013). Sums
-- are whole numbers, so that the doubles of the last steps are the same on every run.

{{ config(meta={
    'grain': ['campaign_id', 'segment_scheme_code', 'segment_code'], 'partition': 'month_start_date',
    'changed_on': 'knowledge_date', 'carried': 'current',
}) }}

with targets as (

    select * from {{ ref('fct_campaign_target') }} where knowledge_date = {{ business_date() }}

),

segmented as (

    {% for scheme, column in [
        ('all', "'all'"), ('tier', 'tier_code'), ('age_band', 'age_band_code'), ('org', 'owning_org_id'),
    ] -%}
    select targets.*, '{{ scheme }}' as segment_scheme_code, {{ column }} as segment_code from targets
    {% if not loop.last -%}
    union all
    {% endif -%}
    {%- endfor %}

),

counted as (

    select
        campaign_id,
        segment_scheme_code,
        segment_code,
        {% for group in ['target', 'control'] -%}
        sum(case when test_group_code = '{{ group }}' then 1 else 0 end) as {{ group }}_cnt,
        sum(case when test_group_code = '{{ group }}' and is_converted then 1 else 0 end)
            as {{ group }}_converted_cnt,
        sum(case when test_group_code = '{{ group }}' and aum_change_amt is not null then 1 else 0 end)
            as {{ group }}_aum_cnt,
        sum(case when test_group_code = '{{ group }}' then y else 0 end) as {{ group }}_change_cents,
        cast(
            sum(case when test_group_code = '{{ group }}' and aum_change_amt is not null then 1 else 0 end)
            as double
        ) as {{ group }}_n,
        {% for sum, product in [('x', 'x'), ('y', 'y'), ('xx', 'x * x'), ('xy', 'x * y'), ('yy', 'y * y')] -%}
        cast(sum(case when test_group_code = '{{ group }}' then {{ product }} else 0 end) as double)
            as {{ group }}_{{ sum }},
        {% endfor -%}
        {% endfor -%}
        sum(case when test_group_code = 'target' and is_reached then 1 else 0 end) as reached_cnt,
        sum(case when test_group_code = 'target' and is_responded then 1 else 0 end) as responded_cnt,
        sum(case when test_group_code = 'target' then {{ cents('sold_amt') }} else 0 end) as sold_cents,
        max(case when is_provisional then 1 else 0 end) = 1 as is_provisional
    from (
        select
            *,
            {{ wide(cents('case when aum_change_amt is not null then pre_aum_amt end')) }} as x,
            {{ wide(cents('aum_change_amt')) }} as y
        from segmented
    ) as measured
    group by campaign_id, segment_scheme_code, segment_code

),

-- sums of squares and products about the mean, in each group
centred as (

    select
        *,
        {% for group in ['target', 'control'] -%}
        {% for product, first, second in [('xx', 'x', 'x'), ('xy', 'x', 'y'), ('yy', 'y', 'y')] -%}
        {{ group }}_{{ product }} - {{ group }}_{{ first }} * {{ group }}_{{ second }}
        / nullif({{ group }}_n, 0)
            as {{ group }}_s{{ product }},
        {% endfor -%}
        {% endfor -%}
        cast(target_converted_cnt as double) / nullif(target_cnt, 0) as target_p,
        cast(control_converted_cnt as double) / nullif(control_cnt, 0) as control_p,
        cast(target_converted_cnt + control_converted_cnt as double) / nullif(target_cnt + control_cnt, 0)
            as pooled_p
    from counted

),

ruled as (

    select
        centred.*,
        campaigns.org_id,
        campaigns.campaign_type_code,
        campaigns.start_date,
        campaigns.end_date,
        case when centred.segment_scheme_code = 'all' then campaigns.cost_amt end as cost_amt,
        rules.rule_version,
        cast(rules.interval_z as double) as z,
        cast(rules.power_z as double) as power_z,
        coalesce(
            (centred.target_sxy + centred.control_sxy) / nullif(centred.target_sxx + centred.control_sxx, 0),
            0
        ) as theta,
        centred.target_x / nullif(centred.target_n, 0) - centred.control_x / nullif(centred.control_n, 0)
            as mean_x,
        centred.target_y / nullif(centred.target_n, 0) - centred.control_y / nullif(centred.control_n, 0)
            as mean_y,
        1e0 / nullif(centred.target_cnt, 0) + 1e0 / nullif(centred.control_cnt, 0) as both_cnt
    from centred
    inner join {{ ref('int_campaign__versions') }} as campaigns
        on centred.campaign_id = campaigns.campaign_id and campaigns.known_to_date is null
    inner join {{ ref('campaign_rules') }} as rules
        on
            campaigns.start_date >= rules.valid_from_date
            and (rules.valid_to_date is null or campaigns.start_date <= rules.valid_to_date)

),

-- Wilson's interval of each rate, and the variances of the mean changes
scored as (

    select
        *,
        {% for group in ['target', 'control'] -%}
        (2 * {{ group }}_cnt * {{ group }}_p + z * z) / (2 * ({{ group }}_cnt + z * z)) as {{ group }}_centre,
        z * sqrt(z * z + 4 * {{ group }}_cnt * {{ group }}_p * (1 - {{ group }}_p))
        / (2 * ({{ group }}_cnt + z * z)) as {{ group }}_half,
        {{ group }}_syy / nullif({{ group }}_n - 1, 0) / {{ group }}_n as {{ group }}_plain_variance,
        ({{ group }}_syy - 2 * theta * {{ group }}_sxy + theta * theta * {{ group }}_sxx)
        / nullif({{ group }}_n - 1, 0) / {{ group }}_n as {{ group }}_adjusted_variance,
        {% endfor -%}
        pooled_p * (1 - pooled_p) * both_cnt as pooled_variance
    from ruled

),

estimated as (

    select
        *,
        target_p - control_p as uplift,
        target_p - control_p - sqrt(
            power(target_p - (target_centre - target_half), 2)
            + power(control_centre + control_half - control_p, 2)
        ) as uplift_low,
        target_p - control_p + sqrt(
            power(target_centre + target_half - target_p, 2)
            + power(control_p - (control_centre - control_half), 2)
        ) as uplift_high,
        case when pooled_variance > 0 then abs(target_p - control_p) / sqrt(pooled_variance) end as z_score,
        -- of equal changes the variance may be a hair below 0
        z * sqrt(case
            when target_plain_variance + control_plain_variance < 0 then 0
            else target_plain_variance + control_plain_variance
        end) as plain_half,
        z * sqrt(case
            when target_adjusted_variance + control_adjusted_variance < 0 then 0
            else target_adjusted_variance + control_adjusted_variance
        end) as adjusted_half
    from scored

),

rounded as (

    select
        *,
        cast(uplift as {{ share_type() }}) as uplift_rate,
        cast(uplift_low as {{ share_type() }}) as uplift_low_rate,
        cast(uplift_high as {{ share_type() }}) as uplift_high_rate
    from estimated

)

select
    -- ids
    campaign_id,
    org_id,

    -- codes
    segment_scheme_code,
    segment_code,
    campaign_type_code,
    rule_version,

    -- dates
    {{ month_start('start_date') }} as month_start_date,
    {{ business_date() }} as knowledge_date,
    start_date,
    end_date,

    -- measures
    cast(target_cnt as bigint) as target_cnt,
    cast(reached_cnt as bigint) as reached_cnt,
    cast(responded_cnt as bigint) as responded_cnt,
    cast(target_converted_cnt as bigint) as converted_cnt,
    {{ ratio('reached_cnt', 'target_cnt') }} as reached_rate,
    {{ ratio('responded_cnt', 'target_cnt') }} as responded_rate,
    {{ ratio('target_converted_cnt', 'target_cnt') }} as converted_rate,
    {{ cents_amount('sold_cents') }} as sold_amt,
    cost_amt,
    {{ cents_amount(round_units(cents('cost_amt'), 'target_converted_cnt')) }} as cost_per_conversion,
    -- of a cost of next to nothing no column holds the return
    case
        when abs({{ wide('sold_cents - ' ~ cents('cost_amt')) }})
        < {{ wide(cents('cost_amt')) }} * 100000000000
            then {{ signed_ratio('(sold_cents - ' ~ cents('cost_amt') ~ ')', cents('cost_amt')) }}
    end as roi_rate,
    cast(control_cnt as bigint) as control_cnt,
    cast(control_converted_cnt as bigint) as control_converted_cnt,
    {{ ratio('control_converted_cnt', 'control_cnt') }} as control_converted_rate,
    uplift_rate,
    uplift_low_rate,
    uplift_high_rate,
    -- counts and means are exact: what lies between two of the last places is rounded half up
    case
        when target_cnt > 0 then {{ cents_amount(round_wide(
            '100 * (' ~ wide('target_converted_cnt') ~ ' * control_cnt - '
            ~ wide('control_converted_cnt') ~ ' * target_cnt)',
            'control_cnt',
        )) }}
    end as incremental_cnt,
    cast({{ two_sided_p('z_score') }} as {{ share_type() }}) as p_value,
    cast((z + power_z) * sqrt(nullif(pooled_variance, 0)) as {{ share_type() }}) as detectable_rate,
    cast(target_n as bigint) as aum_target_cnt,
    cast(control_n as bigint) as aum_control_cnt,
    {{ cents_amount(round_wide(
        '(' ~ wide('target_change_cents') ~ ' * control_aum_cnt - '
        ~ wide('control_change_cents') ~ ' * target_aum_cnt)',
        'target_aum_cnt * control_aum_cnt',
    )) }} as aum_effect_amt,
    cast((mean_y - plain_half) / 100 as {{ amount_type() }}) as aum_effect_low_amt,
    cast((mean_y + plain_half) / 100 as {{ amount_type() }}) as aum_effect_high_amt,
    cast((mean_y - theta * mean_x) / 100 as {{ amount_type() }}) as aum_effect_cuped_amt,
    cast((mean_y - theta * mean_x - adjusted_half) / 100 as {{ amount_type() }}) as aum_effect_cuped_low_amt,
    cast((mean_y - theta * mean_x + adjusted_half) / 100 as {{ amount_type() }}) as aum_effect_cuped_high_amt,

    -- flags
    control_cnt > 0 as has_control,
    case when control_cnt > 0 and target_cnt > 0 then uplift_low_rate > 0 or uplift_high_rate < 0 end
        as is_conclusive,
    is_provisional

from rounded
