-- One row per personal customer and month with a published tier, under the number that counts tonight. Of customers who
-- are one, the one with the highest tier stands for all: what a month that is over said of either is so of both.

{{ config(materialized='view') }}

select *
from {{ first_for_survivors(
    by_survivor(ref('fct_customer_tier_monthly'), told_as='told_customer_id'),
    ['customer_id', 'month_start_date'],
    ['-ranked.tier_rank'],
) }} as tiers
