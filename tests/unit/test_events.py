"""Events sent again, and card reversals before their purchase, in the models that take events; in memory."""

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest

from tests.support.models import Models

D = Decimal
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
FRIDAY, MONDAY, TUESDAY = date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 3)


class Nights:
    """The models of events, night by night."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.models = Models(
            self.connection,
            [
                "int_card__transactions",
                "int_card__spend_entry",
                "int_contribution__fee",
                "int_account__owner",
                "int_account__transaction",
            ],
        )
        self.previous: date | None = None
        self.connection.execute(
            """
            create table stg.int_card__versions as
                select 'K1' as card_id, 'C1' as customer_id, 'credit' as card_kind_code,
                    cast(null as date) as known_to_date;
            create table stg.int_account__versions (
                account_id varchar, customer_id varchar, known_to_date date);
            create table stg.int_account__owner_versions (
                account_id varchar, customer_id varchar, ownership_share decimal(9, 6), known_to_date date);
            create schema pipeline;
            create table pipeline.told_later_txn (txn_id varchar);
            create table pipeline.told_later_card_txn (txn_id varchar);
            """
        )

    def run(
        self,
        night: date,
        *,
        cards: list[tuple[str, date, str, str | None]] | None = None,
        fees: list[tuple[str, date, str]] | None = None,
        moves: list[tuple[str, date]] | None = None,
        flows: list[tuple[str, str, str | None]] | None = None,
    ) -> None:
        """A night: card transactions (number, date, amount, reversed), fees (number, date, amount), moves
        (number, date), and salaries of 10.00 and what takes them back (number, direction, reversed)."""
        execute, insert = self.connection.execute, self.connection.executemany
        execute(
            """
            create or replace table stg.stg_core_banking__card_transactions (txn_id varchar,
                card_id varchar, reversed_txn_id varchar, txn_date date, amount_ccy_amt decimal(18, 2),
                is_consumption boolean);
            create or replace table stg.stg_core_banking__fee_incomes (fee_id varchar, customer_id varchar,
                product_code varchar, org_id varchar, income_date date, amount_ccy_amt decimal(18, 2),
                direct_cost_ccy_amt decimal(18, 2));
            create or replace table stg.stg_core_banking__transactions (txn_id varchar, account_id varchar,
                txn_date date, counter_customer_id varchar, reversed_txn_id varchar, txn_type_code varchar,
                direction_code varchar, channel_code varchar, currency_code varchar, txn_at timestamp,
                amount_ccy_amt decimal(18, 2), is_in_bank boolean);
            """
        )
        execute(
            "create or replace table stg.int_calendar__computed_months as"
            " select ?::date as month_start_date, true as is_current",
            [
                ((self.previous or night) + timedelta(1)).replace(day=1)
                if self.previous
                else night.replace(day=1)
            ],
        )
        for number, day, amount, reversed_number in cards or []:
            execute(
                "insert into stg.stg_core_banking__card_transactions values (?, 'K1', ?, ?, ?, true)",
                [number, reversed_number, day, amount],
            )
        for number, day, amount in fees or []:
            execute(
                "insert into stg.stg_core_banking__fee_incomes values (?, 'C1', 'P', 'O', ?, ?, 0)",
                [number, day, amount],
            )
        if moves:
            insert(
                "insert into stg.stg_core_banking__transactions (txn_id, account_id, txn_date)"
                " values (?, 'A1', ?)",
                moves,
            )
        for number, direction, reversed_number in flows or []:
            execute(
                "insert into stg.stg_core_banking__transactions (txn_id, account_id, txn_date,"
                " direction_code, reversed_txn_id, txn_type_code, amount_ccy_amt, is_in_bank, currency_code)"
                " values (?, 'A1', ?, ?, ?, 'salary', 10, false, 'CNY')",
                [number, night, direction, reversed_number],
            )
        self.models.build(business_date=str(night), previous_business_date=str(self.previous or ""))
        self.previous = night

    def spend(self) -> dict[date, Decimal]:
        rows = self.connection.execute(
            "select month_start_date, sum(spend_amt) from intermediate.int_card__spend_entry group by 1"
        ).fetchall()
        return dict(rows)

    def one(self, query: str) -> object:
        found = self.connection.execute(query).fetchone()
        assert found is not None
        return found[0]


def test_events_sent_again_with_a_later_date_count_once() -> None:
    nights = Nights()
    first, again = [FRIDAY, MONDAY]
    nights.run(
        first, cards=[("T1", first, "100.00", None)], fees=[("F1", first, "10.00")], moves=[("X1", first)]
    )
    nights.run(
        again,
        cards=[("T1", again, "100.00", None), ("T2", again, "5.00", None)],
        fees=[("F1", again, "10.00"), ("F2", again, "1.00")],
        moves=[("X1", again), ("X2", again)],
    )
    assert nights.spend() == {JANUARY: D("100.00"), FEBRUARY: D("5.00")}
    assert nights.one("select sum(fee_income_amt) from intermediate.int_contribution__fee") == D("11.00")
    assert nights.one("select list(txn_id order by txn_id) from intermediate.int_account__transaction") == [
        "X1", "X2",
    ]  # fmt: skip


def test_a_purchase_sent_again_after_its_reversal_stays_reversed() -> None:
    nights = Nights()
    nights.run(FRIDAY, cards=[("T1", FRIDAY, "70.00", None)])
    nights.run(MONDAY, cards=[("R1", MONDAY, "70.00", "T1")])
    nights.run(TUESDAY, cards=[("T1", TUESDAY, "70.00", None), ("R1", TUESDAY, "70.00", "T1")])
    assert nights.spend() == {JANUARY: D("0.00")}


def test_a_reversal_before_its_purchase_is_taken_off_when_the_purchase_comes() -> None:
    nights = Nights()
    nights.run(FRIDAY, cards=[("R3", FRIDAY, "70.00", "T3"), ("T2", FRIDAY, "50.00", None)])
    assert nights.spend() == {JANUARY: D("50.00")}
    nights.run(MONDAY)
    nights.run(TUESDAY, cards=[("T3", FRIDAY, "70.00", None)])
    # 50 + 70 − 70, in the month of the purchase
    assert nights.spend() == {JANUARY: D("50.00")}
    nights.run(TUESDAY + timedelta(1), cards=[("T3", FRIDAY, "70.00", None), ("R3", FRIDAY, "70.00", "T3")])
    assert nights.spend() == {JANUARY: D("50.00")}


@pytest.mark.parametrize("days", [36, 63, 400])
@pytest.mark.parametrize("is_dated_on", [True, False], ids=["with a later date", "with its own date"])
def test_events_sent_again_after_months_count_once(days: int, is_dated_on: bool) -> None:
    nights, first = Nights(), date(2026, 1, 5)
    nights.run(
        first, cards=[("T1", first, "100.00", None)], fees=[("F1", first, "10.00")], moves=[("X1", first)]
    )
    later = first + timedelta(days)
    dated = later if is_dated_on else first
    nights.run(
        later,
        cards=[("T1", dated, "100.00", None), ("T2", later, "5.00", None)],
        fees=[("F1", dated, "10.00"), ("F2", later, "1.00")],
        moves=[("X1", dated), ("X2", later)],
    )
    assert nights.spend() == {JANUARY: D("100.00"), later.replace(day=1): D("5.00")}
    assert nights.one("select sum(fee_income_amt) from intermediate.int_contribution__fee") == D("11.00")
    assert nights.one("select list(txn_id order by txn_id) from intermediate.int_account__transaction") == [
        "X1", "X2",
    ]  # fmt: skip


def test_after_400_days_only_fees_are_known_again() -> None:
    # a fee counts in the month in which it comes, whatever its date; of the others nothing is open any more
    nights, first = Nights(), date(2026, 1, 5)
    nights.run(
        first, cards=[("T1", first, "100.00", None)], fees=[("F1", first, "10.00")], moves=[("X1", first)]
    )
    nights.run(
        first + timedelta(401),
        cards=[("T1", first, "100.00", None)], fees=[("F1", first, "10.00")], moves=[("X1", first)],
    )  # fmt: skip
    assert nights.spend() == {JANUARY: D("200.00")}
    assert nights.one("select sum(fee_income_amt) from intermediate.int_contribution__fee") == D("10.00")
    assert nights.one("select count(*) from intermediate.int_account__transaction") == 2


@pytest.mark.parametrize("days", [63, 400])
def test_a_reversal_months_before_its_purchase_is_taken_off(days: int) -> None:
    nights, first = Nights(), date(2026, 1, 5)
    nights.run(first, cards=[("R3", first, "70.00", "T3"), ("T2", first, "50.00", None)])
    nights.run(first + timedelta(days), cards=[("T3", first, "70.00", None)])
    assert nights.spend() == {JANUARY: D("50.00")}


T1, R1, RR1, RRR1 = ("T1", None), ("R1", "T1"), ("RR1", "R1"), ("RRR1", "RR1")
"""A purchase of 30 January, its reversal of the same day, and what takes back each of them on 2 February."""


@pytest.mark.parametrize(
    ("orders", "february"),
    [
        ([[T1, R1], [RR1]], "100.00"),
        ([[T1], [R1, RR1]], "100.00"),
        ([[T1, R1, RR1]], "100.00"),
        ([[R1], [RR1], [T1]], "100.00"),
        ([[RR1], [R1], [T1]], "100.00"),
        ([[RR1, T1], [R1]], "100.00"),
        ([[T1, R1], [RR1], [RRR1]], "0.00"),
        ([[RRR1], [T1, RR1], [R1]], "0.00"),
    ],
)  # fmt: skip
def test_a_reversal_of_a_reversal_puts_the_purchase_back_in_whatever_order_they_come(
    orders: list[list[tuple[str, str | None]]], february: str
) -> None:
    nights = Nights()
    for back, sent in enumerate(orders):
        cards = [
            (number, FRIDAY if number in ("T1", "R1") else MONDAY, "100.00", reversed_number)
            for number, reversed_number in sent
        ]
        nights.run(TUESDAY + timedelta(back), cards=cards)
    # all in the month of the purchase
    assert nights.spend() == {JANUARY: D(february)}
    # in January's own figure there are the purchase and the reversal
    booked = (
        "select coalesce(sum(spend_amt), 0) from intermediate.int_card__spend_entry where booked_month_date"
    )
    assert nights.one(f"{booked} = '{JANUARY}'") == D("0.00")


def test_transactions_that_take_each_other_back_end_and_count_nothing() -> None:
    nights = Nights()
    nights.run(
        MONDAY, cards=[("A", MONDAY, "5.00", "B"), ("B", MONDAY, "5.00", "A"), ("S", MONDAY, "5.00", "S")]
    )
    assert nights.spend() == {}


@pytest.mark.parametrize("is_flipped", [True, False], ids=["the other way", "in the original's direction"])
@pytest.mark.parametrize("orders", [["TRr"], ["TR", "r"], ["T", "Rr"], ["T", "R", "r"]])
def test_on_an_account_a_reversal_of_a_reversal_is_the_original_once_more(
    orders: list[str], is_flipped: bool
) -> None:
    nights, first = Nights(), date(2026, 1, 5)
    sent = {"T": ("in", None), "R": ("out" if is_flipped else "in", "T"), "r": ("in", "R")}
    for back, letters in enumerate(orders):
        nights.run(
            first + timedelta(back),
            flows=[(letter, *sent[letter]) for letter in letters],
        )
    rows = nights.connection.execute(
        "select txn_id, flow_code, flow_direction_code, signed_ccy_amt, is_reversal"
        " from intermediate.int_account__transaction"
    ).fetchall()
    assert sorted(rows) == [
        ("R", "salary", "in", D("-10.00"), True),
        ("T", "salary", "in", D("10.00"), False),
        ("r", "salary", "in", D("10.00"), False),
    ]


def test_account_transactions_that_take_each_other_back_stay_as_they_are_sent() -> None:
    nights = Nights()
    nights.run(MONDAY, flows=[("A", "in", "B"), ("B", "out", "A"), ("S", "in", "S")])
    rows = nights.connection.execute(
        "select txn_id, signed_ccy_amt from intermediate.int_account__transaction"
    ).fetchall()
    assert sorted(rows) == [("A", D("10.00")), ("B", D("-10.00")), ("S", D("10.00"))]
