{# The night's dates. Nothing in SQL reads a clock: the partition sets these variables. #}

{% macro business_date() -%}
    cast('{{ var("business_date") }}' as date)
{%- endmacro %}

{% macro previous_business_date() -%}
    {%- if is_first_night() -%} cast(null as date)
    {%- else -%} cast('{{ var("previous_business_date") }}' as date)
    {%- endif -%}
{%- endmacro %}

{% macro is_first_night() -%}
    {{- return(not var("previous_business_date")) -}}
{%- endmacro %}

{# The day before the first night holds nothing to carry; later nights read the state of the night before. #}
{% macro has_state() -%}
    {{- return(is_incremental() and not is_first_night()) -}}
{%- endmacro %}

{# The first month that tonight computes, and the one before it, on any night but the first. Constants, not looked up in
   int_calendar__computed_months: an engine reads the blocks of these months alone only if it knows them beforehand. #}
{% macro first_computed_month() -%}
    {{ month_start(add_days(previous_business_date(), 1)) }}
{%- endmacro %}

{% macro month_before_computed() -%}
    {{ month_start(add_days(first_computed_month(), -1)) }}
{%- endmacro %}
