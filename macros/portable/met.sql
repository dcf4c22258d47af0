{# Whether a condition that people wrote is met; one that cannot be computed of a row, because a number has no
   room, is not met by it. #}

{% macro met(condition) -%}
    {{- adapter.dispatch('met')(condition) -}}
{%- endmacro %}

{% macro default__met(condition) -%}
    coalesce(try({{ condition }}), false)
{%- endmacro %}

{% macro spark__met(condition) -%}
    coalesce({{ condition }}, false)
{%- endmacro %}
