-- One row per customer, month that is over and version in which what is confirmed of the customer changed.
-- Version 1 lists everybody above ordinary and everybody with a lost tier; a later version lists those who
-- differ from the version before. Rows are only ever added.

{{ config(meta={
    'grain': ['month_start_date', 'customer_id', 'version_number'], 'partition': 'month_start_date',
    'carried': 'released', 'entered_on': 'confirmed_date',
}) }}

with months as (

    select * from {{ ref('int_confirmation__month') }}

),

added as (

    select
        changes.customer_id, changes.owning_org_id, cast(months.version_number + 1 as integer)
            as version_number,
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

from added
