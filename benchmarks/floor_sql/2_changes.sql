-- Back to the night before, should this date run again, then tonight's changes to what things are.

delete from rate where calendar_date > getvariable('last_date');
delete from card_txn where business_date > getvariable('last_date');
delete from card_spend where business_date > getvariable('last_date');
delete from closed_month where month_end_date > getvariable('last_date');
delete from earlier_months where month_start_date > getvariable('last_date');
delete from part_to_date where last_day(month_start_date) > getvariable('last_date');
delete from borrowing where month_start_date > getvariable('last_date');
-- the months that tonight computes anew
delete from fct_customer_aum_monthly where month_start_date >= month_start(getvariable('last_date') + 1);
delete from fct_customer_aum_part_monthly where month_start_date >= month_start(getvariable('last_date') + 1);
delete from fct_customer_aum_daily where business_date > getvariable('last_date');
delete from fct_customer_tier_status_monthly where month_start_date >= month_start(getvariable('last_date') + 1);
delete from fct_customer_tier_monthly where month_start_date >= month_start(getvariable('last_date') + 1);
delete from fct_tier_event where month_start_date >= month_start(getvariable('last_date') + 1);
delete from fct_tier_reason where month_start_date >= month_start(getvariable('last_date') + 1);

delete from account where account_id in (select account_id from sent_account);
insert into account
select account_id, customer_id, product_code, org_id, currency, open_date, close_date, status
from sent_account
where op <> 'D';
delete from account_owner
where (account_id, customer_id) in (select (account_id, customer_id) from sent_account_owner);
insert into account_owner
select account_id, customer_id, ownership_share from sent_account_owner where op <> 'D';
delete from loan where loan_id in (select loan_id from sent_loan);
insert into loan
select loan_id, customer_id, loan_class, org_id, currency, start_date from sent_loan where op <> 'D';
delete from card where card_id in (select card_id from sent_card);
insert into card
select card_id, customer_id, card_kind, card_grade, org_id, issue_date, expiry_date, status
from sent_card
where op <> 'D';

create or replace temp view holder as
select
    account.account_id, coalesce(account_owner.customer_id, account.customer_id) as customer_id,
    account.product_code, account.org_id, account.currency, account.open_date,
    case
        when account.status = 'closed' then coalesce(account.close_date, getvariable('business_date'))
        else account.close_date
    end as close_date,
    coalesce(account_owner.ownership_share, cast(1 as decimal(9, 6))) as ownership_share,
    account.currency = getvariable('reporting_currency')
    and coalesce(account_owner.ownership_share, 1) = 1 as is_plain
from account
left join account_owner using (account_id);
