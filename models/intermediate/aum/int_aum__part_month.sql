-- One row per part of a customer's AUM (asset class × org) and month that tonight computes: its worth, its
-- balance sum (积数), and its sums of the quarter and the year to date, not yet rounded. The sums to date are
-- state that nights carry: last night's and what tonight adds; no earlier month is read again. A part that
-- was emptied keeps a row to the end of the year, because it still counts in the averages. So does that of a
-- customer who was merged: what earlier months add stays under the number that had them.

{{ config(
    materialized='incremental', meta={'carried': 'state', 'month_by_month': true},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

holdings as (

    select *
    from {{ ref('int_aum__holding_month') }}
    -- only the blocks of the year are read
    where month_start_date >= (select cast(date_trunc('year', min(month_start_date)) as date) from months)

),

{% if has_state() %}

-- sums of the months before the first that tonight computes: last night's, without its own month if that
-- goes on tonight
carried as (

    select
        customer_id,
        org_id,
        asset_class_code,
        month_start_date,
        quarter_sum_plain_amt - case when is_open then balance_sum_plain_amt else 0 end
            as quarter_sum_plain_amt,
        quarter_sum_fine_amt - case when is_open then balance_sum_fine_amt else 0 end as quarter_sum_fine_amt,
        year_sum_plain_amt - case when is_open then balance_sum_plain_amt else 0 end as year_sum_plain_amt,
        year_sum_fine_amt - case when is_open then balance_sum_fine_amt else 0 end as year_sum_fine_amt
    from (
        select
            *,
            month_start_date = {{ first_computed_month() }} as is_open
        from (
            {{ state_of_last_night(customers=[]) }}
        ) as state
    ) as last_night

),

{% endif %}

-- what each holding and each carried sum adds to its own month and to the later ones of the year
added as (

    select
        holdings.customer_id,
        holdings.org_id,
        holdings.asset_class_code,
        months.month_start_date,
        months.month_start_date = holdings.month_start_date as is_own_month,
        date_trunc('quarter', months.month_start_date) = date_trunc('quarter', holdings.month_start_date)
            as is_same_quarter,
        holdings.aum_plain_amt,
        holdings.aum_fine_amt,
        holdings.balance_sum_plain_amt,
        holdings.balance_sum_fine_amt,
        holdings.balance_sum_plain_amt as quarter_sum_plain_amt,
        holdings.balance_sum_fine_amt as quarter_sum_fine_amt,
        holdings.balance_sum_plain_amt as year_sum_plain_amt,
        holdings.balance_sum_fine_amt as year_sum_fine_amt
    from holdings
    inner join months
        on
            year(holdings.month_start_date) = year(months.month_start_date)
            and holdings.month_start_date <= months.month_start_date
    {% if has_state() %}
    union all
    select
        carried.customer_id,
        carried.org_id,
        carried.asset_class_code,
        months.month_start_date,
        false as is_own_month,
        date_trunc('quarter', months.month_start_date) = date_trunc('quarter', carried.month_start_date)
            as is_same_quarter,
        0 as aum_plain_amt,
        0 as aum_fine_amt,
        0 as balance_sum_plain_amt,
        0 as balance_sum_fine_amt,
        carried.quarter_sum_plain_amt,
        carried.quarter_sum_fine_amt,
        carried.year_sum_plain_amt,
        carried.year_sum_fine_amt
    from carried
    inner join months on year(carried.month_start_date) = year(months.month_start_date)
    {% endif %}

),

parts as (

    select
        customer_id,
        org_id,
        asset_class_code,
        month_start_date,
        sum(case when is_own_month then aum_plain_amt else 0 end) as aum_end_plain_amt,
        sum(case when is_own_month then aum_fine_amt else 0 end) as aum_end_fine_amt,
        sum(case when is_own_month then balance_sum_plain_amt else 0 end) as balance_sum_plain_amt,
        sum(case when is_own_month then balance_sum_fine_amt else 0 end) as balance_sum_fine_amt,
        sum(case when is_same_quarter then quarter_sum_plain_amt else 0 end) as quarter_sum_plain_amt,
        sum(case when is_same_quarter then quarter_sum_fine_amt else 0 end) as quarter_sum_fine_amt,
        sum(year_sum_plain_amt) as year_sum_plain_amt,
        sum(year_sum_fine_amt) as year_sum_fine_amt
    from added
    group by customer_id, org_id, asset_class_code, month_start_date

)

select
    -- ids
    customer_id,
    org_id,

    -- codes
    asset_class_code,

    -- dates
    {{ business_date() }} as business_date,
    month_start_date,

    -- measures: whole cents, and what takes more decimals
    cast(aum_end_plain_amt as {{ amount_type() }}) as aum_end_plain_amt,
    cast(aum_end_fine_amt as {{ exact_type() }}) as aum_end_fine_amt,
    cast(balance_sum_plain_amt as {{ sum_type() }}) as balance_sum_plain_amt,
    cast(balance_sum_fine_amt as {{ exact_type() }}) as balance_sum_fine_amt,
    cast(quarter_sum_plain_amt as {{ sum_type() }}) as quarter_sum_plain_amt,
    cast(quarter_sum_fine_amt as {{ exact_type() }}) as quarter_sum_fine_amt,
    cast(year_sum_plain_amt as {{ sum_type() }}) as year_sum_plain_amt,
    cast(year_sum_fine_amt as {{ exact_type() }}) as year_sum_fine_amt

from parts
where year_sum_plain_amt <> 0 or year_sum_fine_amt <> 0 or aum_end_plain_amt <> 0 or aum_end_fine_amt <> 0
