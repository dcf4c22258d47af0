-- One row per month, scheme (top, decile) and bucket: what the customers of the bucket contribute, of all
-- that is positive and of the total. Customers are ranked by contribution, largest first. Exact: customers of
-- the same contribution are counted together, so no order among them matters.

{{ config(meta={
    'grain': ['month_start_date', 'scheme_code', 'bucket_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    -- a month of which some days are not recorded says nothing of who earns most
    select * from {{ ref('int_contribution__month') }} where not is_partial_month

),

amounts as (

    select
        customers.month_start_date,
        {{ cents('customers.contribution_amt') }} as cents,
        count(*) as customer_cnt
    from {{ ref('fct_customer_contribution_monthly') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    group by customers.month_start_date, customers.contribution_amt

),

running as (

    select
        month_start_date,
        cents,
        cast(sum(customer_cnt) over from_the_top as bigint) as through_cnt,
        cast(sum(customer_cnt) over from_the_top as bigint) - customer_cnt as above_cnt,
        sum({{ wide('cents') }} * customer_cnt) over from_the_top - {{ wide('cents') }} * customer_cnt
            as above_cents,
        sum({{ wide('greatest(cents, 0)') }} * customer_cnt) over from_the_top
        - {{ wide('greatest(cents, 0)') }} * customer_cnt as above_positive_cents
    from amounts
    window from_the_top as (
        partition by month_start_date order by cents desc nulls last
        rows between unbounded preceding and current row
    )

),

totals as (

    select
        month_start_date,
        cast(sum(customer_cnt) as bigint) as all_cnt,
        sum({{ wide('cents') }} * customer_cnt) as all_cents,
        sum({{ wide('greatest(cents, 0)') }} * customer_cnt) as all_positive_cents
    from amounts
    group by month_start_date

),

buckets as (

    select
        totals.*,
        months.is_provisional,
        rules.scheme_code,
        rules.bucket_code,
        rules.bucket_order,
        -- whole customers, rounded up
        {{ divide_whole('(' ~ millionths_of('rules.from_share') ~ ' * totals.all_cnt + 999999)', '1000000') }}
            as from_cnt,
        {{ divide_whole('(' ~ millionths_of('rules.to_share') ~ ' * totals.all_cnt + 999999)', '1000000') }}
            as to_cnt
    from totals
    inner join months on totals.month_start_date = months.month_start_date
    inner join {{ ref('contribution_concentration_rules') }} as rules
        on
            totals.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or totals.month_start_date <= rules.valid_to_month)

),

measured as (

    select
        buckets.*,
        {% for edge in ['from', 'to'] -%}
        {{ edge }}_row.above_cents + {{ wide(edge ~ '_row.cents') }}
        * (buckets.{{ edge }}_cnt - {{ edge }}_row.above_cnt)
            as {{ edge }}_cents,
        {{ edge }}_row.above_positive_cents
        + {{ wide('greatest(' ~ edge ~ '_row.cents, 0)') }}
        * (buckets.{{ edge }}_cnt - {{ edge }}_row.above_cnt)
            as {{ edge }}_positive_cents{{ ',' if not loop.last }}
        {% endfor %}
    from buckets
    {% for edge in ['from', 'to'] -%}
    left join running as {{ edge }}_row
        on
            buckets.month_start_date = {{ edge }}_row.month_start_date
            and buckets.{{ edge }}_cnt > {{ edge }}_row.above_cnt
            and buckets.{{ edge }}_cnt <= {{ edge }}_row.through_cnt
    {% endfor %}

),

differences as (

    select
        *,
        to_cnt - from_cnt as customer_cnt,
        coalesce(to_cents, 0) - coalesce(from_cents, 0) as bucket_cents,
        coalesce(to_positive_cents, 0) - coalesce(from_positive_cents, 0) as bucket_positive_cents
    from measured

)

select
    -- codes
    scheme_code,
    bucket_code,
    bucket_order,

    -- dates
    month_start_date,

    -- measures
    cast(customer_cnt as bigint) as customer_cnt,
    cast(customer_cnt as bigint) as customer_count,
    {{ cents_amount('bucket_cents') }} as contribution_amt,
    {{ cents_amount('bucket_positive_cents') }} as positive_contribution_amt,
    {{ signed_ratio('bucket_positive_cents', 'all_positive_cents') }} as positive_share,
    -- of a total that is not positive there are no shares: they would turn round
    case when all_cents > 0 then {{ signed_ratio('bucket_cents', 'all_cents') }} end as total_share,
    cast(all_cnt as bigint) as all_customer_cnt,
    cast(all_cnt as bigint) as all_customer_count,
    {{ cents_amount('all_cents') }} as all_contribution_amt,

    -- flags
    is_provisional

from differences
