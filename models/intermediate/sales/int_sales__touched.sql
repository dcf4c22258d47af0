-- One row per trade and night that looked at it anew: what the night brought may change who is credited. All
-- other trades are as they were. A night that ends a replay also looks at what the replayed nights had
-- touched, and at what was credited in the time that they replace.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

{% set after_last_night -%}
    {%- if is_first_night() -%} <= {{ business_date() }}
    {%- else -%} between {{ add_days(previous_batch_date(), 1) }} and {{ business_date() }}
    {%- endif -%}
{%- endset %}

with night as (

    select replayed_from_date from {{ source('pipeline', 'confirmation') }}

),

assignment_changes as (

    select
        coalesce(new_version.customer_id, old_version.customer_id) as customer_id,
        old_version.customer_id as old_customer_id,
        case
            -- it only ends earlier or later than was known
            when
                new_version.customer_id = old_version.customer_id
                and new_version.employee_id = old_version.employee_id
                and new_version.org_id = old_version.org_id
                and new_version.role_code = old_version.role_code
                and new_version.participation_share = old_version.participation_share
                and new_version.valid_from_date = old_version.valid_from_date
                then least(
                    coalesce(old_version.valid_to_date, cast('9999-12-31' as date)),
                    coalesce(new_version.valid_to_date, cast('9999-12-31' as date))
                )
            else least(
                coalesce(new_version.valid_from_date, old_version.valid_from_date),
                coalesce(old_version.valid_from_date, new_version.valid_from_date)
            )
        end as changed_from_date
    from (
        select * from {{ ref('int_assignment__versions') }} where known_from_date = {{ business_date() }}
    ) as new_version
    full outer join (
        select * from {{ ref('int_assignment__versions') }} where known_to_date = {{ business_date() }}
    ) as old_version on new_version.assignment_id = old_version.assignment_id

),

customers as (

    select customer_id, min(changed_from_date) as changed_from_date
    from (
        select customer_id, changed_from_date from assignment_changes
        union all
        select old_customer_id as customer_id, changed_from_date from assignment_changes
    ) as either
    where customer_id is not null
    group by customer_id

),

-- staff of whom tonight's batch says otherwise when they were employed
employment_changes as (

    select * from {{ ref('int_employee__employment_change') }}

),

registrations as (

    select trade_id
    from {{ ref('int_sales__registration') }}
    where
        business_date = {{ business_date() }}
        -- delivered before its day, which has come
        or registered_date {{ after_last_night }}
        or revoked_date {{ after_last_night }}
    union all
    select registrations.trade_id
    from {{ ref('int_sales__registration') }} as registrations
    inner join employment_changes
        on
            employment_changes.employee_id in (registrations.employee_id, registrations.registered_by_id)
            and registrations.registered_date >= employment_changes.changed_from_date

),

-- whom they look after, now or before
managed_customers as (

    select
        assignments.customer_id,
        min(employment_changes.changed_from_date) as changed_from_date
    from employment_changes
    inner join {{ ref('int_ownership__assigned') }} as assignments
        on employment_changes.employee_id = assignments.employee_id
    group by assignments.customer_id

),

-- a ratio that tonight's batch says otherwise, for days that were
ratio_changes as (

    select min(valid_from_date) as changed_from_date
    from {{ ref('int_sales__ratio_versions') }}
    where
        (known_from_date = {{ business_date() }} or known_to_date = {{ business_date() }})
        and valid_from_date <= {{ business_date() }}

),

referred as (

    select distinct registrations.trade_id
    from {{ ref('int_sales__registration') }} as registrations
    where
        registrations.actor_role_code = 'referrer'
        and exists (select 1 from ratio_changes where changed_from_date is not null)

),

-- successions that tonight's batch says otherwise
new_successions as (

    select org_id, successor_org_id, close_date
    from {{ ref('int_org__versions') }}
    where known_from_date = {{ business_date() }}

),

old_successions as (

    select org_id, successor_org_id, close_date
    from {{ ref('int_org__versions') }}
    where known_to_date = {{ business_date() }}

),

changed_successions as (

    (
        select * from new_successions
        except
        select * from old_successions
    )
    union all
    (
        select * from old_successions
        except
        select * from new_successions
    )

),

moved_orgs as (

    select org_id from changed_successions
    union
    select successor_org_id as org_id from changed_successions where successor_org_id is not null

),

-- and all orgs that are one with those
joined_orgs as (

    select distinct succession.org_id
    from {{ ref('int_org__succession') }} as succession
    inner join {{ ref('int_org__succession') }} as same_org
        on succession.resolved_org_id = same_org.resolved_org_id
    inner join moved_orgs on same_org.org_id = moved_orgs.org_id

),

trades as (

    select entries.trade_id
    from {{ ref('int_sales__trade_entry') }} as entries
    where
        entries.business_date = {{ business_date() }}
        or entries.wait_end_date {{ after_last_night }}
    union all
    select entries.trade_id
    from {{ ref('int_sales__trade_entry') }} as entries
    inner join customers
        on entries.customer_id = customers.customer_id and entries.trade_date >= customers.changed_from_date
    where entries.trade_date >= (select min(changed_from_date) from customers)
    union all
    select entries.trade_id
    from {{ ref('int_sales__trade_entry') }} as entries
    inner join managed_customers
        on
            entries.customer_id = managed_customers.customer_id
            and entries.trade_date >= managed_customers.changed_from_date
    union all
    select entries.trade_id
    from {{ ref('int_sales__trade_entry') }} as entries
    inner join employment_changes
        on
            entries.teller_id = employment_changes.employee_id
            and entries.trade_date >= employment_changes.changed_from_date
    union all
    select entries.trade_id
    from {{ ref('int_sales__trade_entry') }} as entries
    inner join referred on entries.trade_id = referred.trade_id
    where entries.trade_date >= (select changed_from_date from ratio_changes)
    union all
    select entries.trade_id
    from {{ ref('int_sales__trade_entry') }} as entries
    inner join joined_orgs on entries.sales_org_id = joined_orgs.org_id

),

replayed as (

    select credits.trade_id
    from {{ source('confirmed', 'fct_sales_credit') }} as credits
    cross join night
    where credits.knowledge_date >= night.replayed_from_date
    {% if has_state() %}
    union all
    select earlier.trade_id
    from {{ this }} as earlier
    cross join night
    where earlier.business_date >= night.replayed_from_date
    {% endif %}

),

touched as (

    select trade_id from registrations
    union
    select trade_id from trades
    union
    select trade_id from replayed

)

select
    trade_id,
    {{ business_date() }} as business_date
from touched
