{# Merged customers (合并客户). What the bank told of a customer, and what nights carry of one, stays under the
   number that it was told of. Whoever reads it reads it under the number that counts tonight: that of
   int_customer__survivor. So a merge, and one that is taken back, changes no row that stands, and a table
   sets itself back as ever. Nearly every customer is nobody else: the table is small, mostly empty, and what
   is joined with it costs next to nothing. #}

{% macro by_survivor(relation, columns=['customer_id'], told_as=none) -%}
    {#- A table with its customers' numbers of tonight; two who are one have rows of one number then.
        `told_as` names a column for the number that was told of. -#}
    {%- set values = {} -%}
    {%- for column in columns -%}
        {%- do values.update({
            column: 'coalesce(survivors_' ~ loop.index ~ '.survivor_id, told.' ~ column ~ ')'
        }) -%}
    {%- endfor -%}
    (
        select
            {{ replaced_columns('told', values) }}{% if told_as %},
            told.{{ columns[0] }} as {{ told_as }}{% endif %}
        from {{ relation }} as told
        {% for column in columns -%}
        left join {{ ref('int_customer__survivor') }} as survivors_{{ loop.index }}
            on told.{{ column }} = survivors_{{ loop.index }}.customer_id
        {% endfor -%}
    )
{%- endmacro %}

{% macro living(relation) -%}
    {#- versions of customers, but for those who are somebody else tonight. Who goes on for others has been
        with the bank since the first of them came. -#}
    (
        select {{ replaced_columns('told', {
            'first_open_date':
                'least(told.first_open_date, coalesce(inherited.first_open_date, told.first_open_date))',
        }) }}
        from {{ relation }} as told
        left join {{ ref('int_customer__survivor') }} as merged on told.customer_id = merged.customer_id
        left join (
            select survivor_id, min(first_open_date) as first_open_date
            from {{ ref('int_customer__survivor') }}
            group by survivor_id
        ) as inherited on told.customer_id = inherited.survivor_id
        where merged.customer_id is null
    )
{%- endmacro %}

{% macro who_go_on() -%}
    {#- customers who go on for others, each once -#}
    (select distinct survivor_id from {{ ref('int_customer__survivor') }})
{%- endmacro %}

{% macro one_for_survivors(rows, keys, values) -%}
    {#- Rows that were one for each of `keys` before `by_survivor`, and are so again: `values` says by which
        expression the rows of customers who are one become one. Only theirs are grouped. -#}
    (
        select
            {% for column in keys %}alone.{{ column }},
            {% endfor -%}
            {% for column in values %}alone.{{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ rows }} as alone
        left join {{ who_go_on() }} as survivors on alone.customer_id = survivors.survivor_id
        where survivors.survivor_id is null
        union all
        select
            {% for column in keys %}together.{{ column }},
            {% endfor -%}
            {% for column, value in values.items() %}{{ value }} as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ rows }} as together
        inner join {{ who_go_on() }} as survivors on together.customer_id = survivors.survivor_id
        group by {% for column in keys %}together.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    )
{%- endmacro %}

{% macro first_for_survivors(rows, keys, order_by) -%}
    {#- The same, but of customers who are one the row that comes first by some order stands for all. `rows`
        has the number that was told of as told_customer_id. -#}
    (
        select alone.*
        from {{ rows }} as alone
        left join {{ who_go_on() }} as survivors on alone.customer_id = survivors.survivor_id
        where survivors.survivor_id is null
        union all
        select together.*
        from {{ rows }} as together
        inner join (
            select
                {% for column in keys %}ranked.{{ column }},
                {% endfor -%}
                {{ first_by('ranked.told_customer_id', order_by + [
                    'ranked.told_customer_id <> ranked.customer_id', 'ranked.told_customer_id',
                ]) }} as told_customer_id
            from {{ rows }} as ranked
            inner join {{ who_go_on() }} as survivors on ranked.customer_id = survivors.survivor_id
            group by {% for column in keys %}ranked.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
        ) as firsts
            on
                together.told_customer_id = firsts.told_customer_id
                {%- for column in keys %}
                and together.{{ column }} = firsts.{{ column }}
                {%- endfor %}
    )
{%- endmacro %}

{% macro entries_by_survivor() -%}
    {#- transactions that customers began; one of an account that two had who are one is one -#}
    {{ one_for_survivors(
        by_survivor(ref('int_activity__entry')),
        [
            'txn_id', 'customer_id', 'txn_type_code', 'flow_code', 'flow_direction_code', 'channel_code',
            'currency_code',
            'txn_date', 'business_date', 'txn_cnt',
        ],
        {'amount_amt': 'sum(together.amount_amt)'},
    ) }}
{%- endmacro %}

{% macro payments_by_survivor() -%}
    {#- what companies paid and were paid, also to and by customers who are merged since -#}
    (
        select {{ replaced_columns('paid', {
            'counterparty_key': "coalesce('customer|' || others.survivor_id, paid.counterparty_key)"
        }) }}
        from {{ by_survivor(ref('int_counterparty__payment_day')) }} as paid
        left join {{ ref('int_customer__survivor') }} as others
            on paid.counterparty_key = 'customer|' || others.customer_id
    )
{%- endmacro %}

{% macro flows_by_survivor(relation) -%}
    {#- payments of companies by month and other side; who is one with the other side pays nobody -#}
    (
        select
            {{ replaced_columns('flows', {
                'counterparty_key':
                    "coalesce('customer|' || flows.counterparty_customer_id, flows.counterparty_key)",
            }) }}
        from {{ by_survivor(relation, columns=['customer_id', 'counterparty_customer_id']) }} as flows
        where flows.counterparty_customer_id is null or flows.counterparty_customer_id <> flows.customer_id
    )
{%- endmacro %}
