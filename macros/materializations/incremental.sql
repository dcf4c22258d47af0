{# What a night adds to a table goes straight into it. dbt-duckdb's own materialization writes every row twice (a
   temporary table first) and asks the catalog eight times per model; at 80 models that was most of a small
   bank's night, and half of what a city's night wrote. The configuration is dbt's: `append`, or `delete+insert`
   with a `unique_key`. A table of other columns than its model's stops the night (on_schema_change: fail), and so
   does one that is not there on any night but the first: it would begin without what earlier nights left in it. #}

{% materialization incremental, adapter='duckdb' %}

    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set keys = config.get('unique_key') -%}
    {%- set sql = compiled_code -%}

    {{ run_hooks(pre_hooks) }}

    {%- if existing is none or should_full_refresh() -%}
        {%- do stop_at_lost_history() if not is_first_night() -%}
        {%- do create_filled(target, existing, sql) -%}
    {%- else -%}
        {%- if keys -%}
            {#- a model that reads its own rows of tonight must see them until all new ones are known -#}
            {%- set changes = make_temp_relation(target) -%}
            {%- set changes = changes.include(database=false, schema=false) -%}
            {%- do execute_quietly('create or replace temporary table ' ~ changes ~ ' as ' ~ sql) -%}
            {%- set sql = 'select * from ' ~ changes -%}
        {%- endif -%}
        {%- do stop_at_changed_columns(target, sql) if not var('same_project') -%}
        {%- if keys -%}
            {%- do execute_quietly(delete_same_keys(target, changes, keys)) -%}
        {%- endif -%}
        {%- do execute_as_main('insert into ' ~ target ~ ' by name ' ~ sql) -%}
        {%- if keys -%}{%- do execute_quietly('drop table ' ~ changes) -%}{%- endif -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target]}) }}

{% endmaterialization %}


{% macro create_filled(target, existing, sql) %}
    {#- Creates the table and fills it: at once, or in portions of months on the first night. -#}
    {%- set portions = portions_to_load() -%}
    {%- if existing is not none -%}
        {%- do execute_quietly('drop ' ~ existing.type ~ ' ' ~ existing) -%}
    {%- endif -%}
    {%- do show_portion(portions[0]) if portions -%}
    {%- if config.get('contract').enforced or not names_ids() -%}
        {%- do execute_as_main(create_table_as(false, target, sql)) -%}
    {%- else -%}
        {%- do execute_quietly('create table ' ~ target ~ ' (' ~ described_columns(sql) ~ ')') -%}
        {%- do execute_as_main('insert into ' ~ target ~ ' by name ' ~ sql) -%}
    {%- endif -%}
    {%- for portion in portions[1:] -%}
        {%- do show_portion(portion) -%}
        {%- do execute_quietly('insert into ' ~ target ~ ' by name ' ~ sql) -%}
    {%- endfor -%}
    {%- do execute_quietly('reset variable loaded_portion') if portions -%}
{% endmacro %}


{% macro stop_at_lost_history() %}
    {#- What is `current` is derived from versions that other tables keep, and what is confirmed from the releases. -#}
    {%- if model.config.meta.get('carried', 'current') != 'current' -%}
        {%- do exceptions.raise_compiler_error(
            'the table would begin without what earlier nights left in it: run acrm rebuild'
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro stop_at_changed_columns(target, sql) %}
    {%- set different -%}
        select coalesce(now.column_name, before.column_name) as column_name
        from (describe {{ sql }}) as now
        full join (describe {{ target }}) as before on now.column_name = before.column_name
        where now.column_type is distinct from before.column_type
        order by 1 nulls last
    {%- endset -%}
    {%- set columns = run_query(different).columns[0].values() -%}
    {%- if columns -%}
        {%- do exceptions.raise_compiler_error(
            'the table has other columns than its model (' ~ columns | join(', ') ~ '): run acrm rebuild'
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro delete_same_keys(target, changes, keys) %}
    {%- set keys = [keys] if keys is string else keys -%}
    delete from {{ target }} as old using (
        select distinct {{ keys | join(', ') }} from {{ changes }}
    ) as changed
    where {% for key in keys %}old.{{ key }} = changed.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
{% endmacro %}


{% macro execute_as_main(sql) %}
    {#- dbt's own statement('main') would write the text to a file once more. -#}
    {%- do execute_quietly(sql) -%}
    {%- do store_result('main', response='OK') -%}
{% endmacro %}


{% macro execute_quietly(sql) %}
    {%- call statement(name=none) -%}{{ sql }}{%- endcall -%}
{% endmacro %}
