{# A table made anew each night, in place: dbt-duckdb's own would make it under another name, look for
   leftovers, and rename twice. A night that fails is run again from the night before, so nothing is gained by
   keeping the old rows until the new ones are there. #}

{% materialization table, adapter='duckdb' %}

    {%- set target = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks) }}
    {%- do create_filled(target, load_cached_relation(this), compiled_code) -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target]}) }}

{% endmaterialization %}
