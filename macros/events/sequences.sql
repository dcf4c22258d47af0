{# Events that follow from one told before and from what came of it: a large inflow with which nothing was
   bought, funds that fell due and left. The first event's identity is the key, so that each is told once. #}

{% macro event_sequences(told, flow_days) -%}
    select
        {{ event_found(
            'inflows.customer_id', 'customer', 'inflows.customer_id', 'inflows.identity_key',
            add_days('inflows.event_date', 'rules.window_days'),
            amount='inflows.amount_amt', reference_date='inflows.event_date',
        ) }}
    from {{ told }} as inflows
    inner join (
        {{ event_rules_tonight(['inflow_then_purchase_gap']) }}
    ) as rules
        on
            inflows.event_code = 'large_inflow'
            -- the window has ended since the last batch
            and inflows.event_date <= {{ add_days(business_date(), '-rules.window_days') }}
            and inflows.event_date > {{ add_days(previous_batch_date(), '-rules.window_days') }}
    where not exists (
        select 1
        from {{ flow_days }} as bought
        where
            bought.customer_id = inflows.customer_id
            and bought.flow_code = 'purchase'
            and bought.txn_date >= inflows.event_date
            and bought.txn_date <= {{ add_days('inflows.event_date', 'rules.window_days') }}
        group by bought.customer_id
        having sum(bought.txn_cnt) > 0
    )

    union all

    select
        {{ event_found(
            'left_over.customer_id', 'customer', 'left_over.customer_id', 'left_over.identity_key',
            business_date(),
            amount='left_over.left_amt', reference='left_over.amount_amt',
            reference_date='left_over.event_date',
        ) }}
    from (
        select
            matured.identity_key,
            matured.customer_id,
            matured.event_date,
            matured.amount_amt,
            rules.rule_version,
            rules.customer_group_code,
            -{{ sum_of_flows('days') }} as left_amt
        from {{ told }} as matured
        inner join (
            {{ event_rules_tonight(['maturity_then_outflow']) }}
        ) as rules
            on
                matured.event_code = 'account_maturing'
                and matured.event_date <= {{ business_date() }}
                and matured.event_date
                >= {{ add_days(business_date(), '-rules.window_days - ' ~ oldest_txn_days()) }}
        inner join {{ flow_days }} as days
            on
                matured.customer_id = days.customer_id
                and days.flow_code = 'outside'
                and days.flow_direction_code = 'out'
                and days.txn_date >= matured.event_date
                and days.txn_date <= {{ add_days('matured.event_date', 'rules.window_days') }}
        group by
            matured.identity_key, matured.customer_id, matured.event_date, matured.amount_amt,
            matured.business_date, rules.rule_version, rules.customer_group_code
        -- tonight brings some of it, or last night was the first to tell of the maturity: else an earlier
        -- night has looked at the same sum, and a rule that is new tonight tells nothing of it
        having
            max(days.business_date) = {{ business_date() }}
            or matured.business_date = {{ previous_batch_date() }}
    ) as left_over
    inner join (
        {{ event_rules_tonight(['maturity_then_outflow']) }}
    ) as rules
        on
            left_over.rule_version = rules.rule_version
            and left_over.customer_group_code = rules.customer_group_code
            and left_over.left_amt >= rules.threshold_rate * left_over.amount_amt
{%- endmacro %}
