-- One row per entry of the ledger (业绩分录): a credit, or the reversal of one. Rows are only ever added: a
-- change reverses what no longer holds and credits what now does. What was published stays whatever arrives
-- later, so the newest release is the record, and a night that is replayed on the way to a later one adds
-- nothing: what it finds is added by the night that ends the replay, when readers see it.

{{ config(meta={
    'grain': ['entry_id'], 'partition': 'knowledge_date', 'carried': 'released',
}) }}

{% set ledger = this if has_state() else source('confirmed', 'fct_sales_credit') %}

with ledger as (

    select * from {{ ledger }}

),

last_entry as (

    select coalesce(max(entry_id), 0) as entry_id from ledger

),

touched as (

    select touched.trade_id
    from {{ ref('int_sales__touched') }} as touched
    cross join {{ source('pipeline', 'confirmation') }} as night
    where
        touched.business_date = {{ business_date() }}
        and night.confirmed_date = {{ business_date() }}
        -- an earlier night that is run again after a rollback
        and not exists (select 1 from ledger where knowledge_date > {{ business_date() }})

),

touched_entries as (

    select ledger.*
    from ledger
    inner join touched on ledger.trade_id = touched.trade_id

),

live as (

    select credits.*
    from touched_entries as credits
    left join touched_entries as reversals on credits.entry_id = reversals.reverses_entry_id
    where credits.entry_type_code = 'credit' and reversals.entry_id is null

),

wanted as (

    select
        shares.*,
        trades.sales_org_id,
        trades.sales_product_code,
        trades.rulebook_version,
        trades.currency_code,
        trades.trade_date
    from {{ ref('int_sales__share') }} as shares
    inner join touched on shares.trade_id = touched.trade_id
    inner join {{ ref('int_sales__attribution') }} as trades on shares.trade_id = trades.trade_id

),

compared as (

    select
        live.entry_id as live_entry_id,
        coalesce(live.trade_id, wanted.trade_id) as trade_id,
        coalesce(live.employee_id, wanted.employee_id) as employee_id,
        coalesce(live.actor_role_code, wanted.actor_role_code) as actor_role_code,
        coalesce(live.sales_org_id, wanted.sales_org_id) as sales_org_id,
        coalesce(live.rule_code, wanted.rule_code) as rule_code,
        coalesce(live.sales_product_code, wanted.sales_product_code) as sales_product_code,
        coalesce(live.rulebook_version, wanted.rulebook_version) as rulebook_version,
        coalesce(live.currency_code, wanted.currency_code) as currency_code,
        coalesce(live.trade_date, wanted.trade_date) as trade_date,
        -- a reversal takes back what its credit gave
        case when live.entry_id is null then wanted.credit_ratio else -live.credit_ratio end as credit_ratio,
        case when live.entry_id is null then wanted.credit_amt else -live.credit_amt end as credit_amt,
        case when live.entry_id is null then wanted.credit_fee_income_amt else -live.credit_fee_income_amt end
            as credit_fee_income_amt,
        case when live.entry_id is null then wanted.credit_reporting_amt else -live.credit_reporting_amt end
            as credit_reporting_amt,
        case
            when live.entry_id is null then wanted.credit_fee_income_reporting_amt
            else -live.credit_fee_income_reporting_amt
        end as credit_fee_income_reporting_amt
    from live
    full outer join wanted
        on
            live.trade_id = wanted.trade_id
            and live.employee_id = wanted.employee_id
            and live.actor_role_code = wanted.actor_role_code
            and live.rule_code = wanted.rule_code
            and live.sales_org_id = wanted.sales_org_id
            and live.sales_product_code = wanted.sales_product_code
            and live.credit_ratio = wanted.credit_ratio
            and live.credit_amt = wanted.credit_amt
            and live.credit_fee_income_amt = wanted.credit_fee_income_amt
            and live.currency_code = wanted.currency_code
            -- empty where no rate is known
            and coalesce(live.credit_reporting_amt, 0) = coalesce(wanted.credit_reporting_amt, 0)
            and coalesce(live.credit_fee_income_reporting_amt, 0)
            = coalesce(wanted.credit_fee_income_reporting_amt, 0)
    where live.trade_id is null or wanted.trade_id is null

),

numbered as (

    select
        *,
        row_number() over (
            order by
                trade_id nulls last,
                case when live_entry_id is null then 2 else 1 end nulls last,
                live_entry_id nulls last,
                employee_id nulls last,
                actor_role_code nulls last
        ) as entry_number
    from compared

),

entries as (

    select
        -- ids
        last_entry.entry_id + numbered.entry_number as entry_id,
        numbered.trade_id,
        numbered.employee_id,
        numbered.sales_org_id,
        numbered.live_entry_id as reverses_entry_id,

        -- codes
        numbered.actor_role_code,
        numbered.rule_code,
        case when numbered.live_entry_id is null then 'credit' else 'reversal' end as entry_type_code,
        numbered.sales_product_code,
        numbered.rulebook_version,
        numbered.currency_code,

        -- dates
        numbered.trade_date,
        {{ business_date() }} as effective_date,
        {{ business_date() }} as knowledge_date,

        -- measures
        cast(numbered.credit_ratio as decimal(6, 5)) as credit_ratio,
        cast(numbered.credit_amt as {{ amount_type() }}) as credit_amt,
        cast(numbered.credit_fee_income_amt as {{ amount_type() }}) as credit_fee_income_amt,
        cast(numbered.credit_reporting_amt as {{ amount_type() }}) as credit_reporting_amt,
        cast(numbered.credit_fee_income_reporting_amt as {{ amount_type() }})
            as credit_fee_income_reporting_amt
    from numbered
    cross join last_entry

)

select
    entry_id,
    trade_id,
    employee_id,
    sales_org_id,
    reverses_entry_id,
    actor_role_code,
    rule_code,
    entry_type_code,
    sales_product_code,
    rulebook_version,
    trade_date,
    effective_date,
    knowledge_date,
    credit_ratio,
    credit_amt,
    credit_fee_income_amt,
    currency_code,
    credit_reporting_amt,
    credit_fee_income_reporting_amt
from entries
