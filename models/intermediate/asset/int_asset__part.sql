-- One row per customer, org that keeps the account, loan or card, and asset class tonight: what is held or
-- owed, at full weight, in AUM or not. An overdrawn balance counts 0. A table made anew each night from all
-- balances, as the batch brings them all.

{{ config(materialized='table') }}

with owners as (

    select * from {{ ref('int_account__owner') }}

),

rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

balances as (

    select
        held.customer_id as holder_id,
        owners.customer_id as owner_id,
        owners.ownership_share,
        held.org_id,
        held.source_code,
        coalesce(
            products.asset_class_code,
            case when held.source_code = 'investment' then 'wealth' else 'deposit' end
        ) as asset_class_code,
        rates.mid_rate,
        coalesce(owners.ownership_share, 1) = 1 and rates.mid_rate = 1 as is_plain,
        {{ cents_amount('held.balance_cents') }} as balance_ccy_amt
    from {{ by_survivor(ref('int_contribution__account_day')) }} as held
    inner join rates on held.currency_code = rates.currency_code
    left join owners on held.account_id = owners.account_id
    left join {{ ref('stg_core_banking__products') }} as products on held.product_code = products.product_code
    where
        held.business_date = {{ business_date() }}
        and held.month_start_date = {{ month_start(business_date()) }}
        and held.source_code in ('deposit', 'investment')
        and held.balance_cents > 0

),

parts as (

    select
        coalesce(owner_id, holder_id) as customer_id,
        org_id,
        source_code,
        asset_class_code,
        case when is_plain then balance_ccy_amt else 0 end as plain_amt,
        case
            when is_plain then cast(0 as {{ exact_type() }})
            else cast(
                cast(balance_ccy_amt as decimal(24, 2)) * coalesce(ownership_share, cast(1 as decimal(9, 6)))
                * mid_rate
                as {{ exact_type() }}
            )
        end as fine_amt
    from balances
    union all
    select
        customer_id,
        org_id,
        debt_code as source_code,
        debt_code as asset_class_code,
        0 as plain_amt,
        cast(balance_amt as {{ exact_type() }}) as fine_amt
    from {{ ref('int_customer__debt') }}

)

select
    -- ids
    customer_id,
    org_id,

    -- codes
    asset_class_code,

    -- measures: whole cents, and what takes more decimals
    cast(sum(plain_amt) as {{ sum_type() }}) as plain_amt,
    cast(sum(fine_amt) as {{ exact_type() }}) as fine_amt,
    cast(sum(case when source_code = 'deposit' then plain_amt else 0 end) as {{ sum_type() }})
        as deposit_plain_amt,
    cast(sum(case when source_code = 'deposit' then fine_amt else 0 end) as {{ exact_type() }})
        as deposit_fine_amt

from parts
group by customer_id, org_id, asset_class_code
