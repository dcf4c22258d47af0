{# What a delta table says of each key, from when to when.

   Appends a version where tonight's batch says something new, ends the version it replaces, and ends what
   a batch deletes or a full load no longer holds. Because every version keeps its dates, the state of any
   past night can be had back (see orchestration/warehouse/night.py).
   `is_whole`: what is given is all there is, so what it lacks has ended. #}

{% macro versioned(staged, table_name, key, attributes, is_whole=false) %}

{%- set columns = key + attributes -%}
{#- said where it is read: an engine that keeps a CTE would keep every customer with all columns for a few
    changes -#}
{%- set open_versions = '(select * from ' ~ this ~ ' where known_to_date is null) as open_versions' -%}

with changes as (

    select * from {{ staged }}

),

{% if has_state() %}

is_full_load as (

    {% if table_name is none -%}
    select {{ 'true' if is_whole else 'false' }} as is_full
    {%- else -%}
    select count(*) > 0 as is_full
    from {{ source('pipeline', 'delivered_table') }}
    where table_name = '{{ table_name }}' and load_code = 'full'
    {%- endif %}

),

new_versions as (

    select
        {% for column in columns %}changes.{{ column }},
        {% endfor %}{{ business_date() }} as known_from_date,
        cast(null as date) as known_to_date
    from changes
    left join {{ open_versions }}
        on {{ same_key(key, 'changes', 'open_versions') }}
    where
        changes.op_code <> 'D'
        and (
            open_versions.{{ key[0] }} is null
            {% for column in attributes %}or changes.{{ column }} is distinct from open_versions.{{ column }}
            {% endfor %}
        )

),

ended_keys as (

    select {{ key | join(', ') }} from new_versions
    union
    select {{ key | join(', ') }} from changes where op_code = 'D'
    union
    select open_versions.{{ key | join(', open_versions.') }}
    from {{ open_versions }}
    cross join is_full_load
    left join changes
        on {{ same_key(key, 'open_versions', 'changes') }}
    where is_full_load.is_full and changes.{{ key[0] }} is null

),

ended_versions as (

    select
        {% for column in columns %}open_versions.{{ column }},
        {% endfor %}open_versions.known_from_date,
        {{ business_date() }} as known_to_date
    from {{ open_versions }}
    inner join ended_keys
        on {{ same_key(key, 'open_versions', 'ended_keys') }}

),

versions as (

    select * from new_versions
    union all
    select * from ended_versions

)

{% else %}

versions as (

    select
        {% for column in columns %}{{ column }},
        {% endfor %}{{ business_date() }} as known_from_date,
        cast(null as date) as known_to_date
    from changes
    where op_code <> 'D'

)

{% endif %}

select * from versions

{% endmacro %}

{% macro same_key(key, one, other) -%}
    {%- for column in key -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
