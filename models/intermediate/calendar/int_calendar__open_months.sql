-- One row per month that is being computed: all of tonight's, or a portion of them while the first night
-- loads the history (see macros/month_by_month.sql).

{{ config(materialized='view') }}

select * from {{ ref('int_calendar__computed_months') }}
where portion = coalesce({{ loaded_portion() }}, portion)
