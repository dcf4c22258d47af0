-- One row per month and cut: how much the largest personal customers hold, or how few of them hold a given
-- share of the AUM. Exact: customers of the same AUM are counted together, so no order among them matters.

{{ config(meta={
    'grain': ['month_start_date', 'cut_code'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with amounts as (

    select
        month_start_date,
        {{ cents('aum_end_amt') }} as cents,
        customer_cnt
    from {{ ref('int_report__amount_month') }}

),

-- from the largest down
running as (

    select
        month_start_date,
        cents,
        customer_cnt,
        cast(sum(customer_cnt) over from_the_top as decimal(38, 0)) as through_cnt,
        cast(sum(cents * customer_cnt) over from_the_top as decimal(38, 0)) as through_cents
    from amounts
    window from_the_top as (
        partition by month_start_date order by cents desc nulls last
        rows between unbounded preceding and current row
    )

),

totals as (

    select
        month_start_date,
        cast(sum(customer_cnt) as decimal(38, 0)) as all_cnt,
        cast(sum(cents * customer_cnt) as decimal(38, 0)) as all_cents
    from amounts
    group by month_start_date

),

-- twice the sum of rank × AUM, where the smallest customer has rank 1
weighted as (

    select
        running.month_start_date,
        cast(
            sum(
                running.cents * running.customer_cnt
                * (2 * (totals.all_cnt - running.through_cnt) + running.customer_cnt + 1)
            ) as decimal(38, 0)
        ) as twice_rank_cents
    from running
    inner join totals on running.month_start_date = totals.month_start_date
    group by running.month_start_date

),

cuts as (

    select
        months.month_start_date,
        months.is_provisional,
        rules.cut_code,
        rules.cut_kind_code,
        rules.cut_share,
        cast(rules.cut_share * 1000000 as decimal(38, 0)) as cut_units,
        totals.all_cnt,
        totals.all_cents,
        weighted.twice_rank_cents,
        case
            when rules.cut_kind_code = 'largest_customers' then {{ floor_divide(
                '(cast(rules.cut_share * 1000000 as decimal(38, 0)) * totals.all_cnt + 999999)', '1000000'
            ) }}
        end as wanted_cnt
    from {{ ref('int_calendar__open_months') }} as months
    inner join {{ ref('concentration_rules') }} as rules
        on
            months.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)
    inner join totals on months.month_start_date = totals.month_start_date
    inner join weighted on months.month_start_date = weighted.month_start_date

),

-- the amount at which the cut is reached, and what lies above it
reached as (

    select
        cuts.*,
        running.cents,
        cast(running.cents as decimal(38, 0)) as wide_cents,
        running.through_cnt - running.customer_cnt as above_cnt,
        running.through_cents - running.cents * running.customer_cnt as above_cents
    from cuts
    left join running
        on
            cuts.month_start_date = running.month_start_date
            and (
                (
                    cuts.cut_kind_code = 'largest_customers'
                    and running.through_cnt >= cuts.wanted_cnt
                    and running.through_cnt - running.customer_cnt < cuts.wanted_cnt
                )
                or (
                    cuts.cut_kind_code = 'largest_holding'
                    and running.through_cents * 1000000 >= cuts.cut_units * cuts.all_cents
                    and (running.through_cents - running.cents * running.customer_cnt) * 1000000
                    < cuts.cut_units * cuts.all_cents
                )
            )

),

counted as (

    select
        *,
        coalesce(
            case
                when cut_kind_code = 'largest_customers' then wanted_cnt - above_cnt
                -- as many more as bring the sum to the share
                else {{ floor_divide(
                    '(cut_units * all_cents - above_cents * 1000000 + wide_cents * 1000000 - 1)',
                    '(wide_cents * 1000000)'
                ) }}
            end, 0
        ) as more_cnt
    from reached

),

measured as (

    select
        *,
        coalesce(above_cnt, 0) + more_cnt as customer_cnt,
        coalesce(above_cents + cents * more_cnt, 0) as held_cents
    from counted

)

select
    -- codes
    cut_code,
    cut_kind_code,

    -- dates
    month_start_date,

    -- measures
    cut_share,
    cast(customer_cnt as bigint) as customer_cnt,
    cast(cast(held_cents as decimal(38, 0)) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }}) as aum_amt,
    {{ ratio('customer_cnt', 'all_cnt') }} as customer_share,
    {{ ratio('held_cents', 'all_cents') }} as aum_share,
    cast(all_cnt as bigint) as all_customer_cnt,
    cast(cast(all_cents as decimal(38, 0)) * cast(0.01 as decimal(3, 2)) as {{ amount_type() }})
        as all_aum_amt,
    {{ ratio('(twice_rank_cents - (all_cnt + 1) * all_cents)', '(all_cnt * all_cents)') }} as gini_rate,

    -- flags
    is_provisional

from measured
