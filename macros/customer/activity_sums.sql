{# Customer-initiated transactions of a customer by how many months ago they were made, from rows of
   int_activity__entry: the month that ends at the business date (0), and the 2, 5 and 11 months before it. A
   transaction that was reversed has rows that cancel each other, on the same day: it counts nothing, nor does
   its day. #}

{% macro activity_sums(entries) -%}
    select
        customer_id,
        {%- for name, first, last in [('0m', 0, 0), ('2m', 1, 2), ('5m', 1, 5), ('11m', 1, 11)] %}
        cast(sum(case when months_ago between {{ first }} and {{ last }} then txn_cnt else 0 end) as bigint)
            as txn_{{ name }}_cnt,
        cast(
            sum(case when months_ago between {{ first }} and {{ last }} then amount_amt else 0 end)
            as {{ amount_type() }}
        ) as txn_{{ name }}_amt,
        {%- endfor %}
        {%- for name, first, last in [('0m', 0, 0), ('2m', 1, 2)] %}
        cast(
            sum(case when months_ago between {{ first }} and {{ last }} then outside_in_amt else 0 end)
            as {{ amount_type() }}
        ) as outside_in_{{ name }}_amt,
        cast(
            sum(case when months_ago between {{ first }} and {{ last }} then outside_out_amt else 0 end)
            as {{ amount_type() }}
        ) as outside_out_{{ name }}_amt,
        {%- endfor %}
        cast(count(case when months_ago = 0 and salary_cnt > 0 then 1 end) as integer) as salary_0m_cnt,
        cast(count(case when months_ago between 1 and 3 and salary_cnt > 0 then 1 end) as integer)
            as salary_months_3m_cnt,
        cast(sum(case when months_ago <= 3 then salary_amt else 0 end) as {{ amount_type() }}) as salary_amt,
        cast(sum(foreign_cnt) as bigint) as foreign_cnt,
        max(case when months_ago <= 3 then last_salary_date end) as last_salary_date,
        max(last_txn_date) as last_txn_date
    from (
        select
            customer_id,
            months_ago,
            sum(txn_cnt) as txn_cnt,
            sum(amount_amt) as amount_amt,
            sum(outside_in_amt) as outside_in_amt,
            sum(outside_out_amt) as outside_out_amt,
            sum(salary_cnt) as salary_cnt,
            sum(salary_amt) as salary_amt,
            max(case when salary_cnt > 0 then txn_date end) as last_salary_date,
            sum(foreign_cnt) as foreign_cnt,
            max(case when txn_cnt > 0 then txn_date end) as last_txn_date
        from (
            select
                customer_id,
                txn_date,
                {{ month_index(business_date()) }} - {{ month_index('txn_date') }} as months_ago,
                sum(txn_cnt) as txn_cnt,
                sum(amount_amt) as amount_amt,
                sum(case when flow_code = 'outside' and flow_direction_code = 'in' then amount_amt else 0 end)
                    as outside_in_amt,
                sum(
                    case when flow_code = 'outside' and flow_direction_code = 'out' then amount_amt else 0 end
                ) as outside_out_amt,
                sum(case when txn_type_code = 'salary' and flow_direction_code = 'in' then txn_cnt else 0 end)
                    as salary_cnt,
                sum(
                    case
                        when txn_type_code = 'salary' and flow_direction_code = 'in' then amount_amt
                        else 0
                    end
                ) as salary_amt,
                sum(case when currency_code <> '{{ var("reporting_currency") }}' then txn_cnt else 0 end)
                    as foreign_cnt
            from {{ entries }}
            where txn_date >= {{ activity_from_date() }}
            group by customer_id, txn_date
        ) as by_day
        group by customer_id, months_ago
    ) as by_month
    group by customer_id
{%- endmacro %}

{% macro activity_from_date() -%}
    {# the first day of the 12 calendar months that end with tonight's #}
    {{ month_from_index(month_index(business_date()) ~ ' - 11') }}
{%- endmacro %}
