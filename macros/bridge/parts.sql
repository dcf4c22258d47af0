{# The parts of the AUM bridge, in the order in which they are published. Opening + parts = closing; what none
   of them explains is the rest. #}

{% macro bridge_parts() -%}
    {{- return([
        'scope', 'fx', 'new_money_in', 'money_out', 'transfer_in', 'transfer_out', 'own_transfer', 'interest',
        'fee', 'loan_flow', 'overdraft', 'investment_result',
    ]) -}}
{%- endmacro %}
