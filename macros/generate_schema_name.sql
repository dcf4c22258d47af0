{% macro generate_schema_name(custom_schema_name, node) -%}
    {# The schema named in the project is the schema; analysts never see a prefix. #}
    {{- (custom_schema_name or target.schema) | trim -}}
{%- endmacro %}
