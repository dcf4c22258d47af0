-- One row per trade that tonight looks at anew, step and person whom the step would credit. Referrers are a
-- step of their own: they share with the sellers of whichever step wins, but for the manager's, who names his
-- own.

with touched as (

    select trade_id from {{ ref('int_sales__touched') }} where business_date = {{ business_date() }}

),

trades as (

    select
        trades.trade_id,
        -- from the night of a merge on, the buyer is the customer who goes on
        case when trades.trade_date >= merged.told_date then merged.survivor_id else trades.customer_id end
            as buyer_id,
        trades.sales_org_id,
        trades.teller_id,
        trades.trade_date,
        trades.wait_end_date,
        rules.is_auto_credited,
        rules.fallback_code,
        rules.is_split_by_participation
    from {{ ref('int_sales__trade_entry') }} as trades
    inner join touched on trades.trade_id = touched.trade_id
    left join {{ ref('int_customer__survivor') }} as merged on trades.customer_id = merged.customer_id
    left join {{ ref('sales_product_rules') }} as rules
        on
            trades.sales_product_code = rules.sales_product_code
            and trades.trade_date >= rules.valid_from_date
            and trades.trade_date <= coalesce(rules.valid_to_date, cast('9999-12-31' as date))
    where trades.status_code = 'live'

),

-- those of a customer who is merged are found under both numbers
assignments as (

    select * from {{ ref('int_ownership__assignment') }}
    union all
    select {{ replaced_columns('inherited', {'customer_id': 'inherited.told_customer_id'}) }}
    from {{ ref('int_ownership__assignment') }} as inherited
    where inherited.told_customer_id <> inherited.customer_id

),

-- assignments of the trade date, as known tonight, whose org was the trade's org on that day
assigned as (

    select
        trades.trade_id,
        trades.is_split_by_participation,
        assignments.employee_id,
        assignments.participation_share,
        row_number() over (
            partition by trades.trade_id
            order by
                assignments.role_code desc nulls last,
                assignments.participation_share desc nulls last,
                assignments.valid_from_date desc nulls last,
                assignments.employee_id asc nulls last,
                assignments.assignment_id asc nulls last
        ) as preference,
        max(case when assignments.role_code = 'main' then 1 else 0 end) over (partition by trades.trade_id)
            as has_main
    from trades
    inner join assignments
        on
            trades.buyer_id = assignments.customer_id
            -- who has left by then is nobody's manager
            and assignments.employee_id <> 'UNASSIGNED'
            and trades.trade_date >= assignments.valid_from_date
            and (assignments.valid_to_date is null or trades.trade_date < assignments.valid_to_date)
    inner join {{ ref('int_org__succession') }} as sales_org
        on
            trades.sales_org_id = sales_org.org_id
            and trades.trade_date >= sales_org.from_date
            and trades.trade_date < sales_org.to_date
    inner join {{ ref('int_org__succession') }} as assigned_org
        on
            assignments.org_id = assigned_org.org_id
            and trades.trade_date >= assigned_org.from_date
            and trades.trade_date < assigned_org.to_date
            and sales_org.resolved_org_id = assigned_org.resolved_org_id
    where trades.is_auto_credited

),

registered as (

    select
        trade_id,
        case
            when source_code = 'manager' then 'manager'
            when actor_role_code = 'referrer' then 'referrer'
            else 'manual'
        end as step_code,
        actor_role_code,
        employee_id,
        -- empty if the person has a registration without ratio
        case
            when count(*) = count(credit_ratio) then cast(sum(credit_ratio) * 100000 as bigint)
        end as ratio_units
    from {{ ref('int_sales__judged_registration') }}
    where verdict_code = 'counts'
    group by 1, 2, 3, 4

),

candidates as (

    select trade_id, step_code, actor_role_code, employee_id, ratio_units, cast(1 as bigint) as weight
    from registered
    union all
    -- the main manager wholly, or every manager of that org by participation
    select
        trade_id,
        'auto' as step_code,
        'seller' as actor_role_code,
        employee_id,
        cast(null as bigint) as ratio_units,
        case
            when max(case when is_split_by_participation then 1 else 0 end) = 1
                then cast(sum(participation_share) * 100000 as bigint)
            else cast(1 as bigint)
        end as weight
    from assigned
    where has_main = 1 and (is_split_by_participation or preference = 1)
    group by trade_id, employee_id
    union all
    -- the teller, who has to have been employed when the trade was made: a later leaving takes nothing away
    select
        trades.trade_id,
        'fallback' as step_code,
        'seller' as actor_role_code,
        trades.teller_id as employee_id,
        cast(null as bigint) as ratio_units,
        cast(1 as bigint) as weight
    from trades
    inner join {{ ref('int_employee__employment') }} as employment
        on
            trades.teller_id = employment.employee_id
            and trades.trade_date >= employment.from_date
            and trades.trade_date < employment.to_date
    where trades.fallback_code = 'teller' and trades.wait_end_date <= {{ business_date() }}

)

select * from candidates
