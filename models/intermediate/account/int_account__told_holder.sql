-- One row per account and owner as of tonight, as int_account__holder, but under the numbers that were told
-- of: for what nights carry.

{{ config(materialized='view', tags=['night']) }}

{{ holders(
    ref('int_account__versions'),
    '(select * from ' ~ ref('int_account__owner_versions') ~ ' where known_to_date is null)',
) }}
