{# Periods of plans: a year `2026`, a half `2026H1`, a quarter `2026Q3`, a month `2026-09`. #}

{% macro period_months(period) -%}
    case
        when length({{ period }}) = 4 then 12
        when substr({{ period }}, 5, 1) = 'H' then 6
        when substr({{ period }}, 5, 1) = 'Q' then 3
        else 1
    end
{%- endmacro %}

{% macro period_month_index(period) -%}
    {# the first month of a period, counted as month_index does #}
    (
        cast(substr({{ period }}, 1, 4) as integer) * 12
        + case
            when length({{ period }}) = 4 then 1
            when substr({{ period }}, 5, 1) = 'H' then cast(substr({{ period }}, 6, 1) as integer) * 6 - 5
            when substr({{ period }}, 5, 1) = 'Q' then cast(substr({{ period }}, 6, 1) as integer) * 3 - 2
            else cast(substr({{ period }}, 6, 2) as integer)
        end
    )
{%- endmacro %}

{% macro signed_share(part, whole) -%}
    {# signed_ratio of two whole numbers, empty where nothing can be divided by #}
    case when {{ whole }} <> 0 then {{ signed_ratio(part, whole) }} end
{%- endmacro %}

{% macro attained(part, target) -%}
    {# Part by target, both whole numbers, the target above 0. A plan of next to nothing, which a sheet may
       hold by mistake, is attained a hundred thousand million times at most: no column holds more, and no
       night stops. #}
    case
        when {{ wide(part) }} >= {{ wide(target) }} * 100000000000 then 100000000000
        when {{ wide(part) }} <= -{{ wide(target) }} * 100000000000 then -100000000000
        else {{ signed_ratio(part, target) }}
    end
{%- endmacro %}
