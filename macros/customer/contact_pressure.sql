{# What a month or a year of contacts comes to (接触压力): the same figures of either period. #}

{% macro contact_pressure_measures() -%}
    cast(batch_cnt as bigint) as batch_cnt,
    cast(campaign_cnt as bigint) as campaign_cnt,
    cast(contact_cnt as bigint) as contact_cnt,
    cast(delivered_cnt as bigint) as delivered_cnt,
    cast(customer_cnt as bigint) as customer_cnt,
    {{ signed_ratio('contact_cnt', 'customer_cnt') }} as contact_avg_cnt,
    cast(max_cnt as integer) as contact_max_cnt,
    {% for percent in [50, 75, 90, 95, 99] -%}
    cast(p{{ percent }}_cnt as integer) as contact_p{{ percent }}_cnt,
    {% endfor -%}
    {% for cap in [3, 5, 10] -%}
    cast(over_{{ cap }}_customer_cnt as bigint) as over_{{ cap }}_customer_cnt,
    cast(dropped_{{ cap }}_cnt as bigint) as dropped_{{ cap }}_cnt,
    {% endfor %}
{%- endmacro %}
