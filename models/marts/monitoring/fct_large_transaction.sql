-- One row per large transaction (大额交易), written by the night that finds it large: its amount, or the total of
-- its customer, kind (cash, transfer), direction and date, is at or above the line. All of such a day are
-- listed, those that came on earlier nights too, each at the rate of the night that brought it. The customer
-- is the account's holder, who answers for the whole amount. Reversals are not listed and not counted. A list
-- for customer care, no report against money laundering.

{{ config(meta={
    'grain': ['month_start_date', 'txn_id'], 'partition': 'month_start_date', 'carried': 'business_date',
}) }}

with accounts as (

    select account_id, customer_id
    from {{ by_survivor(ref('int_account__versions')) }}
    where known_to_date is null

),

customers as (

    select customers.*
    from {{ ref('int_customer__month') }} as customers
    inner join {{ ref('int_calendar__computed_months') }} as months
        on customers.month_start_date = months.month_start_date and months.is_current

),

managers as (

    select *
    from {{ ref('int_ownership__main_manager') }}
    where month_start_date = {{ month_start(business_date()) }}

),

rates as (

    select currency_code, calendar_date, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date >= {{ add_days(business_date(), '-' ~ same_day_days()) }}

),

lines as (

    select *
    from {{ ref('large_transaction_rules') }}
    where
        valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})

),

tonight as (

    select *
    from {{ ref('int_account__transaction') }}
    where
        business_date >= coalesce({{ previous_batch_date() }}, cast('1900-01-01' as date))
        and told_date = {{ business_date() }}

),

-- of tonight's days: what came tonight, and on the nights before
same_days as (

    select log.*
    from {{ ref('int_account__transaction') }} as log
    where
        -- no night brings a transaction before its day
        log.business_date >= (select min(tonight.txn_date) from tonight)
        and log.business_date >= {{ add_days(business_date(), '-' ~ same_day_days()) }}
        and log.told_date < {{ business_date() }}
        and log.txn_date in (select tonight.txn_date from tonight)
    union all
    select * from tonight

),

counted as (

    select
        log.txn_id,
        log.account_id,
        accounts.customer_id,
        log.txn_date,
        log.direction_code,
        log.flow_code,
        case when log.flow_code = 'cash' then 'cash' else 'transfer' end as kind_code,
        log.is_in_bank,
        log.told_date = {{ business_date() }} as is_tonight,
        cast(cast(log.amount_ccy_amt as decimal(24, 2)) * rates.mid_rate as {{ amount_type() }}) as amount_amt
    from same_days as log
    inner join accounts on log.account_id = accounts.account_id
    inner join rates on log.currency_code = rates.currency_code and log.told_date = rates.calendar_date
    where
        log.flow_code in ('cash', 'own_transfer', 'bank_transfer', 'salary', 'outside')
        and not log.is_reversal

),

days as (

    select
        customer_id,
        kind_code,
        direction_code,
        txn_date,
        sum(amount_amt) as day_total_amt
    from counted
    group by customer_id, kind_code, direction_code, txn_date
    having max(case when is_tonight then 1 else 0 end) = 1

)

select
    -- ids
    counted.txn_id,
    counted.account_id,
    counted.customer_id,
    customers.owning_org_id,
    managers.employee_id,

    -- codes
    counted.direction_code,
    counted.flow_code,
    lines.rule_code,
    lines.rule_version,

    -- dates
    counted.txn_date,
    {{ month_start(business_date()) }} as month_start_date,
    {{ business_date() }} as business_date,

    -- measures
    counted.amount_amt,
    cast(days.day_total_amt as {{ amount_type() }}) as day_total_amt,
    lines.threshold_amt,

    -- flags
    counted.is_in_bank

from counted
inner join days
    on
        counted.customer_id = days.customer_id
        and counted.kind_code = days.kind_code
        and counted.direction_code = days.direction_code
        and counted.txn_date = days.txn_date
inner join customers on counted.customer_id = customers.customer_id
inner join lines
    on customers.customer_type_code = lines.customer_type_code and counted.kind_code = lines.kind_code
left join managers on counted.customer_id = managers.customer_id
{% if has_state() %}
left join (
    select txn_id
    from {{ this }}
    where business_date >= {{ add_days(business_date(), '-' ~ same_day_days()) }}
) as listed on counted.txn_id = listed.txn_id
{% endif %}
where
    days.day_total_amt >= lines.threshold_amt
    {% if has_state() %}and listed.txn_id is null{% endif %}
