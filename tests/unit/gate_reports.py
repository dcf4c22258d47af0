"""Reports, confirmations and teams as a night leaves them, and what gate 2 must not let through."""

REPORT_MARTS = """
    create table rules.private_bank_rules as
        select 'documents-1' as rulebook_version, 'gold' as tier_code, 'P1' as class_code;
    create table customer_value.rpt_balance_band as
        select date '2026-01-01' as month_start_date, 'total' as scheme_code, band_code, 1 as customer_cnt,
            cast(amount as decimal(18, 2)) as aum_amt, cast(0.5 as decimal(9, 6)) as customer_share,
            cast(share as decimal(9, 6)) as aum_share
        from (values ('low', 407.10, 0.404226), ('high', 600.01, 0.595774)) as t(band_code, amount, share);
    create table customer_value.rpt_attention_lost_by_manager as
        select date '2026-01-01' as month_start_date, 'O1' as org_id, 'E1' as manager_id,
            status as status_code, tier as tier_code, 1 as customer_cnt
        from (values ('attention', 'gold'), ('lost', 'platinum')) as t(status, tier);
    create table customer_value.rpt_private_bank_stock_detail as
        select date '2026-01-01' as month_start_date, 'O1' as org_id, 'P1' as class_code, 'C1' as customer_id;
    create table customer_value.rpt_private_bank_new_detail as
        select * replace ('C2' as customer_id) from customer_value.rpt_private_bank_stock_detail;
    create table customer_value.rpt_private_bank_qualified as
        select date '2026-01-01' as month_start_date, 'O1' as org_id, 'P1' as class_code, 2 as customer_cnt,
            1 as qualified_cnt, 1 as factor_cnt, 0 as window_cnt;
    create table customer_value.rpt_private_bank_new as
        select date '2026-01-01' as month_start_date, 'O1' as org_id, 'P1' as class_code, 1 as new_cnt,
            1 as risen_cnt, 0 as other_class_cnt, 0 as regained_cnt, 0 as new_customer_cnt,
            0 as first_recorded_cnt;
    create table customer_value.rpt_private_bank_lost as
        select date '2026-01-01' as month_start_date, 'O1' as org_id, 'P1' as class_code, 1 as left_cnt,
            1 as lost_cnt, 0 as closed_cnt, 0 as other_class_cnt, 0 as fallen_cnt;
    create table customer_value.rpt_private_bank_stock_loss as
        select date '2026-01-01' as month_start_date, 'O1' as org_id, 'P1' as class_code, 2 as opening_cnt,
            1 as normal_cnt, 0 as observe_cnt, 0 as attention_cnt, 1 as lost_cnt, 0 as closed_cnt,
            0 as other_class_cnt, 0 as fallen_cnt;
    create table intermediate.int_private_bank__member_month as
        select 'C1' as customer_id, date '2026-01-01' as month_start_date, true as is_member;
    create table customer_value.rpt_private_bank_balance_detail as
        select date '2026-01-01' as month_start_date, 'C1' as customer_id, class as balance_class_code,
            cast(amount as decimal(18, 2)) as balance_amt
        from (values ('deposit', 500.00), ('deposit', 0.01), ('investment', 100.00)) as t(class, amount);
    create table customer_value.fct_month_confirmed as
        select date '2025-12-01' as month_start_date, 1 as version_number, 2 as customer_cnt,
            date '2026-01-31' as confirmed_date
        union all select date '2026-01-01', 1, 2, date '2026-01-31';
    create table customer_value.fct_customer_tier_confirmed as
        select customer_id, month_start_date, 1 as version_number, 'gold' as tier_code,
            date '2026-01-31' as confirmed_date
        from customer_value.fct_customer_tier_monthly;
    create table intermediate.int_confirmation__month as select date '2025-12-01' as month_start_date;
    create table confirmed.fct_month_confirmed as from customer_value.fct_month_confirmed;
    create table confirmed.fct_customer_tier_confirmed as from customer_value.fct_customer_tier_confirmed;
    create schema ownership;
    create table ownership.fct_assignment as
        select customer_id, cast(share as decimal(6, 5)) as participation_share,
            since as valid_from_date, until as valid_to_date
        from (values
            ('C1', 0.6, date '2026-01-01', null), ('C1', 0.4, date '2026-01-01', date '2026-01-20'),
            ('C1', 0.4, date '2026-01-20', null), ('C2', 0.5, date '2026-01-01', null)
        ) as t(customer_id, share, since, until);
    create table intermediate.int_assignment__versions as
        select customer_id, day as known_from_date, cast(null as date) as known_to_date
        from (values ('C1', date '2026-01-31'), ('C2', date '2026-01-30')) as t(customer_id, day);
"""

REPORTS_OF_DECEMBER = """
    create or replace temp table december as
        select tiers.*, aum.aum_end_amt
        from customer_value.fct_customer_tier_monthly as tiers
        left join customer_value.fct_customer_aum_monthly as aum using (customer_id, month_start_date)
        where month_start_date = date '2025-12-01';
    delete from customer_value.rpt_balance_band where month_start_date = date '2025-12-01';
    insert into customer_value.rpt_balance_band
        select date '2025-12-01', 'total', 'all', count(*), sum(aum_end_amt), 1, 1 from december;
    delete from customer_value.rpt_attention_lost_by_manager where month_start_date = date '2025-12-01';
    insert into customer_value.rpt_attention_lost_by_manager
        select date '2025-12-01', 'O1', 'E1', 'attention', tier_code, count(*)
        from december where status_code = 'attention' group by tier_code
        union all
        select date '2025-12-01', 'O1', 'E1', 'lost', lost_tier_code, count(*)
        from december where lost_tier_code is not null group by lost_tier_code;
    delete from customer_value.rpt_private_bank_stock_detail where month_start_date = date '2025-12-01';
    insert into customer_value.rpt_private_bank_stock_detail
        select date '2025-12-01', 'O1', 'P1', customer_id from december where tier_code = 'gold';
    delete from customer_value.rpt_private_bank_qualified where month_start_date = date '2025-12-01';
    insert into customer_value.rpt_private_bank_qualified
        select date '2025-12-01', 'O1', 'P1', count(*), count(*), 0, 0 from december where tier_code = 'gold';
    delete from customer_value.rpt_private_bank_stock_loss where month_start_date = date '2025-12-01';
    insert into customer_value.rpt_private_bank_stock_loss
        select date '2025-12-01', 'O1', 'P1', count(*), count(*), 0, 0, 0, 0, 0, 0
        from december where tier_code = 'gold';
"""
"""Reports that follow what a test does to the month before."""

_BANDS, _AT_RISK = "rpt_balance_band", "rpt_attention_lost_by_manager"
_QUALIFIED, _NEW, _BALANCES = (
    "rpt_private_bank_qualified", "rpt_private_bank_new", "rpt_private_bank_balance_detail",
)  # fmt: skip
_MONTH, _TIER = "fct_month_confirmed", "fct_customer_tier_confirmed"
_NOT_CONSERVED, _NOT_KEPT = "report_not_conserved", "confirmation_not_kept"

REPORTS_SPOILED = [
    ("delete from customer_value.rpt_balance_band where band_code = 'low'", _BANDS, _NOT_CONSERVED),
    ("update customer_value.rpt_balance_band set aum_amt = aum_amt + 0.01", _BANDS, _NOT_CONSERVED),
    ("update customer_value.rpt_balance_band set aum_share = 0.404227 where band_code = 'low'", _BANDS,
     _NOT_CONSERVED),
    ("update customer_value.rpt_balance_band set customer_share = 0.499999 where band_code = 'low'", _BANDS,
     _NOT_CONSERVED),
    ("update customer_value.rpt_attention_lost_by_manager set org_id = 'O2'", _AT_RISK, _NOT_CONSERVED),
    ("delete from customer_value.rpt_attention_lost_by_manager where status_code = 'lost'", _AT_RISK,
     _NOT_CONSERVED),
    # who closes in the month is counted so, and whoever had closed before no more
    ("update customer_value.fct_customer_tier_monthly set is_closed = true"
     " where customer_id = 'C1' and month_start_date = date '2026-01-01'", _AT_RISK, _NOT_CONSERVED),
    ("update customer_value.fct_customer_tier_monthly set is_closed = true where customer_id = 'C1';"
     " update customer_value.rpt_attention_lost_by_manager set status_code = 'closed'"
     " where status_code = 'lost'", _AT_RISK, _NOT_CONSERVED),
    ("delete from customer_value.rpt_attention_lost_by_manager", _AT_RISK, _NOT_CONSERVED),
    ("update customer_value.fct_customer_tier_monthly set lost_tier_code = 'gold'"
     " where customer_id = 'C1' and month_start_date = date '2026-01-01'", _AT_RISK, _NOT_CONSERVED),
    ("update customer_value.rpt_private_bank_qualified set customer_cnt = 1", _QUALIFIED, _NOT_CONSERVED),
    ("update customer_value.rpt_private_bank_qualified set window_cnt = 1", _QUALIFIED, _NOT_CONSERVED),
    ("delete from customer_value.rpt_private_bank_new_detail", _QUALIFIED, _NOT_CONSERVED),
    ("insert into customer_value.rpt_private_bank_new_detail"
     " select * replace ('O9' as org_id) from customer_value.rpt_private_bank_new_detail", _QUALIFIED,
     _NOT_CONSERVED),
    ("update customer_value.rpt_private_bank_new set risen_cnt = 2", _NEW, _NOT_CONSERVED),
    ("update customer_value.rpt_private_bank_lost set left_cnt = 0, lost_cnt = 0", _NEW, _NOT_CONSERVED),
    ("update customer_value.rpt_private_bank_stock_loss set observe_cnt = 1", _NEW, _NOT_CONSERVED),
    ("update customer_value.rpt_private_bank_balance_detail set balance_amt = 0.02"
     " where balance_amt = 0.01", _BALANCES, _NOT_CONSERVED),
    ("delete from customer_value.rpt_private_bank_balance_detail", _BALANCES, _NOT_CONSERVED),
    # a month that tonight may have changed, and one that it wrote
    ("delete from customer_value.fct_month_confirmed where month_start_date = date '2025-12-01'", _MONTH,
     _NOT_KEPT),
    ("update customer_value.fct_month_confirmed set customer_cnt = 3"
     " where month_start_date = date '2026-01-01'", _MONTH, _NOT_KEPT),
    ("update customer_value.fct_customer_tier_confirmed set tier_code = 'ordinary'"
     " where customer_id = 'C1'", _TIER, _NOT_KEPT),
    ("update ownership.fct_assignment set participation_share = 0.39999 where valid_to_date is not null",
     "fct_assignment", "shares_not_whole"),
    # two of the same day
    ("update ownership.fct_assignment set valid_from_date = date '2026-01-19'"
     " where valid_from_date = date '2026-01-20'", "fct_assignment", "shares_not_whole"),
]  # fmt: skip
