{# The row of segment_rules that holds for tonight's month. #}

{% macro segment_rules_in_force() -%}
    select *
    from {{ ref('segment_rules') }}
    where
        {{ month_start(business_date()) }} >= valid_from_month
        and (valid_to_month is null or {{ month_start(business_date()) }} <= valid_to_month)
{%- endmacro %}

{% macro segment_bands_in_force() -%}
    select *
    from {{ ref('segment_band_rules') }}
    where
        {{ month_start(business_date()) }} >= valid_from_month
        and (valid_to_month is null or {{ month_start(business_date()) }} <= valid_to_month)
{%- endmacro %}

{% macro in_band(bands, scheme_code, number) -%}
    {# a join condition: the band of a scheme that holds the number, its lower end included #}
    {{ bands }}.scheme_code = '{{ scheme_code }}'
    and ({{ bands }}.from_number is null or {{ number }} >= {{ bands }}.from_number)
    and ({{ bands }}.to_number is null or {{ number }} < {{ bands }}.to_number)
{%- endmacro %}

{% macro add_months(day, months) -%}
    {# the same day of a later month, or its last one where it is shorter #}
    least(
        {{ add_days(month_from_index(month_index(day) ~ ' + ' ~ months), 'day(' ~ day ~ ') - 1') }},
        last_day({{ month_from_index(month_index(day) ~ ' + ' ~ months) }})
    )
{%- endmacro %}

{% macro age_at(birth_date, day) -%}
    {# full years at a day; who was born on 29 February is a year older on 1 March where there is none #}
    cast(
        year({{ day }}) - year({{ birth_date }}) - case
            when
                month({{ day }}) * 100 + day({{ day }})
                < month({{ birth_date }}) * 100 + day({{ birth_date }})
                then 1
            else 0
        end as integer
    )
{%- endmacro %}

{% macro months_of_tenure(first_day) -%}
    {# full months from a day to the business date #}
    cast(
        {{ month_index(business_date()) }} - {{ month_index(first_day) }} - case
            when
                {{ add_months(
                    first_day, '(' ~ month_index(business_date()) ~ ' - ' ~ month_index(first_day) ~ ')'
                ) }} > {{ business_date() }}
                then 1
            else 0
        end as integer
    )
{%- endmacro %}
