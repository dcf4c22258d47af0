-- One row per owning org, customer type and field of `file_field_rules`, as of the last business date
-- (客户档案完整性): how many files have it, how many have what another customer has too, and how many have not
-- changed for long. Anybody's file may become stale or a double tonight, so that every night looks at all of
-- them.

{{ config(materialized='table', meta={'grain': ['org_id', 'customer_type_code', 'field_code']}) }}

{% set fields = {
    'cert_no': 'cert_no', 'mobile': 'mobile', 'birth_date': 'birth_date', 'gender': 'gender_code',
    'occupation': 'occupation_code', 'education': 'education_code', 'income_band': 'income_band_code',
    'region': 'region_code', 'industry': 'industry_code', 'risk_level': 'risk_level_code',
} %}

with versions as (

    select *
    from {{ living(ref('int_customer__versions')) }}
    where known_to_date is null and status_code = 'active'

),

owners as (

    select customer_id, owning_org_id
    from {{ ref('int_customer__month') }}
    where month_start_date = {{ month_start(business_date()) }}

),

doubles as (

    {% for field in ['cert_no', 'mobile'] -%}
    select '{{ field }}' as field_code, customer_type_code, {{ field }} as field_value
    from versions
    where {{ field }} is not null and {{ field }} <> ''
    group by customer_type_code, {{ field }}
    having count(*) > 1
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}

),

files as (

    select
        owners.owning_org_id as org_id,
        versions.*,
        {{ days_between('versions.known_from_date', business_date()) }} as unchanged_days,
        {% for field in ['cert_no', 'mobile'] -%}
        {{ field }}_doubles.field_value is not null as is_double_{{ field }}{{ ',' if not loop.last }}
        {% endfor %}
    from versions
    inner join owners on versions.customer_id = owners.customer_id
    {% for field in ['cert_no', 'mobile'] -%}
    left join doubles as {{ field }}_doubles
        on
            {{ field }}_doubles.field_code = '{{ field }}'
            and versions.customer_type_code = {{ field }}_doubles.customer_type_code
            and versions.{{ field }} = {{ field }}_doubles.field_value
    {% endfor %}
),

-- one pass over the files; the days of before are few numbers
counted as (

    select
        org_id,
        customer_type_code,
        unchanged_days,
        count(*) as customer_cnt,
        {% for field in ['cert_no', 'mobile'] -%}
        sum(case when is_double_{{ field }} then 1 else 0 end) as {{ field }}_double_cnt,
        {% endfor -%}
        {% for field, column in fields.items() -%}
        sum(case when {{ column }} is not null and cast({{ column }} as varchar) <> '' then 1 else 0 end)
            as {{ field }}_filled_cnt{{ ',' if not loop.last }}
        {% endfor %}
    from files
    group by org_id, customer_type_code, unchanged_days

),

by_field as (

    {% for field in fields -%}
    select
        org_id,
        customer_type_code,
        '{{ field }}' as field_code,
        unchanged_days,
        customer_cnt,
        {{ field }}_filled_cnt as filled_cnt,
        {{ field ~ '_double_cnt' if field in ['cert_no', 'mobile'] else 0 }} as double_cnt
    from counted
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}

),

summed as (

    select
        by_field.org_id,
        by_field.customer_type_code,
        by_field.field_code,
        rules.stale_days,
        sum(by_field.customer_cnt) as customer_cnt,
        sum(by_field.filled_cnt) as filled_cnt,
        sum(case when rules.is_unique then by_field.double_cnt else 0 end) as duplicate_cnt,
        sum(case when by_field.unchanged_days > rules.stale_days then by_field.customer_cnt else 0 end)
            as stale_cnt
    from by_field
    inner join {{ ref('file_field_rules') }} as rules
        on
            by_field.field_code = rules.field_code
            and by_field.customer_type_code = rules.customer_type_code
    group by by_field.org_id, by_field.customer_type_code, by_field.field_code, rules.stale_days

)

select
    -- ids
    org_id,

    -- codes
    customer_type_code,
    field_code,

    -- dates
    {{ business_date() }} as business_date,

    -- measures
    cast(customer_cnt as bigint) as customer_cnt,
    cast(filled_cnt as bigint) as filled_cnt,
    {{ ratio('filled_cnt', 'customer_cnt') }} as filled_share,
    cast(duplicate_cnt as bigint) as duplicate_cnt,
    cast(stale_cnt as bigint) as stale_cnt,
    {{ ratio('stale_cnt', 'customer_cnt') }} as stale_share,
    stale_days

from summed
