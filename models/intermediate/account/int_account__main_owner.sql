-- One row per joint account as of tonight: the owner with the largest share, of several the smallest number.
-- Of an account of one, the holder is told.

{{ config(materialized='view') }}

select
    account_id,
    {{ first_by('customer_id', ['-ownership_share', 'customer_id']) }} as customer_id
from {{ ref('int_account__owner') }}
where ownership_share <> 0
group by account_id
