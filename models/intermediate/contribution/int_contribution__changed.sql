-- One row per account, loan or card whose org, holder or owners changed inside a month that tonight computes:
-- of these alone the days are counted one by one. There are few.

{{ config(materialized='table') }}

{%- set versions = {
    'account': ref('int_account__versions'), 'loan': ref('int_loan__versions'),
    'card': ref('int_card__versions'),
} %}
{%- set ids = {'account': 'account_id', 'loan': 'loan_id', 'card': 'card_id'} %}

with bounds as (

    select
        min(months.month_start_date) as first_day,
        min(recorded.business_date) as first_night
    from {{ ref('int_calendar__computed_months') }} as months
    cross join {{ ref('int_calendar__recorded_history') }} as recorded
    {% if is_first_night() %}where months.is_current{% endif %}

)

{% for register, told in versions.items() -%}
select
    '{{ register }}' as register_code,
    told.{{ ids[register] }} as account_id -- noqa: AL09
from {{ told }} as told
inner join (
    select distinct ended.{{ ids[register] }}
    from {{ told }} as ended
    inner join bounds on ended.known_to_date > bounds.first_day
) as ended on told.{{ ids[register] }} = ended.{{ ids[register] }}
cross join bounds
where told.known_to_date is null or told.known_to_date > bounds.first_day
group by told.{{ ids[register] }}
having min(told.org_id) <> max(told.org_id) or min(told.customer_id) <> max(told.customer_id)

union

{% endfor -%}
select
    'account' as register_code,
    owners.account_id
from {{ ref('int_account__owner_versions') }} as owners
inner join bounds
    on
        owners.known_to_date > bounds.first_day
        or (owners.known_from_date > bounds.first_day and owners.known_from_date > bounds.first_night)
