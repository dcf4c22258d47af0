-- One row per credited trade that tonight looks at anew, person and role: ratio and amounts. Ratios add to
-- 1.00000, amounts to the trade's, by the largest remainder, ties by the employee's number.

with trades as (

    select * from {{ ref('int_sales__attribution') }} where state_code = 'credited'

),

weighted as (

    select
        trades.trade_id,
        candidates.employee_id,
        candidates.actor_role_code,
        trades.rule_code,
        case
            -- the manager's version is one side, whatever the roles in it
            when trades.rule_code = 'manager' or candidates.actor_role_code = 'seller'
                then trades.seller_units
            else 100000 - trades.seller_units
        end as side_units,
        case when trades.rule_code = 'manager' then 'all' else candidates.actor_role_code end as side_code,
        candidates.ratio_units,
        candidates.weight,
        trades.is_ratio_given
    from trades
    inner join {{ ref('int_sales__candidate') }} as candidates
        on
            trades.trade_id = candidates.trade_id
            and (
                candidates.step_code = trades.rule_code
                or (candidates.step_code = 'referrer' and trades.rule_code <> 'manager')
            )

),

-- given ratios count if everybody has one and they add to 1: of the side alone, or of both together
sided as (

    select
        *,
        case
            when
                sum(case when ratio_units is null then 1 else 0 end) over side = 0
                and (is_ratio_given or sum(ratio_units) over side = 100000)
                then ratio_units
            else weight
        end as side_weight
    from weighted
    window side as (partition by trade_id, side_code)

),

totalled as (

    select
        *,
        cast(sum(side_weight) over (partition by trade_id, side_code) as bigint) as whole_weight
    from sided

),

whole_ratios as (

    select
        *,
        cast({{ floor_divide('(side_units * side_weight)', 'whole_weight') }} as bigint) as least_units,
        cast(
            side_units * side_weight
            - {{ floor_divide('(side_units * side_weight)', 'whole_weight') }} * whole_weight as bigint
        ) as rest
    from totalled

),

ratios as (

    select
        trade_id,
        employee_id,
        actor_role_code,
        rule_code,
        cast(
            {{ allocated(
                'side_units', 'least_units', 'rest', 'trade_id, side_code',
                'employee_id nulls last, actor_role_code'
            ) }} as bigint
        ) as credit_units
    from whole_ratios

),

{# the trade's amounts in its own currency and in the reporting currency, each split for itself #}
{%- set amounts = {
    'credit_amt': 'amount_amt',
    'credit_fee_income_amt': 'fee_income_amt',
    'credit_reporting_amt': 'amount_reporting_amt',
    'credit_fee_income_reporting_amt': 'fee_income_reporting_amt',
} -%}
whole_amounts as (

    select
        ratios.*
        {%- for whole in amounts.values() %},
        trades.{{ whole }},
        cast(abs({{ cents('trades.' ~ whole) }}) as decimal(38, 0)) as {{ whole }}_cents
        {%- endfor %}
    from ratios
    inner join trades on ratios.trade_id = trades.trade_id
    where ratios.credit_units > 0

),

parts as (

    select
        *
        {%- for whole in amounts.values() %},
        {{ floor_divide('(' ~ whole ~ '_cents * credit_units)', '100000') }} as {{ whole }}_least_cents,
        {{ whole }}_cents * credit_units
        - {{ floor_divide('(' ~ whole ~ '_cents * credit_units)', '100000') }} * 100000
            as {{ whole }}_rest_cents
        {%- endfor %}
    from whole_amounts

)

select
    -- ids
    trade_id,
    employee_id,

    -- codes
    actor_role_code,
    rule_code,

    -- measures
    cast(cast(credit_units as decimal(18, 0)) * cast(0.00001 as decimal(6, 5)) as decimal(6, 5))
        as credit_ratio
    {%- for part, whole in amounts.items() %},
    cast(
        cast(sign({{ whole }}) * {{ allocated(
            whole ~ '_cents', whole ~ '_least_cents', whole ~ '_rest_cents', 'trade_id',
            'employee_id nulls last, actor_role_code'
        ) }} as decimal(18, 0)) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }}
    ) as {{ part }}
    {%- endfor %}

from parts
