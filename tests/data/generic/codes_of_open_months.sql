{% test codes_of_open_months(model, column_name, values) %}
-- Fails on any code that is not in the list, in the months that tonight computed: closed months are tested
-- on the nights that write them, so that a night's tests do not grow with history.

select rows_of_tonight.*
from {{ model }} as rows_of_tonight
inner join {{ ref('int_calendar__open_months') }} as months
    on rows_of_tonight.month_start_date = months.month_start_date
where rows_of_tonight.{{ column_name }} not in ({% for code in values %}'{{ code }}'{{ ', ' if not loop.last }}{% endfor %})

{% endtest %}
