-- One row per sale and one per cancellation that the bank sent, with the night that brought it; what is sent
-- twice counts once. A cancellation may come before its sale. Which org sold it, by which rule and until when
-- it waits for a registration, and what its currency was worth, is settled on the night that brings the sale.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with tonight as (

    select
        *,
        -- what the row is about: a cancellation names the sale
        case when status_code = 'cancelled' then coalesce(related_trade_id, trade_id) else trade_id end
            as sold_trade_id
    from {{ ref('stg_core_banking__sales_trades') }}

),

{% if has_state() %}

-- of all nights: a sale that is sent again may have another date, and must not count twice
earlier as (

    select sent_trade_id, status_code from {{ this }}

),

{% endif %}

fresh as (

    select tonight.*
    from tonight
    {% if has_state() %}
    left join earlier
        on tonight.trade_id = earlier.sent_trade_id and tonight.status_code = earlier.status_code
    where earlier.sent_trade_id is null
    {% endif %}

),

coded as (

    select
        fresh.*,
        case when listed.sales_product_code is null then 'other' else products.sales_product_code end
            as sales_product_code
    from fresh
    left join {{ ref('stg_core_banking__products') }} as products
        on fresh.product_code = products.product_code
    left join (select distinct sales_product_code from {{ ref('sales_product_rules') }}) as listed
        on products.sales_product_code = listed.sales_product_code

),

ruled as (

    select
        coded.*,
        rules.rulebook_version,
        rules.sales_org_code,
        rules.wait_days,
        rules.wait_day_code
    from coded
    left join {{ ref('sales_product_rules') }} as rules
        on
            coded.sales_product_code = rules.sales_product_code
            and coded.trade_date >= rules.valid_from_date
            and coded.trade_date <= coalesce(rules.valid_to_date, cast('9999-12-31' as date))

),

business_days as (

    select
        waits.trade_date,
        waits.wait_days,
        calendar.calendar_date,
        row_number() over (
            partition by waits.trade_date, waits.wait_days order by calendar.calendar_date nulls last
        ) as day_number
    from (select distinct trade_date, wait_days from ruled where wait_day_code = 'business') as waits
    inner join {{ ref('stg_core_banking__calendar_days') }} as calendar
        on waits.trade_date < calendar.calendar_date
    where calendar.is_business_day

),

owners as (

    -- the same in all months that tonight computes
    select distinct ruled.trade_id, customers.owning_org_id
    from ruled
    left join {{ ref('int_customer__survivor') }} as merged on ruled.customer_id = merged.customer_id
    inner join {{ ref('int_customer__month') }} as customers
        on coalesce(merged.survivor_id, ruled.customer_id) = customers.customer_id
    where ruled.sales_org_code = 'customer_owning_org' and ruled.status_code = 'live'

),

accounts as (

    select ruled.trade_id, accounts.org_id
    from ruled
    inner join {{ ref('int_account__versions') }} as accounts
        on ruled.account_id = accounts.account_id and accounts.known_to_date is null
    where ruled.sales_org_code = 'account_org' and ruled.status_code = 'live'

)

select
    -- ids
    ruled.trade_id as sent_trade_id,
    ruled.sold_trade_id as trade_id,
    ruled.customer_id,
    ruled.product_code,
    ruled.org_id as trade_org_id,
    coalesce(owners.owning_org_id, accounts.org_id, ruled.org_id) as sales_org_id,
    ruled.teller_id,

    -- codes
    ruled.status_code,
    ruled.sales_product_code,
    ruled.rulebook_version,
    valued.currency_code,

    -- dates
    ruled.trade_date,
    coalesce(business_days.calendar_date, {{ add_days('ruled.trade_date', 'ruled.wait_days') }})
        as wait_end_date,
    {{ business_date() }} as business_date,

    -- measures
    ruled.amount_ccy_amt as amount_amt,
    ruled.fee_income_ccy_amt as fee_income_amt,
    -- 20 and 18 digits: the product is exact
    cast(cast(ruled.amount_ccy_amt as decimal(20, 2)) * valued.mid_rate as {{ amount_type() }})
        as amount_reporting_amt,
    cast(cast(ruled.fee_income_ccy_amt as decimal(20, 2)) * valued.mid_rate as {{ amount_type() }})
        as fee_income_reporting_amt

from ruled
left join {{ ref('int_sales__trade_value') }} as valued on ruled.trade_id = valued.trade_id
left join business_days
    on
        {{ key_where("ruled.wait_day_code = 'business'", 'ruled.trade_date') }} = business_days.trade_date
        and ruled.wait_days = business_days.wait_days
        and business_days.day_number = ruled.wait_days
left join owners on {{ key_where("ruled.status_code = 'live'", 'ruled.trade_id') }} = owners.trade_id
left join accounts on {{ key_where("ruled.status_code = 'live'", 'ruled.trade_id') }} = accounts.trade_id
