{% test rule_bands_cover_without_overlap(model, from_column, to_column, within, gap, order_column=none, is_open_below=false) %}
-- Fails on any band that does not start `gap` after the one below it ends (1 for whole numbers, 0 where a band
-- ends below its end), on a first band that does not start at 0 (that is not open, where it says `is_open_below`), on a
-- last one that ends, on any other that does not, on one that ends before it starts, and on an order that is not
-- 1, 2, 3 …. The rows show both edges.

{%- set order_by = order_column or from_column %}

with bands as (

    select
        *,
        lag({{ to_column }}) over (
            partition by {{ within | join(', ') }} order by {{ order_by }} nulls first
        ) as previous_band_to,
        row_number() over (
            partition by {{ within | join(', ') }} order by {{ order_by }} nulls first
        ) as band_number,
        row_number() over (
            partition by {{ within | join(', ') }} order by {{ order_by }} desc nulls last
        ) as band_number_from_top
    from {{ model }}

)

select * from bands
where
    (band_number = 1 and {{ from_column }} is distinct from {{ 'null' if is_open_below else 0 }})
    or (band_number > 1 and previous_band_to + {{ gap }} is distinct from {{ from_column }})
    or (band_number_from_top = 1) <> ({{ to_column }} is null)
    or {{ to_column }} + {{ gap }} <= {{ from_column }}
    {%- if order_column %}
    or band_number is distinct from {{ order_column }}
    {%- endif %}

{% endtest %}
