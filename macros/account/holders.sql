{# Accounts by owner as of tonight, with what values their balances, from versions of accounts and owners of
   tonight. #}

{% macro holders(accounts, owners) -%}
    select
        -- ids
        accounts.account_id,
        coalesce(owners.customer_id, accounts.customer_id) as customer_id,
        accounts.product_code,
        accounts.org_id,

        -- codes
        accounts.currency_code,

        -- dates
        accounts.open_date,
        -- closed without a date counts as closed tonight
        case
            when accounts.status_code = 'closed' then coalesce(accounts.close_date, {{ business_date() }})
            else coalesce(accounts.close_date, told.close_date)
        end as close_date,
        case when told.account_id is not null then {{ business_date() }} else accounts.known_from_date end
            as known_from_date,

        -- measures
        coalesce(owners.ownership_share, cast(1 as decimal(9, 6))) as ownership_share,

        -- flags
        accounts.currency_code = '{{ var("reporting_currency") }}' and coalesce(owners.ownership_share, 1) = 1
            as is_whole

    from {{ accounts }} as accounts
    left join {{ owners }} as owners on accounts.account_id = owners.account_id
    left join {{ source('pipeline', 'told_closing') }} as told on accounts.account_id = told.account_id
    where accounts.known_to_date is null
{%- endmacro %}
