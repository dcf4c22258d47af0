{% test tier_migration_adds_up(model) %}
-- Fails on any org, month and tier whose customers are not those of the migration matrix: the closing ones
-- as of this month, the opening ones as of the month before. Looks at the months that tonight wrote.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- customers who are one tonight had one tier between them
before as (

    select alone.owning_org_id, alone.tier_code, alone.assessment_aum_amt, alone.month_start_date
    from {{ ref('fct_customer_tier_monthly') }} as alone
    left join {{ ref('int_customer__survivor') }} as merged on alone.customer_id = merged.customer_id
    left join {{ who_go_on() }} as survivors on alone.customer_id = survivors.survivor_id
    where merged.customer_id is null and survivors.survivor_id is null
    union all
    select together.owning_org_id, together.tier_code, together.assessment_aum_amt, together.month_start_date
    from {{ ref('int_tier__closed_month') }} as together
    inner join {{ who_go_on() }} as survivors on together.customer_id = survivors.survivor_id

),

sides as (

    select
        'opening' as side_code,
        months.month_start_date,
        tier.owning_org_id as org_id,
        tier.tier_code,
        count(*) as customer_cnt,
        sum(tier.assessment_aum_amt) as aum_amt
    from before as tier
    inner join months on tier.month_start_date = {{ month_from_index('months.month_index - 1') }}
    group by months.month_start_date, tier.owning_org_id, tier.tier_code
    union all
    select
        'closing' as side_code,
        months.month_start_date,
        tier.owning_org_id as org_id,
        tier.tier_code,
        count(*) as customer_cnt,
        sum(tier.assessment_aum_amt) as aum_amt
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date
    group by months.month_start_date, tier.owning_org_id, tier.tier_code

),

matrix as (

    select rows_of_tonight.*
    from {{ model }} as rows_of_tonight
    inner join months on rows_of_tonight.month_start_date = months.month_start_date

),

moves as (

    select
        'opening' as side_code,
        month_start_date,
        org_id,
        from_tier_code as tier_code,
        sum(opening_cnt) as customer_cnt,
        sum(opening_aum_amt) as aum_amt
    from matrix
    where from_tier_code <> 'new'
    group by month_start_date, org_id, from_tier_code
    union all
    select
        'closing' as side_code,
        month_start_date,
        org_id,
        to_tier_code as tier_code,
        sum(closing_cnt) as customer_cnt,
        sum(aum_amt) as aum_amt
    from matrix
    where to_tier_code <> 'closed'
    group by month_start_date, org_id, to_tier_code

),

bank_wide as (

    select
        month_start_date,
        sum(customer_cnt) as customer_cnt,
        sum(case when to_tier_code = 'closed' then 0 else customer_cnt end) as closing_cnt,
        sum(case when from_tier_code = 'new' then 0 else customer_cnt end) as opening_cnt,
        sum(closing_cnt) as org_closing_cnt,
        sum(opening_cnt) as org_opening_cnt
    from matrix
    group by month_start_date

)

select
    coalesce(sides.side_code, moves.side_code) as side_code,
    coalesce(sides.month_start_date, moves.month_start_date) as month_start_date,
    coalesce(sides.org_id, moves.org_id) as org_id,
    coalesce(sides.tier_code, moves.tier_code) as tier_code,
    sides.customer_cnt,
    moves.customer_cnt as matrix_customer_cnt
from sides
full outer join moves
    on
        sides.side_code = moves.side_code
        and sides.month_start_date = moves.month_start_date
        and sides.org_id = moves.org_id
        and sides.tier_code = moves.tier_code
where
    coalesce(sides.customer_cnt, 0) <> coalesce(moves.customer_cnt, 0)
    or coalesce(sides.aum_amt, 0) <> coalesce(moves.aum_amt, 0)
union all
select
    'bank' as side_code,
    month_start_date,
    cast(null as varchar) as org_id,
    cast(null as varchar) as tier_code,
    closing_cnt as customer_cnt,
    org_closing_cnt as matrix_customer_cnt
from bank_wide
where closing_cnt <> org_closing_cnt or opening_cnt <> org_opening_cnt

{% endtest %}
