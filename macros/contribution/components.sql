{# What a contribution is made of, in the order of a statement. #}

{% macro contribution_components() -%}
    {{- return([
        'deposit_nii', 'loan_nii', 'fee_income', 'direct_cost', 'allocated_cost', 'expected_loss',
    ]) -}}
{%- endmacro %}

{% macro split_components() -%}
    {# what views split: the components, and the charge that stands outside the contribution #}
    {{- return(contribution_components() + ['capital_charge']) -}}
{%- endmacro %}

{% macro contribution_totals(prefix='') -%}
    {# contribution and EVA from columns of cents named like the components #}
    {%- set parts = [] -%}
    {%- for component in contribution_components() -%}
        {%- do parts.append(prefix ~ component ~ '_cents') -%}
    {%- endfor -%}
    {{ cents_amount('(' ~ parts | join(' + ') ~ ')') }} as contribution_amt,
    {{ cents_amount(prefix ~ 'capital_charge_cents') }} as capital_charge_amt,
    {{ cents_amount('(' ~ parts | join(' + ') ~ ' + ' ~ prefix ~ 'capital_charge_cents)') }} as eva_amt
{%- endmacro %}

{% macro component_sums(prefix='') -%}
    {# sums of cents of the components of a mart, an aggregate for each #}
    {%- for component in split_components() %}
    sum({{ cents(prefix ~ component ~ '_amt') }}) as {{ component }}_cents{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro component_amounts(prefix='') -%}
    {# the components, contribution and EVA as published, from columns of cents #}
    {%- for component in contribution_components() %}
    {{ cents_amount(prefix ~ component ~ '_cents') }} as {{ component }}_amt,
    {%- endfor %}
    {{ contribution_totals(prefix) }}
{%- endmacro %}
