-- One row per cohort (month of the first account) and month since: how many of the cohort are still
-- customers, and what they hold and contribute (客户批次分析). Cohorts begin with the recorded history.

{{ config(meta={
    'grain': ['cohort_month_date', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

recorded_history as (

    select {{ month_start('history_start_date') }} as first_month_date, business_date as first_night_date
    from {{ ref('int_calendar__recorded_history') }}

),

-- customers as the nights came to know them: nobody is read again
opened as (

    select
        {{ month_start('versions.first_open_date') }} as cohort_month_date,
        count(distinct recorded_since.customer_id) as opened_cnt
    from {{ ref('int_customer__recorded_since') }} as recorded_since
    inner join {{ ref('int_customer__versions') }} as versions
        on
            recorded_since.customer_id = versions.customer_id
            and recorded_since.business_date = versions.known_from_date
    -- a number that begins as that of others who are merged is no new customer
    left join (select distinct survivor_id from {{ ref('int_customer__survivor') }}) as survivors
        on {{ key_where(
            'recorded_since.business_date = ' ~ business_date(), 'recorded_since.customer_id'
        ) }} = survivors.survivor_id
    cross join recorded_history
    where
        survivors.survivor_id is null
        and versions.first_open_date >= recorded_history.first_month_date
        {%- if has_state() %}
        and recorded_since.business_date >= {{ first_computed_month() }}
        -- the first night told its customers of earlier cohorts in the months of the history, too
        and (
            recorded_since.business_date > recorded_history.first_night_date
            or versions.first_open_date >= {{ first_computed_month() }}
        )
        {%- endif %}
    group by {{ month_start('versions.first_open_date') }}

    {% if has_state() %}
    union all

    select cohort_month_date, opened_cnt
    from {{ this }}
    where month_start_date = {{ month_before_computed() }}
    {% endif %}

),

cohorts as (

    select cohort_month_date, sum(opened_cnt) as opened_cnt
    from opened
    group by cohort_month_date

),

kept as (

    select
        {{ month_start('customers.first_open_date') }} as cohort_month_date,
        customers.month_start_date,
        sum(case when customers.is_member then 1 else 0 end) as retained_cnt,
        sum(case when customers.is_member then {{ cents('customers.aum_end_amt') }} else 0 end) as aum_cents,
        -- who left in the month contributed until then: the cohorts add up to all that was contributed
        sum({{ cents('customers.contribution_amt') }}) as contribution_cents,
        sum(case when customers.is_member then customers.held_line_cnt else 0 end) as held_line_cnt
    from {{ ref('int_holding__customer') }} as customers
    cross join recorded_history
    where
        customers.business_date = {{ business_date() }}
        and customers.first_open_date >= recorded_history.first_month_date
    group by {{ month_start('customers.first_open_date') }}, customers.month_start_date

)

select
    -- dates
    cohorts.cohort_month_date,
    months.month_start_date,

    -- measures
    cast(months.month_index - {{ month_index('cohorts.cohort_month_date') }} as integer) as months_since,
    cast(cohorts.opened_cnt as bigint) as opened_cnt,
    cast(coalesce(kept.retained_cnt, 0) as bigint) as retained_cnt,
    {{ ratio('coalesce(kept.retained_cnt, 0)', 'cohorts.opened_cnt') }} as retention_rate,
    {{ cents_amount('coalesce(kept.aum_cents, 0)') }} as aum_amt,
    {{ cents_amount('kept.contribution_cents') }} as contribution_amt,
    cast(coalesce(kept.held_line_cnt, 0) as bigint) as held_line_cnt,

    -- flags
    months.is_provisional

from cohorts
inner join months on cohorts.cohort_month_date <= months.month_start_date
left join kept
    on cohorts.cohort_month_date = kept.cohort_month_date and months.month_start_date = kept.month_start_date
