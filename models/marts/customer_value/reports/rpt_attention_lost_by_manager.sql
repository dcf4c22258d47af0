-- One row per org, relationship manager, status, tier and month: how many customers are at attention or lost,
-- how many of them since this month, and how much AUM they have left. Who closed in the month after losing a
-- tier is counted under `closed`, and no more from the next month on.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'employee_id', 'status_code', 'tier_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with customers as (

    select
        *,
        case when is_closed then 'closed' else status_code end as counted_code
    from {{ ref('int_report__attention_lost') }}
    where not is_closed or (status_code = 'lost' and not is_closed_before)

)

select
    -- ids
    customers.org_id,
    customers.employee_id,

    -- codes
    customers.counted_code as status_code,
    customers.tier_code,

    -- dates
    customers.month_start_date,

    -- measures
    count(*) as customer_cnt,
    cast(sum(case when customers.is_first_month then 1 else 0 end) as bigint) as first_month_cnt,
    cast(sum(customers.aum_amt) as {{ amount_type() }}) as aum_amt,
    cast(sum(customers.missing_amt) as {{ amount_type() }}) as missing_amt,

    -- flags
    months.is_provisional

from customers
inner join {{ ref('int_calendar__open_months') }} as months
    on customers.month_start_date = months.month_start_date
group by
    customers.org_id, customers.employee_id, customers.counted_code, customers.tier_code,
    customers.month_start_date, months.is_provisional
