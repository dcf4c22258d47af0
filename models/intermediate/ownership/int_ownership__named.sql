-- One row per customer and source tonight: the manager whom the customer's loans and credit cards name, not
-- by hand. The largest loan's manager is the main one and the card's assists; a card alone is as a loan
-- (C-038 to C-040). Of several cards the oldest that is valid counts.

with loans as (

    select
        customer_id,
        manager_id,
        org_id,
        open_date,
        row_number() over (
            partition by customer_id
            order by
                balance_amt desc nulls last,
                open_date asc nulls last,
                org_id asc nulls last,
                manager_id asc nulls last
        ) as preference
    from {{ ref('int_customer__debt') }}
    where debt_code = 'loan' and manager_id is not null

),

cards as (

    select
        customer_id,
        manager_id,
        org_id,
        issue_date as open_date,
        row_number() over (partition by customer_id order by issue_date nulls last, card_id nulls last)
            as preference
    from {{ by_survivor(ref('int_card__versions')) }}
    where
        known_to_date is null
        and card_kind_code = 'credit'
        and status_code = 'valid'
        and expiry_date >= {{ business_date() }}
        and manager_id is not null

),

-- the part of a card's manager beside a loan's
shares as (

    select card_participation_share
    from {{ ref('assignment_rules') }}
    where
        rulebook_code = '{{ var("rulebook") }}'
        and {{ month_start(business_date()) }} >= valid_from_month
        and (valid_to_month is null or {{ month_start(business_date()) }} <= valid_to_month)

),

paired as (

    select
        coalesce(loans.customer_id, cards.customer_id) as customer_id,
        loans.manager_id as loan_manager_id,
        loans.org_id as loan_org_id,
        -- one person is not both
        case when (cards.manager_id is distinct from loans.manager_id) then cards.manager_id end
            as card_manager_id,
        cards.org_id as card_org_id,
        -- a team begins when both are there
        greatest(
            coalesce(loans.open_date, cards.open_date), coalesce(cards.open_date, loans.open_date)
        ) as begin_date,
        coalesce(shares.card_participation_share, 0) as card_participation_share
    from (select * from loans where preference = 1) as loans
    full outer join (select * from cards where preference = 1) as cards
        on loans.customer_id = cards.customer_id
    left join shares on true

)

select
    customer_id,
    'loan' as source_code,
    loan_manager_id as employee_id,
    loan_org_id as org_id,
    'main' as role_code,
    begin_date,
    cast(
        case when card_manager_id is null then 1 else 1 - card_participation_share end as decimal(6, 5)
    ) as participation_share
from paired
where loan_manager_id is not null
union all
select
    customer_id,
    'card' as source_code,
    card_manager_id as employee_id,
    card_org_id as org_id,
    case when loan_manager_id is null then 'main' else 'assistant' end as role_code,
    begin_date,
    cast(
        case when loan_manager_id is null then 1 else card_participation_share end as decimal(6, 5)
    ) as participation_share
from paired
where card_manager_id is not null
