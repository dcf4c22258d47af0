{% test rule_months_do_not_overlap(model, within) %}
-- Fails on any rule whose months begin before those of the version before it have ended.

with versions as (

    select
        *,
        lag(valid_from_month) over (
            partition by {{ within | join(', ') }} order by valid_from_month nulls first
        ) as previous_from_month,
        lag(valid_to_month) over (
            partition by {{ within | join(', ') }} order by valid_from_month nulls first
        ) as previous_to_month
    from {{ model }}

)

select * from versions
where
    valid_to_month < valid_from_month
    or (
        previous_from_month is not null
        and (previous_to_month is null or previous_to_month >= valid_from_month)
    )

{% endtest %}
