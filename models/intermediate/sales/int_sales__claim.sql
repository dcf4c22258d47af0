-- One row per registration of a trade that tonight looks at anew: whether it stands without being credited,
-- because it was rejected or because it disputes what the system credited.

with attribution as (

    select * from {{ ref('int_sales__attribution') }}

),

credited as (

    select trade_id, min(employee_id) as employee_id
    from {{ ref('int_sales__candidate') }}
    where step_code = 'auto'
    group by trade_id

),

judged as (

    select
        registrations.*,
        attribution.customer_id,
        attribution.sales_org_id,
        attribution.sales_product_code,
        attribution.currency_code,
        attribution.trade_date,
        attribution.amount_amt,
        case when attribution.is_disputed then credited.employee_id end as credited_employee_id,
        case
            when attribution.state_code = 'cancelled' then null
            when registrations.verdict_code in ('not_employed', 'other_org', 'ratio_not_one', 'trade_unknown')
                then registrations.verdict_code
            when
                attribution.is_disputed
                and registrations.verdict_code = 'counts'
                and registrations.source_code = 'manual'
                and registrations.actor_role_code = 'seller'
                then 'dispute'
        end as claim_code
    from {{ ref('int_sales__judged_registration') }} as registrations
    left join attribution on registrations.trade_id = attribution.trade_id
    left join credited on registrations.trade_id = credited.trade_id

)

select
    -- ids
    registration_id,
    trade_id,
    customer_id,
    employee_id,
    registered_by_id,
    registered_org_id,
    sales_org_id,
    credited_employee_id,

    -- codes
    claim_code,
    actor_role_code,
    source_code,
    sales_product_code,
    currency_code,
    case when claim_code is null then 'D' else 'U' end as op_code,

    -- dates
    registered_at,
    registered_date,
    trade_date,

    -- measures
    credit_ratio,
    amount_amt

from judged
