-- One row per customer, month and later version of its confirmation: what changed since the customer was
-- last confirmed, and because of which batch.

{{ config(meta={
    'grain': ['month_start_date', 'customer_id', 'version_number'], 'partition': 'month_start_date',
    'carried': 'released',
}) }}

with touched as (

    select
        confirmed.*,
        confirmed.version_number > months.version_number as is_added
    from {{ ref('fct_customer_tier_confirmed') }} as confirmed
    inner join {{ ref('int_confirmation__month') }} as months
        on confirmed.month_start_date = months.month_start_date

),

compared as (

    select
        *,
        lag(version_number) over by_version as previous_version_number,
        lag(tier_code) over by_version as previous_tier_code,
        lag(status_code) over by_version as previous_status_code,
        lag(owning_org_id) over by_version as previous_org_id,
        lag(assessment_aum_amt) over by_version as previous_aum_amt
    from touched
    window by_version as (
        partition by customer_id, month_start_date order by version_number nulls last
    )

)

select
    -- ids
    compared.customer_id,
    compared.previous_org_id,
    compared.owning_org_id as org_id,

    -- codes
    compared.version_number,
    compared.previous_version_number,
    -- not listed by name before: ordinary then, or without a row
    coalesce(compared.previous_tier_code, 'unlisted') as from_tier_code,
    coalesce(compared.tier_code, 'withdrawn') as to_tier_code,
    compared.previous_status_code as from_status_code,
    compared.status_code as to_status_code,

    -- dates
    compared.month_start_date,
    compared.confirmed_date,
    months.caused_by_business_date,
    months.caused_by_sequence,

    -- measures
    compared.previous_aum_amt,
    compared.assessment_aum_amt as aum_amt,
    cast(compared.assessment_aum_amt - compared.previous_aum_amt as {{ amount_type() }}) as aum_change_amt

from compared
inner join {{ ref('fct_month_confirmed') }} as months
    on
        compared.month_start_date = months.month_start_date
        and compared.version_number = months.version_number
where compared.version_number > 1 and compared.is_added
