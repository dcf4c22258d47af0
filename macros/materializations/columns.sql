{# How numbers that name a customer or an account are compressed. DuckDB would look for a dictionary of them,
   and there is none: nearly all differ. That search is a fifth of the time that a large table takes to be
   written; with zstd named, it is not made. Codes keep DuckDB's choice. #}

{% macro stored_type(column_name, data_type) -%}
    {{- data_type -}}{{- ' using compression zstd' if column_name in ('customer_id', 'account_id') -}}
{%- endmacro %}

{% macro names_ids() -%}
    {{- return('customer_id' in model.columns or 'account_id' in model.columns) -}}
{%- endmacro %}

{# The columns of a table that has a contract: what dbt renders, with the storage of each. #}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set columns = {} -%}
    {%- for name, column in model.columns.items() -%}
        {%- do columns.update({name: dict(column, data_type=stored_type(name, column.data_type))}) -%}
    {%- endfor -%}
    ({{ adapter.render_raw_columns_constraints(raw_columns=columns) | join(', ') }})
{%- endmacro %}

{# The columns of a table that has none: what its SQL gives. #}
{% macro described_columns(sql) -%}
    {%- set columns = [] -%}
    {%- for row in run_query('describe ' ~ sql).rows -%}
        {%- set type = stored_type(row['column_name'], row['column_type']) -%}
        {%- do columns.append(row['column_name'] ~ ' ' ~ type) -%}
    {%- endfor -%}
    {{- return(columns | join(', ')) -}}
{%- endmacro %}
