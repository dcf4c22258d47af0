-- One row per personal customer and month with a published tier, under the number that counts tonight. Of
-- customers who are one, the one with the highest tier stands for all, with the AUM of all: what a month that
-- is over said of either is so of both.

{{ config(materialized='view') }}

{%- set published = by_survivor(ref('fct_customer_tier_monthly'), told_as='told_customer_id') %}

select
    {{ replaced_columns('tiers', {
        'assessment_aum_amt': 'coalesce(together.assessment_aum_amt, tiers.assessment_aum_amt)'
    }) }}
from {{ first_for_survivors(published, ['customer_id', 'month_start_date'], ['-ranked.tier_rank']) }} as tiers
left join (
    select
        published.customer_id,
        published.month_start_date,
        cast(sum(published.assessment_aum_amt) as {{ amount_type() }}) as assessment_aum_amt
    from {{ published }} as published
    inner join (
        select distinct survivor_id from {{ ref('int_customer__survivor') }}
    ) as survivors on published.customer_id = survivors.survivor_id
    group by published.customer_id, published.month_start_date
) as together
    on tiers.customer_id = together.customer_id and tiers.month_start_date = together.month_start_date
