-- One row per org, product and month (定价与优惠): what customers get on deposits and pay on loans on average,
-- beside the list rate and the transfer rate, and what that costs the bank: interest above the list on
-- deposits, below it on loans.

{{ config(meta={
    'grain': ['org_id', 'product_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

totals as (

    select
        ledger.org_id,
        ledger.product_code,
        ledger.month_start_date,
        min(ledger.source_code) as source_code,
        min(ledger.day_count) as day_count,
        count(distinct ledger.account_id) as account_cnt,
        sum({{ cents('ledger.average_balance_amt') }}) as balance_cents,
        sum(
            {{ wide(cents('ledger.average_balance_amt')) }}
            * {{ millionths_of('coalesce(ledger.customer_rate, 0)') }}
        ) as customer_rate_units,
        sum(
            {{ wide(cents('ledger.average_balance_amt')) }}
            * {{ millionths_of('coalesce(ledger.ftp_rate, 0)') }}
        ) as ftp_rate_units,
        sum({{ cents('ledger.customer_interest_amt') }}) as interest_cents
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    where ledger.source_code in ('deposit', 'loan', 'card') and ledger.average_balance_amt > 0
    group by ledger.org_id, ledger.product_code, ledger.month_start_date

),

listed as (

    select
        totals.*,
        rules.list_rate,
        {{ round_wide(
            wide('totals.balance_cents') ~ ' * ' ~ millionths_of('rules.list_rate')
            ~ ' * months.elapsed_days',
            '(' ~ wide('1000000') ~ ' * totals.day_count)',
        ) }} as list_interest_cents,
        months.elapsed_days,
        months.is_provisional,
        months.is_partial_month
    from totals
    inner join months on totals.month_start_date = months.month_start_date
    left join {{ ref('list_rate_rules') }} as rules
        on
            totals.product_code = rules.product
            and totals.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or totals.month_start_date <= rules.valid_to_month)

)

select
    -- ids
    org_id,
    product_code,

    -- dates
    month_start_date,

    -- measures
    cast(account_cnt as bigint) as account_cnt,
    {{ cents_amount('balance_cents') }} as average_balance_amt,
    {{ millionths(average_rate('customer_rate_units', 'balance_cents')) }} as customer_rate,
    list_rate,
    {{ millionths(average_rate('ftp_rate_units', 'balance_cents')) }} as ftp_rate,
    {{ cents_amount('interest_cents') }} as customer_interest_amt,
    {{ cents_amount('list_interest_cents') }} as list_interest_amt,
    {{ cents_amount(
        "case when source_code = 'deposit' then 1 else -1 end * (interest_cents - list_interest_cents)"
    ) }} as concession_amt,
    cast(elapsed_days as integer) as balance_days,

    -- flags
    is_provisional,
    is_partial_month

from listed
