{# The first night computes every month of the history. At a city's size no engine holds all of it at once, so
   DuckDB fills a model of `meta.month_by_month` one month after the other: the model's own SQL runs once per
   month, each time with one month in int_calendar__open_months. Other nights, and other engines, run it once. #}

{% macro months_to_load() -%}
    {%- set months = [] -%}
    {%- if is_first_night() and config.get('meta', {}).get('month_by_month') -%}
        {%- set months = run_query(
            'select month_start_date from ' ~ ref('int_calendar__open_months') ~ ' order by 1 nulls last'
        ).columns[0].values() -%}
    {%- endif -%}
    {{- return(months) -}}
{%- endmacro %}

{% macro show_month(month) -%}
    {%- do execute_quietly("set variable loaded_month = cast('" ~ month ~ "' as date)") -%}
{%- endmacro %}

{% macro loaded_month() -%}
    {# The month that is being filled; null where all of tonight's months are computed at once. #}
    {{- adapter.dispatch('loaded_month')() -}}
{%- endmacro %}

{% macro default__loaded_month() -%}
    cast(getvariable('loaded_month') as date)
{%- endmacro %}

{% macro spark__loaded_month() -%}
    cast(null as date)
{%- endmacro %}
