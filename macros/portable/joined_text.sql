{# The texts of a group in one, in an order, with a separator between them; null where there are none. #}

{% macro joined_text(value, separator, order_by) -%}
    {{- adapter.dispatch('joined_text')(value, separator, order_by) -}}
{%- endmacro %}

{% macro default__joined_text(value, separator, order_by) -%}
    string_agg({{ value }}, {{ separator }} order by {{ order_by | join(', ') }})
{%- endmacro %}

{% macro spark__joined_text(value, separator, order_by) -%}
    listagg({{ value }}, {{ separator }}) within group (order by {{ order_by | join(', ') }})
{%- endmacro %}
