{# What the detectors of events share: the rules of the night, and the shape of what they find. #}

{% macro event_rules_tonight(codes) -%}
    {# Rules of some events that hold on the business date; one row per event, customer group and
       threshold. #}
    select *
    from {{ ref('event_rules') }}
    where
        event_code in ('{{ codes | join("', '") }}')
        and is_active
        and valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})
{%- endmacro %}

{% macro event_found(
    customer, subject_type, subject, key, event_date,
    amount='null', reference='null', reference_date='null', count='null', occurrence=none,
    stage='rules.threshold_cnt', rules='rules'
) -%}
    {# Columns of an event that a detector has found under a rule of `rules`; which customer group the rule is
       for is looked at in int_event__told. `key` identifies the event of its subject; `occurrence` is what
       the stages of one event have in common: of those reached at once the highest `stage` is told. #}
    {{ rules }}.event_code,
    {{ rules }}.rule_version,
    {{ rules }}.customer_group_code,
    {{ rules }}.priority,
    {{ rules }}.threshold_amt,
    {{ rules }}.threshold_cnt,
    {{ rules }}.cool_down_days,
    {{ customer }} as customer_id,
    '{{ subject_type }}' as subject_type_code,
    {{ subject }} as subject_id,
    {{ key }} as key_text,
    {{ occurrence or key }} as occurrence_text,
    cast({{ event_date }} as date) as event_date,
    cast({{ amount }} as {{ amount_type() }}) as amount_amt,
    cast({{ reference }} as {{ amount_type() }}) as reference_amt,
    cast({{ reference_date }} as date) as reference_date,
    cast({{ count }} as integer) as event_cnt,
    cast({{ stage }} as integer) as stage
{%- endmacro %}

{% macro event_worth(amount, rate) -%}
    {# an amount in the currency of the rate, in the reporting currency, to the cent #}
    case
        when {{ rate }} = 1 then cast({{ amount }} as {{ amount_type() }})
        else cast(cast({{ amount }} as {{ sum_type() }}) * {{ rate }} as {{ amount_type() }})
    end
{%- endmacro %}

{% macro sum_of_flows(days) -%}
    {# what some rows of int_event__flow_day come to, rounded once; what no cent is seen of has no room for
       decimals #}
    case
        when sum({{ days }}.signed_fine_amt) = 0
            then cast(sum({{ days }}.signed_plain_amt) as {{ sum_type() }})
        when abs(sum({{ days }}.signed_plain_amt)) < 100 * {{ ten_trillion() }}
            then cast(
                cast(sum({{ days }}.signed_plain_amt) as {{ exact_type() }}) + sum({{ days }}.signed_fine_amt)
                as {{ sum_type() }}
            )
        else sum({{ days }}.signed_plain_amt) + cast(sum({{ days }}.signed_fine_amt) as {{ sum_type() }})
    end
{%- endmacro %}

{% macro sum_of_sizes() -%}
    {# what transactions come to, each without its sign, rounded once #}
    {{ round_signed(
        'sum(case when signed_fine_amt = 0 then abs(signed_plain_amt) else 0 end)',
        'sum(case when signed_fine_amt <> 0 then abs(cast(signed_plain_amt as ' ~ exact_type()
        ~ ') + signed_fine_amt) else 0 end)'
    ) }}
{%- endmacro %}

{% macro rates_tonight() -%}
    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}
{%- endmacro %}

{% macro oldest_told_days() -%}
    {# How far back a telling is looked for: the keys of events hold a date, and none is as old as this. #}
    400
{%- endmacro %}

{% macro replayed_days() -%}
    {# Days by which carried rows outlive their window, for nights that are run again. #}
    100
{%- endmacro %}


{% macro event_identity(event_code, subject_type, subject, key) -%}
    {# What makes an event the same event: never amounts, rules or runs. It holds private numbers, and is
       published under a key only. #}
    md5({{ event_code }} || '|' || {{ subject_type }} || '|' || {{ subject }} || '|' || {{ key }})
{%- endmacro %}

{% macro counted_flows() -%}
    {# money that comes in or leaves: not the bank's own bookings, nor what moves between accounts of one
       owner #}
    'cash', 'salary', 'outside', 'bank_transfer'
{%- endmacro %}

{% macro oldest_txn_days() -%}
    {# a transaction dated earlier than this before the business date tells nothing #}
    7
{%- endmacro %}

{% macro birthdays(first, last) -%}
    {# Days with the month and day (100 × month + day) of whose birthday they are: who was born on 29 February
       has it on the 28th of other years. #}
    select
        calendar_date,
        100 * month(calendar_date) + day(calendar_date) as month_day
    from {{ day_spine(first, last) }} as spine
    union all
    select calendar_date, 229 as month_day
    from {{ day_spine(first, last) }} as spine
    where month(calendar_date) = 2 and day(calendar_date) = 28 and last_day(calendar_date) = calendar_date
{%- endmacro %}
