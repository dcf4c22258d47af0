-- One row per saved segment, customer and version: who is in a segment, from when to when. The conditions are
-- what orchestration/segments wrote anew from the files; a segment without one was refused tonight and keeps
-- its members.

-- depends_on: {{ ref('dim_customer_360') }}, {{ source('pipeline', 'erased_customer') }}

{{ config(
    materialized='incremental',
    meta={'grain': ['segment_code', 'customer_id', 'known_from_date'], 'carried': 'versions'},
) }}

{%- set members -%}
(
    {%- for segment in var('saved_segments') %}
    {%- if segment.condition %}
    select '{{ segment.code }}' as segment_code, customer_id, 'U' as op_code
    from {{ ref('dim_customer_360') }}
    where
        not is_closed
        and {{ met(segment.condition) }}
        and customer_id not in (select customer_id from {{ source('pipeline', 'erased_customer') }})
    union all
    {%- elif has_state() %}
    select segment_code, customer_id, 'U' as op_code
    from {{ this }}
    where segment_code = '{{ segment.code }}' and known_to_date is null
    union all
    {%- endif %}
    {%- endfor %}
    select cast(null as varchar) as segment_code, cast(null as varchar) as customer_id, 'U' as op_code
    where false
) as members
{%- endset %}

{{ versioned(members, none, key=['segment_code', 'customer_id'], attributes=[], is_whole=true) }}
