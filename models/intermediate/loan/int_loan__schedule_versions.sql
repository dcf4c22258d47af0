-- One row per instalment of a loan and version: what the bank said of the instalment, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['loan_id', 'term_no', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__repayment_schedules'), 'repayment_schedule',
    key=['loan_id', 'term_no'],
    attributes=[
        'due_date', 'due_principal_ccy_amt', 'due_interest_ccy_amt', 'paid_date', 'paid_ccy_amt',
    ],
) }}
