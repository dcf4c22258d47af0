-- One row per customer with contribution in a month or the month before: why the contribution changed. The
-- four parts add to the total exactly.
--
-- volume_amt: net interest on the change of the balance sums (积数) at the margins of the month before.
-- rate_amt: the change of the margins on the balance sums of the month before. new_closed_amt: all of
-- accounts that are in the ledger in one of the months only. mix_amt: what is left: volume times rate, fees,
-- costs, expected loss, and a joint account's change of owners. An account without a margin the month before
-- (its balance sum was 0, or so near to it that the net interest was more) has all in volume_amt.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

{%- set ledger = ref('fct_account_contribution_monthly') %}
{%- set customers = ref('fct_customer_contribution_monthly') %}

with months as (

    select
        *,
        {{ month_from_index('month_index - 1') }} as previous_month_date
    from {{ ref('int_contribution__month') }}
    -- from a month of which some days are not recorded, nothing can be compared
    where
        month_start_date > (select min(month_start_date) from {{ customers }})
        and {{ month_from_index('month_index - 1') }} >= (
            select recorded_from_date from {{ ref('int_contribution__recorded_from') }}
        )

),

{% for side, month in [('this', 'month_start_date'), ('previous', 'previous_month_date')] %}
{{ side }}_lines as (

    select
        ledger.account_id,
        ledger.product_code,
        ledger.customer_id,
        months.month_start_date,
        {{ wide(cents('ledger.average_balance_amt')) }} * ledger.balance_days as sum_cents,
        {{ cents('ledger.deposit_nii_amt') }} + {{ cents('ledger.loan_nii_amt') }} as nii_cents,
        {{ cents('ledger.contribution_amt') }} as contribution_cents
    from {{ by_survivor(ledger) if side == 'previous' else ledger }} as ledger
    inner join months on ledger.month_start_date = months.{{ month }}
    where ledger.source_code <> 'fee' and ledger.held_days is null
    union all
    -- an account that changed its org is one account
    select
        ledger.account_id,
        ledger.product_code,
        max(ledger.customer_id) as customer_id,
        months.month_start_date,
        sum({{ cents('ledger.average_balance_amt') }} * ledger.balance_days) as sum_cents,
        sum({{ cents('ledger.deposit_nii_amt') }} + {{ cents('ledger.loan_nii_amt') }}) as nii_cents,
        sum({{ cents('ledger.contribution_amt') }}) as contribution_cents
    from {{ by_survivor(ledger) if side == 'previous' else ledger }} as ledger
    inner join months on ledger.month_start_date = months.{{ month }}
    where ledger.source_code <> 'fee' and ledger.held_days is not null
    group by ledger.account_id, ledger.product_code, months.month_start_date

),

{{ side }}_customers as (

    select
        customers.customer_id,
        months.month_start_date,
        {{ cents('customers.contribution_amt') }} as contribution_cents
    from {{ one_for_survivors(
        by_survivor(customers),
        ['customer_id', 'month_start_date'],
        {'contribution_amt': 'sum(together.contribution_amt)'},
    ) if side == 'previous' else customers }} as customers
    inner join months on customers.month_start_date = months.{{ month }}

),
{% endfor %}
lines as (

    select
        coalesce(this_lines.account_id, previous_lines.account_id) as account_id,
        coalesce(this_lines.customer_id, previous_lines.customer_id) as customer_id,
        coalesce(this_lines.month_start_date, previous_lines.month_start_date) as month_start_date,
        this_lines.account_id is not null and previous_lines.account_id is not null as is_in_both,
        coalesce(this_lines.contribution_cents, 0) - coalesce(previous_lines.contribution_cents, 0)
            as contribution_cents,
        this_lines.sum_cents as sum_1,
        this_lines.nii_cents as nii_1,
        previous_lines.sum_cents as sum_0,
        previous_lines.nii_cents as nii_0
    from this_lines
    full outer join previous_lines
        on
            this_lines.account_id = previous_lines.account_id
            and this_lines.product_code = previous_lines.product_code
            and this_lines.month_start_date = previous_lines.month_start_date

),

margins as (

    select
        *,
        sum_1 <> 0 and abs(nii_1) <= abs(sum_1) as has_margin_1,
        sum_0 <> 0 and abs(nii_0) <= abs(sum_0) as has_margin_0
    from lines

),

effects as (

    select
        account_id,
        customer_id,
        month_start_date,
        case
            when not is_in_both then 0
            when not has_margin_0 then nii_1 - nii_0
            else {{ round_units(
                '(' ~ wide('sum_1 - sum_0') ~ ' * nii_0 * sign(sum_0))', 'abs(sum_0)'
            ) }}
        end as volume_cents,
        case
            when not is_in_both or not has_margin_0 or not has_margin_1 then 0
            else {{ round_units('(' ~ wide('sum_0') ~ ' * nii_1 * sign(sum_1))', 'abs(sum_1)') }} - nii_0
        end as rate_cents,
        case when is_in_both then 0 else contribution_cents end as new_closed_cents
    from margins

),

owners as (

    select
        account_id,
        customer_id,
        {{ millionths_of('ownership_share') }} as share_weight
    from {{ ref('int_account__owner') }}

),

shared as (

    select
        coalesce(owners.customer_id, effects.customer_id) as customer_id,
        effects.month_start_date,
        {% for effect in ['volume', 'rate', 'new_closed'] -%}
        case
            when owners.account_id is null then effects.{{ effect }}_cents
            else {{ round_units(wide('effects.' ~ effect ~ '_cents') ~ ' * owners.share_weight', '1000000') }}
        end as {{ effect }}_cents{{ ',' if not loop.last }}
        {% endfor %}
    from effects
    left join owners on effects.account_id = owners.account_id

),

by_customer as (

    select
        customer_id,
        month_start_date,
        sum(volume_cents) as volume_cents,
        sum(rate_cents) as rate_cents,
        sum(new_closed_cents) as new_closed_cents
    from shared
    group by customer_id, month_start_date

),

totals as (

    select
        coalesce(this_customers.customer_id, previous_customers.customer_id) as customer_id,
        coalesce(this_customers.month_start_date, previous_customers.month_start_date) as month_start_date,
        coalesce(this_customers.contribution_cents, 0) as contribution_cents,
        coalesce(previous_customers.contribution_cents, 0) as previous_cents
    from this_customers
    full outer join previous_customers
        on
            this_customers.customer_id = previous_customers.customer_id
            and this_customers.month_start_date = previous_customers.month_start_date

),

differences as (

    select
        totals.customer_id,
        totals.month_start_date,
        totals.contribution_cents,
        totals.previous_cents,
        totals.contribution_cents - totals.previous_cents as total_cents,
        coalesce(by_customer.volume_cents, 0) as volume_cents,
        coalesce(by_customer.rate_cents, 0) as rate_cents,
        coalesce(by_customer.new_closed_cents, 0) as new_closed_cents
    from totals
    left join by_customer
        on
            totals.customer_id = by_customer.customer_id
            and totals.month_start_date = by_customer.month_start_date

),

split as (

    select *, total_cents - volume_cents - rate_cents - new_closed_cents as mix_cents
    from differences

)

select
    -- ids
    split.customer_id,

    -- dates
    split.month_start_date,

    -- measures
    {{ cents_amount('split.previous_cents') }} as previous_contribution_amt,
    {{ cents_amount('split.contribution_cents') }} as contribution_amt,
    {{ cents_amount('split.volume_cents') }} as volume_amt,
    {{ cents_amount('split.volume_cents') }} as volume,
    {{ cents_amount('split.rate_cents') }} as rate_amt,
    {{ cents_amount('split.rate_cents') }} as rate,
    {{ cents_amount('split.mix_cents') }} as mix_amt,
    {{ cents_amount('split.mix_cents') }} as mix,
    {{ cents_amount('split.new_closed_cents') }} as new_closed_amt,
    {{ cents_amount('split.new_closed_cents') }} as new_closed,
    {{ cents_amount('split.total_cents') }} as total_amt,
    {{ cents_amount('split.total_cents') }} as total,

    -- flags
    months.is_provisional

from split
inner join months on split.month_start_date = months.month_start_date
