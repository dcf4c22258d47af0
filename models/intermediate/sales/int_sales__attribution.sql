-- One row per trade that tonight looks at anew: which step credits it, how much is the sellers' side, or why
-- nobody is credited. The first step that gives a seller wins.

with touched as (

    select trade_id from {{ ref('int_sales__touched') }} where business_date = {{ business_date() }}

),

trades as (

    select
        trades.*,
        rules.fallback_code
    from {{ ref('int_sales__trade_entry') }} as trades
    inner join touched on trades.trade_id = touched.trade_id
    left join {{ ref('sales_product_rules') }} as rules
        on
            trades.sales_product_code = rules.sales_product_code
            and trades.trade_date >= rules.valid_from_date
            and trades.trade_date <= coalesce(rules.valid_to_date, cast('9999-12-31' as date))
    where trades.status_code = 'live'

),

cancelled as (

    select distinct cancellations.trade_id
    from {{ ref('int_sales__trade_entry') }} as cancellations
    inner join touched on cancellations.trade_id = touched.trade_id
    where cancellations.status_code = 'cancelled'

),

candidates as (

    select * from {{ ref('int_sales__candidate') }}

),

steps as (

    select
        trade_id,
        max(case when step_code = 'manager' then 1 else 0 end) = 1 as has_managed,
        max(case when step_code = 'auto' then 1 else 0 end) = 1 as has_auto,
        max(case when step_code = 'manual' then 1 else 0 end) = 1 as has_manual,
        max(case when step_code = 'fallback' then 1 else 0 end) = 1 as has_fallback,
        max(case when step_code = 'referrer' then 1 else 0 end) = 1 as has_referrer,
        -- whether registered sellers and referrers have ratios that add to 1
        sum(case when step_code in ('manual', 'referrer') then ratio_units end) = 100000
        and sum(case when step_code in ('manual', 'referrer') and ratio_units is null then 1 else 0 end) = 0
            as is_ratio_given,
        sum(case when step_code = 'manual' and ratio_units is null then 1 else 0 end) = 0
            as is_seller_ratio_given,
        sum(case when step_code = 'manual' then ratio_units end) as given_seller_units
    from candidates
    group by trade_id

),

-- somebody was registered, and did not count
rejected as (

    select distinct trade_id
    from {{ ref('int_sales__judged_registration') }}
    where verdict_code not in ('counts', 'to_come', 'revoked', 'superseded')

),

judged as (

    select
        trades.*,
        rejected.trade_id is not null as has_rejected,
        cancelled.trade_id is not null as is_cancelled,
        coalesce(steps.has_referrer, false) as has_referrer,
        coalesce(steps.has_manual, false) as has_manual,
        coalesce(steps.is_ratio_given, false) as is_ratio_given,
        coalesce(steps.is_seller_ratio_given and steps.given_seller_units = 100000, false)
            as is_seller_ratio_given,
        steps.given_seller_units,
        case
            when cancelled.trade_id is not null then null
            when steps.has_managed then 'manager'
            when steps.has_auto then 'auto'
            when steps.has_manual then 'manual'
            when steps.has_fallback then 'fallback'
        end as step_code
    from trades
    left join cancelled on trades.trade_id = cancelled.trade_id
    left join steps on trades.trade_id = steps.trade_id
    left join rejected on trades.trade_id = rejected.trade_id

),

-- the seller whose parameters count: the one with the largest part, ties by number
lead_seller as (

    select
        judged.trade_id,
        judged.sales_product_code,
        judged.trade_date,
        {{ first_by('candidates.employee_id', [
            "-case when judged.step_code = 'manual' and judged.is_seller_ratio_given"
            ~ ' then candidates.ratio_units else candidates.weight end',
            'candidates.employee_id'
        ]) }} as employee_id
    from judged
    inner join candidates on judged.trade_id = candidates.trade_id and judged.step_code = candidates.step_code
    where
        judged.has_referrer
        and judged.step_code in ('auto', 'manual', 'fallback')
        and not (judged.step_code = 'manual' and judged.is_ratio_given)
    group by judged.trade_id, judged.sales_product_code, judged.trade_date

),

-- employee before org before bank, the product's own before that for all, then the latest
ratios as (

    select
        lead_seller.trade_id,
        lead_seller.employee_id,
        cast(parameters.seller_ratio * 100000 as bigint) as seller_units,
        row_number() over (
            partition by lead_seller.trade_id
            order by
                case parameters.scope_type_code
                    when 'employee' then 1
                    when 'org' then 2
                    else 3
                end nulls last,
                case parameters.sales_product_code when '*' then 2 else 1 end nulls last,
                parameters.valid_from_date desc nulls last,
                parameters.scope_id asc nulls last
        ) as preference
    from lead_seller
    left join {{ ref('int_employee__org') }} as staff
        on
            lead_seller.employee_id = staff.employee_id
            and lead_seller.trade_date >= staff.from_date
            and lead_seller.trade_date < staff.to_date
    inner join {{ ref('int_sales__ratio_versions') }} as parameters
        on
            parameters.known_to_date is null
            and parameters.sales_product_code in (lead_seller.sales_product_code, '*')
            and lead_seller.trade_date >= parameters.valid_from_date
            and (parameters.valid_to_date is null or lead_seller.trade_date < parameters.valid_to_date)
            and parameters.seller_ratio + parameters.referrer_ratio = 1
            and (
                (parameters.scope_type_code = 'employee' and parameters.scope_id = lead_seller.employee_id)
                or (parameters.scope_type_code = 'org' and parameters.scope_id = staff.org_id)
                or parameters.scope_type_code = 'bank'
            )

),

sided as (

    select
        judged.*,
        case
            when judged.step_code is null then null
            when judged.step_code = 'manager' or not judged.has_referrer then 100000
            when judged.step_code = 'manual' and judged.is_ratio_given then judged.given_seller_units
            else ratios.seller_units
        end as seller_units
    from judged
    left join ratios on judged.trade_id = ratios.trade_id and ratios.preference = 1

)

select
    -- ids
    trade_id,
    customer_id,
    product_code,
    trade_org_id,
    sales_org_id,

    -- codes
    sales_product_code,
    rulebook_version,
    currency_code,
    case
        when is_cancelled then 'cancelled'
        when seller_units is not null then 'credited'
        when step_code is not null then 'unallocated'
        when wait_end_date > {{ business_date() }} then 'pending'
        else 'unallocated'
    end as state_code,
    case when seller_units is not null then step_code end as rule_code,
    case
        when is_cancelled or seller_units is not null then null
        when step_code is not null then 'no_ratio'
        when wait_end_date > {{ business_date() }} and has_referrer then 'only_referrer'
        when wait_end_date > {{ business_date() }} and has_rejected then 'registration_rejected'
        when wait_end_date > {{ business_date() }} then 'no_seller'
        when fallback_code = 'teller' and teller_id is not null then 'not_employed'
        when fallback_code = 'teller' then 'no_teller'
        else 'no_fallback'
    end as reason_code,

    -- dates
    trade_date,
    wait_end_date,

    -- measures
    amount_amt,
    fee_income_amt,
    amount_reporting_amt,
    fee_income_reporting_amt,
    cast(seller_units as bigint) as seller_units,

    -- flags
    is_ratio_given and coalesce(step_code = 'manual', false) as is_ratio_given,
    has_manual and coalesce(step_code = 'auto', false) as is_disputed

from sided
