-- One row per customer with anything in the account ledger and month that tonight computes: the sum of each
-- component, in cents. A joint account is split by ownership share, each component by largest remainder at the cent.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_contribution__month') }}

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

joint_accounts as (

    select distinct account_id from owners

),

lines_of_one as (

    select
        ledger.customer_id,
        ledger.org_id,
        ledger.month_start_date,
        {% for component in split_components() -%}
        {{ cents('ledger.' ~ component ~ '_amt') }} as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    left join joint_accounts on ledger.account_id = joint_accounts.account_id
    where joint_accounts.account_id is null

),

joint_lines as (

    select
        ledger.account_id,
        ledger.product_code,
        ledger.month_start_date,
        ledger.org_id,
        owners.customer_id,
        owners.share_weight,
        owners.share_total,
        {% for component in split_components() -%}
        {{ cents('ledger.' ~ component ~ '_amt') }} as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    inner join owners on ledger.account_id = owners.account_id

),

joint_parts as (

    {% for component in split_components() %}
    select
        account_id,
        product_code,
        month_start_date,
        org_id,
        '{{ component }}' as component_code,
        customer_id,
        {{ component }}_cents as cents,
        share_weight,
        share_total
    from joint_lines
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

    select * from lines_of_one
    union all
    select
        customer_id,
        org_id,
        month_start_date,
        {% for component in split_components() -%}
        case when component_code = '{{ component }}' then split_cents else 0 end
            as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from joint_shares

),

totals as (

    select
        customer_id,
        month_start_date,
        min(org_id) as first_org_id,
        {% for component in split_components() -%}
        cast(sum({{ component }}_cents) as bigint) as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from shares
    group by customer_id, month_start_date

)

select
    -- ids
    totals.customer_id,
    totals.first_org_id,

    -- dates
    totals.month_start_date,
    months.month_end_date,
    months.month_index,

    -- measures
    {% for component in split_components() -%}
    totals.{{ component }}_cents,
    {% endfor -%}
    {%- for component in contribution_components() %}
    totals.{{ component }}_cents{{ ' +' if not loop.last else ' as contribution_cents,' }}
    {%- endfor %}

    -- flags
    months.is_provisional

from totals
inner join months on totals.month_start_date = months.month_start_date
