{# The day on which a month counts an event: its own, or the night that told of it where its month was over by
   then. The first night computes the months before it, too. #}

{% macro counted_date(happened_at, told_date, first_night) -%}
    case
        when
            {{ told_date }} > {{ first_night }}
            and {{ month_start(told_date) }} > {{ month_start('cast(' ~ happened_at ~ ' as date)') }}
            then {{ told_date }}
        else cast({{ happened_at }} as date)
    end
{%- endmacro %}

{# The first night that told of any row of a table: what it brought is history and counts on its own day, as
   what the first night of all brings. A bank may begin to deliver a table on any night. #}
{% macro first_told(relation) -%}
    (select min(business_date) as business_date from {{ relation }})
{%- endmacro %}

{# How many days ahead of its own day a row of the front office is looked for: a Friday's batch that is drawn
   on Sunday tells of Saturday, and calendars of visits of the weeks to come. #}
{% macro days_told_ahead() -%}
    92
{%- endmacro %}
