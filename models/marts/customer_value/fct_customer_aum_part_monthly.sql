-- One row per customer, asset class, org and month with a balance or an average: what part of the customer's
-- AUM it is. Parts are rounded one after the other, each to what the rounded sum up to it leaves, so that
-- they always add to the customer's total in fct_customer_aum_monthly. Wealth comes last, as investments do
-- there.

{{ config(meta={
    'grain': ['customer_id', 'asset_class_code', 'org_id', 'month_start_date'],
    'partition': 'month_start_date', 'carried': 'open_month', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

parts as (

    {%- set sums = {} %}
    {%- for measure in ['aum_end', 'balance_sum', 'quarter_sum', 'year_sum'] %}
    {%- for kind in ['plain', 'fine'] %}
    {%- set column = measure ~ '_' ~ kind ~ '_amt' %}
    {%- do sums.update({column: 'sum(together.' ~ column ~ ')'}) %}
    {%- endfor %}
    {%- endfor %}

    select parts.*
    from {{ one_for_survivors(
        by_survivor(ref('int_aum__part_month')),
        ['customer_id', 'org_id', 'asset_class_code', 'business_date', 'month_start_date'],
        sums,
    ) }} as parts
    inner join months on parts.month_start_date = months.month_start_date
    where parts.business_date = {{ business_date() }}

),

parts_of_customer as (

    select
        customer_id,
        month_start_date,
        count(*) as part_cnt,
        min(org_id) as first_org_id,
        min(asset_class_code) as first_asset_class_code
    from parts
    group by customer_id, month_start_date

),

-- a customer who is away has no row in a month, though the year has sums
totals as (

    select aum.*
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date

),

-- most customers have one part: it is the total
single_parts as (

    select
        totals.customer_id,
        parts_of_customer.first_org_id as org_id,
        parts_of_customer.first_asset_class_code as asset_class_code,
        totals.month_start_date,
        totals.aum_end_amt,
        totals.aum_month_avg_amt,
        totals.aum_month_avg_30_amt,
        totals.aum_quarter_avg_amt,
        totals.aum_year_avg_amt,
        totals.is_provisional
    from totals
    inner join parts_of_customer
        on
            totals.customer_id = parts_of_customer.customer_id
            and totals.month_start_date = parts_of_customer.month_start_date
    where parts_of_customer.part_cnt = 1

),

several_parts as (

    select totals.customer_id, totals.month_start_date, totals.is_provisional
    from totals
    inner join parts_of_customer
        on
            totals.customer_id = parts_of_customer.customer_id
            and totals.month_start_date = parts_of_customer.month_start_date
    where parts_of_customer.part_cnt > 1

),

running as (

    select
        parts.customer_id,
        parts.org_id,
        parts.asset_class_code,
        parts.month_start_date,
        several_parts.is_provisional,
        months.recorded_days,
        months.thirty_days,
        months.quarter_days,
        months.year_days,
        {% for measure in ['aum_end', 'balance_sum', 'quarter_sum', 'year_sum'] -%}
        sum(parts.{{ measure }}_plain_amt) over up_to_part as {{ measure }}_plain_amt,
        sum(parts.{{ measure }}_fine_amt) over up_to_part as {{ measure }}_fine_amt{{ ',' if not loop.last }}
        {% endfor %}
    from parts
    inner join several_parts
        on
            parts.customer_id = several_parts.customer_id
            and parts.month_start_date = several_parts.month_start_date
    inner join months on parts.month_start_date = months.month_start_date
    window up_to_part as (
        partition by parts.customer_id, parts.month_start_date
        -- wealth is the last class of the alphabet
        order by parts.asset_class_code nulls last, parts.org_id nulls last
        rows between unbounded preceding and current row
    )

),

rounded as (

    select
        customer_id,
        org_id,
        asset_class_code,
        month_start_date,
        is_provisional,
        {{ round_amount('aum_end_plain_amt', 'aum_end_fine_amt') }} as aum_end_amt,
        {{ divide_round('balance_sum_plain_amt', 'balance_sum_fine_amt', 'recorded_days') }}
            as aum_month_avg_amt,
        {{ divide_round('balance_sum_plain_amt', 'balance_sum_fine_amt', 'thirty_days') }}
            as aum_month_avg_30_amt,
        {{ divide_round('quarter_sum_plain_amt', 'quarter_sum_fine_amt', 'quarter_days') }}
            as aum_quarter_avg_amt,
        {{ divide_round('year_sum_plain_amt', 'year_sum_fine_amt', 'year_days') }} as aum_year_avg_amt
    from running

),

shared_parts as (

    select
        customer_id,
        org_id,
        asset_class_code,
        month_start_date,
        {% for measure in [
            'aum_end_amt', 'aum_month_avg_amt', 'aum_month_avg_30_amt', 'aum_quarter_avg_amt',
            'aum_year_avg_amt',
        ] -%}
        {{ measure }} - coalesce(lag({{ measure }}) over by_part, 0) as {{ measure }},
        {% endfor -%}
        is_provisional
    from rounded
    window by_part as (
        partition by customer_id, month_start_date
        order by asset_class_code nulls last, org_id nulls last
    )

),

all_parts as (

    select * from single_parts
    union all
    select * from shared_parts

)

select
    -- ids
    customer_id,
    org_id,

    -- codes
    asset_class_code,

    -- dates
    month_start_date,

    -- measures
    cast(aum_end_amt as {{ amount_type() }}) as aum_end_amt,
    cast(aum_month_avg_amt as {{ amount_type() }}) as aum_month_avg_amt,
    cast(aum_month_avg_30_amt as {{ amount_type() }}) as aum_month_avg_30_amt,
    cast(aum_quarter_avg_amt as {{ amount_type() }}) as aum_quarter_avg_amt,
    cast(aum_year_avg_amt as {{ amount_type() }}) as aum_year_avg_amt,

    -- flags
    is_provisional

from all_parts
where
    aum_end_amt <> 0
    or aum_month_avg_amt <> 0
    or aum_month_avg_30_amt <> 0
    or aum_quarter_avg_amt <> 0
    or aum_year_avg_amt <> 0
