-- One row per changed account, loan or card, span and month that tonight computes: the days of the month on
-- which it was open in the span.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

open_spans as (

    select
        spans.*,
        greatest(spans.from_date, coalesce(contracts.open_date, spans.from_date)) as open_from_date,
        least(spans.to_date, coalesce(contracts.close_date, spans.to_date)) as open_to_date
    from {{ ref('int_contribution__held_span') }} as spans
    left join {{ ref('int_contribution__contract') }} as contracts
        on spans.register_code = contracts.register_code and spans.account_id = contracts.account_id

),

in_month as (

    select
        open_spans.*,
        months.month_start_date,
        {{ days_between(
            'greatest(open_spans.open_from_date, months.recorded_from_date)',
            'least(open_spans.open_to_date, ' ~ add_days('months.through_date', 1) ~ ')'
        ) }} as held_days
    from open_spans
    cross join months

)

select
    account_id,
    org_id,
    customer_id,
    register_code,
    told_date,
    from_date,
    month_start_date,
    held_days,
    sum(held_days) over (partition by register_code, account_id, month_start_date) as open_days
from in_month
where held_days > 0
