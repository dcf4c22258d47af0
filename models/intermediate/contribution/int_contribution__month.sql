-- One row per month whose contribution tonight computes, with the rules in force. The ledger begins with the
-- month of the first night: what was lent before is not recorded. At a bank that wants it at month ends, a
-- month is computed when it is over and from its last business day on.

{{ config(materialized='view', tags=['night']) }}

with later_business_days as (

    select count(*) as day_cnt
    from {{ ref('stg_core_banking__calendar_days') }}
    where is_business_day and calendar_date > {{ business_date() }}
        and calendar_date <= last_day({{ business_date() }})

)

select
    months.month_start_date,
    months.month_end_date,
    months.through_date,
    months.month_index,
    months.elapsed_days,
    {{ days_between('months.month_start_date', 'months.month_end_date') }} + 1 as month_days,
    greatest(months.month_start_date, recorded.recorded_from_date) as recorded_from_date,
    {{ days_between(
        'greatest(months.month_start_date, recorded.recorded_from_date)', 'months.month_end_date'
    ) }} + 1 as recorded_days,
    months.is_current,
    months.is_provisional,
    recorded.recorded_from_date > months.month_start_date as is_partial_month,
    rules.hurdle_rate,
    rules.default_capital_rate,
    rules.reserve_ratio,
    rules.reserve_rate,
    rules.tax_rate
from {{ ref('int_calendar__computed_months') }} as months
inner join {{ ref('contribution_rules') }} as rules
    on
        months.month_start_date >= rules.valid_from_month
        and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)
cross join {{ ref('int_contribution__recorded_from') }} as recorded
cross join later_business_days
where
    {% if is_first_night() %}months.is_current and {% endif %}(
        '{{ var("contribution") }}' = 'every_night'
        or not months.is_provisional
        or later_business_days.day_cnt = 0
    )
