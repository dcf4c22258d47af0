{# All columns of a relation, some of them with another value under the same name. #}

{% macro replaced_columns(relation, values) -%}
    {{- adapter.dispatch('replaced_columns')(relation, values) -}}
{%- endmacro %}

{% macro default__replaced_columns(relation, values) -%}
    {{ relation }}.* replace (
        {%- for column, value in values.items() -%}
            {{ value }} as {{ column }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{% macro spark__replaced_columns(relation, values) -%}
    {{ relation }}.* except ({{ values | join(', ') }}),
    {%- for column, value in values.items() %}
    {{ value }} as {{ column }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
