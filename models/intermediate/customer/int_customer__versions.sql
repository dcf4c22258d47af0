-- One row per customer and version: what the bank said of the customer, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['customer_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__customers'), 'customer',
    key=['customer_id'],
    attributes=[
        'home_org_id', 'household_id', 'golden_id', 'customer_type_code', 'customer_name', 'cert_type_code',
        'cert_no', 'gender_code', 'mobile', 'occupation_code', 'education_code', 'region_code',
        'industry_code', 'income_band_code', 'risk_level_code', 'status_code', 'birth_date',
        'first_open_date', 'is_employee', 'acquisition_source_code', 'credit_limit_amt',
    ],
) }}
