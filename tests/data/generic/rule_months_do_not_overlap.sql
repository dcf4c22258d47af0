{% test rule_months_do_not_overlap(model, within, from_column='valid_from_month', to_column='valid_to_month') %}
-- Fails on any rule whose months (or days) begin before those of the version before it have ended.

with versions as (

    select
        *,
        lag({{ from_column }}) over (
            partition by {{ within | join(', ') }} order by {{ from_column }} nulls first
        ) as previous_from_month,
        lag({{ to_column }}) over (
            partition by {{ within | join(', ') }} order by {{ from_column }} nulls first
        ) as previous_to_month
    from {{ model }}

)

select * from versions
where
    {{ to_column }} < {{ from_column }}
    or (
        previous_from_month is not null
        and (previous_to_month is null or previous_to_month >= {{ from_column }})
    )

{% endtest %}
