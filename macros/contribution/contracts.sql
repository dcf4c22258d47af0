{# Where a balance's contract is told. #}

{% macro register_of(source_code) -%}
    case when {{ source_code }} in ('deposit', 'investment') then 'account' else {{ source_code }} end
{%- endmacro %}

{% macro driver_count(weight, driver_code, type='decimal(28, 6)') -%}
    {# the weights of int_contribution__driver in the units of the driver: accounts, transactions, customers,
       yuan #}
    cast(
        cast({{ weight }} as decimal(28, 0)) * case {{ driver_code }}
            when 'balances' then cast(0.01 as decimal(7, 6))
            else cast(0.000001 as decimal(7, 6))
        end as {{ type }}
    )
{%- endmacro %}

{% macro open_ended(maturity_date) -%}
    {# a loan's maturity is required: 9999-12-31 and its like say that there is none #}
    {{ told_date(maturity_date) }}
{%- endmacro %}
