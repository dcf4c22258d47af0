-- One row per customer with anything in the account ledger per calendar month: the components, the contribution and
-- how it goes. A joint account is split by ownership share, each component by largest remainder at the cent.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

ledger as (

    select
        ledger.account_id,
        ledger.product_code,
        ledger.customer_id,
        ledger.org_id,
        ledger.month_start_date,
        {% for component in split_components() -%}
        {{ cents('ledger.' ~ component ~ '_amt') }} as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date

),

owners as (

    select
        account_id,
        customer_id,
        {{ millionths_of('ownership_share') }} as share_weight,
        sum({{ millionths_of('ownership_share') }}) over (partition by account_id) as share_total
    from {{ ref('int_account__owner_versions') }}
    where known_to_date is null

),

joint_parts as (

    {% for component in split_components() %}
    select
        ledger.account_id,
        ledger.product_code,
        ledger.month_start_date,
        ledger.org_id,
        '{{ component }}' as component_code,
        owners.customer_id,
        ledger.{{ component }}_cents as cents,
        owners.share_weight,
        owners.share_total
    from ledger
    inner join owners on ledger.account_id = owners.account_id
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

joint_shares as (

    {{ split_cents(
        'joint_parts', 'cents', 'share_weight', 'share_total',
        ['account_id', 'product_code', 'month_start_date', 'component_code'], ['customer_id'],
    ) }}

),

shares as (

    select
        ledger.customer_id,
        ledger.org_id,
        ledger.month_start_date,
        {% for component in split_components() -%}
        ledger.{{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from ledger
    left join (select distinct account_id from owners) as joint on ledger.account_id = joint.account_id
    where joint.account_id is null
    union all
    select
        customer_id,
        org_id,
        month_start_date,
        {% for component in split_components() -%}
        case when component_code = '{{ component }}' then split_cents else 0 end as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from joint_shares

),

totals as (

    select
        customer_id,
        month_start_date,
        min(org_id) as first_org_id,
        {% for component in split_components() -%}
        sum({{ component }}_cents) as {{ component }}_cents,
        {% endfor -%}
        sum(
            {%- for component in contribution_components() %}
            {{ component }}_cents{{ ' +' if not loop.last }}
            {%- endfor %}
        ) as contribution_cents
    from shares
    group by customer_id, month_start_date

),

-- tonight's months, and those before them that a trailing year can reach
known_months as (

    select
        totals.customer_id,
        months.month_index,
        totals.contribution_cents
    from totals
    inner join months on totals.month_start_date = months.month_start_date
    {% if has_state() %}
    union all
    select
        customer_id,
        {{ month_index('month_start_date') }} as month_index,
        {{ cents('contribution_amt') }} as contribution_cents
    from {{ this }}
    where
        month_start_date < (select min(month_start_date) from months)
        and month_start_date >= (select {{ month_from_index('min(month_index) - 11') }} from months)
    {% endif %}

),

trailing_sums as (

    select
        known_months.customer_id,
        months.month_start_date,
        sum(known_months.contribution_cents) as cents_12m,
        count(*) as months_12m,
        sum(case when known_months.month_index > months.month_index - 3 then known_months.contribution_cents end)
            as cents_3m,
        count(case when known_months.month_index > months.month_index - 3 then 1 end) as months_3m
    from known_months
    inner join months
        on
            known_months.month_index <= months.month_index
            and known_months.month_index > months.month_index - 12
    group by known_months.customer_id, months.month_start_date

),

judged as (

    select
        totals.*,
        trailing_sums.cents_12m,
        trailing_sums.months_12m,
        trailing_sums.cents_3m,
        trailing_sums.months_3m,
        case when trailing_sums.cents_12m > 0 then 'earned' else 'lost' end as year_code
    from totals
    inner join trailing_sums
        on
            totals.customer_id = trailing_sums.customer_id
            and totals.month_start_date = trailing_sums.month_start_date

),

tiers as (

    select tiers.customer_id, tiers.month_start_date, tiers.tier_code
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date

)

select
    -- ids
    judged.customer_id,
    coalesce(owning_org.owning_org_id, judged.first_org_id) as owning_org_id,

    -- codes
    coalesce(tiers.tier_code, 'none') as tier_code,
    statuses.status_code as contribution_status_code,

    -- dates
    judged.month_start_date,

    -- measures
    {{ component_amounts('judged.') }},
    {{ cents_amount('judged.cents_12m') }} as contribution_12m_amt,
    {{ cents_amount(round_units('judged.cents_12m', 'judged.months_12m')) }} as contribution_avg_12m_amt,
    {{ cents_amount(round_units('judged.cents_3m', 'judged.months_3m')) }} as contribution_avg_3m_amt,
    cast(judged.months_12m as integer) as months_12m_cnt,

    -- flags
    judged.cents_12m < 0 as is_cost_centre,
    months.is_provisional

from judged
inner join months on judged.month_start_date = months.month_start_date
-- the 3-month average in terms of the 12-month average, both times both numbers of months; after a year without
-- profit 1 for 3 months with one, else 0
inner join {{ ref('contribution_status_rules') }} as statuses
    on
        judged.year_code = statuses.year_code
        and judged.month_start_date >= statuses.valid_from_month
        and (statuses.valid_to_month is null or judged.month_start_date <= statuses.valid_to_month)
        and case
            when judged.year_code = 'earned'
                then {{ wide('greatest(judged.cents_3m, 0)') }} * judged.months_12m * 1000000
            when judged.cents_3m > 0 then 1000000
            else 0
        end >= {{ millionths_of('statuses.ratio_from') }} * case
            when judged.year_code = 'earned' then {{ wide('judged.cents_12m') }} * judged.months_3m else 1
        end
        and (
            statuses.ratio_to is null
            or case
                when judged.year_code = 'earned'
                    then {{ wide('greatest(judged.cents_3m, 0)') }} * judged.months_12m * 1000000
                when judged.cents_3m > 0 then 1000000
                else 0
            end < {{ millionths_of('statuses.ratio_to') }} * case
                when judged.year_code = 'earned' then {{ wide('judged.cents_12m') }} * judged.months_3m else 1
            end
        )
left join {{ ref('int_customer__owning_org') }} as owning_org
    on judged.customer_id = owning_org.customer_id
left join tiers
    on judged.customer_id = tiers.customer_id and judged.month_start_date = tiers.month_start_date
