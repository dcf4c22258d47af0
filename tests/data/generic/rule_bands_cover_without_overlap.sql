{% test rule_bands_cover_without_overlap(model, from_column, to_column, within) %}
-- Fails on any band of whole numbers that does not start right after the one below it ends, on a first
-- band that does not start at 0, and on a last one that ends. The failing rows show both edges.

with bands as (

    select
        *,
        lag({{ to_column }}) over (
            partition by {{ within | join(', ') }} order by {{ from_column }} nulls first
        ) as previous_band_to,
        row_number() over (
            partition by {{ within | join(', ') }} order by {{ from_column }} nulls first
        ) as band_number,
        row_number() over (
            partition by {{ within | join(', ') }} order by {{ from_column }} desc nulls last
        ) as band_number_from_top
    from {{ model }}

)

select * from bands
where
    (band_number = 1 and {{ from_column }} is distinct from 0)
    or (band_number > 1 and previous_band_to + 1 is distinct from {{ from_column }})
    or (band_number_from_top = 1 and {{ to_column }} is not null)

{% endtest %}
