{# dbt's `incremental` on DuckDB with the one strategy of this project, `nightly` (macros/carried/kinds.sql).
   A night's rows go straight into the table: dbt-duckdb's own materialization writes every row twice (a
   temporary table first) and asks the catalog eight times per model; at 80 models that was most of a small
   bank's night, and half of what a city's night wrote. What it does not do, it refuses: another strategy,
   another on_schema_change than `fail`, keys, predicates, --full-refresh. A table that is not there on any
   night but the first would begin without what earlier nights left in it, and stops the night, unless its
   model says `begins: any_night`. #}

{% materialization incremental, adapter='duckdb' %}

    {%- do refuse_what_is_not_honoured() -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set kind = config.get('meta', {}).get('carried') -%}

    {{ run_hooks(pre_hooks) }}

    {%- if existing is none or is_first_night() -%}
        {%- do stop_at_lost_history(kind) if not is_first_night() -%}
        {%- do create_filled(target, existing, compiled_code) -%}
        {%- do execute_quietly(put_back_released(target, is_empty=true)) if kind == 'released' -%}
    {%- else -%}
        {%- do stop_at_changed_columns(target, compiled_code) if not var('same_project') -%}
        {%- do execute_quietly(put_back_released(target)) if kind == 'released' and not is_as_released() -%}
        {%- set strategy = adapter.get_incremental_strategy_macro(
            context, config.get('incremental_strategy')
        ) -%}
        {%- do execute_as_main(strategy({'target_relation': target, 'temp_relation': compiled_code})) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {{ return({'relations': [target]}) }}

{% endmaterialization %}


{# dbt's extension point for strategies of a project's own. `temp_relation` is a query here: see above. #}
{% macro get_incremental_nightly_sql(arg_dict) -%}
    {{- return(take_night(
        arg_dict['target_relation'],
        config.get('meta')['carried'],
        config.get('meta').get('grain'),
        arg_dict['temp_relation'],
    )) -}}
{%- endmacro %}


{% macro refuse_what_is_not_honoured() %}
    {#- What the metadata may say is checked when the project is parsed (orchestration/project.py); this is
        what a command line or a config that dbt reads itself could ask for. -#}
    {%- set refused = [] -%}
    {%- if config.get('incremental_strategy') != 'nightly' -%}
        {%- do refused.append(
            'incremental_strategy: ' ~ config.get('incremental_strategy') ~ ' (only nightly)'
        ) -%}
    {%- endif -%}
    {%- if config.get('on_schema_change') != 'fail' -%}
        {%- do refused.append('on_schema_change: ' ~ config.get('on_schema_change') ~ ' (only fail)') -%}
    {%- endif -%}
    {%- for name in [
        'unique_key', 'incremental_predicates', 'predicates', 'merge_update_columns', 'merge_exclude_columns',
        'sql_header', 'grants', 'indexes', 'partitioned_by', 'sorted_by', 'event_time', 'batch_size', 'begin',
    ] -%}
        {%- if config.get(name) -%}{%- do refused.append(name) -%}{%- endif -%}
    {%- endfor -%}
    {%- if config.get('meta', {}).get('carried') not in carried_kinds() -%}
        {%- do refused.append(
            'meta.carried: ' ~ config.get('meta', {}).get('carried')
            ~ ' (one of ' ~ carried_kinds() | join(', ') ~ ')'
        ) -%}
    {%- endif -%}
    {%- if should_full_refresh() -%}
        {%- do refused.append('--full-refresh (acrm rebuild runs every night anew)') -%}
    {%- endif -%}
    {%- if refused -%}
        {%- do exceptions.raise_compiler_error(
            'the strategy nightly does not honour ' ~ refused | join('; ')
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro is_as_released() -%}
    {#- whether the tables of records hold what the newest release holds -#}
    {%- set found = run_query('select is_in_sync from ' ~ source('pipeline', 'confirmation')) -%}
    {{- return(found.columns[0].values()[0]) -}}
{%- endmacro %}


{% macro create_filled(target, existing, sql) %}
    {#- Creates the table and fills it: at once, or in portions of months on the first night. -#}
    {%- set portions = portions_to_load() -%}
    {%- if existing is not none -%}
        {%- do execute_quietly('drop ' ~ existing.type ~ ' ' ~ existing) -%}
    {%- endif -%}
    {%- do show_portion(portions[0]) if portions -%}
    {%- if config.get('contract').enforced and var('same_project') -%}
        {#- dbt compares the columns with the contract by planning the query once more: they were the same
            last night -#}
        {%- do execute_quietly('create table ' ~ target ~ ' ' ~ get_table_columns_and_constraints()) -%}
        {%- do execute_as_main('insert into ' ~ target ~ ' by name ' ~ sql) -%}
    {%- elif config.get('contract').enforced or not names_ids() -%}
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


{% macro stop_at_lost_history(kind) %}
    {#- What is `current` is derived from versions that other tables keep, and a record is put back from the
        releases. A mart of its month alone may begin on any night, if its model says so. -#}
    {%- set may_begin = config.get('meta', {}).get('begins') == 'any_night' -%}
    {%- if kind not in ('current', 'released') and not may_begin -%}
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


{% macro execute_as_main(sql) %}
    {#- dbt's own statement('main') would write the text to a file once more. -#}
    {%- do execute_quietly(sql) -%}
    {%- do store_result('main', response='OK') -%}
{% endmacro %}


{% macro execute_quietly(sql) %}
    {%- call statement(name=none) -%}{{ sql }}{%- endcall -%}
{% endmacro %}
