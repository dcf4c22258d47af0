-- One row per night, customer, product line and month, as int_holding__line_month, but under the numbers that
-- count tonight.

{{ config(materialized='view') }}

select *
from {{ one_for_survivors(
    by_survivor(ref('int_holding__line_month')),
    ['customer_id', 'product_line_code', 'business_date', 'month_start_date'],
    {
        'first_held_before_date': 'min(together.first_held_before_date)',
        'last_held_before_date': 'max(together.last_held_before_date)',
        'first_held_month_date': 'min(together.first_held_month_date)',
        'last_held_month_date': 'max(together.last_held_month_date)',
        'product_cnt': 'cast(sum(together.product_cnt) as integer)',
        'asset_amt': 'cast(sum(together.asset_amt) as ' ~ amount_type() ~ ')',
        'debt_amt': 'cast(sum(together.debt_amt) as ' ~ amount_type() ~ ')',
        'is_held': 'max(case when together.is_held then 1 else 0 end) = 1',
        'is_held_before': 'max(case when together.is_held_before then 1 else 0 end) = 1',
    },
) }} as lines
