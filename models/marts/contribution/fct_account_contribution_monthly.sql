-- One row per account × product, loan, card or line of fees, org and calendar month: what it earned,
-- component by component, with what drove it. Costs are negative; the first six components add to
-- contribution_amt. What changed its org inside the month has a row per org, each with its days.

{{ config(meta={
    'grain': ['account_id', 'product_code', 'org_id', 'month_start_date'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

costs as (

    select
        allocations.account_id,
        allocations.product_code,
        allocations.org_id,
        allocations.month_start_date,
        sum({{ cents('allocations.cost_amt') }}) as allocated_cents,
        -- of several pools, fct_cost_allocation_monthly names each
        case when count(*) = 1 then min(allocations.cost_pool_id) end as cost_pool_id,
        case when count(*) = 1 then min(allocations.driver_code) end as cost_driver_code,
        case when count(*) = 1 then min(allocations.driver_count) end as cost_driver_count
    from {{ ref('fct_cost_allocation_monthly') }} as allocations
    inner join months on allocations.month_start_date = months.month_start_date
    group by
        allocations.account_id,
        allocations.product_code,
        allocations.org_id,
        allocations.month_start_date

),

transactions as (

    select transactions.*
    from {{ ref('int_contribution__transaction_month') }} as transactions
    inner join months on transactions.month_start_date = months.month_start_date
    where transactions.business_date = {{ business_date() }}

),

exposures as (

    select
        lines.account_id,
        lines.product_code,
        lines.org_id,
        lines.month_start_date,
        coalesce(lines.held_days, 1) as held_days,
        coalesce(lines.open_days, 1) as open_days,
        months.recorded_days,
        months.month_days,
        risks.pd_rate,
        risks.lgd_rate,
        risks.capital_rate,
        risks.hurdle_rate,
        {{ round_units(wide('risks.ead_ccy_cents') ~ ' * ' ~ fx_units('rates.mid_rate'), fx_scale()) }}
            as ead_cents
    from {{ ref('int_contribution__line') }} as lines
    inner join months on lines.month_start_date = months.month_start_date
    inner join {{ ref('int_contribution__risk_month') }} as risks
        on lines.account_id = risks.loan_id and lines.month_start_date = risks.month_start_date
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on lines.currency_code = rates.currency_code and months.through_date = rates.calendar_date
    where lines.source_code = 'loan'

),

losses as (

    select
        *,
        'loan' as source_code,
        {{ round_units(
            wide('ead_cents') ~ ' * ' ~ millionths_of('pd_rate') ~ ' * ' ~ millionths_of('lgd_rate')
            ~ ' * recorded_days * held_days',
            'cast(12000000000000 as bigint) * month_days * open_days'
        ) }} as expected_loss_cents,
        {{ round_units(
            wide('ead_cents') ~ ' * ' ~ millionths_of('capital_rate') ~ ' * ' ~ millionths_of('hurdle_rate')
            ~ ' * recorded_days * held_days',
            'cast(12000000000000 as bigint) * month_days * open_days'
        ) }} as capital_charge_cents
    from exposures

),

lines as (

    select
        lines.account_id,
        lines.product_code,
        lines.customer_id,
        lines.org_id,
        lines.source_code,
        costs.cost_pool_id,
        costs.cost_driver_code,
        lines.month_start_date,
        lines.average_cents,
        lines.customer_millionths,
        lines.ftp_millionths,
        lines.day_count,
        lines.balance_days,
        lines.held_days,
        lines.open_days,
        lines.interest_cents,
        lines.deposit_nii_cents,
        lines.loan_nii_cents,
        cast(0 as bigint) as fee_income_cents,
        cast(0 as bigint) as direct_cost_cents,
        -cast(coalesce(costs.allocated_cents, 0) as bigint) as allocated_cost_cents,
        -coalesce(losses.expected_loss_cents, 0) as expected_loss_cents,
        -coalesce(losses.capital_charge_cents, 0) as capital_charge_cents,
        lines.reserve_cost_cents,
        lines.tax_cents,
        costs.cost_driver_count,
        coalesce(transactions.transaction_cnt, 0) as transaction_cnt,
        losses.pd_rate,
        losses.lgd_rate,
        losses.ead_cents,
        losses.capital_rate,
        lines.is_rate_assumed
    from {{ ref('int_contribution__line') }} as lines
    left join costs
        on
            lines.account_id = costs.account_id
            and lines.product_code = costs.product_code
            and lines.org_id = costs.org_id
            and lines.month_start_date = costs.month_start_date
    left join transactions
        on
            lines.account_id = transactions.account_id
            and {{ register_of('lines.source_code') }} = transactions.register_code
            and lines.org_id = transactions.org_id
            and lines.month_start_date = transactions.month_start_date
    left join losses
        on
            lines.account_id = losses.account_id
            and lines.product_code = losses.product_code
            and lines.org_id = losses.org_id
            and lines.source_code = losses.source_code
            and lines.month_start_date = losses.month_start_date
    union all
    select
        account_id,
        product_code,
        customer_id,
        org_id,
        'fee' as source_code,
        cast(null as varchar) as cost_pool_id,
        cast(null as varchar) as cost_driver_code,
        month_start_date,
        cast(0 as bigint) as average_cents,
        cast(null as bigint) as customer_millionths,
        cast(null as bigint) as ftp_millionths,
        cast(null as integer) as day_count,
        0 as balance_days,
        cast(null as integer) as held_days,
        cast(null as integer) as open_days,
        cast(0 as bigint) as interest_cents,
        cast(0 as bigint) as deposit_nii_cents,
        cast(0 as bigint) as loan_nii_cents,
        fee_income_cents,
        -direct_cost_cents as direct_cost_cents,
        cast(0 as bigint) as allocated_cost_cents,
        cast(0 as bigint) as expected_loss_cents,
        cast(0 as bigint) as capital_charge_cents,
        cast(0 as bigint) as reserve_cost_cents,
        tax_cents,
        cast(null as decimal(28, 6)) as cost_driver_count,
        0 as transaction_cnt,
        cast(null as {{ share_type() }}) as pd_rate,
        cast(null as {{ share_type() }}) as lgd_rate,
        cast(null as bigint) as ead_cents,
        cast(null as {{ share_type() }}) as capital_rate,
        false as is_rate_assumed
    from {{ ref('int_contribution__fee_line') }}

),

added as (

    select
        *,
        deposit_nii_cents + loan_nii_cents + fee_income_cents + direct_cost_cents + allocated_cost_cents
        + expected_loss_cents as contribution_cents
    from lines

)

select
    -- ids
    added.account_id,
    added.product_code,
    added.customer_id,
    added.org_id,
    added.cost_pool_id,

    -- codes
    added.source_code,
    added.cost_driver_code,

    -- dates
    added.month_start_date,

    -- measures
    {{ cents_amount('added.average_cents') }} as average_balance_amt,
    {{ millionths('added.customer_millionths') }} as customer_rate,
    {{ millionths('added.ftp_millionths') }} as ftp_rate,
    cast(added.day_count as integer) as day_count,
    cast(added.balance_days as integer) as balance_days,
    cast(months.recorded_days as integer) as recorded_days,
    added.held_days,
    added.open_days,
    {{ cents_amount('added.interest_cents') }} as customer_interest_amt,
    {% for component in contribution_components() %}
    {{ cents_amount('added.' ~ component ~ '_cents') }} as {{ component }}_amt,
    {% endfor %}
    {{ cents_amount('added.contribution_cents') }} as contribution_amt,
    {{ cents_amount('added.capital_charge_cents') }} as capital_charge_amt,
    {{ cents_amount('(added.contribution_cents + added.capital_charge_cents)') }} as eva_amt,
    {{ cents_amount('added.reserve_cost_cents') }} as reserve_cost_amt,
    {{ cents_amount('added.tax_cents') }} as tax_amt,
    added.cost_driver_count,
    cast(added.transaction_cnt as integer) as txn_cnt,
    cast(added.transaction_cnt as integer) as transaction_count,
    added.pd_rate,
    added.lgd_rate,
    {{ cents_amount('added.ead_cents') }} as ead_amt,
    added.capital_rate,

    -- flags
    added.is_rate_assumed,
    months.is_provisional,
    months.is_partial_month

from added
inner join months on added.month_start_date = months.month_start_date
where
    added.average_cents <> 0
    or added.interest_cents <> 0
    or added.deposit_nii_cents <> 0
    or added.loan_nii_cents <> 0
    or added.fee_income_cents <> 0
    or added.direct_cost_cents <> 0
    or added.allocated_cost_cents <> 0
    or added.expected_loss_cents <> 0
    or added.capital_charge_cents <> 0
    or added.reserve_cost_cents <> 0
    or added.tax_cents <> 0
