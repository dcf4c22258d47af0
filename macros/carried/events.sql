{# Events that the bank sends again. The first one counts, whatever date the second one has; how far back a first one is
   looked for is bounded here, so that a night does not read all history. Days of business dates. #}

{% macro repeated_days() -%}
    {# An event sent again, or one that comes before the event that it refers to, comes within two months of it. #}
    62
{%- endmacro %}

{% macro repeated_txn_days() -%}
    {# Account transactions are many and count in their month only. #}
    35
{%- endmacro %}

{% macro oldest_event_days() -%}
    {# Of an event that comes late it may be longer; a purchase of before that is in no figure that nights compute. #}
    400
{%- endmacro %}

{% macro same_day_days() -%}
    {# Transactions of one day are added up as long as they are known to come again. #}
    {{- repeated_txn_days() -}}
{%- endmacro %}

{% macro repeated_since(first_day) -%}
    {# The first night that may have brought an event of `tonight` before: no night brings an event before its day. #}
    greatest(
        least(
            {{ add_days(business_date(), '-' ~ repeated_days()) }},
            (select min({{ first_day }}) from tonight)
        ),
        {{ add_days(business_date(), '-' ~ oldest_event_days()) }}
    )
{%- endmacro %}
