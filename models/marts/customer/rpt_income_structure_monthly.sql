-- One row per org and month: net interest and fees that it earns, component by component, and the share of
-- the fees (中间业务收入占比).

{{ config(meta={
    'grain': ['org_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

totals as (

    select
        ledger.org_id,
        ledger.month_start_date,
        {{ component_sums('ledger.') }}
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    group by ledger.org_id, ledger.month_start_date

),

added as (

    select
        *,
        deposit_nii_cents + loan_nii_cents as net_interest_cents,
        deposit_nii_cents + loan_nii_cents + fee_income_cents as income_cents
    from totals

)

select
    -- ids
    added.org_id,

    -- dates
    added.month_start_date,

    -- measures
    {{ cents_amount('added.net_interest_cents') }} as net_interest_amt,
    {{ cents_amount('added.income_cents') }} as income_amt,
    -- of an income that is no income nothing has a share
    case
        when added.income_cents > 0 then {{ signed_ratio('added.fee_income_cents', 'added.income_cents') }}
    end as fee_share,
    {{ component_amounts('added.') }},

    -- flags
    months.is_provisional,
    months.is_partial_month

from added
inner join months on added.month_start_date = months.month_start_date
