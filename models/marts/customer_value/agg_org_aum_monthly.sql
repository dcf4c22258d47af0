-- One row per org and month: the AUM that accounts at the org hold, of all customers and of persons, and what
-- the persons whom the org owns are judged by. The two look at different customers: a customer's AUM is kept
-- at each org that has an account, and judged whole at the one that owns the customer.

{{ config(meta={
    'grain': ['org_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
    'begins': 'any_night', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

persons as (

    select persons.customer_id, persons.owning_org_id, persons.month_start_date, persons.assessment_aum_amt
    from {{ ref('fct_customer_tier_monthly') }} as persons
    inner join months on persons.month_start_date = months.month_start_date

),

kept as (

    select
        parts.customer_id,
        parts.org_id,
        parts.month_start_date,
        sum({{ cents('parts.aum_end_amt') }}) as end_cents,
        sum({{ cents('parts.aum_month_avg_amt') }}) as average_cents
    from {{ ref('fct_customer_aum_part_monthly') }} as parts
    inner join months on parts.month_start_date = months.month_start_date
    group by parts.customer_id, parts.org_id, parts.month_start_date

),

measures as (

    select
        kept.org_id,
        kept.month_start_date,
        case when kept.end_cents <> 0 then 1 else 0 end as customer_cnt,
        case when kept.end_cents <> 0 and persons.customer_id is not null then 1 else 0 end
            as personal_customer_cnt,
        kept.end_cents,
        case when persons.customer_id is not null then kept.end_cents else 0 end as personal_end_cents,
        kept.average_cents,
        case when persons.customer_id is not null then kept.average_cents else 0 end
            as personal_average_cents,
        0 as owned_customer_cnt,
        cast(0 as bigint) as assessment_cents
    from kept
    left join persons
        on kept.customer_id = persons.customer_id and kept.month_start_date = persons.month_start_date
    union all
    select
        owning_org_id as org_id,
        month_start_date,
        0 as customer_cnt,
        0 as personal_customer_cnt,
        0 as end_cents,
        0 as personal_end_cents,
        0 as average_cents,
        0 as personal_average_cents,
        1 as owned_customer_cnt,
        {{ cents('assessment_aum_amt') }} as assessment_cents
    from persons

)

select
    -- ids
    measures.org_id,

    -- dates
    measures.month_start_date,

    -- measures
    {{ cents_amount('sum(measures.end_cents)') }} as aum_end_amt,
    {{ cents_amount('sum(measures.personal_end_cents)') }} as personal_aum_end_amt,
    {{ cents_amount('sum(measures.average_cents)') }} as aum_month_avg_amt,
    {{ cents_amount('sum(measures.personal_average_cents)') }} as personal_aum_month_avg_amt,
    {{ cents_amount('sum(measures.assessment_cents)') }} as assessment_aum_amt,
    cast(sum(measures.customer_cnt) as bigint) as customer_cnt,
    cast(sum(measures.personal_customer_cnt) as bigint) as personal_customer_cnt,
    cast(sum(measures.owned_customer_cnt) as bigint) as owned_customer_cnt,

    -- flags
    months.is_provisional

from measures
inner join months on measures.month_start_date = months.month_start_date
group by measures.org_id, measures.month_start_date, months.is_provisional
