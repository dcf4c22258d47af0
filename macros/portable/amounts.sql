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

{# An exact amount is kept in two parts that add up to it: `plain`, whole cents in decimal(18, 2), and `fine`,
   the worth of what needs more decimals (a share, a weight, a foreign currency). Nearly every row is plain
   and is computed in 64 bits; DuckDB takes microseconds to scale a 128-bit decimal down, so only rows with
   a fine part do that. #}

{% macro round_amount(plain, fine) -%}
    {# plain + fine, rounded half away from zero to the cent #}
    case
        when {{ fine }} = 0 then cast({{ plain }} as {{ amount_type() }})
        else cast(cast({{ plain }} as {{ exact_type() }}) + {{ fine }} as {{ amount_type() }})
    end
{%- endmacro %}

{% macro divide_round(plain, fine, divisor) -%}
    {# (plain + fine) / divisor, rounded half away from zero to the cent; exact for quotients below 10^13. #}
    case
        when {{ fine }} = 0 then {{ divide_cents(plain, divisor) }}
        else {{ divide_exact('(cast(' ~ plain ~ ' as ' ~ exact_type() ~ ') + ' ~ fine ~ ')', divisor) }}
    end
{%- endmacro %}

{% macro divide_cents(amount, divisor) -%}
    {# A decimal(18, 2) below 10^13 by a whole number, rounded half away from zero to the cent. #}
    {{- adapter.dispatch('divide_cents')(amount, divisor) -}}
{%- endmacro %}

{% macro default__divide_cents(amount, divisor) -%}
    {%- set cents = 'cast(cast(' ~ amount ~ ' as ' ~ amount_type() ~ ') * 100 as bigint)' -%}
    {%- set whole = 'cast(nullif(' ~ divisor ~ ', 0) as bigint)' -%}
    cast(
        cast(
            sign({{ cents }}) * ((2 * abs({{ cents }}) + {{ whole }}) // (2 * {{ whole }})) as decimal(18, 0)
        ) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }}
    )
{%- endmacro %}

{% macro spark__divide_cents(amount, divisor) -%}
    cast(cast({{ amount }} as decimal(38, 18)) / nullif({{ divisor }}, 0) as {{ amount_type() }})
{%- endmacro %}

{% macro divide_exact(numerator, divisor) -%}
    {# A decimal(38, 20) by a whole number, rounded half away from zero to the cent. #}
    {{- adapter.dispatch('divide_exact')(numerator, divisor) -}}
{%- endmacro %}

{% macro default__divide_exact(numerator, divisor) -%}
    {# A double is right to within a cent: take it, then correct it with exact products. #}
    {%- set size = 'abs(' ~ numerator ~ ')' -%}
    {%- set whole = 'cast(nullif(' ~ divisor ~ ', 0) as decimal(38, 0))' -%}
    {%- set guess = 'cast(cast(' ~ size ~ ' as double) / nullif(' ~ divisor ~ ', 0) as decimal(38, 2))' -%}
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

{% macro spark__divide_exact(numerator, divisor) -%}
    cast(cast({{ numerator }} as decimal(38, 18)) / nullif({{ divisor }}, 0) as {{ amount_type() }})
{%- endmacro %}
