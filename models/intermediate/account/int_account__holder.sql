-- One row per account and owner as of tonight, with what values its balances: currency, product, share.
-- An account with no owner rows belongs wholly to its holder.

{{ config(materialized='view', tags=['night']) }}

{{ holders(by_survivor(ref('int_account__versions')), ref('int_account__owner')) }}
