-- One row per customer whom nobody looks after tonight though somebody should: recalled from the manager,
-- left behind by a manager who left the bank, or at or above the line from which customers are assigned.

with assignments as (

    select
        *,
        valid_to_date is null or valid_to_date > {{ business_date() }} as is_running,
        row_number() over (
            partition by customer_id
            order by
                coalesce(valid_to_date, cast('9999-12-31' as date)) desc nulls last,
                role_code desc nulls last,
                -- of several main managers, one who is still there
                case when employee_id = 'UNASSIGNED' then 2 else 1 end nulls last,
                assignment_id asc nulls last
        ) as lastness
    from {{ ref('int_ownership__assignment') }}
    where valid_from_date <= {{ business_date() }}

),

-- how the last assignment ended, and at which org
owned as (

    select
        customer_id,
        org_id,
        change_reason_code,
        is_running and employee_id = 'UNASSIGNED' as is_left,
        case when is_running then valid_from_date else valid_to_date end as ended_date,
        is_running and employee_id <> 'UNASSIGNED' as is_owned
    from assignments
    where lastness = 1

),

line as (

    select tiers.rulebook_version, tiers.tier_rank
    from {{ ref('assignment_rules') }} as rules
    inner join {{ ref('tier_rulebooks') }} as rulebooks
        on
            rules.rulebook_code = rulebooks.rulebook_code
            and {{ month_start(business_date()) }} >= rulebooks.valid_from_month
            and (
                rulebooks.valid_to_month is null
                or {{ month_start(business_date()) }} <= rulebooks.valid_to_month
            )
    inner join {{ ref('tier_rules') }} as tiers
        on
            rulebooks.rulebook_version = tiers.rulebook_version
            and rules.assignable_tier_code = tiers.tier_code
    where
        rules.rulebook_code = '{{ var("rulebook") }}'
        and {{ month_start(business_date()) }} >= rules.valid_from_month
        and (rules.valid_to_month is null or {{ month_start(business_date()) }} <= rules.valid_to_month)

),

-- a customer without a tier row tonight counts as below the line
tiered as (

    select
        tiers.customer_id,
        tiers.tier_code,
        tiers.owning_org_id,
        tiers.tier_rank >= line.tier_rank as is_assignable
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join line on tiers.rulebook_version = line.rulebook_version
    where tiers.month_start_date = {{ month_start(business_date()) }}

),

customers as (

    select customer_id from tiered where is_assignable
    union
    select customer_id from owned where change_reason_code = 'recall' or is_left

)

select
    customers.customer_id,
    coalesce(owned.org_id, tiered.owning_org_id) as org_id,
    case
        when owned.customer_id is null then 'never_assigned'
        when owned.is_left then 'manager_left'
        when owned.change_reason_code = 'recall' then 'recalled'
        else 'ended'
    end as reason_code,
    tiered.tier_code,
    coalesce(tiered.is_assignable, false) as is_assignable,
    owned.ended_date
from customers
left join owned on customers.customer_id = owned.customer_id
left join tiered on customers.customer_id = tiered.customer_id
inner join {{ living(ref('int_customer__versions')) }} as known
    on customers.customer_id = known.customer_id and known.known_to_date is null
where not coalesce(owned.is_owned, false) and known.status_code = 'active'
