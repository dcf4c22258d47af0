-- One row per visit to a customer, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__visits'),
    key=['visit_id'],
    columns=[
        'customer_id', 'employee_id', 'visited_at', 'has_location',
    ],
) }}
