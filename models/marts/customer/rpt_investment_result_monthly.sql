-- One row per customer, product line and month (投资表现, 资产配置): what investments were worth, what was bought and
-- sold, and what they earned: result = closing − opening − bought + sold. The return is by the modified Dietz
-- method, result / (opening + Σ flow × (days − day) / days), empty where that is not above 0. The month of
-- the first night begins with it. Who ends the month without an investment and had none has no row.

{{ config(meta={
    'grain': ['customer_id', 'product_line_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }} where is_current

),

positions as (

    select
        positions.*,
        coalesce(products.product_line_code, 'unknown') as product_line_code
    from {{ by_survivor(ref('int_holding__position_month')) }} as positions
    left join {{ ref('stg_core_banking__products') }} as products
        on positions.product_code = products.product_code
    where positions.business_date = {{ business_date() }}

),

summed as (

    select
        customer_id,
        product_line_code,
        month_start_date,
        sum(value_cents) as closing_cents,
        sum(opening_cents) as opening_cents,
        case when min(case when is_flow_known then 1 else 0 end) = 1 then sum(bought_cents) end
            as bought_cents,
        case when min(case when is_flow_known then 1 else 0 end) = 1 then sum(sold_cents) end as sold_cents,
        sum(flow_day_units) as flow_day_units,
        min(opening_date) as opening_date
    from positions
    group by customer_id, product_line_code, month_start_date

),

measured as (

    select
        *,
        {{ days_between('opening_date', business_date()) }} as day_cnt,
        closing_cents - opening_cents - bought_cents + sold_cents as result_cents,
        sum(closing_cents) over (partition by customer_id, month_start_date) as customer_cents
    from summed

),

-- result and what was invested on average, both times the days
invested as (

    select
        *,
        {{ wide('result_cents') }} * greatest(day_cnt, 1) as result_units,
        {{ wide('opening_cents + bought_cents - sold_cents') }} * greatest(day_cnt, 1) - flow_day_units
            as invested_units,
        {{ share_units('closing_cents', 'customer_cents') }} as allocation_units,
        {{ share_rest('closing_cents', 'customer_cents') }} as allocation_rest
    from measured

)

select
    -- ids
    invested.customer_id,

    -- codes
    invested.product_line_code,

    -- dates
    invested.month_start_date,
    invested.opening_date,

    -- measures
    {{ cents_amount('invested.opening_cents') }} as opening_amt,
    {{ cents_amount('invested.bought_cents') }} as bought_amt,
    {{ cents_amount('invested.sold_cents') }} as sold_amt,
    {{ cents_amount('invested.closing_cents') }} as closing_amt,
    {{ cents_amount('invested.result_cents') }} as result_amt,
    case
        when invested.invested_units > 0
            then {{ signed_ratio('invested.result_units', 'invested.invested_units') }}
    end as return_rate,
    case
        when invested.customer_cents > 0 then {{ share_of_units(
            'invested.allocation_units', 'invested.allocation_rest',
            'invested.customer_id, invested.month_start_date', 'invested.product_line_code',
        ) }}
    end as allocation_share,
    cast(invested.day_cnt as integer) as day_cnt,

    -- flags
    months.is_provisional

from invested
inner join months on invested.month_start_date = months.month_start_date
