{# Builds that nobody prepared. A night notes in `pipeline.building` which night dbt may build now and names
   it in the variable `night`; `acrm dbt` does the same in a copy of its own. Without both, the database is
   the warehouse of the nights, or none, and is left as it is. #}

{% macro stop_by_hand() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'test'] -%}
        {%- set found = run_query(
            "select count(*) from duckdb_tables() where schema_name = 'pipeline' and table_name = 'building'"
        ).columns[0].values()[0] -%}
        {%- set building = run_query(
            'select night from pipeline.building'
        ).columns[0].values() if found else [] -%}
        {%- if not var('night', '') or var('night', '') not in building -%}
            {%- do exceptions.raise_compiler_error(
                'nothing was built: this database belongs to the nights. `acrm dbt ' ~ flags.WHICH
                ~ ' ...` runs the same on a copy; `acrm run` builds what is waiting'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
