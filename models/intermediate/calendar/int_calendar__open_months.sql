-- One row per month that is being computed: all of tonight's, or one at a time while the first night loads
-- the history (see macros/month_by_month.sql).

{{ config(materialized='view') }}

select * from {{ ref('int_calendar__computed_months') }}
where month_start_date = coalesce({{ loaded_month() }}, month_start_date)
