-- One row per night, customer and month, as int_holding__customer_month, but under the numbers that count
-- tonight: of customers who are one, org and tier are those of the one who goes on.

{{ config(materialized='view') }}

{%- set own_first = ['together.told_customer_id <> together.customer_id', 'together.told_customer_id'] %}
{%- set values = {
    'origin_tier_code': first_by('together.origin_tier_code', ['together.origin_month_date'] + own_first),
    'origin_month_date': 'min(together.origin_month_date)',
    'top_month_date': 'min(together.top_month_date)',
} %}
{%- for column in ['owning_org_id', 'org_before_id', 'customer_type_code', 'tier_code'] %}
{%- do values.update({column: first_by('together.' ~ column, own_first)}) %}
{%- endfor %}
{%- do values.update({'first_open_date': 'min(together.first_open_date)'}) %}
{%- for column in ['held_line_cnt', 'txn_cnt', 'txn_3m_cnt'] %}
{%- do values.update({column: 'cast(sum(together.' ~ column ~ ') as integer)'}) %}
{%- endfor %}
{%- for column in [
    'asset_amt', 'debt_amt', 'aum_end_amt', 'contribution_amt', 'contribution_12m_amt', 'txn_amt',
] %}
{%- do values.update({column: 'cast(sum(together.' ~ column ~ ') as ' ~ amount_type() ~ ')'}) %}
{%- endfor %}
{%- for column in ['is_member', 'is_member_before', 'is_top_tier', 'is_active'] %}
{%- do values.update({column: 'max(case when together.' ~ column ~ ' then 1 else 0 end) = 1'}) %}
{%- endfor %}

select *
from {{ one_for_survivors(
    by_survivor(ref('int_holding__customer_month'), told_as='told_customer_id'),
    ['customer_id', 'business_date', 'month_start_date'],
    values,
) }} as customers
