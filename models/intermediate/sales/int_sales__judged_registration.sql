-- One row per registration of a trade that tonight looks at anew, and what it is worth as of tonight.

with touched as (

    select trade_id from {{ ref('int_sales__touched') }} where business_date = {{ business_date() }}

),

sent as (

    select
        registrations.*,
        -- a registration is what it was when it first came; a revocation is never taken back
        row_number() over (
            partition by registrations.registration_id
            order by
                registrations.business_date nulls last,
                registrations.revoked_date nulls first
        ) as arrival,
        min(registrations.revoked_date) over (partition by registrations.registration_id)
            as first_revoked_date
    from {{ ref('int_sales__registration') }} as registrations
    inner join touched on registrations.trade_id = touched.trade_id

),

known as (

    select
        sent.registration_id,
        sent.trade_id,
        sent.employee_id,
        sent.registered_by_id,
        sent.actor_role_code,
        sent.source_code,
        sent.registered_utc_at,
        sent.registered_at,
        sent.registered_date,
        sent.first_revoked_date as revoked_date,
        sent.credit_ratio,
        trades.trade_id is not null as has_trade,
        staff.org_id as registered_org_id,
        sent.registered_date > {{ business_date() }} as is_to_come,
        coalesce(sent.first_revoked_date <= {{ business_date() }}, false) as is_revoked,
        -- the org that registered it and the org that sold, as they were on that day
        coalesce(staff_org.resolved_org_id = sales_org.resolved_org_id, false) as is_same_org,
        -- both the one who registered and the one registered, on that day
        registrar.employee_id is not null and actor.employee_id is not null as is_employed
    from sent
    left join {{ ref('int_sales__trade_entry') }} as trades
        on sent.trade_id = trades.trade_id and trades.status_code = 'live'
    left join {{ ref('int_employee__org') }} as staff
        on
            sent.registered_by_id = staff.employee_id
            and sent.registered_date >= staff.from_date
            and sent.registered_date < staff.to_date
    left join {{ ref('int_org__succession') }} as staff_org
        on
            staff.org_id = staff_org.org_id
            and sent.registered_date >= staff_org.from_date
            and sent.registered_date < staff_org.to_date
    left join {{ ref('int_org__succession') }} as sales_org
        on
            trades.sales_org_id = sales_org.org_id
            and sent.registered_date >= sales_org.from_date
            and sent.registered_date < sales_org.to_date
    left join {{ ref('int_employee__employment') }} as registrar
        on
            sent.registered_by_id = registrar.employee_id
            and sent.registered_date >= registrar.from_date
            and sent.registered_date < registrar.to_date
    left join {{ ref('int_employee__employment') }} as actor
        on
            sent.employee_id = actor.employee_id
            and sent.registered_date >= actor.from_date
            and sent.registered_date < actor.to_date
    where sent.arrival = 1

),

-- all manager registrations of one instant are one version; the latest counts
managed as (

    select
        *,
        source_code = 'manager' and not is_to_come and not is_revoked and is_employed as is_standing_managed
    from known

),

latest as (

    select
        *,
        max(case when is_standing_managed then registered_utc_at end) over (partition by trade_id)
            as counting_instant
    from managed

),

summed as (

    select
        *,
        sum(case when is_standing_managed then credit_ratio end) over same_instant as instant_ratio,
        sum(case when is_standing_managed and credit_ratio is null then 1 else 0 end) over same_instant
            as instant_without_ratio_cnt
    from latest
    window same_instant as (partition by trade_id, registered_utc_at)

)

select
    registration_id,
    trade_id,
    employee_id,
    registered_by_id,
    registered_org_id,
    actor_role_code,
    source_code,
    registered_at,
    registered_date,
    revoked_date,
    credit_ratio,
    -- first match wins
    case
        when is_to_come then 'to_come'
        when is_revoked then 'revoked'
        when not has_trade then 'trade_unknown'
        when not is_employed then 'not_employed'
        when source_code = 'manager' and registered_utc_at < counting_instant then 'superseded'
        when source_code = 'manager' and (instant_ratio <> 1 or instant_without_ratio_cnt > 0)
            then 'ratio_not_one'
        when source_code = 'manual' and not is_same_org then 'other_org'
        else 'counts'
    end as verdict_code
from summed
