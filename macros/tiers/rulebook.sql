{# What a rulebook says of each month. The rulebook's rows are arguments: the bank's own seeds for the live
   marts, any table of the same columns for a what-if. #}

{% macro assessment_aum(basis, aum) -%}
    {# The AUM that the basis names, of a row of fct_customer_aum_monthly. #}
    case {{ basis }}
        {%- for code, column in aum_bases().items() %}
        when '{{ code }}' then {{ judged_aum(aum, column) }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro judged_aum(aum, column) -%}
    {# A partial month without any other month has no trailing average: the average of its recorded days is
       judged. #}
    {%- if column.startswith('aum_avg_') -%}
    coalesce({{ aum }}.{{ column }}, {{ aum }}.aum_month_avg_amt)
    {%- else -%}
    {{ aum }}.{{ column }}
    {%- endif -%}
{%- endmacro %}

{% macro is_held_by_aum(status, tier) -%}
    {# Whether AUM gives the tier in the month of a status row: reached now or within the window before. #}
    {{ status }}.below_months <= {{ tier }}.window_months
{%- endmacro %}

{% macro rulebook_in_force(months, rulebooks, rulebook) %}
    -- one row per month: the version of the rulebook that holds for it
    select
        months.month_start_date,
        {{ month_index('months.month_start_date') }} as month_index,
        rulebooks.rulebook_version,
        rulebooks.aum_basis_code,
        rulebooks.card_spend_months,
        rulebooks.lost_report_months
    from {{ months }} as months
    inner join {{ rulebooks }} as rulebooks
        on
            months.month_start_date >= rulebooks.valid_from_month
            and (rulebooks.valid_to_month is null or months.month_start_date <= rulebooks.valid_to_month)
    where rulebooks.rulebook_code = {{ rulebook }}
{% endmacro %}
