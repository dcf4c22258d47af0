{% test rule_bands_meet_edge_to_edge(model, from_column, to_column, order_column, within) %}
-- Fails on any band of amounts that does not begin where the one below it ends, on a first band that does
-- not begin at 0, on a last one that ends, and on an order that is not 1, 2, 3 …. The rows show both edges.

with bands as (

    select
        *,
        lag({{ to_column }}) over (
            partition by {{ within | join(', ') }} order by {{ order_column }} nulls first
        ) as previous_band_to,
        row_number() over (
            partition by {{ within | join(', ') }} order by {{ order_column }} nulls first
        ) as band_number,
        row_number() over (
            partition by {{ within | join(', ') }} order by {{ order_column }} desc nulls last
        ) as band_number_from_top
    from {{ model }}

)

select * from bands
where
    band_number is distinct from {{ order_column }}
    or (band_number = 1 and {{ from_column }} is distinct from 0)
    or (band_number > 1 and previous_band_to is distinct from {{ from_column }})
    or (band_number_from_top = 1) <> ({{ to_column }} is null)
    or {{ to_column }} <= {{ from_column }}

{% endtest %}
