-- One row per customer with anything in the account ledger and month that tonight computes: the sum of each
-- component, in cents. A joint account is split by the ownership shares of the days, each component by
-- largest remainder at the cent.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

owners as (

    select * from {{ ref('int_contribution__owner_weight') }}

),

shared_lines as (

    select distinct account_id, product_code, source_code, org_id, month_start_date from owners

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
    left join shared_lines
        on
            ledger.account_id = shared_lines.account_id
            and ledger.product_code = shared_lines.product_code
            and ledger.source_code = shared_lines.source_code
            and ledger.org_id = shared_lines.org_id
            and ledger.month_start_date = shared_lines.month_start_date
    where shared_lines.account_id is null

),

joint_lines as (

    select
        ledger.account_id,
        ledger.product_code,
        ledger.source_code,
        ledger.month_start_date,
        ledger.org_id,
        owners.customer_id,
        owners.day_weight,
        owners.day_total,
        owners.balance_weight,
        owners.balance_total,
        {% for component in split_components() -%}
        {{ cents('ledger.' ~ component ~ '_amt') }} as {{ component }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_account_contribution_monthly') }} as ledger
    inner join months on ledger.month_start_date = months.month_start_date
    inner join owners
        on
            ledger.account_id = owners.account_id
            and ledger.product_code = owners.product_code
            and ledger.source_code = owners.source_code
            and ledger.org_id = owners.org_id
            and ledger.month_start_date = owners.month_start_date

),

-- net interest follows the balances under each owner, all else the days
joint_parts as (

    {% for component in split_components() %}
    select
        account_id,
        product_code,
        source_code,
        month_start_date,
        org_id,
        '{{ component }}' as component_code,
        customer_id,
        {{ component }}_cents as cents,
        {% set follows = 'balance' if component in ('deposit_nii', 'loan_nii') else 'day' -%}
        {{ follows }}_weight as share_weight,
        {{ follows }}_total as share_total
    from joint_lines
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

joint_shares as (

    {{ split_cents(
        'joint_parts', 'cents', 'share_weight', 'share_total',
        ['account_id', 'product_code', 'source_code', 'org_id', 'month_start_date', 'component_code'],
        ['customer_id'],
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
    months.is_provisional,
    months.is_partial_month

from totals
inner join months on totals.month_start_date = months.month_start_date
