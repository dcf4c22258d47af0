-- One row per customer, part of the AUM bridge and month that tonight computes: what has moved so far, not
-- yet rounded. Nights carry it, so that no day is looked at twice: last night's sums, and what tonight moved.
-- In the month of the first night the opening is a part too, because no month before tells it. Customers stay
-- under the number that was told of.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

with months as (

    select month_start_date, is_current
    from {{ ref('int_calendar__computed_months') }}
    {% if is_first_night() %}where is_current{% endif %}

),

holdings as (

    select * from {{ ref('int_bridge__holding') }}

),

rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

-- bought tonight: products that count less than in full, by the owners of the account, else by the buyer
trades as (

    select
        coalesce(holders.customer_id, sent.customer_id) as customer_id,
        cast(
            coalesce(holders.ownership_share, 1)
            * (1 - case when products.is_in_aum then products.aum_weight else 0 end)
            as decimal(18, 12)
        ) as lost_share,
        rates.mid_rate,
        cast(case when sent.status_code = 'cancelled' then -sent.amount_ccy_amt else sent.amount_ccy_amt end
            as {{ amount_type() }}) as bought_ccy_amt
    from {{ ref('int_sales__trade_entry') }} as entries
    inner join {{ ref('stg_core_banking__sales_trades') }} as sent
        on entries.sent_trade_id = sent.trade_id and entries.status_code = sent.status_code
    inner join {{ ref('stg_core_banking__products') }} as products
        on
            sent.product_code = products.product_code
            and products.asset_class_code = 'wealth'
            and (not products.is_in_aum or products.aum_weight < 1)
    inner join {{ ref('int_calendar__recorded_history') }} as first_night
        on sent.trade_date >= first_night.business_date
    inner join rates on entries.currency_code = rates.currency_code
    left join {{ ref('int_account__told_holder') }} as holders on sent.account_id = holders.account_id
    where
        entries.business_date = {{ business_date() }}
        {% if is_closing() %}and false{% endif %}

),

-- each is an amount × the owner's weight × a rate
moved as (

    select
        customer_id,
        'scope' as part_code,
        cast(now_share - before_share as decimal(18, 12)) as aum_share,
        before_rate as mid_rate,
        before_counted_ccy_amt as moved_ccy_amt
    from holdings
    union all
    select
        customer_id,
        'fx' as part_code,
        now_share as aum_share,
        cast(now_rate - before_rate as {{ fx_type() }}) as mid_rate,
        before_counted_ccy_amt as moved_ccy_amt
    from holdings
    union all
    select
        customer_id,
        'overdraft' as part_code,
        now_share as aum_share,
        now_rate as mid_rate,
        cast(
            (now_counted_ccy_amt - now_ccy_amt) - (before_counted_ccy_amt - before_ccy_amt)
            as {{ amount_type() }}
        ) as moved_ccy_amt
    from holdings
    where source_code = 'deposit'
    union all
    select
        customer_id,
        'investment_result' as part_code,
        now_share as aum_share,
        now_rate as mid_rate,
        cast(now_counted_ccy_amt - before_counted_ccy_amt as {{ amount_type() }}) as moved_ccy_amt
    from holdings
    where source_code = 'investment' and now_counted_ccy_amt <> before_counted_ccy_amt
    union all
    select
        holdings.customer_id,
        moves.part_code,
        holdings.now_share as aum_share,
        rates.mid_rate,
        moves.signed_ccy_amt as moved_ccy_amt
    from {{ ref('int_bridge__move') }} as moves
    inner join holdings on moves.account_id = holdings.account_id and holdings.source_code = 'deposit'
    inner join rates on moves.currency_code = rates.currency_code
    union all
    select
        customer_id,
        'investment_result' as part_code,
        lost_share as aum_share,
        mid_rate,
        bought_ccy_amt as moved_ccy_amt
    from trades
    union all
    select
        customer_id,
        'scope' as part_code,
        lost_share as aum_share,
        mid_rate,
        cast(-bought_ccy_amt as {{ amount_type() }}) as moved_ccy_amt
    from trades
    {%- if is_first_night() %}
    union all
    select
        customer_id,
        'opening' as part_code,
        before_share as aum_share,
        before_rate as mid_rate,
        before_counted_ccy_amt as moved_ccy_amt
    from holdings
    {%- endif %}

),

tonight as (

    select
        customer_id,
        part_code,
        aum_share in (-1, 1) and mid_rate = 1 as is_plain,
        aum_share,
        mid_rate,
        moved_ccy_amt
    from moved
    -- transactions that add to 0 have moved something; what stands still has not
    where
        aum_share <> 0
        and mid_rate <> 0
        and (moved_ccy_amt <> 0 or part_code not in ('scope', 'fx', 'overdraft', 'opening'))

),

parts as (

    select
        tonight.customer_id,
        tonight.part_code,
        months.month_start_date,
        case
            when not tonight.is_plain then 0
            when tonight.aum_share = 1 then tonight.moved_ccy_amt
            else -tonight.moved_ccy_amt
        end as plain_amt,
        case
            when tonight.is_plain then cast(0 as {{ exact_type() }})
            else cast(
                cast(tonight.moved_ccy_amt as decimal(20, 2)) * tonight.aum_share * tonight.mid_rate
                as {{ exact_type() }}
            )
        end as fine_amt
    from tonight
    inner join months on months.is_current
    {% if has_state() %}
    union all
    select
        last_night.customer_id,
        last_night.part_code,
        last_night.month_start_date,
        last_night.plain_amt,
        last_night.fine_amt
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    inner join months on last_night.month_start_date = months.month_start_date
    {% endif %}

)

select
    -- ids
    customer_id,

    -- codes
    part_code,

    -- dates
    {{ business_date() }} as business_date,
    month_start_date,

    -- measures: whole cents, and what takes more decimals
    cast(sum(plain_amt) as {{ sum_type() }}) as plain_amt,
    cast(sum(fine_amt) as {{ exact_type() }}) as fine_amt

from parts
group by customer_id, part_code, month_start_date
