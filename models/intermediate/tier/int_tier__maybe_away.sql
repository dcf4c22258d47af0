-- One row per customer who may have had no tier in the month before tonight's first: one of the five months
-- before is missing, or a version was not a person's. They are few, so that nobody else need be looked for in
-- that month.

{{ config(materialized='view', tags=['night']) }}

select customer_id
from {{ ref('int_aum__before_month') }}
where
    months_5m_cnt < 5
    {%- if not is_first_night() %}
    and month_start_date >= {{ first_computed_month() }}
    {%- endif %}
union
select customer_id
from {{ ref('int_customer__versions') }}
where customer_type_code <> 'P'
