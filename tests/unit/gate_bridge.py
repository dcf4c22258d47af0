"""Marts of monitoring that follow from the AUM marts, for tests of gate 2."""

from expectations.suites.bridge import PARTS

_PARTS = ", ".join(
    f"cast({'aum_end_amt - opening_amt' if part == 'scope_amt' else '0'} as decimal(18, 2)) as {part}"
    for part in PARTS
)
_SUMS = ", ".join(
    f"sum({amount}) as {amount}"
    for amount in ("opening_amt", *PARTS, "closing_amt", "net_new_money_amt", "nnm_indirect_amt")
)

MONITORING_MARTS = f"""
    create schema monitoring;
    create table if not exists intermediate.int_customer__survivor (customer_id varchar, survivor_id varchar);
    create table if not exists intermediate.int_customer__versions (
        customer_id varchar, golden_id varchar, known_from_date date, known_to_date date,
        customer_type_code varchar);
    create schema if not exists pipeline;
    create table if not exists pipeline.restated_merge (
        customer_id varchar, golden_id varchar, from_date date, to_date date);
    create table intermediate.int_fx__rate_by_day (
        currency_code varchar, calendar_date date, mid_rate decimal(18, 8));
    alter table intermediate.int_account__transaction add column flow_code varchar;
    alter table intermediate.int_account__transaction add column told_date date;
    alter table intermediate.int_account__transaction add column currency_code varchar;
    alter table intermediate.int_account__transaction add column counter_customer_id varchar;
    alter table intermediate.int_account__transaction add column is_in_bank boolean;
    alter table intermediate.int_account__transaction add column signed_ccy_amt decimal(18, 2);
    create view monitoring.fct_aum_bridge_monthly as
        select customer_id, month_start_date, opening_amt, {_PARTS}, aum_end_amt as closing_amt,
            cast(0 as decimal(18, 2)) as net_new_money_amt, cast(0 as decimal(18, 2)) as nnm_indirect_amt
        from (
            select customer_id, month_start_date, aum_end_amt,
                cast(coalesce(lag(aum_end_amt) over (
                    partition by customer_id order by month_start_date
                ), 0) as decimal(18, 2)) as opening_amt
            from customer_value.fct_customer_aum_monthly
        );
    create view monitoring.agg_aum_bridge_monthly as
        select 'O1' as org_id, month_start_date, count(*) as customer_cnt, {_SUMS}
        from monitoring.fct_aum_bridge_monthly group by month_start_date;
    create view monitoring.fct_customer_assets as
        select customer_id, aum_end_amt as aum_amt, aum_end_amt as total_assets_amt,
            cast(0 as decimal(18, 2)) as loan_amt, cast(0 as decimal(18, 2)) as card_debt_amt
        from customer_value.fct_customer_aum_monthly where month_start_date = date '2026-01-01';
"""
