-- One row per sales trade, or cancellation of one, of a private-banking customer, as of the night that
-- brought it. Amounts are in the sale's own currency and, at the rate that sales are valued by, in the
-- reporting currency. Who is credited for it is not in it: that is attribution's to say.

{{ config(meta={
    'grain': ['month_start_date', 'trade_id'], 'partition': 'month_start_date', 'carried': 'business_date',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

members as (

    select
        customer_id,
        month_start_date,
        min(org_id) as org_id,
        min(employee_id) as employee_id
    from {{ ref('int_private_bank__member_month') }}
    group by customer_id, month_start_date

),

trades as (

    select
        tonight.*,
        products.sales_product_code,
        coalesce(months.month_start_date, {{ month_start(business_date()) }}) as month_start_date
    from {{ ref('stg_core_banking__sales_trades') }} as tonight
    inner join {{ ref('stg_core_banking__products') }} as products
        on tonight.product_code = products.product_code
    left join months on {{ month_start('tonight.trade_date') }} = months.month_start_date
    where not ({{ is_counted_at_closing('tonight.trade_date') }})

)

select
    -- ids
    trades.trade_id,
    trades.customer_id,
    trades.account_id,
    {% if has_state() %}
    coalesce(members.org_id, cancelled.org_id) as org_id,
    coalesce(members.employee_id, cancelled.employee_id) as employee_id,
    {% else %}
    members.org_id,
    members.employee_id,
    {% endif %}
    trades.org_id as trade_org_id,
    trades.teller_id,
    trades.related_trade_id,

    -- codes
    trades.product_code,
    trades.sales_product_code,
    trades.channel_code,
    trades.status_code,
    valued.currency_code,

    -- dates
    trades.month_start_date,
    trades.trade_date,
    {{ business_date() }} as business_date,

    -- measures
    trades.amount_ccy_amt,
    trades.fee_income_ccy_amt,
    cast(cast(trades.amount_ccy_amt as decimal(20, 2)) * valued.mid_rate as {{ amount_type() }})
        as amount_amt,
    cast(cast(trades.fee_income_ccy_amt as decimal(20, 2)) * valued.mid_rate as {{ amount_type() }})
        as fee_income_amt

from trades
inner join {{ ref('int_sales__trade_value') }} as valued on trades.trade_id = valued.trade_id
left join members
    on trades.customer_id = members.customer_id and trades.month_start_date = members.month_start_date
{% if has_state() %}
left join {{ this }} as earlier on trades.trade_id = earlier.trade_id
-- a cancellation follows the trade that is listed, whatever has become of the customer
left join {{ this }} as cancelled on trades.related_trade_id = cancelled.trade_id
where earlier.trade_id is null and (members.customer_id is not null or cancelled.trade_id is not null)
{% else %}
where members.customer_id is not null
{% endif %}
