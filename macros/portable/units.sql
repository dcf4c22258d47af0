{# Whole-number arithmetic on sums of balances and of balances × rates, exact. Nearly every sum fits into 64
   bits, where a division takes nanoseconds; the 128 bits of the others take microseconds. #}

{% macro millionths_of(rate) -%}
    {# a decimal(9, 6) as a whole number #}
    cast({{ rate }} * 1000000 as bigint)
{%- endmacro %}

{% macro fx_scale() -%}
    100000000
{%- endmacro %}

{% macro fx_units(rate) -%}
    {# an exchange rate, a decimal(18, 8), as a whole number #}
    cast(cast({{ rate }} as decimal(38, 8)) * {{ fx_scale() }} as bigint)
{%- endmacro %}

{% macro fx_factor(currency_code, mid_rate) -%}
    {# an exchange rate as a whole number, 1 for the reporting currency whatever rate is quoted for it #}
    case
        when {{ currency_code }} = '{{ var("reporting_currency") }}' then cast({{ fx_scale() }} as bigint)
        else {{ fx_units(mid_rate) }}
    end
{%- endmacro %}

{% macro cents_amount(cents) -%}
    {# whole cents as a published amount #}
    cast(cast({{ cents }} as decimal(18, 0)) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }})
{%- endmacro %}

{% macro floor_units(units, divisor) -%}
    {# A whole number that is not negative by a positive one, rounded down. #}
    case
        when {{ units }} < 4000000000000000000 and {{ divisor }} < 4000000000000000000
            then {{ divide_whole(units, divisor) }}
        else cast({{ floor_divide(units, divisor) }} as bigint)
    end
{%- endmacro %}

{% macro round_units(units, divisor) -%}
    {# A whole number by a positive one, rounded half away from zero; null where that is 0. #}
    case when {{ units }} < 0 then -1 else 1 end * case
        when abs({{ units }}) < 4000000000000000000 and {{ divisor }} < 1000000000000000000
            then {{ divide_whole(
                '(2 * cast(abs(' ~ units ~ ') as bigint) + ' ~ divisor ~ ')', '(2 * (' ~ divisor ~ '))'
            ) }}
        else cast(
            {{ floor_divide('(2 * abs(' ~ units ~ ') + ' ~ divisor ~ ')', '(2 * (' ~ divisor ~ '))') }}
            as bigint
        )
    end
{%- endmacro %}

{% macro divide_whole(units, divisor) -%}
    {# 64-bit whole numbers that are not negative, rounded down; null where the divisor is 0. #}
    {{- adapter.dispatch('divide_whole')(units, divisor) -}}
{%- endmacro %}

{% macro default__divide_whole(units, divisor) -%}
    (cast({{ units }} as bigint) // cast(nullif({{ divisor }}, 0) as bigint))
{%- endmacro %}

{% macro spark__divide_whole(units, divisor) -%}
    (cast({{ units }} as bigint) div cast(nullif({{ divisor }}, 0) as bigint))
{%- endmacro %}

{% macro wide(number) -%}
    {# a whole number with room for 38 digits #}
    {{- adapter.dispatch('wide')(number) -}}
{%- endmacro %}

{% macro default__wide(number) -%}
    cast({{ number }} as hugeint)
{%- endmacro %}

{% macro spark__wide(number) -%}
    cast({{ number }} as decimal(38, 0))
{%- endmacro %}

{% macro wide_type() -%}
    {{- adapter.dispatch('wide_type')() -}}
{%- endmacro %}

{% macro default__wide_type() -%}
    hugeint
{%- endmacro %}

{% macro spark__wide_type() -%}
    decimal(38, 0)
{%- endmacro %}

{% macro round_wide(units, divisor) -%}
    {# A whole number by a positive one of any size, rounded half away from zero: 128 bits, for what is rarely
       computed. #}
    case when {{ units }} < 0 then -1 else 1 end
    * {{ floor_divide('(2 * abs(' ~ units ~ ') + ' ~ divisor ~ ')', '(2 * ' ~ wide(divisor) ~ ')') }}
{%- endmacro %}

{% macro average_rate(rate_units, balance_units) -%}
    {# Σ balance × rate by Σ balance, in millionths; null where there is no balance #}
    case
        when abs({{ rate_units }}) < 2000000000000000000 and abs({{ balance_units }}) < 2000000000000000000
            then {{ divide_whole(
                '(2 * abs(cast(' ~ rate_units ~ ' as bigint)) + abs(cast(' ~ balance_units ~ ' as bigint)))',
                '(2 * abs(cast(' ~ balance_units ~ ' as bigint)))'
            ) }}
        else cast({{ floor_divide(
            '(2 * abs(' ~ rate_units ~ ') + abs(' ~ balance_units ~ '))', '(2 * abs(' ~ balance_units ~ '))'
        ) }} as bigint)
    end * case when ({{ rate_units }} < 0) = ({{ balance_units }} < 0) then 1 else -1 end
{%- endmacro %}

{% macro signed_ratio(part, whole) -%}
    {# part / whole of two whole numbers of any sign, rounded to 6 decimals half away from zero; may pass 1,
       and reads as 999,999,999,999.999999 where it is more #}
    {%- set millionths = rounded_millionths('abs(' ~ part ~ ')', 'abs(' ~ whole ~ ')') %}
    cast(
        cast(
            {# null stays null, which least() would leave out -#}
            cast({{ millionths }} - greatest({{ millionths }} - 999999999999999999, 0) as decimal(18, 0))
            * case when ({{ part }} < 0) = ({{ whole }} < 0) then 1 else -1 end
            as decimal(18, 0)
        ) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6)
    )
{%- endmacro %}
