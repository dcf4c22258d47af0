-- One row per pair of product lines and month: how many persons held both at the end of the month before, and
-- how many each; a line with itself tells how popular it is. Computed on the first night of the month, for
-- the others, too.

{{ config(materialized='incremental', meta={'carried': 'month_state'}) }}

with customers as (

    select customer_id
    from {{ ref('int_holding__customer') }}
    where
        business_date = {{ business_date() }}
        and month_start_date = {{ month_start(business_date()) }}
        and is_member_before
        and customer_type_code = 'P'
    {%- if has_state() %}
        and not exists (select 1 from {{ this }} where month_start_date = {{ month_start(business_date()) }})
    {%- endif %}

),

held as (

    select lines.customer_id, lines.product_line_code
    from {{ ref('int_holding__line') }} as lines
    inner join customers on lines.customer_id = customers.customer_id
    where
        lines.business_date = {{ business_date() }}
        and lines.month_start_date = {{ month_start(business_date()) }}
        and lines.is_held_before

),

totals as (

    select product_line_code, count(*) as holder_cnt from held group by product_line_code

),

pairs as (

    select
        held.product_line_code as held_line_code,
        other.product_line_code,
        count(*) as both_cnt
    from held
    inner join held as other on held.customer_id = other.customer_id
    group by held.product_line_code, other.product_line_code

)

select
    -- codes
    pairs.held_line_code,
    pairs.product_line_code,

    -- dates
    {{ month_start(business_date()) }} as month_start_date,

    -- measures
    cast(pairs.both_cnt as bigint) as both_cnt,
    cast(held_totals.holder_cnt as bigint) as held_line_cnt,
    cast(totals.holder_cnt as bigint) as holder_cnt,
    -- cosine of the two lines' columns of holders
    cast(
        cast(pairs.both_cnt as double)
        / sqrt(cast(held_totals.holder_cnt as double) * cast(totals.holder_cnt as double))
        as {{ share_type() }}
    ) as similarity

from pairs
inner join totals as held_totals on pairs.held_line_code = held_totals.product_line_code
inner join totals on pairs.product_line_code = totals.product_line_code
