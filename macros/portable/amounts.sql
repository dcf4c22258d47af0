{# Exact amounts. DuckDB multiplies two decimals of up to 18 digits in 18 digits and divides in doubles;
   both lose cents, so the width and the rounding are said here, once. #}

{% macro amount_type() -%}
    {# what is published of a customer, and what a sum over customers has room in: gate 1 sees to that #}
    decimal(18, 2)
{%- endmacro %}

{% macro sum_type() -%}
    {# sums of amounts over days or months #}
    decimal(38, 2)
{%- endmacro %}

{% macro fx_type() -%}
    decimal(18, 8)
{%- endmacro %}

{% macro worth_type() -%}
    {# an amount × an exchange rate #}
    decimal(38, 10)
{%- endmacro %}

{% macro base_type() -%}
    {# balance (2) × weight (6) × share (6), before the exchange rate #}
    decimal(38, 14)
{%- endmacro %}

{% macro exact_type() -%}
    {# balance (2) × weight (6) × share (6) × exchange rate (8): 22 decimals keep every product exact. #}
    decimal(38, 22)
{%- endmacro %}

{# An exact amount is kept in two parts that add up to it: `plain`, whole cents, and `fine`, what is less or
   more than those of an amount that needs more decimals (a share, a weight, a foreign currency). A fine part
   is at most a cent per holding and day, so that no sum of them needs more than the 16 digits that 22
   decimals leave. Nearly every row is plain and is computed in 64 bits; DuckDB takes microseconds to scale a
   128-bit decimal down, so only rows with a fine part do that. #}

{% macro plain_worth(base, rate) -%}
    {# The plain part of a base_type() amount × an exchange rate or a sum of rates. Whole cents and the rest
       are multiplied apart, so that no product is longer than 38 digits. #}
    {%- set cents, rest = worth_of_cents(base, rate), worth_of_rest(base, rate) -%}
    case
        when {{ base }} = 0 then 0
        else cast({{ cents }} as {{ sum_type() }}) + cast({{ rest }} as {{ sum_type() }})
    end
{%- endmacro %}

{% macro fine_worth(base, rate) -%}
    {# Its fine part. #}
    {%- set cents, rest = worth_of_cents(base, rate), worth_of_rest(base, rate) -%}
    case
        when {{ base }} = 0 then 0
        else cast({{ cents }} - cast({{ cents }} as {{ sum_type() }}) as {{ exact_type() }})
            + cast({{ rest }} - cast({{ rest }} as {{ sum_type() }}) as {{ exact_type() }})
    end
{%- endmacro %}

{% macro worth_of_cents(base, rate) -%}
    (cast({{ base }} as {{ sum_type() }}) * {{ rate }})
{%- endmacro %}

{% macro worth_of_rest(base, rate) -%}
    (({{ base }} - cast({{ base }} as {{ sum_type() }})) * {{ rate }})
{%- endmacro %}

{% macro times_days(amount, days) -%}
    {# an amount_type() times a number of days: a sum_type(), in 64 bits where they are enough #}
    case
        when {{ amount }} < {{ ten_trillion() }} then cast({{ amount }} * {{ days }} as {{ sum_type() }})
        else cast({{ amount }} as {{ sum_type() }}) * {{ days }}
    end
{%- endmacro %}

{% macro round_amount(plain, fine, type=none) -%}
    {# plain + fine, of a total that is not negative, rounded half up to the cent #}
    {%- set wanted = type or amount_type() -%}
    case
        when {{ fine }} = 0 then cast({{ plain }} as {{ wanted }})
        when {{ fine }} > 0
            then cast(
                cast({{ plain }} as {{ sum_type() }}) + cast({{ fine }} as {{ sum_type() }}) as {{ wanted }}
            )
        -- a cast rounds halves away from zero, so a fine part below zero is made a number above it
        else cast(
            cast({{ plain }} as {{ sum_type() }}) - 1000000
            + cast(cast({{ fine }} as {{ exact_type() }}) + 1000000 as {{ sum_type() }}) as {{ wanted }}
        )
    end
{%- endmacro %}

{% macro round_signed(plain, fine) -%}
    {# plain + fine, of a total of either sign, rounded half away from zero to the cent #}
    case
        when {{ fine }} = 0 then cast({{ plain }} as {{ amount_type() }})
        else cast(cast({{ plain }} as {{ exact_type() }}) + {{ fine }} as {{ amount_type() }})
    end
{%- endmacro %}

{% macro divide_round(plain, fine, divisor) -%}
    {# (plain + fine) / divisor, of a total that is not negative, rounded half up to the cent #}
    case
        when {{ fine }} = 0 then {{ divide_cents(plain, divisor) }}
        else {{ divide_exact(plain, fine, divisor) }}
    end
{%- endmacro %}

{% macro divide_exact(plain, fine, divisor) -%}
    {# What `fine` adds to 2 × plain + divisor is rounded down first: it does not change the whole
       quotient. #}
    {{- wide_cents_amount(floor_divide(
        '(2 * ' ~ wide_cents(plain) ~ ' + ' ~ wide(divisor) ~ ' + '
        ~ wide('floor(200 * cast(' ~ fine ~ ' as ' ~ exact_type() ~ '))') ~ ')',
        '(2 * ' ~ wide(divisor) ~ ')'
    )) -}}
{%- endmacro %}

{% macro divide_cents(amount, divisor) -%}
    {# A whole number of cents by a whole number, rounded half away from zero to the cent. #}
    {{- adapter.dispatch('divide_cents')(amount, divisor) -}}
{%- endmacro %}

{% macro default__divide_cents(amount, divisor) -%}
    {%- set cents = 'cast(cast(' ~ amount ~ ' as ' ~ amount_type() ~ ') * 100 as bigint)' -%}
    {%- set whole = 'cast(nullif(' ~ divisor ~ ', 0) as bigint)' -%}
    case
        when abs({{ amount }}) < {{ ten_trillion() }} then cast(
            cast(
                sign({{ cents }}) * ((2 * abs({{ cents }}) + {{ whole }}) // (2 * {{ whole }}))
                as decimal(18, 0)
            ) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }}
        )
        -- beyond ten trillion 64 bits are not enough on the way
        else case when {{ amount }} < 0 then -1 else 1 end * {{ wide_cents_amount(floor_divide(
            '(2 * abs(' ~ wide_cents(amount) ~ ') + ' ~ wide(divisor) ~ ')', '(2 * ' ~ wide(divisor) ~ ')'
        )) }}
    end
{%- endmacro %}

{% macro spark__divide_cents(amount, divisor) -%}
    cast(cast({{ amount }} as decimal(38, 18)) / nullif({{ divisor }}, 0) as {{ amount_type() }})
{%- endmacro %}

{% macro ten_trillion() -%}
    {# of the type that it is compared in: a plain number would make the comparison one of 128 bits #}
    cast(10000000000000 as {{ amount_type() }})
{%- endmacro %}

{% macro wide_cents(amount) -%}
    {{ wide('cast(' ~ amount ~ ' as ' ~ sum_type() ~ ') * 100') }}
{%- endmacro %}

{% macro wide_cents_amount(cents) -%}
    cast(cast({{ cents }} as decimal(38, 0)) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }})
{%- endmacro %}
