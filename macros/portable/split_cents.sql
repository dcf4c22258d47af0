{# Amounts split by weight to the cent, by largest remainder: every part gets the whole cents of its share,
   and the cents left over go to the largest rests, one each, ties to the first by `order_by`. The parts of a
   group add to its amount exactly; an amount below 0 is split like its opposite. The weights of a group add
   to `total`. Gives the rows of `parts` with a weight and `split_cents`. #}

{% macro split_cents(parts, amount, weight, total, group, order_by) -%}
    {%- set by_group = group | join(', ') -%}
    select
        units.*,
        case when units.{{ amount }} < 0 then -1 else 1 end * (
            units.floor_cents + case
                when row_number() over (
                    partition by {{ by_group }}
                    order by
                        units.rest_units desc nulls last,
                        {{ order_by | join(' nulls last, ') }} nulls last
                ) <= abs(units.{{ amount }}) - sum(units.floor_cents) over (partition by {{ by_group }})
                    then 1
                else 0
            end
        ) as split_cents
    from (
        select
            floors.*,
            floors.product_units - {{ wide('floors.floor_cents') }} * floors.{{ total }} as rest_units
        from (
            select
                products.*,
                {{ floor_units('products.product_units', 'products.' ~ total) }} as floor_cents
            from (
                select
                    {{ parts }}.*,
                    {{ wide('abs(' ~ amount ~ ')') }} * {{ weight }} as product_units
                from {{ parts }}
                where {{ weight }} > 0
            ) as products
        ) as floors
    ) as units
{%- endmacro %}
