{% test unique_grain(model, columns) %}
-- Fails on any key that has more than one row, and shows the key.

select
    {{ columns | join(', ') }},
    count(*) as row_cnt
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
