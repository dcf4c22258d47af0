{# Date arithmetic that DuckDB and Spark spell differently. #}

{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro month_index(day) -%}
    {# Months since year 0: consecutive months differ by 1. #}
    (year({{ day }}) * 12 + month({{ day }}))
{%- endmacro %}

{% macro month_from_index(month_number) -%}
    {{- adapter.dispatch('month_from_index')(month_number) -}}
{%- endmacro %}

{% macro default__month_from_index(month_number) -%}
    make_date(
        cast(floor(({{ month_number }} - 1) / 12.0) as integer),
        cast(({{ month_number }} - 1) % 12 + 1 as integer),
        1
    )
{%- endmacro %}

{% macro add_days(day, days) -%}
    {{- adapter.dispatch('add_days')(day, days) -}}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as integer))
{%- endmacro %}

{% macro days_between(first, last) -%}
    {{- adapter.dispatch('days_between')(first, last) -}}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    cast(date_diff('day', {{ first }}, {{ last }}) as integer)
{%- endmacro %}

{% macro spark__days_between(first, last) -%}
    datediff({{ last }}, {{ first }})
{%- endmacro %}

{% macro day_spine(first, last) -%}
    {# A sub-query with one column, calendar_date: every day from first to last, none if last is before first. #}
    {{- adapter.dispatch('day_spine')(first, last) -}}
{%- endmacro %}

{% macro default__day_spine(first, last) -%}
    (select cast(range as date) as calendar_date from range({{ first }}, {{ last }} + 1, interval 1 day))
{%- endmacro %}

{% macro spark__day_spine(first, last) -%}
    (select explode(sequence({{ first }}, {{ last }}, interval 1 day)) as calendar_date)
{%- endmacro %}
