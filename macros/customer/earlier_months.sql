{# What the months that are over add to a customer's averages over several months. `wanted` names the
   customers, each with a month and its index; of customers who are one, what all had in a month counts.
   `among` is a relation of all of them, where they are few: of nobody else are the months read, and none at
   all where it is empty. #}

{% macro aum_of_earlier_months(wanted, among=none) -%}
    with looked_up as (

        select
            wanted.customer_id,
            wanted.month_start_date,
            closed.month_index >= wanted.month_index - 5 as is_in_6m,
            date_trunc('quarter', closed.month_start_date) = date_trunc('quarter', wanted.month_start_date)
                as is_in_quarter,
            year(closed.month_start_date) = year(wanted.month_start_date) as is_in_year,
            -- trailing averages and maxima leave a partial month out, sums to date do not
            case when not closed.is_partial_month then closed.aum_month_avg_amt end as aum_month_avg_amt,
            closed.month_index,
            closed.balance_sum_plain_amt,
            closed.balance_sum_fine_amt
        from {{ wanted }} as wanted
        -- whoever was away for longer than a year has a row of zeros
        left join (
            select *
            from {{ one_for_survivors(
                by_survivor(ref('int_aum__closed_month')),
                ['customer_id', 'month_start_date', 'month_index', 'is_partial_month'],
                {
                    'aum_month_avg_amt': 'sum(together.aum_month_avg_amt)',
                    'balance_sum_plain_amt': 'sum(together.balance_sum_plain_amt)',
                    'balance_sum_fine_amt': 'sum(together.balance_sum_fine_amt)',
                },
            ) }} as months
            where
                month_index >= (select min(month_index) - 11 from {{ ref('int_calendar__open_months') }})
                and month_index < (select max(month_index) from {{ ref('int_calendar__open_months') }})
                {% if among %}and customer_id in (select customer_id from {{ among }}){% endif %}
        ) as closed
            on
                wanted.customer_id = closed.customer_id
                and closed.month_index >= wanted.month_index - 11
                and closed.month_index < wanted.month_index

    ),

    summed as (

        select
            customer_id,
            month_start_date,
            sum(case when is_in_6m then aum_month_avg_amt end) as aum_avg_sum_5m_amt,
            count(case when is_in_6m then month_index end) as months_5m_cnt,
            count(case when is_in_6m then aum_month_avg_amt end) as averaged_5m_cnt,
            max(case when is_in_6m then aum_month_avg_amt end) as aum_max_5m_amt,
            sum(aum_month_avg_amt) as aum_avg_sum_11m_amt,
            count(aum_month_avg_amt) as averaged_11m_cnt,
            max(aum_month_avg_amt) as aum_max_11m_amt,
            sum(case when is_in_quarter then balance_sum_plain_amt end) as quarter_sum_plain_amt,
            sum(case when is_in_quarter then balance_sum_fine_amt end) as quarter_sum_fine_amt,
            sum(case when is_in_year then balance_sum_plain_amt end) as year_sum_plain_amt,
            sum(case when is_in_year then balance_sum_fine_amt end) as year_sum_fine_amt
        from looked_up
        group by customer_id, month_start_date

    )

    select
        -- ids
        customer_id,

        -- dates
        month_start_date,

        -- measures
        cast(coalesce(aum_avg_sum_5m_amt, 0) as {{ sum_type() }}) as aum_avg_sum_5m_amt,
        cast(months_5m_cnt as integer) as months_5m_cnt,
        cast(averaged_5m_cnt as integer) as averaged_5m_cnt,
        cast(coalesce(aum_max_5m_amt, 0) as {{ amount_type() }}) as aum_max_5m_amt,
        cast(coalesce(aum_avg_sum_11m_amt, 0) as {{ sum_type() }}) as aum_avg_sum_11m_amt,
        cast(averaged_11m_cnt as integer) as averaged_11m_cnt,
        cast(coalesce(aum_max_11m_amt, 0) as {{ amount_type() }}) as aum_max_11m_amt,
        cast(coalesce(quarter_sum_plain_amt, 0) as {{ sum_type() }}) as quarter_sum_plain_amt,
        cast(coalesce(quarter_sum_fine_amt, 0) as {{ exact_type() }}) as quarter_sum_fine_amt,
        cast(coalesce(year_sum_plain_amt, 0) as {{ sum_type() }}) as year_sum_plain_amt,
        cast(coalesce(year_sum_fine_amt, 0) as {{ exact_type() }}) as year_sum_fine_amt
    from summed
{%- endmacro %}

{% macro contribution_of_earlier_months(wanted, among=none) -%}
    select
        -- ids
        wanted.customer_id,

        -- dates
        wanted.month_start_date,

        -- measures
        cast(
            coalesce(
                sum(
                    case when closed.month_index >= wanted.month_index - 2 then closed.contribution_cents end
                ), 0
            ) as bigint
        ) as cents_2m,
        cast(
            count(case when closed.month_index >= wanted.month_index - 2 then closed.contribution_cents end)
            as integer
        ) as months_2m_cnt,
        cast(coalesce(sum(closed.contribution_cents), 0) as bigint) as cents_11m,
        cast(count(closed.contribution_cents) as integer) as months_11m_cnt
    from {{ wanted }} as wanted
    -- a row of zeros for who has no month before: it is not looked up again
    left join (
        select *
        from {{ one_for_survivors(
            by_survivor(ref('int_contribution__closed_month')),
            ['customer_id', 'month_index'],
            {'contribution_cents': 'sum(together.contribution_cents)'},
        ) }} as months
        where
            month_index >= (select min(month_index) - 11 from {{ ref('int_contribution__month') }})
            and month_index < (select max(month_index) from {{ ref('int_contribution__month') }})
            {% if among %}and customer_id in (select customer_id from {{ among }}){% endif %}
    ) as closed
        on
            wanted.customer_id = closed.customer_id
            and closed.month_index >= wanted.month_index - 11
            and closed.month_index < wanted.month_index
    group by wanted.customer_id, wanted.month_start_date
{%- endmacro %}
