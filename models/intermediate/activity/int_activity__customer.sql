-- One row per customer with a customer-initiated transaction in the 12 calendar months that end with
-- tonight's: how many, how much, the last one, salaries and money from and to other banks. The sums of the
-- months before come from the month's first night; of a customer of whom something else was learnt since (a
-- reversal, a late transaction, a merge) all 12 months are read again.

{{ config(materialized='table') }}

with earlier as (

    select *
    from {{ by_survivor(ref('int_activity__earlier_months')) }} as earlier
    where month_start_date = {{ month_start(business_date()) }}

),

-- all rows of a month are of the same night
as_of as (

    select coalesce(max(as_of_date), cast('1900-01-01' as date)) as as_of_date from earlier

),

recent as (

    select entries.*
    from {{ entries_by_survivor() }} as entries
    cross join as_of
    where
        entries.business_date >= {{ month_start(business_date()) }}
        and (
            entries.txn_date >= {{ month_start(business_date()) }}
            or entries.business_date > as_of.as_of_date
        )

),

read_again as (

    select distinct customer_id
    from recent
    where txn_cnt < 0 or txn_date < {{ month_start(business_date()) }}
    union
    select customer_id from {{ ref('int_customer__newly_merged') }}

),

whole as (

    select entries.*
    from {{ entries_by_survivor() }} as entries
    inner join read_again on entries.customer_id = read_again.customer_id

),

added as (

    select recent.*
    from recent
    left join read_again on recent.customer_id = read_again.customer_id
    where read_again.customer_id is null

),

parts as (

    {%- set columns = [
        'customer_id', 'txn_0m_cnt', 'txn_0m_amt', 'txn_2m_cnt', 'txn_2m_amt', 'txn_5m_cnt', 'txn_5m_amt',
        'txn_11m_cnt', 'txn_11m_amt', 'outside_in_0m_amt', 'outside_in_2m_amt', 'outside_out_0m_amt',
        'outside_out_2m_amt', 'salary_0m_cnt', 'salary_months_3m_cnt', 'salary_amt', 'foreign_cnt',
        'last_salary_date', 'last_txn_date',
    ] %}

    select {{ columns | join(', ') }} from (
        {{ activity_sums('whole') }}
    ) as whole_sums
    union all
    select {{ columns | join(', ') }} from (
        {{ activity_sums('added') }}
    ) as added_sums
    union all
    select earlier.{{ columns | join(', earlier.') }}
    from earlier
    left join read_again on earlier.customer_id = read_again.customer_id
    where read_again.customer_id is null

),

summed as (

    select
        customer_id,
        sum(txn_0m_cnt) as txn_0m_cnt,
        sum(txn_0m_amt) as txn_0m_amt,
        sum(txn_0m_cnt + txn_2m_cnt) as txn_3m_cnt,
        sum(txn_0m_amt + txn_2m_amt) as txn_3m_amt,
        sum(txn_0m_cnt + txn_5m_cnt) as txn_6m_cnt,
        sum(txn_0m_amt + txn_5m_amt) as txn_6m_amt,
        sum(txn_0m_cnt + txn_11m_cnt) as txn_12m_cnt,
        sum(txn_0m_amt + txn_11m_amt) as txn_12m_amt,
        sum(outside_in_0m_amt + outside_in_2m_amt) as outside_in_3m_amt,
        sum(outside_out_0m_amt + outside_out_2m_amt) as outside_out_3m_amt,
        sum(salary_0m_cnt + salary_months_3m_cnt) as salary_months_cnt,
        sum(salary_amt) as salary_4m_amt,
        sum(foreign_cnt) as foreign_12m_cnt,
        max(last_salary_date) as last_salary_date,
        max(last_txn_date) as last_txn_date
    from parts
    group by customer_id

)

select
    -- ids
    customer_id,

    -- dates
    {{ month_start(business_date()) }} as month_start_date,
    last_txn_date,
    last_salary_date,

    -- measures
    cast(txn_0m_cnt as bigint) as txn_0m_cnt,
    cast(txn_3m_cnt as bigint) as txn_3m_cnt,
    cast(txn_6m_cnt as bigint) as txn_6m_cnt,
    cast(txn_12m_cnt as bigint) as txn_12m_cnt,
    cast(txn_0m_amt as {{ amount_type() }}) as txn_0m_amt,
    cast(txn_3m_amt as {{ amount_type() }}) as txn_3m_amt,
    cast(txn_6m_amt as {{ amount_type() }}) as txn_6m_amt,
    cast(txn_12m_amt as {{ amount_type() }}) as txn_12m_amt,
    cast(outside_in_3m_amt as {{ amount_type() }}) as outside_in_3m_amt,
    cast(outside_out_3m_amt as {{ amount_type() }}) as outside_out_3m_amt,
    cast(salary_4m_amt as {{ amount_type() }}) as salary_4m_amt,
    cast(salary_months_cnt as integer) as salary_months_cnt,
    cast(foreign_12m_cnt as bigint) as foreign_12m_cnt

from summed
where txn_12m_cnt > 0
