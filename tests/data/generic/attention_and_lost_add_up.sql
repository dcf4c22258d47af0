{% test attention_and_lost_add_up(model) %}
-- Fails on any month, org, status and tier whose customers at attention or lost are not those of
-- fct_customer_tier_monthly; who lost a tier and closes is counted under `closed`, in that month. Looks at the months that tonight wrote.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

tiers as (

    select tier.*, coalesce(before.is_closed, false) as is_closed_before
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date
    left join {{ ref('fct_customer_tier_monthly') }} as before
        on
            tier.customer_id = before.customer_id
            and before.month_start_date = {{ month_from_index('months.month_index - 1') }}
    where tier.status_code = 'attention' or tier.lost_tier_code is not null

),

customers as (

    select month_start_date, owning_org_id as org_id, 'attention' as status_code, tier_code, count(*) as customer_cnt
    from tiers
    where status_code = 'attention' and not is_closed
    group by month_start_date, owning_org_id, tier_code
    union all
    select month_start_date, owning_org_id as org_id, case when is_closed then 'closed' else 'lost' end as status_code,
        lost_tier_code as tier_code, count(*) as customer_cnt
    from tiers
    where lost_tier_code is not null and (not is_closed or not is_closed_before)
    group by month_start_date, owning_org_id, is_closed, lost_tier_code

),

reported as (

    select
        report.month_start_date,
        report.org_id,
        report.status_code,
        report.tier_code,
        sum(report.customer_cnt) as customer_cnt
    from {{ model }} as report
    inner join months on report.month_start_date = months.month_start_date
    group by report.month_start_date, report.org_id, report.status_code, report.tier_code

)

select
    coalesce(customers.month_start_date, reported.month_start_date) as month_start_date,
    coalesce(customers.org_id, reported.org_id) as org_id,
    coalesce(customers.status_code, reported.status_code) as status_code,
    coalesce(customers.tier_code, reported.tier_code) as tier_code,
    customers.customer_cnt,
    reported.customer_cnt as reported_customer_cnt
from customers
full outer join reported
    on
        customers.month_start_date = reported.month_start_date
        and customers.org_id = reported.org_id
        and customers.status_code = reported.status_code
        and customers.tier_code = reported.tier_code
where coalesce(customers.customer_cnt, 0) <> coalesce(reported.customer_cnt, 0)

{% endtest %}
