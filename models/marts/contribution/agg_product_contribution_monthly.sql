-- One row per product and calendar month: what its accounts and fees contribute. A product line is the sum of
-- its products.

{{ config(meta={
    'grain': ['product_code', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

totals as (

    select
        ledger.product_code,
        ledger.month_start_date,
        -- of an account that changed its org there are several lines
        sum(case when ledger.source_code <> 'fee' and ledger.held_days is null then 1 else 0 end)
        + count(distinct case when ledger.held_days is not null then ledger.account_id end) as account_cnt,
        sum({{ cents('ledger.average_balance_amt') }}) as average_cents,
        {{ component_sums('ledger.') }}
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    group by ledger.product_code, ledger.month_start_date

)

select
    -- ids
    totals.product_code,

    -- codes
    coalesce(products.product_line_code, 'unknown') as product_line_code,
    coalesce(products.asset_class_code, 'unknown') as asset_class_code,

    -- dates
    totals.month_start_date,

    -- measures
    cast(totals.account_cnt as bigint) as account_cnt,
    cast(totals.account_cnt as bigint) as account_count,
    {{ cents_amount('totals.average_cents') }} as average_balance_amt,
    {{ component_amounts('totals.') }},

    -- flags
    months.is_provisional,
    months.is_partial_month

from totals
inner join months on totals.month_start_date = months.month_start_date
left join {{ ref('int_ftp__product') }} as products on totals.product_code = products.product_code
