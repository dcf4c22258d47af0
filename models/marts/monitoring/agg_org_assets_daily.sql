-- One row per org, asset class and business date: what the org keeps of the class, and how much more than on
-- the business date before. A night adds its rows and leaves all others alone; a class that is emptied has a
-- last row.

{{ config(meta={
    'grain': ['org_id', 'asset_class_code', 'calendar_date'], 'partition': 'calendar_date',
    'carried': 'business_date',
}) }}

with tonight as (

    select
        org_id,
        asset_class_code,
        -- an owner whose share is 0 holds nothing
        count(case when plain_amt <> 0 or fine_amt <> 0 then 1 end) as customer_cnt,
        sum(plain_amt) as plain_amt,
        sum(fine_amt) as fine_amt
    from {{ ref('int_asset__part') }}
    group by org_id, asset_class_code

),

{% if has_state() %}

day_before as (

    select org_id, asset_class_code, amount_amt
    from {{ this }}
    where calendar_date = {{ previous_batch_date() }} and amount_amt <> 0

),

{% endif %}

changed as (

    select
        {% if has_state() -%}
        coalesce(tonight.org_id, day_before.org_id) as org_id,
        coalesce(tonight.asset_class_code, day_before.asset_class_code) as asset_class_code,
        coalesce(tonight.customer_cnt, 0) as customer_cnt,
        {{ round_amount('coalesce(tonight.plain_amt, 0)', 'coalesce(tonight.fine_amt, 0)') }} as amount_amt,
        coalesce(day_before.amount_amt, 0) as before_amt
    from tonight
    full outer join day_before
        on tonight.org_id = day_before.org_id and tonight.asset_class_code = day_before.asset_class_code
        {%- else -%}
        org_id,
        asset_class_code,
        customer_cnt,
        {{ round_amount('plain_amt', 'fine_amt') }} as amount_amt,
        cast(null as {{ amount_type() }}) as before_amt
    from tonight
        {%- endif %}

)

select
    -- ids
    org_id,

    -- codes
    asset_class_code,

    -- dates
    {{ business_date() }} as calendar_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(amount_amt as {{ amount_type() }}) as amount_amt,
    cast(customer_cnt as bigint) as customer_cnt,
    cast(amount_amt - before_amt as {{ amount_type() }}) as change_day_amt

from changed
-- the last day of a month without a batch is no business date
{% if is_closing() %}where false{% endif %}
