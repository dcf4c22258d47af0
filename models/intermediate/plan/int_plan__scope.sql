-- One row per scope of a plan and leaf that counts in it: an employee, an org with itself and those below it
-- as of tonight, and of the bank the one leaf `bank`.

{{ config(materialized='view') }}

select distinct
    targets.scope_type_code,
    targets.scope_id,
    case when targets.scope_type_code = 'bank' then 'bank' else coalesce(below.org_id, targets.scope_id) end
        as leaf_id
from {{ ref('int_plan__target') }} as targets
left join {{ ref('int_org__ancestor') }} as below
    on {{ key_where("targets.scope_type_code = 'org'", 'targets.scope_id') }} = below.ancestor_org_id
