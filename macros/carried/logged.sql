{# Events as the bank told them, each with the night that brought it. The first one of a key counts; one that
   comes again is looked for among the nights of `oldest_event_days`, so that a night does not read all
   history. #}

{% macro logged(staged, key, columns) %}

with tonight as (

    select * from {{ staged }}

)

select
    {% for column in key + columns %}tonight.{{ column }},
    {% endfor %}{{ business_date() }} as business_date
from tonight
{% if has_state() %}
left join (
    select {{ key | join(', ') }}
    from {{ this }}
    where business_date >= {{ oldest_event_night() }}
) as earlier
    on {{ same_key(key, 'tonight', 'earlier') }}
where earlier.{{ key[0] }} is null
{% endif %}

{% endmacro %}
