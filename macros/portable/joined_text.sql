{# The texts of a group in one, in an order, with a separator between them, equal ones once if told so; null
   where there are none. #}

{% macro joined_text(value, separator, order_by, is_distinct=false) -%}
    {{- adapter.dispatch('joined_text')(value, separator, order_by, is_distinct) -}}
{%- endmacro %}

{% macro default__joined_text(value, separator, order_by, is_distinct) -%}
    {#- string_agg in an order takes six times as long -#}
    array_to_string(
        list({{ 'distinct ' if is_distinct }}{{ value }} order by {{ order_by | join(', ') }})
        filter (where {{ value }} is not null), {{ separator }}
    )
{%- endmacro %}

{% macro spark__joined_text(value, separator, order_by, is_distinct) -%}
    listagg({{ 'distinct ' if is_distinct }}{{ value }}, {{ separator }})
        within group (order by {{ order_by | join(', ') }})
{%- endmacro %}
