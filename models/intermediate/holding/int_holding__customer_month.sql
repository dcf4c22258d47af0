-- One row per customer and month that tonight computes: what product figures need of everybody, in one pass:
-- org and tier, who is new and who is lost, lines held, what is held and owed, and whether they are active.
-- Nights carry where a customer was at the end of the month before, and the tier with which the records
-- begin. That stays under the number that was told of: a customer who is merged has a row of it, and is there
-- as long as the one who goes on.

{{ config(materialized='incremental', meta={'carried': 'state', 'month_by_month': true}) }}

-- the first night reads the one and the others the other, but the graph is the same every night
-- depends_on: {{ ref('int_activity__entry') }}, {{ ref('int_activity__customer') }}
-- depends_on: {{ ref('int_customer__survivor') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

tiers as (

    select tiers.customer_id, tiers.month_start_date, tiers.tier_code
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date

),

aum as (

    select aum.customer_id, aum.month_start_date, aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date

),

contributions as (

    select
        contributions.customer_id,
        contributions.month_start_date,
        contributions.contribution_amt,
        contributions.contribution_12m_amt
    from {{ ref('int_contribution__of_year') }} as contributions
    inner join months on contributions.month_start_date = months.month_start_date

),

holdings as (

    select
        lines.customer_id,
        lines.month_start_date,
        count(*) as held_line_cnt,
        sum({{ cents('lines.asset_amt') }}) as asset_cents,
        sum({{ cents('lines.debt_amt') }}) as debt_cents
    from {{ ref('int_holding__line') }} as lines
    inner join months on lines.month_start_date = months.month_start_date
    where lines.business_date = {{ business_date() }} and lines.is_held
    group by lines.customer_id, lines.month_start_date

),

{% if has_state() %}

before as (

    select
        customer_id,
        case when is_same_month then is_member_before else is_member end as is_member_before,
        case when is_same_month then org_before_id else owning_org_id end as org_before_id,
        -- a month's tier is that of its end: what its earlier nights said of it does not stand
        case when origin_month_date < {{ month_start(business_date()) }} then origin_tier_code end
            as origin_tier_code,
        case when origin_month_date < {{ month_start(business_date()) }} then origin_month_date end
            as origin_month_date,
        case when top_month_date < {{ month_start(business_date()) }} then top_month_date end
            as top_month_date
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

-- who had left before the first night was never here as far as the records go
gone as (

    select customer_id
    from {{ ref('int_customer__month') }}
    where month_start_date = {{ month_start(business_date()) }} and is_closed

),

ranked_tiers as (

    select
        tiers.customer_id,
        tiers.month_start_date,
        tiers.tier_code,
        top_tiers.tier_code is not null as is_top
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    left join {{ ref('top_tier_rules') }} as top_tiers
        on tiers.rulebook_version = top_tiers.rulebook_version and tiers.tier_code = top_tiers.tier_code

),

origins as (

    select
        customer_id,
        min(month_start_date) as origin_month_date,
        {{ first_by('tier_code', ['month_start_date']) }} as origin_tier_code,
        min(case when is_top then month_start_date end) as top_month_date
    from ranked_tiers
    group by customer_id

),

before as (

    select
        customers.customer_id,
        customers.month_start_date,
        gone.customer_id is null
        -- who opened before is no new customer, though nothing is recorded of the months between
        and least(customers.first_month_date, customers.first_open_date) < customers.month_start_date
            as is_member_before,
        customers.owning_org_id as org_before_id,
        origins.origin_tier_code,
        origins.origin_month_date,
        -- not known before it is reached
        case
            when origins.top_month_date <= customers.month_start_date then origins.top_month_date
        end as top_month_date
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    left join gone on customers.customer_id = gone.customer_id
    left join origins on customers.customer_id = origins.customer_id

),

{% endif %}

-- transactions that customers began, by their own day: a pair that was reversed counts nothing once that is
-- known
activity as (

    {% if has_state() -%}
    select
        customer_id,
        txn_0m_cnt as txn_cnt,
        {{ cents('txn_0m_amt') }} as txn_cents,
        txn_3m_cnt
    from {{ ref('int_activity__customer') }}
    {%- else -%}
    select
        entries.customer_id,
        months.month_start_date,
        sum(case when entries.txn_date >= months.month_start_date then entries.txn_cnt else 0 end) as txn_cnt,
        sum(
            case
                when entries.txn_date >= months.month_start_date then {{ cents('entries.amount_amt') }}
                else 0
            end
        ) as txn_cents,
        sum(entries.txn_cnt) as txn_3m_cnt
    from {{ entries_by_survivor() }} as entries
    inner join months
        on
            entries.txn_date >= {{ month_from_index('months.month_index - 2') }}
            and entries.txn_date <= months.month_end_date
    group by entries.customer_id, months.month_start_date
    {%- endif %}

),

customers as (

    select
        customers.customer_id,
        customers.owning_org_id,
        customers.customer_type_code,
        customers.month_start_date,
        customers.first_open_date,
        {% if has_state() -%}
        not customers.is_closed as is_member
        {%- else -%}
        not customers.is_closed and gone.customer_id is null as is_member
        {%- endif %}
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    {% if not has_state() -%}
    left join gone on customers.customer_id = gone.customer_id
    {%- endif %}

),

top_tiers as (

    select distinct tiers.customer_id, tiers.month_start_date
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date
    inner join {{ ref('top_tier_rules') }} as top_tiers
        on tiers.rulebook_version = top_tiers.rulebook_version and tiers.tier_code = top_tiers.tier_code

),

joined as (

    select
        customers.*,
        coalesce(before.is_member_before, false) as is_member_before,
        before.org_before_id,
        coalesce(tiers.tier_code, 'none') as tier_code,
        top_tiers.customer_id is not null as is_top_tier,
        coalesce(before.origin_tier_code, tiers.tier_code) as origin_tier_code,
        coalesce(
            before.origin_month_date,
            case when tiers.customer_id is not null then customers.month_start_date end
        ) as origin_month_date,
        coalesce(
            before.top_month_date,
            case when top_tiers.customer_id is not null then customers.month_start_date end
        ) as top_month_date,
        coalesce(holdings.held_line_cnt, 0) as held_line_cnt,
        coalesce(holdings.asset_cents, 0) as asset_cents,
        coalesce(holdings.debt_cents, 0) as debt_cents,
        coalesce(aum.aum_end_amt, 0) as aum_end_amt,
        contributions.contribution_amt,
        contributions.contribution_12m_amt,
        coalesce(activity.txn_cnt, 0) as txn_cnt,
        coalesce(activity.txn_cents, 0) as txn_cents,
        coalesce(activity.txn_3m_cnt, 0) as txn_3m_cnt
    from customers
    left join before
        on
            customers.customer_id = before.customer_id
            {%- if not has_state() %}
            and customers.month_start_date = before.month_start_date
            {%- endif %}
    left join tiers
        on customers.customer_id = tiers.customer_id and customers.month_start_date = tiers.month_start_date
    left join top_tiers
        on
            customers.customer_id = top_tiers.customer_id
            and customers.month_start_date = top_tiers.month_start_date
    left join holdings
        on
            customers.customer_id = holdings.customer_id
            and customers.month_start_date = holdings.month_start_date
    left join aum
        on customers.customer_id = aum.customer_id and customers.month_start_date = aum.month_start_date
    left join contributions
        on
            customers.customer_id = contributions.customer_id
            and customers.month_start_date = contributions.month_start_date
    left join activity
        on
            customers.customer_id = activity.customer_id
            {%- if not has_state() %}
            and customers.month_start_date = activity.month_start_date
            {%- endif %}

),

every_number as (

    select * from joined
    {% if has_state() %}
    union all
    select
        merged.customer_id,
        before.org_before_id as owning_org_id,
        merged.customer_type_code,
        months.month_start_date,
        merged.first_open_date,
        coalesce(joined.is_member, false) as is_member,
        before.is_member_before,
        before.org_before_id,
        'none' as tier_code,
        false as is_top_tier,
        before.origin_tier_code,
        before.origin_month_date,
        before.top_month_date,
        0 as held_line_cnt,
        0 as asset_cents,
        0 as debt_cents,
        0 as aum_end_amt,
        cast(null as {{ amount_type() }}) as contribution_amt,
        cast(null as {{ amount_type() }}) as contribution_12m_amt,
        0 as txn_cnt,
        0 as txn_cents,
        0 as txn_3m_cnt
    from {{ ref('int_customer__survivor') }} as merged
    inner join before on merged.customer_id = before.customer_id
    cross join months
    left join joined
        on merged.survivor_id = joined.customer_id and months.month_start_date = joined.month_start_date
    {% endif %}

)

select
    -- ids
    customer_id,
    owning_org_id,
    org_before_id,

    -- codes
    customer_type_code,
    tier_code,
    origin_tier_code,

    -- dates
    {{ business_date() }} as business_date,
    month_start_date,
    first_open_date,
    cast(origin_month_date as date) as origin_month_date,
    cast(top_month_date as date) as top_month_date,

    -- measures
    cast(held_line_cnt as integer) as held_line_cnt,
    {{ cents_amount('asset_cents') }} as asset_amt,
    {{ cents_amount('debt_cents') }} as debt_amt,
    cast(aum_end_amt as {{ amount_type() }}) as aum_end_amt,
    contribution_amt,
    contribution_12m_amt,
    cast(txn_cnt as integer) as txn_cnt,
    {{ cents_amount('txn_cents') }} as txn_amt,
    cast(txn_3m_cnt as integer) as txn_3m_cnt,

    -- flags
    is_member,
    is_member_before,
    is_top_tier,
    is_member and (asset_cents > 0 or debt_cents > 0 or txn_3m_cnt > 0) as is_active

from every_number
