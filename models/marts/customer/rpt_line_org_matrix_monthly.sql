-- One row per product line, org and month: what the org keeps of the line, what it contributes, what was
-- sold, and to how many (业务条线 × 分支机构). A sale counts in the month of the batch that brings it, because
-- closings take in no sales; those of the first batch count in the month of their day. A cancellation takes
-- away what its sale counted, at the sale's org and line, whatever its own row says.

{{ config(meta={
    'grain': ['product_line_code', 'org_id', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

products as (

    select product_code, product_line_code from {{ ref('stg_core_banking__products') }}

),

balances as (

    select
        holdings.product_line_code,
        holdings.org_id,
        holdings.month_start_date,
        sum({{ cents('holdings.balance_amt') }}) as balance_cents,
        count(distinct holdings.customer_id) as customer_cnt
    from {{ ref('int_holding__product_month') }} as holdings
    inner join months on holdings.month_start_date = months.month_start_date
    group by holdings.product_line_code, holdings.org_id, holdings.month_start_date

),

contributions as (

    select
        coalesce(
            products.product_line_code, case when ledger.source_code = 'card' then 'card' else 'unknown' end
        ) as product_line_code,
        ledger.org_id,
        ledger.month_start_date,
        sum({{ cents('ledger.contribution_amt') }}) as contribution_cents
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    left join products on ledger.product_code = products.product_code
    group by 1, 2, 3

),

-- once per sale; one that came before its sale takes away on the night that brings the sale
cancelled as (

    select
        trade_id,
        min(business_date) as business_date,
        min(trade_date) as trade_date
    from {{ by_survivor(ref('int_sales__trade_entry')) }}
    where status_code = 'cancelled'
    group by trade_id

),

entries as (

    select
        product_code,
        sales_org_id,
        trade_date,
        business_date,
        1 as entry_sign,
        {{ cents('amount_reporting_amt') }} as amount_cents
    from {{ by_survivor(ref('int_sales__trade_entry')) }}
    where status_code = 'live'
    union all
    select
        trades.product_code,
        trades.sales_org_id,
        greatest(trades.trade_date, cancelled.trade_date) as trade_date,
        greatest(trades.business_date, cancelled.business_date) as business_date,
        -1 as entry_sign,
        {{ cents('trades.amount_reporting_amt') }} as amount_cents
    from cancelled
    inner join {{ by_survivor(ref('int_sales__trade_entry')) }} as trades
        on cancelled.trade_id = trades.trade_id and trades.status_code = 'live'

),

sales as (

    select
        coalesce(products.product_line_code, 'unknown') as product_line_code,
        entries.sales_org_id as org_id,
        months.month_start_date,
        sum(entries.entry_sign) as trade_cnt,
        sum(entries.entry_sign * entries.amount_cents) as sold_cents
    from entries
    cross join {{ ref('int_calendar__recorded_history') }} as history
    inner join months
        on months.month_start_date = case
            when entries.business_date = history.business_date then {{ month_start('entries.trade_date') }}
            else {{ month_start('entries.business_date') }}
        end
    left join products on entries.product_code = products.product_code
    -- a closing that is run again finds entries of the night after it
    where
        entries.business_date <= {{ business_date() }}
        {%- if has_state() %}
        and entries.business_date >= {{ first_computed_month() }}
        {%- endif %}
    group by coalesce(products.product_line_code, 'unknown'), entries.sales_org_id, months.month_start_date

),

measures as (

    select
        product_line_code, org_id, month_start_date, balance_cents, customer_cnt,
        cast(0 as bigint) as contribution_cents, 0 as trade_cnt, 0 as sold_cents
    from balances
    union all
    select
        product_line_code, org_id, month_start_date, 0 as balance_cents, 0 as customer_cnt,
        contribution_cents, 0 as trade_cnt, 0 as sold_cents
    from contributions
    union all
    select
        product_line_code, org_id, month_start_date, 0 as balance_cents, 0 as customer_cnt,
        0 as contribution_cents, trade_cnt, sold_cents
    from sales

)

select
    -- ids
    measures.org_id,

    -- codes
    measures.product_line_code,

    -- dates
    measures.month_start_date,

    -- measures
    {{ cents_amount('sum(measures.balance_cents)') }} as balance_amt,
    {{ cents_amount('sum(measures.contribution_cents)') }} as contribution_amt,
    cast(sum(measures.trade_cnt) as bigint) as sales_cnt,
    {{ cents_amount('sum(measures.sold_cents)') }} as sales_amt,
    cast(sum(measures.customer_cnt) as bigint) as customer_cnt,

    -- flags
    months.is_provisional

from measures
inner join months on measures.month_start_date = months.month_start_date
group by measures.product_line_code, measures.org_id, measures.month_start_date, months.is_provisional
