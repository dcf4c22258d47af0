-- One row per scope of a plan and leaf that counts in it: an employee, or an org with itself and those below it as of
-- tonight. The bank has no row: everything counts.

{{ config(materialized='view') }}

select distinct
    targets.scope_type_code,
    targets.scope_id,
    coalesce(below.org_id, targets.scope_id) as leaf_id
from {{ ref('int_plan__target') }} as targets
left join {{ ref('int_org__ancestor') }} as below
    on targets.scope_type_code = 'org' and targets.scope_id = below.ancestor_org_id
where targets.scope_type_code <> 'bank'
