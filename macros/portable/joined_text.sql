{# The texts of a group in one, in an order, with a separator between them; null where there are none. #}

{% macro joined_text(value, separator, order_by) -%}
    {{- adapter.dispatch('joined_text')(value, separator, order_by) -}}
{%- endmacro %}

{% macro default__joined_text(value, separator, order_by) -%}
    {#- string_agg in an order takes six times as long -#}
    array_to_string(
        list({{ value }} order by {{ order_by | join(', ') }})
        filter (where {{ value | replace('distinct ', '') }} is not null), {{ separator }}
    )
{%- endmacro %}

{% macro spark__joined_text(value, separator, order_by) -%}
    listagg({{ value }}, {{ separator }}) within group (order by {{ order_by | join(', ') }})
{%- endmacro %}
