{# Codes that rulebooks use, and the published columns that they stand for. #}

{% macro aum_bases() -%}
    {# Which AUM a rulebook may judge by, and the column of fct_customer_aum_monthly that holds it. #}
    {{- return({
        'month_avg': 'aum_month_avg_amt',
        'month_avg_30': 'aum_month_avg_30_amt',
        'month_end': 'aum_end_amt',
        'avg_6m': 'aum_avg_6m_amt',
        'avg_12m': 'aum_avg_12m_amt',
    }) -}}
{%- endmacro %}

{% macro factor_columns() -%}
    {# Factors beside AUM, and the column that holds the amount of each; a card is an amount of 1. #}
    {{- return({
        'card_spend': 'card_spend_12m_amt',
        'mortgage': 'mortgage_balance_amt',
        'credit_loan': 'credit_loan_balance_amt',
        'card_grade': 'cast(has_diamond_card as integer)',
    }) -}}
{%- endmacro %}
