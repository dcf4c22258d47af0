-- One row per customer who is merged with another as of the last business date (客户合并关系), and the customer who
-- goes on. Figures from the night of the merge on are under the number of that one; months that were over
-- then keep both.

{{ config(materialized='table', meta={'grain': ['merged_customer_id']}) }}

select
    -- ids
    survivor_id as customer_id,
    customer_id as merged_customer_id,
    golden_id as golden_customer_id,

    -- codes
    customer_type_code,

    -- dates
    cast(told_date as date) as merged_from_date,

    -- measures
    cast(hops as integer) as step_cnt

from {{ ref('int_customer__survivor') }}
