-- One row per payer, payee and month, both customers of the bank (产业链关系): who supplies whom. Declared as the
-- bank's relations say it, or inferred: payments in enough of the last months, and enough of all that the
-- payer paid in them. Inferred links are between corporate customers: who is paid a salary supplies nobody.

{{ config(meta={
    'grain': ['payer_customer_id', 'payee_customer_id', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select
        months.month_start_date,
        months.through_date,
        months.month_index,
        months.is_provisional,
        rules.rule_version,
        rules.window_months,
        rules.payment_months_from,
        rules.out_share_from
    from {{ ref('int_calendar__open_months') }} as months
    inner join {{ ref('supply_chain_rules') }} as rules
        on
            months.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)

),

-- the window's months alone are read
flows as (

    select
        flows.customer_id,
        flows.counterparty_customer_id,
        months.month_start_date,
        flows.month_start_date as paid_month_date,
        flows.month_start_date = months.month_start_date as is_own_month,
        flows.in_amt,
        flows.out_amt,
        flows.out_cnt
    from {{ flows_by_survivor(ref('fct_counterparty_flow_monthly')) }} as flows
    inner join months
        on
            flows.month_start_date <= months.month_start_date
            and flows.month_start_date > {{ month_from_index('months.month_index - months.window_months') }}

),

totals as (

    select
        customer_id,
        month_start_date,
        sum(out_amt) as all_out_amt,
        sum(in_amt) as all_in_amt
    from flows
    group by customer_id, month_start_date

),

paid as (

    select
        customer_id as payer_customer_id,
        counterparty_customer_id as payee_customer_id,
        month_start_date,
        sum(out_amt) as paid_amt,
        sum(out_cnt) as paid_cnt,
        count(distinct case when out_amt > 0 then paid_month_date end) as payment_months,
        sum(case when is_own_month then out_amt else 0 end) as month_paid_amt,
        sum(case when is_own_month then out_cnt else 0 end) as month_paid_cnt
    from flows
    where counterparty_customer_id is not null
    group by customer_id, counterparty_customer_id, month_start_date

),

corporates as (

    select customer_id
    from {{ living(ref('int_customer__versions')) }}
    where known_to_date is null and customer_type_code = 'C'

),

declared as (

    select
        case
            when relations.relation_type_code = 'supplier' then relations.customer_id
            else relations.related_id
        end as payer_customer_id,
        case
            when relations.relation_type_code = 'supplier' then relations.related_id
            else relations.customer_id
        end as payee_customer_id,
        months.month_start_date,
        max(relations.relation_share) as declared_share
    from {{ by_survivor(ref('int_customer__relation_versions'), columns=['customer_id', 'related_id']) }}
        as relations
    inner join months
        on
            relations.valid_from <= months.through_date
            and coalesce({{ told_date('relations.valid_to') }}, cast('9999-12-31' as date))
            > months.through_date
    where
        relations.known_to_date is null
        and relations.relation_type_code in ('supplier', 'buyer')
        and relations.customer_id <> relations.related_id
    group by 1, 2, 3

),

pairs as (

    select payer_customer_id, payee_customer_id, month_start_date from paid
    union
    select payer_customer_id, payee_customer_id, month_start_date from declared

),

judged as (

    select
        pairs.payer_customer_id,
        pairs.payee_customer_id,
        pairs.month_start_date,
        months.rule_version,
        months.is_provisional,
        declared.payer_customer_id is not null as is_declared,
        -- not rounded: 9.9999 % is less than 10 %
        coalesce(
            corporates.customer_id is not null
            and paid.payment_months >= months.payment_months_from
            and paid.paid_amt > 0
            and {{ wide(total_cents('paid.paid_amt')) }} * 1000000
            >= {{ wide(total_cents('payers.all_out_amt')) }} * {{ millionths_of('months.out_share_from') }},
            false
        ) as is_inferred,
        declared.declared_share,
        coalesce(paid.paid_amt, 0) as paid_amt,
        coalesce(paid.paid_cnt, 0) as paid_cnt,
        coalesce(paid.payment_months, 0) as payment_months,
        coalesce(paid.month_paid_amt, 0) as month_paid_amt,
        coalesce(paid.month_paid_cnt, 0) as month_paid_cnt,
        coalesce(payers.all_out_amt, 0) as all_out_amt,
        coalesce(payees.all_in_amt, 0) as all_in_amt
    from pairs
    inner join months on pairs.month_start_date = months.month_start_date
    left join paid
        on
            pairs.payer_customer_id = paid.payer_customer_id
            and pairs.payee_customer_id = paid.payee_customer_id
            and pairs.month_start_date = paid.month_start_date
    left join corporates on pairs.payee_customer_id = corporates.customer_id
    left join declared
        on
            pairs.payer_customer_id = declared.payer_customer_id
            and pairs.payee_customer_id = declared.payee_customer_id
            and pairs.month_start_date = declared.month_start_date
    left join totals as payers
        on pairs.payer_customer_id = payers.customer_id and pairs.month_start_date = payers.month_start_date
    left join totals as payees
        on pairs.payee_customer_id = payees.customer_id and pairs.month_start_date = payees.month_start_date

)

select
    -- ids
    payer_customer_id,
    payee_customer_id,

    -- codes
    case when is_declared and is_inferred then 'both' when is_declared then 'declared' else 'inferred' end
        as link_code,
    rule_version,

    -- dates
    month_start_date,

    -- measures
    cast(month_paid_amt as {{ amount_type() }}) as month_paid_amt,
    cast(month_paid_cnt as bigint) as month_paid_cnt,
    cast(paid_amt as {{ amount_type() }}) as paid_amt,
    cast(paid_cnt as bigint) as paid_cnt,
    cast(payment_months as integer) as payment_months,
    case when paid_amt >= 0 and all_out_amt > 0 then {{ signed_ratio(
        total_cents('paid_amt'), total_cents('all_out_amt')
    ) }} end as payer_out_share,
    -- the payee's side of a payment may be a batch late
    case when paid_amt >= 0 and all_in_amt > 0 then {{ signed_ratio(
        total_cents('paid_amt'), total_cents('all_in_amt')
    ) }} end as payee_in_share,
    cast(declared_share as {{ share_type() }}) as declared_share,

    -- flags
    is_declared,
    is_inferred,
    is_provisional

from judged
where is_declared or is_inferred
