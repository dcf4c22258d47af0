{# The same day some months earlier; the last of its month where that has no such day. #}

{% macro months_before(day, months) -%}
    {{- adapter.dispatch('months_before')(day, months) -}}
{%- endmacro %}

{% macro default__months_before(day, months) -%}
    cast({{ day }} - to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__months_before(day, months) -%}
    add_months({{ day }}, -cast({{ months }} as integer))
{%- endmacro %}
