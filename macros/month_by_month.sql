{# The first night computes every month of the history. At a city's size no engine holds all of it at once, so
   DuckDB fills a model of `meta.month_by_month` in portions of one or more months: the model's own SQL runs
   once per portion, each time with its months in int_calendar__open_months. Other nights, and other engines,
   run it once. #}

{% macro portions_to_load() -%}
    {%- set portions = [] -%}
    {%- if is_first_night() and config.get('meta', {}).get('month_by_month') -%}
        {%- set portions = run_query(
            'select distinct portion from ' ~ ref('int_calendar__open_months') ~ ' order by 1 nulls last'
        ).columns[0].values() -%}
    {%- endif -%}
    {{- return(portions) -}}
{%- endmacro %}

{% macro show_portion(portion) -%}
    {%- do execute_quietly('set variable loaded_portion = ' ~ portion) -%}
{%- endmacro %}

{% macro loaded_portion() -%}
    {# The portion that is being filled; null where all of tonight's months are computed at once. #}
    {{- adapter.dispatch('loaded_portion')() -}}
{%- endmacro %}

{% macro default__loaded_portion() -%}
    cast(getvariable('loaded_portion') as integer)
{%- endmacro %}

{% macro spark__loaded_portion() -%}
    cast(null as integer)
{%- endmacro %}
