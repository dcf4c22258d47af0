{# Exact amounts. DuckDB multiplies two decimals of up to 18 digits in 18 digits and divides in doubles;
   both lose cents, so the width and the rounding are said here, once. #}

{% macro exact_type() -%}
    {# balance (2) × rate (6) × weight (6) × share (6): 20 decimals keep every product exact. #}
    decimal(38, 20)
{%- endmacro %}

{% macro base_type() -%}
    {# balance (2) × weight (6) × share (6), before the exchange rate #}
    decimal(38, 14)
{%- endmacro %}

{% macro amount_type() -%}
    decimal(18, 2)
{%- endmacro %}

{% macro divide_round(numerator, denominator) -%}
    {# numerator / denominator, rounded half away from zero to the cent; exact for quotients below 10^13. #}
    {{- adapter.dispatch('divide_round')(numerator, denominator) -}}
{%- endmacro %}

{% macro default__divide_round(numerator, denominator) -%}
    {# A double is right to within a cent: take it, then correct it with exact products. #}
    {%- set size = 'abs(cast(' ~ numerator ~ ' as ' ~ exact_type() ~ '))' -%}
    {%- set whole = 'cast(nullif(' ~ denominator ~ ', 0) as decimal(38, 0))' -%}
    {%- set guess = 'cast(cast(' ~ size ~ ' as double) / nullif(' ~ denominator ~ ', 0) as decimal(38, 2))' -%}
    cast(
        sign({{ numerator }}) * (
            {{ guess }}
            + case
                when {{ size }} * 2 >= (2 * {{ guess }} + 0.01) * {{ whole }} then 0.01
                when {{ size }} * 2 < (2 * {{ guess }} - 0.01) * {{ whole }} then -0.01
                else 0.00
            end
        ) as {{ amount_type() }}
    )
{%- endmacro %}

{% macro spark__divide_round(numerator, denominator) -%}
    cast(cast({{ numerator }} as decimal(38, 18)) / nullif({{ denominator }}, 0) as {{ amount_type() }})
{%- endmacro %}
