-- One row per transaction that tonight's batch brought and owner of its account, as int_flow__told, but under
-- the numbers that count tonight: the part of owners who are merged is one.

{{ config(materialized='view') }}

select *
from {{ one_for_survivors(
    by_survivor(ref('int_flow__told'), columns=['customer_id', 'counter_customer_id']),
    [
        'txn_id', 'account_id', 'customer_id', 'org_id', 'counter_customer_id', 'reversed_txn_id',
        'txn_type_code', 'direction_code', 'flow_code', 'flow_direction_code', 'channel_code',
        'currency_code', 'txn_date', 'txn_at',
        'business_date', 'told_date', 'amount_ccy_amt', 'signed_ccy_amt', 'is_in_bank', 'is_reversal',
    ],
    {
        'ownership_share': 'cast(sum(together.ownership_share) as ' ~ share_type() ~ ')',
        'signed_plain_amt': 'cast(sum(together.signed_plain_amt) as ' ~ amount_type() ~ ')',
        'signed_fine_amt': 'cast(sum(together.signed_fine_amt) as ' ~ exact_type() ~ ')',
        'signed_amt': 'cast(cast(sum(together.signed_plain_amt) as ' ~ exact_type()
            ~ ') + sum(together.signed_fine_amt) as ' ~ amount_type() ~ ')',
    },
) }} as flows
