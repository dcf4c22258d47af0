"""Marts of sales as a night leaves them, and what gate 2 must not let through."""

SALES = """
    create schema sales;
    create schema confirmed;
    create table pipeline.confirmation as select date '2026-01-31' as confirmed_date;
    create table sales.fct_sales_credit as
        select entry_id, trade_id, employee_id, 'O2' as sales_org_id,
            cast(null as bigint) as reverses_entry_id,
            'seller' as actor_role_code, 'manual' as rule_code, 'credit' as entry_type_code,
            'fund' as sales_product_code, date '2026-01-30' as trade_date, known as effective_date,
            known as knowledge_date, cast(ratio as decimal(6, 5)) as credit_ratio,
            cast(amount as decimal(18, 2)) as credit_amt, cast(0 as decimal(18, 2)) as credit_fee_income_amt,
            'CNY' as currency_code, cast(amount as decimal(18, 2)) as credit_reporting_amt,
            cast(0 as decimal(18, 2)) as credit_fee_income_reporting_amt
        from (values
            (1, 'T1', 'E1', date '2026-01-30', 1, 50), (2, 'T2', 'E1', date '2026-01-31', 0.5, 10.01),
            (3, 'T2', 'E2', date '2026-01-31', 0.5, 10.00)
        ) as t(entry_id, trade_id, employee_id, known, ratio, amount);
    create table confirmed.fct_sales_credit as
        from sales.fct_sales_credit where knowledge_date = date '2026-01-30';
    create table sales.fct_trade_attribution as
        select trade_id, state_code, cast(amount as decimal(18, 2)) as trade_amt,
            cast(0 as decimal(18, 2)) as fee_income_amt
        from (values ('T1', 'credited', 50), ('T2', 'credited', 20.01), ('T3', 'pending', 7))
            as t(trade_id, state_code, amount);
    create table intermediate.int_sales__attribution as
        select trade_id, state_code, trade_amt as amount_amt, fee_income_amt
        from sales.fct_trade_attribution where trade_id <> 'T1';
    create table sales.agg_sales_performance_daily as
        select date '2026-01-31' as calendar_date, cast(1 as decimal(18, 5)) as sales_cnt,
            cast(20.01 as decimal(18, 2)) as credit_amt;
"""

LEDGER, PERFORMANCE = "fct_sales_credit", "agg_sales_performance_daily"

SALES_SPOILED = [
    (f"update sales.{LEDGER} set credit_amt = 10.02 where entry_id = 2", LEDGER, "credit_not_conserved"),
    ("update sales.fct_trade_attribution set state_code = 'credited'", LEDGER, "credit_not_conserved"),
    (f"update sales.{PERFORMANCE} set credit_amt = 20", PERFORMANCE, "credit_not_conserved"),
    # what one trade lacks another has too much of
    (
        f"update sales.{LEDGER} set credit_amt = credit_amt + 1 where trade_id = 'T1';"
        f" update sales.{LEDGER} set credit_amt = 9.01 where entry_id = 2",
        LEDGER, "credit_not_conserved",
    ),
    (
        f"update sales.{LEDGER} set credit_ratio = 0.9 where trade_id = 'T1';"
        f" update sales.{LEDGER} set credit_ratio = 0.6 where entry_id = 2",
        LEDGER, "credit_not_conserved",
    ),
    (
        f"update sales.{LEDGER} set credit_fee_income_amt = -1 where trade_id = 'T1';"
        f" update sales.{LEDGER} set credit_fee_income_amt = 1 where entry_id = 2",
        LEDGER, "credit_not_conserved",
    ),
    (f"update sales.{LEDGER} set currency_code = 'USD' where entry_id = 1", LEDGER, "ledger_not_kept"),
    (f"update sales.{LEDGER} set employee_id = 'E9' where entry_id = 1", LEDGER, "ledger_not_kept"),
]  # fmt: skip
