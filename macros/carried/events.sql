{# Events that the bank sends again. The first one counts, whatever date the second one has. It is sought
   among all nights whose events a figure of tonight may still hold: what counts at its own date, in the
   nights of 400 days; what counts in the month in which it comes (fees, cost pools, sales), in all nights. #}

{% macro oldest_event_days() -%}
    {# No open figure looks further back than 12 months; of an event of before that nothing is open any
       more. #}
    400
{%- endmacro %}

{% macro oldest_event_night() -%}
    {{ add_days(business_date(), '-' ~ oldest_event_days()) }}
{%- endmacro %}

{% macro told_before(relation, key, since=none) -%}
    {# Which of tonight's events an earlier night brought. Only tonight's keys are held in memory; of the
       others one column is read. #}
    select {{ key }}
    from {{ relation }}
    where
        {% if since -%}
        business_date >= {{ since }} and
        {% endif -%}
        {{ key }} in (select {{ key }} from tonight)
{%- endmacro %}

{% macro same_day_days() -%}
    {# How long after its day a transaction still adds to the day's total of large ones. #}
    35
{%- endmacro %}

{% macro longest_chain() -%}
    {# How many transactions take back one another at most: a reversal, a reversal of that, and so on. #}
    20
{%- endmacro %}
