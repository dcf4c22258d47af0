-- One row per saved segment, customer and stay: when the customer entered, and when they left.

{{ config(materialized='table', meta={'grain': ['segment_code', 'customer_id', 'entered_date']}) }}

select
    -- ids
    customer_id,

    -- codes
    segment_code,

    -- dates
    known_from_date as entered_date,
    known_to_date as left_date,

    -- flags
    known_to_date is null as is_member

from {{ ref('int_segment__member_versions') }}
