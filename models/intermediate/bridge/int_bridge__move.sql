-- One row per account, currency and part of the AUM bridge that tonight's batch moves by transactions: their
-- sum. A transaction moves the bridge on the business date of the batch that brought it, whatever its own
-- date: that is when the balance shows it. So the last day of a month without a batch moves nothing. In the
-- first month what is dated before the first night is in the opening.

{{ config(materialized='table') }}

with first_night as (

    select business_date from {{ ref('int_calendar__recorded_history') }}

),

tonight as (

    select
        log.account_id,
        log.currency_code,
        log.signed_ccy_amt,
        case
            when log.flow_code in ('cash', 'salary', 'outside')
                then case when log.flow_direction_code = 'in' then 'new_money_in' else 'money_out' end
            when log.flow_code = 'bank_transfer'
                then case when log.flow_direction_code = 'in' then 'transfer_in' else 'transfer_out' end
            when log.flow_code in ('purchase', 'redemption') then 'investment_result'
            when log.flow_code = 'loan' then 'loan_flow'
            -- own_transfer, interest, fee
            else log.flow_code
        end as part_code
    from {{ ref('int_account__transaction') }} as log
    cross join first_night
    where
        log.business_date >= coalesce({{ previous_batch_date() }}, cast('1900-01-01' as date))
        and log.told_date = {{ business_date() }}
        and (
            log.txn_date >= first_night.business_date
            or {{ month_start(business_date()) }} > {{ month_start('first_night.business_date') }}
        )

)

select
    -- ids
    account_id,

    -- codes
    currency_code,
    part_code,

    -- measures
    cast(sum(signed_ccy_amt) as {{ amount_type() }}) as signed_ccy_amt

from tonight
group by account_id, currency_code, part_code
