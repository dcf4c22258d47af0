"""Gate 2: the ledger of sales credits keeps what was published, and adds up to the trades that are credited.

A night that is replayed on the way to a later one adds nothing to the ledger; what it owes is judged on the
night that ends the replay.
"""

from datetime import date

from expectations.check import Check, FailingRows, Suite
from orchestration.sql import Sql, fill, join, name, value

SALES = "sales"
LEDGER = "fct_sales_credit"
PERFORMANCE = "agg_sales_performance_daily"
_ENTRY = (
    *(
        "entry_id",
        "trade_id",
        "employee_id",
        "sales_org_id",
        "reverses_entry_id",
        "actor_role_code",
        "rule_code",
    ),
    *("entry_type_code", "sales_product_code", "trade_date", "effective_date", "knowledge_date"),
    *("credit_ratio", "credit_amt", "credit_fee_income_amt", "currency_code"),
    *("credit_reporting_amt", "credit_fee_income_reporting_amt"),
)


def sales_suites(business_date: date) -> list[Suite]:
    """Suites over the ledger and what is summed from it."""
    return [
        Suite(
            SALES,
            LEDGER,
            [
                ledger_kept(business_date),
                trades_add_up(business_date),
                trades_of_tonight_add_up(business_date),
            ],
        ),
        Suite(SALES, PERFORMANCE, [day_adds_up(business_date)]),
    ]


def ledger_kept(business_date: date) -> Check:
    """Every entry of the newest release is in the ledger as it was, and none has been put between them.

    What the release holds depends on the runs before. Counted are the entries that nights before this one
    made.
    """
    return FailingRows(
        check_code="ledger_not_kept",
        table=LEDGER,
        query=fill(
            """
            select
                earlier.entry_cnt + failing.entry_cnt,
                failing.entry_cnt
            from (
                select count(*) as entry_cnt from {ledger} where knowledge_date < {night}
            ) as earlier
            cross join (
                select case when published is distinct from kept then published.entry_cnt else 0 end
                    as entry_cnt
                from ({published}) as published
                cross join ({kept}) as kept
            ) as failing
            """,
            published=_fingerprint(name("confirmed", LEDGER)),
            kept=_fingerprint(name(SALES, LEDGER)),
            ledger=name(SALES, LEDGER),
            night=value(business_date),
        ),
    )


def _fingerprint(entries: Sql) -> Sql:
    """Number of the entries up to the last published one, and a checksum of all their columns."""
    return fill(
        """
        select count(*) as entry_cnt, bit_xor(hash({columns})) as checksum
        from {entries}
        where entry_id <= (select max(entry_id) from confirmed.fct_sales_credit)
        """,
        columns=join(", ", map(name, _ENTRY)),
        entries=entries,
    )


_NIGHT_IS_JUDGED = """
    select confirmed_date = {night} and not exists (
        select 1 from sales.fct_sales_credit where knowledge_date > {night}
    ) as is_judged
    from pipeline.confirmation
"""


def trades_add_up(business_date: date) -> Check:
    """Ratios, amounts and fee income of the whole ledger are those of the trades that are credited now.

    Amounts are added whatever their currency: both sides are.
    """
    return FailingRows(
        check_code="credit_not_conserved",
        table=LEDGER,
        unit="totals",
        query=fill(
            """
            select 1, cast(night.is_judged and ledger is distinct from trades as integer)
            from (
                select coalesce(sum(credit_ratio), 0) as trade_cnt, coalesce(sum(credit_amt), 0) as amount,
                    coalesce(sum(credit_fee_income_amt), 0) as fee_income
                from sales.fct_sales_credit
            ) as ledger
            cross join (
                select cast(count(*) as decimal(38, 5)) as trade_cnt, coalesce(sum(trade_amt), 0) as amount,
                    coalesce(sum(fee_income_amt), 0) as fee_income
                from sales.fct_trade_attribution
                where state_code = 'credited'
            ) as trades
            cross join ({judged}) as night
            """,
            judged=fill(_NIGHT_IS_JUDGED, night=value(business_date)),
        ),
    )


def trades_of_tonight_add_up(business_date: date) -> Check:
    """Each trade that tonight looked at has the credits that its state says: all of it, or none.

    Ratios add to 1 and amounts to the trade's own if it is credited.
    """
    return FailingRows(
        check_code="credit_not_conserved",
        table=LEDGER,
        column="trade_id",
        unit="trades",
        query=fill(
            """
            select count(*), count(*) filter (
                where coalesce(entries.credit_ratio, 0) <> cast(trades.is_credited as integer)
                or coalesce(entries.credit_amt, 0)
                    <> case when trades.is_credited then trades.amount_amt else 0 end
                or coalesce(entries.fee_income_amt, 0)
                    <> case when trades.is_credited then trades.fee_income_amt else 0 end
            )
            from (
                select trades.*, trades.state_code = 'credited' as is_credited
                from {attribution} as trades
                inner join ({judged}) as night on night.is_judged
            ) as trades
            left join (
                select trade_id, sum(credit_ratio) as credit_ratio, sum(credit_amt) as credit_amt,
                    sum(credit_fee_income_amt) as fee_income_amt
                from {ledger}
                where trade_id in (select trade_id from {attribution})
                group by trade_id
            ) as entries on trades.trade_id = entries.trade_id
            """,
            attribution=name("intermediate", "int_sales__attribution"),
            ledger=name(SALES, LEDGER),
            judged=fill(_NIGHT_IS_JUDGED, night=value(business_date)),
        ),
    )


def day_adds_up(business_date: date) -> Check:
    """The day's performance is the day's entries."""
    return FailingRows(
        check_code="credit_not_conserved",
        table=PERFORMANCE,
        unit="totals",
        query=fill(
            """
            select 1, cast(performance is distinct from entries as integer)
            from (
                select coalesce(sum(sales_cnt), 0) as trade_cnt, coalesce(sum(credit_amt), 0) as amount
                from sales.agg_sales_performance_daily where calendar_date = {night}
            ) as performance
            cross join (
                select cast(coalesce(sum(credit_ratio), 0) as decimal(38, 5)) as trade_cnt,
                    coalesce(sum(credit_reporting_amt), 0) as amount
                from sales.fct_sales_credit where effective_date = {night}
            ) as entries
            """,
            night=value(business_date),
        ),
    )
