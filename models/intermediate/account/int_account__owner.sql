-- One row per joint account and owner as of tonight. Two owners who are merged own what both did.

{{ config(materialized='view') }}

select account_id, customer_id, cast(sum(ownership_share) as {{ share_type() }}) as ownership_share
from {{ by_survivor(ref('int_account__owner_versions')) }} as owners
where known_to_date is null
group by account_id, customer_id
