-- One row per table macro of the published database: its text, from the same macros as the live marts.

{%- set texts = {
    'what_if_judged': [what_if_judged_parameters(), what_if_judged()],
    'what_if_held': [what_if_held_parameters(), what_if_held()],
    'what_if_above_ordinary': [what_if_parameters(), what_if_above_ordinary()],
    'what_if_tiers': [what_if_parameters(), what_if_tiers()],
} %}

{% for name, (parameters, text) in texts.items() %}
select
    {{ loop.index }} as creation_order,
    'customer_value' as schema_name,
    '{{ name }}' as macro_name,
    '{{ parameters | replace("'", "''") }}' as parameters,
    '{{ text | trim | replace("'", "''") }}' as macro_sql
{{ 'union all' if not loop.last }}
{% endfor %}
