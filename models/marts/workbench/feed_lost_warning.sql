-- One row per customer under attention tonight (流失预警): how long until the tier held is lost if nothing changes, what is
-- missing, and the last contact. In the last month before the loss the line says so. Nobody who has closed is in it.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with warned as (

    select *
    from {{ ref('rpt_attention_lost_customer') }}
    where month_start_date = {{ month_start(business_date()) }} and status_code = 'attention'

),

reasons as (

    select customer_id, months_to_loss, loss_month_date
    from {{ ref('fct_tier_reason') }}
    where month_start_date = {{ month_start(business_date()) }}

),

contacts as (

    select customer_id, max(contact_date) as last_contact_date
    from (
        select customer_id, cast(sent_at as date) as contact_date
        from {{ ref('int_contact__log') }}
        where is_delivered and business_date >= {{ add_days(business_date(), -400) }}
        union all
        select customer_id, cast(visited_at as date) as contact_date
        from {{ ref('int_contact__visit') }}
        where business_date >= {{ add_days(business_date(), -400) }}
    ) as contacted
    where contact_date <= {{ business_date() }}
    group by customer_id

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
    warned.missing_amt

from warned
left join reasons on warned.customer_id = reasons.customer_id
left join contacts on warned.customer_id = contacts.customer_id
