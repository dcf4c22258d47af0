{# The value of the row that comes first by some order, as an aggregate: no window over millions of rows. #}

{% macro first_by(value, order_by) -%}
    {{- adapter.dispatch('first_by')(value, order_by) -}}
{%- endmacro %}

{% macro default__first_by(value, order_by) -%}
    arg_min({{ value }}, row({{ order_by | join(', ') }}))
{%- endmacro %}

{% macro spark__first_by(value, order_by) -%}
    min_by({{ value }}, struct({{ order_by | join(', ') }}))
{%- endmacro %}
