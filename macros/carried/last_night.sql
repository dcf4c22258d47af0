{# What nights carry of balances, and the balances that a night could not read. #}

{% macro state_of_last_night(customers=['customer_id'], told_as=none) -%}
    {# the rows that the night before left of its own month, under the numbers that their `customers` have
       tonight #}
    select *
    from {{ by_survivor(this, columns=customers, told_as=told_as) if customers else this }} as state
    where
        business_date = {{ previous_business_date() }}
        and month_start_date = {{ month_start(previous_business_date()) }}
{%- endmacro %}

{% macro keys_of_open_months() -%}
    {# the customers and months that earlier nights left of the months in `months` #}
    select customer_id, month_start_date
    from {{ this }}
    -- a bound, not a join: only the blocks of the open months are read
    where month_start_date >= (select min(month_start_date) from months)
{%- endmacro %}

{% macro refused_balances() -%}
    {# a balance in quarantine is not a balance of 0: what it is of keeps its last one #}
    select distinct
        case table_name
            when 'deposit_balance' then 'deposit'
            when 'investment_position' then 'investment'
            when 'loan_balance' then 'loan'
            else 'card'
        end as source_code,
        row_key
    from {{ source('pipeline', 'rejected_row') }}
    where table_name in ('deposit_balance', 'investment_position', 'loan_balance', 'card_balance')
{%- endmacro %}

{% macro refused_key(source_code, account_id, product_code) -%}
    {# the key of a balance as quarantine names it #}
    case
        when {{ source_code }} = 'investment' then {{ account_id }} || '|' || {{ product_code }}
        else {{ account_id }}
    end
{%- endmacro %}
