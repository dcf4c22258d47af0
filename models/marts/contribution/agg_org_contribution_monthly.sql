-- One row per org and calendar month: what the accounts that it keeps contribute, and with all orgs below it.

{{ config(meta={
    'grain': ['org_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

own as (

    select
        ledger.org_id,
        ledger.month_start_date,
        sum({{ cents('ledger.contribution_amt') }}) as contribution_cents,
        sum({{ cents('ledger.eva_amt') }}) as eva_cents
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    group by ledger.org_id, ledger.month_start_date

),

-- an org that the bank no longer names stands alone
above as (

    select org_id, ancestor_org_id from {{ ref('int_org__ancestor') }}
    union
    select org_id, org_id as ancestor_org_id from own

),

rolled_up as (

    select
        above.ancestor_org_id as org_id,
        own.month_start_date,
        sum(case when above.ancestor_org_id = own.org_id then own.contribution_cents else 0 end) as own_cents,
        sum(own.contribution_cents) as rolled_up_cents,
        sum(case when above.ancestor_org_id = own.org_id then own.eva_cents else 0 end) as own_eva_cents,
        sum(own.eva_cents) as rolled_up_eva_cents
    from own
    inner join above on own.org_id = above.org_id
    group by above.ancestor_org_id, own.month_start_date

)

select
    -- ids
    rolled_up.org_id,
    orgs.parent_org_id,

    -- codes
    orgs.org_level_code,

    -- dates
    rolled_up.month_start_date,

    -- measures
    {{ cents_amount('rolled_up.own_cents') }} as own_amt,
    {{ cents_amount('rolled_up.rolled_up_cents') }} as rolled_up_amt,
    {{ cents_amount('rolled_up.own_eva_cents') }} as own_eva_amt,
    {{ cents_amount('rolled_up.rolled_up_eva_cents') }} as rolled_up_eva_amt,

    -- flags
    months.is_provisional,
    months.is_partial_month

from rolled_up
inner join months on rolled_up.month_start_date = months.month_start_date
left join {{ ref('stg_core_banking__orgs') }} as orgs on rolled_up.org_id = orgs.org_id
