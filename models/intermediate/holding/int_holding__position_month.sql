-- One row per position (account × product × owner) and month that tonight computes: its worth at the end of
-- the month before and now, and what was bought and sold in between, night by night: by the change of its
-- cost, else by the change of its units at their last value, else unknown. This is the state that nights
-- carry.
--
-- Amounts are the owner's share in cents of the reporting currency, each rounded once. `flow_day_units` is Σ
-- flow × the days from the opening to it, for the weights of the modified Dietz method. Owners stay under the
-- number that was told of.

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

-- depends_on: {{ ref('int_customer__survivor') }}
-- read from the second night on, but the graph is the same every night
-- depends_on: {{ ref('int_calendar__recorded_history') }}
-- depends_on: {{ ref('int_account__versions') }}

with holders as (

    select
        account_id,
        customer_id,
        currency_code,
        close_date,
        {{ millionths_of('ownership_share') }} as share_units
    from {{ ref('int_account__told_holder') }}

),

rates as (

    select
        currency_code,
        {{ fx_factor('currency_code', 'mid_rate') }} as fx_factor
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

tonight as (

    select
        positions.account_id,
        positions.product_code,
        holders.customer_id,
        holders.share_units,
        rates.fx_factor,
        {{ cents('positions.market_value_ccy_amt') }} as value_ccy_cents,
        positions.unit_quantity,
        {{ cents('positions.cost_ccy_amt') }} as cost_ccy_cents
    from {{ ref('stg_core_banking__investment_positions') }} as positions
    inner join holders
        on
            positions.account_id = holders.account_id
            and (holders.close_date is null or holders.close_date > {{ business_date() }})
    inner join rates on holders.currency_code = rates.currency_code

),

{% if has_state() %}

refused as (

    {{ refused_balances() }}

),

-- the first month begins with the first night, also for what is bought later in it
records as (

    select business_date as first_night_date from {{ ref('int_calendar__recorded_history') }}

),

told_last_night as (

    {{ state_of_last_night(customers=[]) }}

),

-- a position that the bank moved between two numbers which are one tonight was not sold
ones as (

    select customer_id, survivor_id from {{ ref('int_customer__survivor') }}
    union
    select survivor_id as customer_id, survivor_id from {{ ref('int_customer__survivor') }}

),

moved as (

    select
        states.account_id,
        states.product_code,
        states.customer_id,
        min(tonight.customer_id) as now_customer_id
    from told_last_night as states
    inner join ones as before on states.customer_id = before.customer_id
    inner join tonight
        on states.account_id = tonight.account_id and states.product_code = tonight.product_code
    inner join ones as now on tonight.customer_id = now.customer_id and before.survivor_id = now.survivor_id
    left join tonight as still
        on
            states.account_id = still.account_id
            and states.product_code = still.product_code
            and states.customer_id = still.customer_id
    where still.account_id is null
    group by states.account_id, states.product_code, states.customer_id

),

-- the position is whole in the row of each owner, what the owner has of it is not
{%- set values = {
    'value_ccy_cents': 'max(renamed.value_ccy_cents)',
    'unit_quantity': 'max(renamed.unit_quantity)',
    'cost_ccy_cents': 'max(renamed.cost_ccy_cents)',
    'share_units':
        'coalesce('
        ~ 'nullif(sum(case when renamed.value_ccy_cents <> 0 then renamed.share_units else 0 end), 0), '
        ~ 'max(renamed.share_units))',
    'fx_factor': 'max(renamed.fx_factor)',
    'opening_date': 'min(renamed.opening_date)',
    'is_flow_known': 'min(case when renamed.is_flow_known then 1 else 0 end) = 1',
} %}
{%- for column in ['value_cents', 'opening_cents', 'bought_cents', 'sold_cents', 'flow_day_units'] %}
{%- do values.update({column: 'sum(renamed.' ~ column ~ ')'}) %}
{%- endfor %}

states as (

    select
        told.account_id,
        told.product_code,
        told.customer_id,
        told.month_start_date,
        told.{{ values | join(',
        told.') }}
    from told_last_night as told
    left join (
        select account_id, product_code from moved
    ) as moved on told.account_id = moved.account_id and told.product_code = moved.product_code
    where moved.account_id is null
    union all
    select
        renamed.account_id,
        renamed.product_code,
        renamed.customer_id,
        renamed.month_start_date,
        {% for column, value in values.items() -%}
        {{ value }} as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            {{ replaced_columns('told', {
                'customer_id': 'coalesce(moved.now_customer_id, told.customer_id)'
            }) }}
        from told_last_night as told
        inner join (
            select distinct account_id, product_code from moved
        ) as touched on told.account_id = touched.account_id and told.product_code = touched.product_code
        left join moved
            on
                told.account_id = moved.account_id
                and told.product_code = moved.product_code
                and told.customer_id = moved.customer_id
    ) as renamed
    group by renamed.account_id, renamed.product_code, renamed.customer_id, renamed.month_start_date

),

-- what is not held any more was sold tonight: at tonight's rate, as every other flow
last_night as (

    select
        states.*,
        coalesce(rates.fx_factor, states.fx_factor) as tonight_fx_factor,
        states.month_start_date = {{ month_start(business_date()) }} as is_same_month
    from states
    left join {{ ref('int_account__versions') }} as accounts
        on states.account_id = accounts.account_id and accounts.known_to_date is null
    left join rates on accounts.currency_code = rates.currency_code

),

joined as (

    select
        coalesce(tonight.account_id, last_night.account_id) as account_id,
        coalesce(tonight.product_code, last_night.product_code) as product_code,
        coalesce(tonight.customer_id, last_night.customer_id) as customer_id,
        coalesce(tonight.share_units, last_night.share_units) as share_units,
        coalesce(tonight.fx_factor, last_night.tonight_fx_factor) as fx_factor,
        -- a row in quarantine is not a sale: what was known stands
        refused.row_key is not null as is_refused,
        tonight.account_id is not null as is_held,
        last_night.account_id is not null as is_carried,
        coalesce(tonight.value_ccy_cents, 0) as value_ccy_cents,
        case when tonight.account_id is not null then tonight.unit_quantity else 0 end as unit_quantity,
        case when tonight.account_id is not null then tonight.cost_ccy_cents else 0 end as cost_ccy_cents,
        coalesce(last_night.value_ccy_cents, 0) as last_value_ccy_cents,
        case when last_night.account_id is not null then last_night.unit_quantity else 0 end
            as last_unit_quantity,
        case when last_night.account_id is not null then last_night.cost_ccy_cents else 0 end
            as last_cost_ccy_cents,
        coalesce(last_night.share_units, 0) as last_share_units,
        coalesce(last_night.value_cents, 0) as last_value_cents,
        case
            when last_night.is_same_month then last_night.opening_date
            else greatest({{ add_days(month_start(business_date()), -1) }}, records.first_night_date)
        end as opening_date,
        coalesce(
            case when last_night.is_same_month then last_night.opening_cents else last_night.value_cents end,
            0
        ) as opening_cents,
        coalesce(case when last_night.is_same_month then last_night.bought_cents end, 0) as bought_cents,
        coalesce(case when last_night.is_same_month then last_night.sold_cents end, 0) as sold_cents,
        coalesce(case when last_night.is_same_month then last_night.flow_day_units end, 0) as flow_day_units,
        coalesce(case when last_night.is_same_month then last_night.is_flow_known end, true) as is_flow_known
    from tonight
    full outer join last_night
        on
            tonight.account_id = last_night.account_id
            and tonight.product_code = last_night.product_code
            and tonight.customer_id = last_night.customer_id
    cross join records
    left join refused
        on
            refused.source_code = 'investment'
            and {{ key_where(
                'tonight.account_id is null', "last_night.account_id || '|' || last_night.product_code"
            ) }} = refused.row_key

),

-- in cents of the account's currency, of the whole position at its owner's share; where that changed, by the
-- change
flows as (

    select
        *,
        case
            when is_refused or (not is_held and last_value_ccy_cents = 0) then 0
            when cost_ccy_cents is not null and last_cost_ccy_cents is not null
                then {{ wide('cost_ccy_cents') }} * share_units - {{ wide('last_cost_ccy_cents') }}
                * last_share_units
            -- the last value of a unit, tonight's of a position that is new
            when last_unit_quantity > 0 and unit_quantity is not null
                then {{ round_wide(
                    '(' ~ wide('cast(unit_quantity * 10000 as bigint)') ~ ' * share_units - '
                    ~ wide('cast(last_unit_quantity * 10000 as bigint)')
                    ~ ' * last_share_units) * last_value_ccy_cents',
                    'cast(last_unit_quantity * 10000 as bigint)',
                ) }}
            when last_unit_quantity = 0 and last_value_ccy_cents = 0 and unit_quantity > 0
                then {{ wide('value_ccy_cents') }} * share_units
        end as flow_ccy_units
    from joined

),

valued as (

    select
        *,
        {{ round_wide('flow_ccy_units * fx_factor', '(1000000 * ' ~ wide(fx_scale()) ~ ')') }} as flow_cents,
        case
            when is_refused then last_value_cents
            else {{ round_wide(
                wide('value_ccy_cents') ~ ' * share_units * fx_factor', '(1000000 * ' ~ wide(fx_scale()) ~ ')'
            ) }}
        end as value_cents
    from flows

),

{% else %}

-- the records begin tonight: what was bought before is not known, and nothing has been since
valued as (

    select
        account_id,
        product_code,
        customer_id,
        share_units,
        value_ccy_cents,
        unit_quantity,
        cost_ccy_cents,
        {{ business_date() }} as opening_date,
        {{ round_wide(
            wide('value_ccy_cents') ~ ' * share_units * fx_factor', '(1000000 * ' ~ wide(fx_scale()) ~ ')'
        ) }} as opening_cents,
        cast(0 as bigint) as bought_cents,
        cast(0 as bigint) as sold_cents,
        cast(0 as bigint) as flow_day_units,
        true as is_flow_known,
        fx_factor,
        false as is_refused,
        0 as last_value_ccy_cents,
        cast(null as decimal(20, 4)) as last_unit_quantity,
        0 as last_cost_ccy_cents,
        {{ wide('0') }} as flow_cents,
        {{ round_wide(
            wide('value_ccy_cents') ~ ' * share_units * fx_factor', '(1000000 * ' ~ wide(fx_scale()) ~ ')'
        ) }} as value_cents
    from tonight

),

{% endif %}

carried as (

    select
        *,
        {{ days_between('opening_date', business_date()) }} as flow_day
    from valued

)

select
    -- ids
    account_id,
    product_code,
    customer_id,

    -- dates
    {{ business_date() }} as business_date,
    {{ month_start(business_date()) }} as month_start_date,
    cast(opening_date as date) as opening_date,

    -- measures: of the position in its currency
    cast(case when is_refused then last_value_ccy_cents else value_ccy_cents end as bigint)
        as value_ccy_cents,
    cast(case when is_refused then last_unit_quantity else unit_quantity end as decimal(20, 4))
        as unit_quantity,
    cast(case when is_refused then last_cost_ccy_cents else cost_ccy_cents end as bigint) as cost_ccy_cents,
    cast(share_units as bigint) as share_units,
    cast(fx_factor as bigint) as fx_factor,
    -- of the owner
    cast(value_cents as bigint) as value_cents,
    cast(opening_cents as bigint) as opening_cents,
    cast(bought_cents + case when flow_cents > 0 then flow_cents else 0 end as bigint) as bought_cents,
    cast(sold_cents - case when flow_cents < 0 then flow_cents else 0 end as bigint) as sold_cents,
    {{ wide('flow_day_units + coalesce(flow_cents, 0) * flow_day') }} as flow_day_units,

    -- flags
    is_flow_known and flow_cents is not null as is_flow_known

from carried
where
    value_cents <> 0
    or opening_cents <> 0
    or bought_cents <> 0
    or sold_cents <> 0
    or coalesce(flow_cents, 0) <> 0
    or flow_cents is null
    or not is_flow_known
