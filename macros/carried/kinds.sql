{# How a table takes a night's rows, by the kind that its model names in `meta.carried`. Each kind is here and
   nowhere else: what is removed first, so that a night can run again or go back to an earlier one, and how
   rows come in.

   kind           a row is                                     removed before tonight's rows come
   versions       what was known of a key, from when to when   versions told after the last night; those they
                                                               ended are open again
   business_date  an entry, with the night that brought it     entries of nights after the last
   state          what the next night goes on from             the same, and the state of nights that no
                                                               replay starts from
   open_month     of a month that tonight computes             the months that were not over on the last night
   month_start    of a month, read again by the night that     months after the last night's; tonight's months
                  follows                                      are replaced once their new rows are known
   month_end      of a month that is over                      months that ended after the last night
   month_state    of a month, for the nights in it             months after the last night's, and those that
                                                               no replay starts in
   current        what versions elsewhere say now              rows of nights after the last; the model gives
                                                               their keys anew
   released       of a record that releases keep for good      all, where the newest release says otherwise,
                                                               and its rows are put back #}

{% macro carried_kinds() -%}
    {{- return([
        'versions', 'business_date', 'state', 'open_month', 'month_start', 'month_end', 'month_state',
        'current', 'released',
    ]) -}}
{%- endmacro %}

{# Statements that set a table back to the last night. A kind whose rows may only be removed once tonight's
   are known says so in `replaced_rows`. #}
{% macro set_back(relation, kind) -%}
    {%- set night = previous_business_date() -%}
    {%- if kind == 'versions' -%}
        delete from {{ relation }} where known_from_date > {{ night }};
        update {{ relation }} set known_to_date = null where known_to_date > {{ night }};
    {%- elif kind == 'business_date' -%}
        delete from {{ relation }} where business_date > {{ night }};
    {%- elif kind == 'state' -%}
        {#- the nights after one go on from its own month -#}
        delete from {{ relation }}
        where
            business_date > {{ night }}
            -- the last day of a month that was closed without a batch is no night of its own
            or (
                business_date <> {{ night }}
                and business_date not in (select business_date from pipeline.night where has_state)
            )
            or month_start_date < date_trunc('month', business_date);
    {%- elif kind == 'open_month' -%}
        delete from {{ relation }} where month_start_date >= {{ first_computed_month() }};
    {%- elif kind == 'month_start' -%}
        delete from {{ relation }} where month_start_date > {{ night }};
    {%- elif kind == 'month_end' -%}
        delete from {{ relation }} where month_end_date > {{ night }};
    {%- elif kind == 'month_state' -%}
        delete from {{ relation }}
        where
            month_start_date > {{ night }}
            or month_start_date < (
                select date_trunc('month', min(business_date)) from pipeline.night where has_state
            );
    {%- endif -%}
{%- endmacro %}

{# Of a kind whose model reads rows that tonight replaces: which ones go, once `changes` holds the new
   ones. #}
{% macro replaced_rows(relation, kind, grain, changes) -%}
    {%- if kind == 'versions' -%}
        {{ delete_same_keys(relation, changes, grain) }};
    {%- elif kind == 'month_start' -%}
        delete from {{ relation }} where month_start_date >= {{ first_computed_month() }};
    {%- elif kind == 'current' -%}
        delete from {{ relation }} where knowledge_date > {{ previous_business_date() }};
        {{ delete_same_keys(relation, changes, grain) }};
    {%- endif -%}
{%- endmacro %}

{% macro reads_replaced_rows(kind) -%}
    {{- return(kind in ('versions', 'month_start', 'current')) -}}
{%- endmacro %}

{% macro delete_same_keys(relation, changes, keys) -%}
    delete from {{ relation }} as old using (
        select distinct {{ keys | join(', ') }} from {{ changes }}
    ) as changed
    where {{ same_key(keys, 'old', 'changed') }}
{%- endmacro %}

{# Tonight's rows into a table that is there. `rows` is a query, so that nothing is written twice. #}
{% macro take_night(relation, kind, grain, rows) -%}
    {{ set_back(relation, kind) }}
    {% if reads_replaced_rows(kind) -%}
    {%- set changes = 'changes_of_' ~ relation.identifier -%}
    create or replace temporary table {{ changes }} as {{ rows }};
    {{ replaced_rows(relation, kind, grain, changes) }}
    insert into {{ relation }} by name select * from {{ changes }};
    drop table {{ changes }};
    {%- else -%}
    insert into {{ relation }} by name {{ read_before_written(relation, rows) }};
    {%- endif %}
{%- endmacro %}

{% macro read_before_written(relation, rows) -%}
    {#- DuckDB 1.5 writes the first part of a `union all` before it reads the second. Where that reads the
        table itself, it would find tonight's rows in it: a filter on the night before is dropped where the
        table's statistics say that every row meets it, as on the second night. So all is read first. -#}
    {%- if relation | string in rows and 'union all' in rows -%}
    with rows_of_tonight as materialized (
        {{ rows }}
    )
    select * from rows_of_tonight
    {%- else -%}
    {{ rows }}
    {%- endif -%}
{%- endmacro %}

{# A record goes on from the newest release: what a run left that was not published is not in it. #}
{% macro put_back_released(relation, is_empty=false) -%}
    {% if not is_empty %}delete from {{ relation }};{% endif %}
    insert into {{ relation }} by name select * from confirmed.{{ relation.identifier }};
{%- endmacro %}
