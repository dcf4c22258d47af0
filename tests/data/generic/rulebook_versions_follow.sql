{% test rulebook_versions_follow(model) %}
-- Fails on any version that does not begin in the month after the one before it ends, begins within a month,
-- or ends while a later one is missing: every month from the first on has exactly one version.

with versions as (

    select
        *,
        lag(valid_to_month) over (partition by rulebook_code order by valid_from_month nulls first)
            as previous_to_month,
        lag(rulebook_version) over (partition by rulebook_code order by valid_from_month nulls first)
            as previous_version,
        lead(rulebook_version) over (partition by rulebook_code order by valid_from_month nulls first)
            as next_version
    from {{ model }}

)

select * from versions
where
    valid_from_month <> {{ month_start('valid_from_month') }}
    or valid_to_month <> {{ month_start('valid_to_month') }}
    or valid_to_month < valid_from_month
    or (
        previous_version is not null
        and (
            previous_to_month is null
            or {{ month_index('previous_to_month') }} + 1 <> {{ month_index('valid_from_month') }}
        )
    )
    or (next_version is null and valid_to_month is not null)

{% endtest %}
