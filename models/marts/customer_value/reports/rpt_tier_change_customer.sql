-- One row per personal customer and month in which the tier rose or fell: the upgrade and the downgrade
-- list. `new` is the first month above ordinary ever.

{{ config(meta={
    'grain': ['month_start_date', 'customer_id'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with changes as (

    select event.*
    from {{ ref('fct_tier_event') }} as event
    inner join {{ ref('int_calendar__open_months') }} as months
        on event.month_start_date = months.month_start_date
    where event.event_code in ('new', 'upgrade', 'downgrade')

),

tiers as (

    select tier.*
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join {{ ref('int_calendar__open_months') }} as months
        on tier.month_start_date = months.month_start_date

)

select
    -- ids
    changes.customer_id,
    tiers.owning_org_id as org_id,
    coalesce(managers.employee_id, 'UNASSIGNED') as employee_id,

    -- codes
    changes.event_code,
    changes.from_tier_code,
    changes.to_tier_code,
    tiers.status_code,
    changes.deciding_factor_code,
    changes.cause_code,

    -- dates
    changes.month_start_date,

    -- measures
    changes.assessment_aum_amt as aum_amt,
    changes.previous_assessment_aum_amt as previous_aum_amt,
    cast(
        changes.assessment_aum_amt - coalesce(changes.previous_assessment_aum_amt, 0) as {{ amount_type() }}
    ) as aum_change_amt,

    -- flags
    changes.is_provisional

from changes
inner join tiers
    on changes.customer_id = tiers.customer_id and changes.month_start_date = tiers.month_start_date
left join {{ ref('int_ownership__main_manager') }} as managers
    on changes.customer_id = managers.customer_id and changes.month_start_date = managers.month_start_date
