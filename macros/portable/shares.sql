{# Shares and ratios of whole numbers, exact: DuckDB divides in doubles, so nothing here does. #}

{% macro floor_divide(part, whole) -%}
    {# How many times a whole number goes into another; null where that is 0. Both may have 38 digits. #}
    {{- adapter.dispatch('floor_divide')(part, whole) -}}
{%- endmacro %}

{% macro default__floor_divide(part, whole) -%}
    (cast({{ part }} as hugeint) // cast(nullif({{ whole }}, 0) as hugeint))
{%- endmacro %}

{% macro spark__floor_divide(part, whole) -%}
    (cast({{ part }} as decimal(38, 0)) div cast(nullif({{ whole }}, 0) as decimal(38, 0)))
{%- endmacro %}

{% macro cents(amount) -%}
    {# one customer's amount in 64 bits: millions of them add up four times as fast as decimals #}
    case
        when abs({{ amount }}) < {{ ten_trillion() }}
            then cast(cast({{ amount }} as {{ amount_type() }}) * 100 as bigint)
        else cast(cast({{ amount }} as decimal(38, 2)) * 100 as bigint)
    end
{%- endmacro %}

{% macro total_cents(amount) -%}
    {# the same of a sum of any size #}
    case
        when abs({{ amount }}) < {{ ten_trillion() }}
            then {{ wide('cast(cast(' ~ amount ~ ' as ' ~ amount_type() ~ ') * 100 as bigint)') }}
        else {{ wide('cast(' ~ amount ~ ' as decimal(36, 2)) * 100') }}
    end
{%- endmacro %}

{% macro share_type() -%}
    decimal(9, 6)
{%- endmacro %}

{% macro ratio(part, whole) -%}
    {# part / whole of two whole numbers that are not negative, rounded half up to 6 decimals #}
    {{ millionths(rounded_millionths(part, whole)) }}
{%- endmacro %}

{% macro rounded_millionths(part, whole) -%}
    {# Millionths that one whole number is of another, neither of them negative, rounded half up; null where
       the other is 0. Nearly always 64 bits are enough: dividing in 128 takes ten times as long. #}
    case
        when abs({{ part }}) < 4000000000000 and abs({{ whole }}) < 1000000000000000000
            then {{ divide_whole(
                '(2000000 * cast(' ~ part ~ ' as bigint) + cast(' ~ whole ~ ' as bigint))',
                '(2 * cast(' ~ whole ~ ' as bigint))'
            ) }}
        else {{ floor_divide(
            '(2000000 * cast(' ~ part ~ ' as decimal(38, 0)) + ' ~ whole ~ ')',
            '(2 * cast(' ~ whole ~ ' as decimal(38, 0)))'
        ) }}
    end
{%- endmacro %}

{% macro millionths(count) -%}
    cast(cast({{ count }} as decimal(18, 0)) * cast(0.000001 as decimal(7, 6)) as {{ share_type() }})
{%- endmacro %}

{# Shares that add to 1.000000: each part gets the millionths that it has whole, and those that are left over
   go to the largest rests, one each, ties to the first by `order_by`.
   `share_units` and `share_rest` are columns of one step, `share_of_units` of the next. #}

{% macro share_units(part, whole) -%}
    {{ floor_divide('(1000000 * cast(' ~ part ~ ' as decimal(38, 0)))', whole) }}
{%- endmacro %}

{% macro share_rest(part, whole) -%}
    (
        1000000 * cast({{ part }} as decimal(38, 0))
        - cast({{ share_units(part, whole) }} as decimal(38, 0)) * {{ whole }}
    )
{%- endmacro %}

{% macro share_of_units(units, rest, group, order_by) -%}
    {{ millionths(allocated('1000000', units, rest, group, order_by)) }}
{%- endmacro %}

{% macro allocated(total, units, rest, group, order_by) -%}
    {# Whole numbers that add to `total` in each group: `units` that each has for certain, and one more for
       the largest rests until nothing is left over, ties to the first by `order_by`. #}
    ({{ units }} + case when row_number() over (
        partition by {{ group }} order by {{ rest }} desc nulls last, {{ order_by }} nulls last
    ) <= {{ total }} - sum({{ units }}) over (partition by {{ group }}) then 1 else 0 end)
{%- endmacro %}
