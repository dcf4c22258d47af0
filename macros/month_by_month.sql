{# The first night computes every month of the history. At a city's size no engine holds all of it at once, so
   a model with these two hooks is filled one month after the other: the model's own SQL runs once per month,
   each time with one month in int_calendar__open_months. Other nights, and other engines, run it once. #}

{% macro begin_month_by_month() -%}
    {{- adapter.dispatch('begin_month_by_month')() -}}
{%- endmacro %}

{% macro finish_month_by_month() -%}
    {{- adapter.dispatch('finish_month_by_month')() -}}
{%- endmacro %}

{% macro loaded_month() -%}
    {# The month that is being filled; null where all of tonight's months are computed at once. #}
    {{- adapter.dispatch('loaded_month')() -}}
{%- endmacro %}

{% macro default__begin_month_by_month() -%}
    {%- if is_first_night() -%}
        set variable loaded_month = (
            select min(month_start_date) from {{ ref('int_calendar__open_months') }}
        )
    {%- endif -%}
{%- endmacro %}

{% macro default__finish_month_by_month() -%}
    {%- if execute and is_first_night() -%}
        {%- do run_query('reset variable loaded_month') -%}
        {%- set months = run_query(
            'select month_start_date from ' ~ ref('int_calendar__open_months') ~ ' order by month_start_date nulls last'
        ).columns[0].values() -%}
        {%- for month in months[1:] %}
        set variable loaded_month = cast('{{ month }}' as date);
        insert into {{ this }} by name select * from (
            {{ sql }}
        ) as month_by_month;
        {%- endfor %}
        reset variable loaded_month
    {%- endif -%}
{%- endmacro %}

{% macro default__loaded_month() -%}
    cast(getvariable('loaded_month') as date)
{%- endmacro %}

{% macro spark__begin_month_by_month() -%}{%- endmacro %}

{% macro spark__finish_month_by_month() -%}{%- endmacro %}

{% macro spark__loaded_month() -%}
    cast(null as date)
{%- endmacro %}
