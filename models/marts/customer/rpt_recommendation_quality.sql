-- One row per month: what became of the lists with which the month before ended (推荐质量): how many customers
-- came to hold what was recommended first, or at all, beside a list of the most popular lines that they did
-- not hold.

{{ config(meta={
    'grain': ['month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }} where is_current

),

lists as (

    select lists.*
    from {{ ref('int_recommendation__list') }} as lists
    left join {{ ref('int_customer__survivor') }} as merged on lists.customer_id = merged.customer_id
    -- the list of who is merged is nobody's any more
    where
        lists.business_date = {{ business_date() }}
        and lists.list_code = 'month_before'
        and merged.customer_id is null

),

customers as (

    select distinct customer_id from lists

),

lines as (

    select lines.*
    from {{ ref('int_holding__line') }} as lines
    inner join customers on lines.customer_id = customers.customer_id
    where
        lines.business_date = {{ business_date() }}
        and lines.month_start_date = {{ month_start(business_date()) }}

),

bought as (

    select customer_id, product_line_code from lines where is_held and not is_held_before

),

popularity as (

    select
        product_line_code,
        row_number() over (order by holder_cnt desc nulls last, product_line_code asc nulls last) as place
    from {{ ref('int_recommendation__line_pair') }}
    where month_start_date = {{ month_start(business_date()) }} and held_line_code = product_line_code

),

-- its place among the lines that the customer did not hold: those before it, less those of them that were
-- held
popular as (

    select
        bought.customer_id,
        bought.product_line_code,
        popularity.place - count(held_places.place) as place
    from bought
    inner join popularity on bought.product_line_code = popularity.product_line_code
    left join lines on bought.customer_id = lines.customer_id and lines.is_held_before
    left join popularity as held_places
        on lines.product_line_code = held_places.product_line_code and held_places.place < popularity.place
    group by bought.customer_id, bought.product_line_code, popularity.place

),

hits as (

    select
        bought.customer_id,
        max(case when lists.rank_number = 1 then 1 else 0 end) as is_hit_at_1,
        max(case when lists.rank_number <= 3 then 1 else 0 end) as is_hit_at_3,
        max(case when popular.place = 1 then 1 else 0 end) as is_popular_at_1,
        max(case when popular.place <= 3 then 1 else 0 end) as is_popular_at_3
    from bought
    left join lists
        on bought.customer_id = lists.customer_id and bought.product_line_code = lists.product_line_code
    left join popular
        on bought.customer_id = popular.customer_id and bought.product_line_code = popular.product_line_code
    group by bought.customer_id

),

counted as (

    select
        count(*) as customer_cnt,
        count(hits.customer_id) as buyer_cnt,
        coalesce(sum(hits.is_hit_at_1), 0) as hit_at_1_cnt,
        coalesce(sum(hits.is_hit_at_3), 0) as hit_at_3_cnt,
        coalesce(sum(hits.is_popular_at_1), 0) as popular_at_1_cnt,
        coalesce(sum(hits.is_popular_at_3), 0) as popular_at_3_cnt
    from customers
    left join hits on customers.customer_id = hits.customer_id

)

select
    -- dates
    months.month_start_date,
    {{ month_from_index('months.month_index - 1') }} as list_month_date,

    -- measures
    cast(counted.customer_cnt as bigint) as customer_cnt,
    cast(counted.buyer_cnt as bigint) as buyer_cnt,
    cast(counted.hit_at_1_cnt as bigint) as hit_at_1_cnt,
    {{ ratio('counted.hit_at_1_cnt', 'counted.customer_cnt') }} as hit_at_1_rate,
    cast(counted.hit_at_3_cnt as bigint) as hit_at_3_cnt,
    {{ ratio('counted.hit_at_3_cnt', 'counted.customer_cnt') }} as hit_at_3_rate,
    cast(counted.popular_at_1_cnt as bigint) as popular_at_1_cnt,
    {{ ratio('counted.popular_at_1_cnt', 'counted.customer_cnt') }} as popular_at_1_rate,
    cast(counted.popular_at_3_cnt as bigint) as popular_at_3_cnt,
    {{ ratio('counted.popular_at_3_cnt', 'counted.customer_cnt') }} as popular_at_3_rate,

    -- flags
    months.is_provisional

from counted
cross join months
where counted.customer_cnt > 0
