-- One row per customer under attention tonight (流失预警): how long until the tier held is lost if nothing
-- changes, what is missing, what to pay in for it, and the last contact. In the last month before the loss
-- the line says so. Nobody who has closed is in it.
--
-- The AUM judged is an average over the month, so what is missing to it today has to be paid in several times
-- over: a payment counts only for the days that are left, tomorrow's included. top_up_amt is what, paid in by
-- tomorrow and left there with all else, brings the month's figure to the threshold.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with warned as (

    select *
    from {{ ref('rpt_attention_lost_customer') }}
    where month_start_date = {{ month_start(business_date()) }} and status_code = 'attention'

),

reasons as (

    select customer_id, rulebook_version, months_to_loss, loss_month_date
    from {{ ref('fct_tier_reason') }}
    where month_start_date = {{ month_start(business_date()) }}

),

months as (

    select
        month_start_date,
        recorded_days,
        thirty_days,
        is_partial_month,
        {{ days_between(business_date(), month_from_index('(month_index + 1)')) }} - 1 as days_left
    from {{ ref('int_calendar__open_months') }}
    where month_start_date = {{ month_start(business_date()) }}

),

held as (

    select
        aum.customer_id,
        rulebooks.rulebook_version,
        rulebooks.aum_basis_code,
        months.days_left,
        -- what the month's sum will be divided by at its end
        case
            when rulebooks.aum_basis_code = 'month_avg_30' and not months.is_partial_month
                then months.thirty_days
            else months.recorded_days + months.days_left
        end as month_days,
        aum.aum_end_amt,
        -- what the sum will be if nothing is paid in or out
        aum.balance_sum_amt + {{ times_days('aum.aum_end_amt', 'months.days_left') }} as month_sum_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date
    cross join {{ ref('tier_rulebooks') }} as rulebooks
    where rulebooks.rulebook_code = '{{ var("rulebook") }}'

),

contacts as (

    select
        customer_id,
        greatest(
            coalesce(last_contact_date, last_visit_date), coalesce(last_visit_date, last_contact_date)
        ) as last_contact_date
    from {{ ref('int_contact__customer') }}

)

select
    -- ids
    -- the line of a customer without a manager is the org's
    nullif(warned.employee_id, 'UNASSIGNED') as employee_id,
    warned.org_id,
    warned.customer_id,

    -- codes
    case when reasons.months_to_loss <= 1 then 'last_month' else 'attention' end as warning_code,
    warned.tier_code,

    -- dates
    {{ business_date() }} as business_date,
    reasons.loss_month_date,
    contacts.last_contact_date,

    -- measures
    cast(reasons.months_to_loss as integer) as months_left,
    warned.below_months,
    warned.aum_amt,
    warned.threshold_amt,
    warned.missing_amt,
    case
        -- nothing that is paid in tomorrow helps on the last day
        when held.days_left = 0 then null
        when held.aum_basis_code = 'month_end'
            then cast(greatest(warned.threshold_amt - held.aum_end_amt, 0) as {{ amount_type() }})
        -- rounded up to the cent
        when held.aum_basis_code in ('month_avg', 'month_avg_30') then {{ wide_cents_amount(floor_divide(
            'greatest('
            ~ total_cents(times_days('warned.threshold_amt', 'held.month_days') ~ ' - held.month_sum_amt')
            ~ ', 0) + held.days_left - 1',
            'held.days_left'
        )) }}
    end as top_up_amt

from warned
left join reasons on warned.customer_id = reasons.customer_id
left join held
    on warned.customer_id = held.customer_id and reasons.rulebook_version = held.rulebook_version
left join contacts on warned.customer_id = contacts.customer_id
