{# The night's dates. Nothing in SQL reads a clock: the partition sets these variables, and there is no
   default. While dbt parses, any date does. #}

{% macro business_date() -%}
    {%- if execute and not var("business_date", "") -%}
        {%- do exceptions.raise_compiler_error(
            'no business date: `acrm dbt` works on a copy of the warehouse and sets its last night'
        ) -%}
    {%- endif -%}
    cast('{{ var("business_date", "") or "1900-01-01" }}' as date)
{%- endmacro %}

{% macro previous_business_date() -%}
    {%- if is_first_night() -%} cast(null as date)
    {%- else -%} cast('{{ var("previous_business_date") }}' as date)
    {%- endif -%}
{%- endmacro %}

{# The last business date with a batch. Not the previous one where a month ended in between, without a batch
   on its last day: that day was computed as a night of its own (see orchestration/closing.py). #}
{% macro previous_batch_date() -%}
    {%- if is_first_night() -%} cast(null as date)
    {%- else -%} cast('{{ var("previous_batch_date") }}' as date)
    {%- endif -%}
{%- endmacro %}

{# The night whose batch tells what a month is closed with; on any other night it is tonight. #}
{% macro next_batch_date() -%}
    cast('{{ var("next_batch_date") or var("business_date") }}' as date)
{%- endmacro %}

{# Whether what is built is the last day of a month that ended without a batch, and no night of its own. #}
{% macro is_closing() -%}
    {{- return(var("is_closing", "") == "true") -}}
{%- endmacro %}

{# Whether a day is of a month that was closed before tonight and after the last batch, or by it: what
   happened in it was counted then, whatever tonight's batch says of it. #}
{% macro is_counted_at_closing(day) -%}
    {%- if is_first_night() -%} false
    {%- else -%}
    {{ day }} >= {{ month_start(previous_batch_date()) }} and {{ day }} < {{ first_computed_month() }}
    {%- endif -%}
{%- endmacro %}

{% macro is_first_night() -%}
    {{- return(not var("previous_business_date")) -}}
{%- endmacro %}

{# The day before the first night holds nothing to carry; later nights read the state of the night before. #}
{% macro has_state() -%}
    {{- return(is_incremental() and not is_first_night()) -}}
{%- endmacro %}

{# The first month that tonight computes, and the one before it, on any night but the first. Constants, not
   looked up in int_calendar__computed_months: an engine reads the blocks of these months alone only if it
   knows them beforehand. #}
{% macro first_computed_month() -%}
    {%- set last_night = modules.datetime.date.fromisoformat(var("previous_business_date") | string) -%}
    cast('{{ (last_night + modules.datetime.timedelta(days=1)).replace(day=1) }}' as date)
{%- endmacro %}

{% macro month_before_computed() -%}
    {{ month_start(add_days(first_computed_month(), -1)) }}
{%- endmacro %}
