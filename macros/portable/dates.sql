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

{% macro full_years(first, last) -%}
    {# whole years between two days: a birthday that has not come yet does not count #}
    (
        year({{ last }}) - year({{ first }})
        - case
            when month({{ last }}) * 100 + day({{ last }}) < month({{ first }}) * 100 + day({{ first }})
                then 1
            else 0
        end
    )
{%- endmacro %}

{% macro add_minutes(instant, minutes) -%}
    {{- adapter.dispatch('add_minutes')(instant, minutes) -}}
{%- endmacro %}

{% macro default__add_minutes(instant, minutes) -%}
    ({{ instant }} + to_minutes(cast({{ minutes }} as bigint)))
{%- endmacro %}

{% macro spark__add_minutes(instant, minutes) -%}
    timestampadd(MINUTE, {{ minutes }}, {{ instant }})
{%- endmacro %}

{% macro day_spine(first, last) -%}
    {# A sub-query with one column, calendar_date: every day from first to last, none if last is before
       first. #}
    {{- adapter.dispatch('day_spine')(first, last) -}}
{%- endmacro %}

{% macro default__day_spine(first, last) -%}
    (select cast(range as date) as calendar_date from range({{ first }}, {{ last }} + 1, interval 1 day))
{%- endmacro %}

{% macro spark__day_spine(first, last) -%}
    (select explode(sequence({{ first }}, {{ last }}, interval 1 day)) as calendar_date)
{%- endmacro %}

{% macro bank_local(instant) -%}
    {# The bank's own clock at an instant, which the lake keeps as UTC: dates are only ever taken of this. #}
    {{- adapter.dispatch('bank_local')(instant) -}}
{%- endmacro %}

{% macro default__bank_local(instant) -%}
    (({{ instant }} at time zone 'UTC') at time zone '{{ var("time_zone") }}')
{%- endmacro %}

{% macro spark__bank_local(instant) -%}
    from_utc_timestamp({{ instant }}, '{{ var("time_zone") }}')
{%- endmacro %}

{% macro told_date(day) -%}
    {# A date that was told: what systems write where there is none (9999-12-31, 0001-01-01 and their like) is
       none. #}
    case
        when
            {{ day }} > cast('1900-01-01' as date) and {{ day }} < cast('2998-12-31' as date)
            and {{ day }} <> cast('2099-12-31' as date)
            then {{ day }}
    end
{%- endmacro %}

{% macro seconds_before_tonight(instant) -%}
    {# whole seconds from an instant to the end of the night's day: what happened last comes first #}
    {{- adapter.dispatch('seconds_before_tonight')(instant) -}}
{%- endmacro %}

{% macro default__seconds_before_tonight(instant) -%}
    date_diff('second', {{ instant }}, cast({{ add_days(business_date(), 1) }} as timestamp))
{%- endmacro %}

{% macro spark__seconds_before_tonight(instant) -%}
    timestampdiff(second, {{ instant }}, cast({{ add_days(business_date(), 1) }} as timestamp))
{%- endmacro %}
