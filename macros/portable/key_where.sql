{#- The key of a left join's left side, for rows that meet a condition: null equals nothing. The condition
    itself in the ON clause beside the equality has DuckDB compare every row of one side with every row of the
    other. -#}
{% macro key_where(condition, key) -%}
    case when {{ condition }} then {{ key }} end
{%- endmacro %}
