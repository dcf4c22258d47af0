{% test confirmed_stays(model, confirmed) %}
-- Fails on any row that a release has confirmed and that is not here as it was. Looks at the months that
-- tonight may have changed; all others are left alone.

with months as (

    select month_start_date from {{ ref('int_confirmation__month') }}

),

before as (

    select confirmed.*
    from {{ source('confirmed', confirmed) }} as confirmed
    inner join months on confirmed.month_start_date = months.month_start_date

),

now as (

    select kept.*
    from {{ model }} as kept
    inner join months on kept.month_start_date = months.month_start_date

)

select * from before
except
select * from now

{% endtest %}
