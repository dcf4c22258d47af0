-- One row per customer and AUM: from which night to which it was that much. Versions that ended long ago are
-- dropped: events look back over days, not years. Works on everybody, because anybody's AUM may cross a line.

{{ config(
    materialized='incremental', meta={'grain': ['customer_id', 'known_from_date'], 'carried': 'versions'},
    post_hook="delete from {{ this }}
        where known_to_date < {{ add_days(business_date(), '-30 - ' ~ replayed_days()) }}",
) }}

with tonight as (

    select aum.customer_id, aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join {{ ref('int_calendar__open_months') }} as months
        on aum.month_start_date = months.month_start_date and months.is_current

){% if has_state() %},

carried as (

    select customer_id, aum_end_amt, known_from_date from {{ this }} where known_to_date is null

),

changed as (

    select
        coalesce(tonight.customer_id, carried.customer_id) as customer_id,
        tonight.aum_end_amt,
        carried.aum_end_amt as before_aum_end_amt,
        carried.known_from_date
    from tonight
    full outer join carried on tonight.customer_id = carried.customer_id
    where tonight.aum_end_amt is distinct from carried.aum_end_amt

)

select
    customer_id,
    cast(aum_end_amt as {{ amount_type() }}) as aum_end_amt,
    {{ business_date() }} as known_from_date,
    cast(null as date) as known_to_date
from changed
where aum_end_amt is not null

union all

select
    customer_id,
    cast(before_aum_end_amt as {{ amount_type() }}) as aum_end_amt,
    known_from_date,
    {{ business_date() }} as known_to_date
from changed
where before_aum_end_amt is not null

{% else %}

select
    customer_id,
    cast(aum_end_amt as {{ amount_type() }}) as aum_end_amt,
    {{ business_date() }} as known_from_date,
    cast(null as date) as known_to_date
from tonight

{% endif %}
