{# The five classes of loans (五级分类) in their order, so that the worst of several can be taken. #}

{% macro five_classes() -%}
    {{- return(['normal', 'special_mention', 'substandard', 'doubtful', 'loss']) -}}
{%- endmacro %}

{% macro five_class_rank(code) -%}
    case {{ code }}{% for name in five_classes() %} when '{{ name }}' then {{ loop.index }}{% endfor %} end
{%- endmacro %}

{% macro five_class_of(rank) -%}
    case {{ rank }}{% for name in five_classes() %} when {{ loop.index }} then '{{ name }}'{% endfor %} end
{%- endmacro %}
