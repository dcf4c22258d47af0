-- One row per pending customer and version: since which night nobody looks after him, for which reason. Who
-- is merged does not wait, but goes on waiting should the merge be taken back.

{{ config(
    materialized='incremental', meta={'grain': ['customer_id', 'known_from_date'], 'carried': 'versions'},
) }}

-- depends_on: {{ ref('int_customer__survivor') }}

{%- set pending = "select *, 'U' as op_code from " ~ ref('int_ownership__pending') %}
{%- if has_state() %}
{%- set pending %}
select customer_id, reason_code, op_code from ({{ pending }}) as waiting
union all
select versions.customer_id, versions.reason_code, 'U' as op_code
from {{ this }} as versions
inner join {{ ref('int_customer__survivor') }} as merged on versions.customer_id = merged.customer_id
where versions.known_to_date is null
{%- endset %}
{%- endif %}

{{ versioned(
    "(" ~ pending ~ ") as pending", none,
    key=['customer_id'],
    attributes=['reason_code'],
    is_whole=true,
) }}
