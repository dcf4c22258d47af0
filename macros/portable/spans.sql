{# Times of the same key that meet or overlap, as one: rows of `key`, from_date and to_date, the latter not
   included. #}

{% macro merged_spans(spans, key) -%}
    {%- set keys = key | join(', ') -%}
    select
        {{ keys }},
        min(from_date) as from_date,
        max(to_date) as to_date
    from (
        select
            *,
            sum(is_begin) over (
                partition by {{ keys }} order by from_date nulls last, to_date nulls last
                rows between unbounded preceding and current row
            ) as span_no
        from (
            select
                *,
                case
                    when
                        from_date <= max(to_date) over (
                            partition by {{ keys }} order by from_date nulls last, to_date nulls last
                            rows between unbounded preceding and 1 preceding
                        )
                        then 0
                    else 1
                end as is_begin
            -- equal spans once: which of them begins would be a matter of chance
            from (select distinct {{ keys }}, from_date, to_date from {{ spans }}) as spans
        ) as begun
    ) as numbered
    group by {{ keys }}, span_no
{%- endmacro %}
