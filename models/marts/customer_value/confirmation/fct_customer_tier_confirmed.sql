-- One row per customer, month that is over and version in which what is confirmed of the customer changed.
-- Version 1 lists everybody above ordinary and everybody with a lost tier; a later version lists those who
-- differ from the version before. Rows are only ever added.

{{ config(incremental_strategy='delete+insert', unique_key='month_start_date', meta={
    'grain': ['month_start_date', 'customer_id', 'version_number'], 'partition': 'month_start_date',
}) }}

with months as (

    select * from {{ ref('int_confirmation__month') }}

),

confirmed as (

    select confirmed.*
    from {{ source('confirmed', 'fct_customer_tier_confirmed') }} as confirmed
    cross join {{ source('pipeline', 'confirmation') }} as night
    left join months on confirmed.month_start_date = months.month_start_date
    where months.month_start_date is not null or not night.is_in_sync

),

versions as (

    select
        customer_id, owning_org_id, version_number, rulebook_version, tier_code, status_code,
        deciding_factor_code, lost_tier_code, month_start_date, confirmed_date, assessment_aum_amt, below_months,
        is_withdrawn
    from confirmed
    union all
    select
        changes.customer_id, changes.owning_org_id, cast(months.version_number + 1 as integer) as version_number,
        changes.rulebook_version, changes.tier_code, changes.status_code, changes.deciding_factor_code,
        changes.lost_tier_code, changes.month_start_date, months.confirmed_date, changes.assessment_aum_amt,
        changes.below_months, changes.is_withdrawn
    from {{ ref('int_confirmation__customer') }} as changes
    inner join months on changes.month_start_date = months.month_start_date

)

select
    -- ids
    customer_id,
    owning_org_id,

    -- codes
    version_number,
    rulebook_version,
    tier_code,
    status_code,
    deciding_factor_code,
    lost_tier_code,

    -- dates
    month_start_date,
    confirmed_date,

    -- measures
    assessment_aum_amt,
    below_months,

    -- flags
    is_withdrawn

from versions
