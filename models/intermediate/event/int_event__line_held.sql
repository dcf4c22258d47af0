-- One row per customer and product line ever held, with the night that first said so: through an account, a
-- position, a loan or a card. A night looks at what its batch adds or changes, and at tonight's positions.
-- Customers stay under the number that was told of.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

-- read on every night but the first
-- depends_on: {{ ref('int_account__owner_versions') }}
-- depends_on: {{ ref('int_account__versions') }}

with products as (

    select product_code, product_line_code from {{ ref('stg_core_banking__products') }}

),

{% if has_state() -%}
changed as (

    select account_id from {{ ref('int_account__versions') }} where known_to_date = {{ business_date() }}

),

{% endif -%}
held as (

    select
        customer_id,
        product_code,
        {% if has_state() -%}
        -- who becomes an owner of an account that was known, or its holder, holds it from tonight on
        case
            when
                known_from_date = {{ business_date() }}
                and account_id not in (select account_id from changed)
                then open_date
            else {{ business_date() }}
        end as open_date
        {%- else -%}
        open_date
        {%- endif %}
    from {{ ref('int_account__told_holder') }}
    where
        -- an owner whose share is 0 holds nothing
        ownership_share <> 0
        {%- if has_state() %}
        and (
            known_from_date = {{ business_date() }}
            or account_id in (
                select owners.account_id
                from {{ ref('int_account__owner_versions') }} as owners
                where owners.known_from_date = {{ business_date() }}
            )
        )
        {%- endif %}
    union all
    select holders.customer_id, positions.product_code, {{ business_date() }} as open_date
    from {{ ref('stg_core_banking__investment_positions') }} as positions
    inner join {{ ref('int_account__told_holder') }} as holders
        on positions.account_id = holders.account_id and holders.ownership_share <> 0
    union all
    select customer_id, product_code, start_date as open_date
    from {{ ref('int_loan__versions') }}
    where known_to_date is null{% if has_state() %} and known_from_date = {{ business_date() }}{% endif %}
    union all
    select customer_id, product_code, issue_date as open_date
    from {{ ref('int_card__versions') }}
    where
        known_to_date is null
        and product_code is not null
        {%- if has_state() %}
        and known_from_date = {{ business_date() }}
        {%- endif %}

),

lines as (

    select
        held.customer_id,
        products.product_line_code,
        -- told as of tonight where a date lies ahead
        least(min(held.open_date), {{ business_date() }}) as held_since_date
    from held
    inner join products on held.product_code = products.product_code
    group by held.customer_id, products.product_line_code

)

select
    lines.customer_id,
    lines.product_line_code,
    lines.held_since_date,
    {{ business_date() }} as business_date
from lines
{% if has_state() %}
left join {{ this }} as earlier
    on lines.customer_id = earlier.customer_id and lines.product_line_code = earlier.product_line_code
where earlier.customer_id is null
{% endif %}
