-- One row per customer, product line and month that tonight computes: whether the line is held, how much of
-- it, and what was so in the months before. Nights carry that, so that nobody reads past months to tell who
-- is new, lost or won back. A line that was held once keeps its row, with nothing in it. What was so before
-- stays under the number that was told of: a customer who is merged has a row of it, which goes on as long as
-- the one who goes on holds the line.

{{ config(materialized='incremental', meta={'carried': 'state', 'month_by_month': true}) }}

-- depends_on: {{ ref('int_customer__survivor') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

held as (

    select
        holdings.customer_id,
        holdings.product_line_code,
        holdings.month_start_date,
        sum(
            case
                when holdings.holding_code in ('deposit', 'investment')
                    then {{ cents('holdings.balance_amt') }}
                else 0
            end
        ) as asset_cents,
        sum(
            case
                when holdings.holding_code in ('loan', 'card') then {{ cents('holdings.balance_amt') }}
                else 0
            end
        ) as debt_cents,
        count(distinct holdings.product_code) as product_cnt,
        min(holdings.since_date) as since_date
    from {{ ref('int_holding__product_month') }} as holdings
    inner join months on holdings.month_start_date = months.month_start_date
    group by holdings.customer_id, holdings.product_line_code, holdings.month_start_date

),

{% if has_state() %}

-- as the month before left it; later in a month what was so at its beginning stands
before as (

    select
        customer_id,
        product_line_code,
        {{ month_start(business_date()) }} as month_start_date,
        case when is_same_month then first_held_before_date else first_held_month_date end
            as first_held_before_date,
        case when is_same_month then last_held_before_date else last_held_month_date end
            as last_held_before_date
    from (
        select
            last_night.*,
            last_night.month_start_date = {{ month_start(business_date()) }} as is_same_month
        from (
            {{ state_of_last_night(customers=[]) }}
        ) as last_night
    ) as states

),

{% else %}

-- what the records tell of the months before; of those before the first that tells of a line, only the
-- openings
line_starts as (

    select product_line_code, min(month_start_date) as month_start_date
    from {{ ref('int_holding__product_month') }}
    group by product_line_code

),

before as (

    select
        earlier.customer_id,
        earlier.product_line_code,
        months.month_start_date,
        min(earlier.first_held_month_date) as first_held_before_date,
        max(earlier.month_start_date) as last_held_before_date
    from (
        select
            holdings.customer_id,
            holdings.product_line_code,
            holdings.month_start_date,
            case
                when holdings.month_start_date = line_starts.month_start_date
                    then {{ month_start('holdings.since_date') }}
                else holdings.month_start_date
            end as first_held_month_date
        from {{ ref('int_holding__product_month') }} as holdings
        inner join line_starts on holdings.product_line_code = line_starts.product_line_code
        union all
        select
            holdings.customer_id,
            holdings.product_line_code,
            {{ month_from_index(month_index('holdings.month_start_date') ~ ' - 1') }} as month_start_date,
            {{ month_start('holdings.since_date') }} as first_held_month_date
        from {{ ref('int_holding__product_month') }} as holdings
        inner join line_starts
            on
                holdings.product_line_code = line_starts.product_line_code
                and holdings.month_start_date = line_starts.month_start_date
        where holdings.since_date < holdings.month_start_date
    ) as earlier
    inner join months on earlier.month_start_date < months.month_start_date
    group by earlier.customer_id, earlier.product_line_code, months.month_start_date

),

{% endif %}

merged as (

    select before.customer_id, before.product_line_code, before.month_start_date
    from before
    inner join {{ ref('int_customer__survivor') }} as survivors on before.customer_id = survivors.customer_id
    inner join held
        on
            survivors.survivor_id = held.customer_id
            and before.product_line_code = held.product_line_code
            and before.month_start_date = held.month_start_date

),

joined as (

    select
        coalesce(held.customer_id, before.customer_id) as customer_id,
        coalesce(held.product_line_code, before.product_line_code) as product_line_code,
        coalesce(held.month_start_date, before.month_start_date) as month_start_date,
        held.customer_id is not null or merged.customer_id is not null as is_held,
        before.first_held_before_date,
        before.last_held_before_date,
        coalesce(held.asset_cents, 0) as asset_cents,
        coalesce(held.debt_cents, 0) as debt_cents,
        coalesce(held.product_cnt, 0) as product_cnt
    from held
    full outer join before
        on
            held.customer_id = before.customer_id
            and held.product_line_code = before.product_line_code
            and held.month_start_date = before.month_start_date
    left join merged
        on
            before.customer_id = merged.customer_id
            and before.product_line_code = merged.product_line_code
            and before.month_start_date = merged.month_start_date

)

select
    -- ids
    joined.customer_id,

    -- codes
    joined.product_line_code,

    -- dates
    {{ business_date() }} as business_date,
    joined.month_start_date,
    cast(joined.first_held_before_date as date) as first_held_before_date,
    cast(joined.last_held_before_date as date) as last_held_before_date,
    cast(coalesce(
        joined.first_held_before_date, case when joined.is_held then joined.month_start_date end
    ) as date) as first_held_month_date,
    cast(
        case when joined.is_held then joined.month_start_date else joined.last_held_before_date end as date
    ) as last_held_month_date,

    -- measures
    cast(joined.product_cnt as integer) as product_cnt,
    {{ cents_amount('joined.asset_cents') }} as asset_amt,
    {{ cents_amount('joined.debt_cents') }} as debt_amt,

    -- flags
    joined.is_held,
    coalesce(
        joined.last_held_before_date
        = {{ month_from_index(month_index('joined.month_start_date') ~ ' - 1') }}, false
    ) as is_held_before

from joined
where joined.is_held or joined.last_held_before_date is not null
