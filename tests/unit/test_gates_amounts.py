"""Gate 1 on exchange rates, and on amounts that have no room in what is published."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from expectations.results import CheckResult, GateResult
from orchestration.warehouse import open_database
from tests.unit.gate_bank import DAY_BEFORE, LakeNight, row

LARGEST = "9999999999999999.99"


@pytest.fixture
def night(tmp_path: Path) -> LakeNight:
    return LakeNight(tmp_path)


def run(night: LakeNight) -> GateResult:
    return night.gate(night.write())


def not_passed(outcome: GateResult) -> list[CheckResult]:
    return [result for result in outcome.results if not result.is_passed]


def remember_rate(night: LakeNight, currency: str, mid_rate: str, rate_date: date) -> None:
    """What the night before left of its rates."""
    with open_database(night.settings) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.execute(
            "create table intermediate.int_fx__rate_by_day as select ? as currency_code,"
            " ?::date as calendar_date, ?::date as rate_date, ?::decimal(18, 8) as mid_rate,"
            " ?::date as business_date",
            [currency, DAY_BEFORE, rate_date, mid_rate, DAY_BEFORE],
        )


def history(month: str, **values: str) -> dict[str, object]:
    common = {"account_id": "A3", "product_code": "FUND", "balance_month": date.fromisoformat(month)} | values
    amounts = {"month_end_balance": "100.00", "balance_sum": "3100.00", "day_count": "31"}
    return row("monthly_balance_history", **{**amounts, **common})


def loan_history(**values: str) -> dict[str, object]:
    amounts = {"month_end_balance": "300.00", "balance_sum": "9300.00", "day_count": "31"}
    common = {"loan_id": "L1", "balance_month": date(2025, 12, 1), "worst_days_past_due": "0"}
    return row("monthly_loan_history", **{**common, **amounts, **values})


def test_a_night_without_rates_takes_the_last_ones_and_says_so(night: LakeNight) -> None:
    night.previous, night.tables["fx_rate"] = DAY_BEFORE, []
    remember_rate(night, "USD", "7.1", DAY_BEFORE)

    outcome = run(night)

    (warned,) = not_passed(outcome)
    assert (warned.table_name, warned.check_code, warned.blocks) == (
        "fx_rate", "reference_rate_carried", False,
    )  # fmt: skip
    assert (warned.failing_cnt, warned.observed) == (1, "USD")
    # the books are kept in the reporting currency: 100 dollars of the fund are 710.00 at yesterday's rate
    assert outcome.faults == []


def test_a_currency_that_never_had_a_rate_blocks(night: LakeNight) -> None:
    night.tables["fx_rate"] = []
    del night.tables["ledger_control"]

    (fault,) = run(night).faults

    assert (fault.table, fault.check_code) == ("fx_rate", "reference_rate_missing")


@pytest.mark.parametrize(
    "currencies",
    [{"currency": "JPY"}, {"account_id": "A4"}, {"product_code": "JPYDEP"}],
    ids=["its own", "its account's", "its product's"],
)
def test_a_sale_in_a_currency_without_a_rate_blocks(night: LakeNight, currencies: dict[str, str]) -> None:
    """Its amount would count 0."""
    bank = night.tables
    bank["product"].append({**bank["product"][0], "product_code": "JPYDEP", "currency": "JPY"})
    bank["product"][0]["currency"] = "CNY"
    bank["account"].append({**bank["account"][0], "account_id": "A4", "currency": "JPY"})
    sale = {"customer_id": "C1", "product_code": "DEP", "org_id": "O2", "amount": "1.00", **currencies}
    bank["sales_trade"] = [
        row("sales_trade", trade_id="T1", **sale),
        row("sales_trade", trade_id="T2", **{**sale, "account_id": None, "currency": "USD"}),
    ]

    (fault,) = run(night).faults

    assert (fault.table, fault.check_code) == ("fx_rate", "reference_rate_missing")


def test_loan_history_in_a_currency_without_a_rate_blocks(night: LakeNight) -> None:
    loan = night.tables["loan"][0]
    night.tables["loan"].append({**loan, "loan_id": "L2", "currency": "JPY"})
    night.tables["monthly_loan_history"] = [loan_history(loan_id="L2")]

    (fault,) = run(night).faults

    assert (fault.table, fault.check_code) == ("fx_rate", "reference_rate_missing")


def test_tonights_rate_goes_before_the_one_carried_for_the_same_day(night: LakeNight) -> None:
    night.previous = DAY_BEFORE
    remember_rate(night, "USD", "9", DAY_BEFORE)

    assert not_passed(run(night)) == []


def test_history_before_the_first_rate_is_named_by_its_currency(night: LakeNight) -> None:
    # the rate is of January 30: the row of January is valued at it, as of the day before the batch
    night.tables["monthly_balance_history"] = [history("2025-12-01"), history("2026-01-01")]

    (warned,) = [result for result in not_passed(run(night)) if result.check_code.startswith("reference")]

    assert (warned.table_name, warned.check_code, warned.blocks) == (
        "monthly_balance_history", "reference_rate_later", False,
    )  # fmt: skip
    assert (warned.checked_cnt, warned.failing_cnt, warned.observed) == (2, 1, "USD")


Change = Callable[[LakeNight], None]


def _balance(night: LakeNight) -> None:
    night.tables["deposit_balance"][0]["balance"] = LARGEST


def _position(night: LakeNight) -> None:
    # 2 × 10^15 dollars are 1.42 × 10^16 yuan
    night.tables["investment_position"][0]["market_value"] = "2000000000000000.00"


def _loan(night: LakeNight) -> None:
    night.tables["loan_balance"] = [
        row("loan_balance", loan_id="L1", balance="0.01"),
        row("loan_balance", loan_id="L2", balance=LARGEST),
    ]
    night.tables["loan"] += [{**night.tables["loan"][0], "loan_id": "L2"}]


def _card(night: LakeNight) -> None:
    card = row("card", card_id="K1", customer_id="C1", org_id="O2")
    night.tables["card"] = [card, {**card, "card_id": "K2"}]
    night.tables["card_balance"] = [
        row("card_balance", card_id="K1", balance="0.01"),
        row("card_balance", card_id="K2", balance=LARGEST),
    ]


def _history(night: LakeNight) -> None:
    # 31 days of 7.10 × 10^15
    night.tables["monthly_balance_history"] = [
        history("2026-01-01"),
        history("2026-01-01", account_id="A1", product_code="DEP", balance_sum=LARGEST),
    ]
    night.tables["fx_rate"][0]["mid_rate"] = "8000000000"
    night.tables["investment_position"] = []


@pytest.mark.parametrize(
    ("change", "table", "row_number"),
    [
        # with the fund's 710.00 and the overdraft the deposits are beyond the limit by so much
        (_balance, "deposit_balance", 1),
        (_position, "investment_position", 1),
        (_loan, "loan_balance", 2),
        (_card, "card_balance", 2),
    ],
)
def test_what_is_held_together_has_to_have_room_and_the_largest_row_is_named(
    night: LakeNight, change: Change, table: str, row_number: int
) -> None:
    del night.tables["ledger_control"]
    change(night)

    outcome = run(night)

    faults = [fault for fault in outcome.faults if fault.table == table]
    assert [(fault.check_code, fault.file, fault.row) for fault in faults] == [
        ("amount_too_large", f"{table}-0001.csv", row_number)
    ]
    assert "9999999999" not in str(faults[0])


def test_the_largest_amount_alone_has_room(night: LakeNight) -> None:
    del night.tables["ledger_control"]
    night.tables["deposit_balance"] = [row("deposit_balance", account_id="A1", balance=LARGEST)]
    night.tables["investment_position"] = []

    assert run(night).faults == []


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("transaction", {"account_id": "A3", "currency": "USD", "amount": "20000000000000.00"}),
        # of an account in dollars: 2 × 10^13 are 1.42 × 10^14 yuan
        ("sales_trade", {"customer_id": "C1", "product_code": "FUND", "org_id": "O2", "account_id": "A3",
                         "amount": "20000000000000.00", "fee_income": "1.00"}),
        ("fee_income", {"customer_id": "C1", "product_code": "DEP", "org_id": "O2",
                        "amount": "100000000000000.00"}),
        ("sales_trade", {"customer_id": "C1", "product_code": "DEP", "org_id": "O2", "account_id": "A1",
                         "amount": "1.00", "fee_income": "-100000000000000.00"}),
        ("repayment_schedule", {"loan_id": "L1", "due_principal": "0.01",
                                "due_interest": "100000000000000.00"}),
        ("loan_balance", {"loan_id": "L1", "balance": "300.00", "overdue_principal": "100000000000000.00"}),
    ],
)  # fmt: skip
def test_an_event_that_a_sum_of_events_has_no_room_for_is_named(
    night: LakeNight, table: str, values: dict[str, str]
) -> None:
    night.tables[table] = [row(table, **values)]

    faults = run(night).faults

    assert [(f.check_code, f.table, f.file, f.row) for f in faults] == [
        ("event_amount_too_large", table, f"{table}-0001.csv", 1)
    ]


def test_a_level_has_the_room_of_a_balance(night: LakeNight) -> None:
    """10^15: ten times what an event may be, a tenth of what all balances may be together."""
    level = "1000000000000000.00"
    night.tables["plan_target"] = [
        row("plan_target", scope_type="bank", scope_id="bank", indicator_code="aum_end", period="2026",
            target_value=level)
    ]  # fmt: skip
    night.tables["risk_parameter"] = [
        row("risk_parameter", loan_id="L1", risk_month=date(2026, 1, 1), ead=level)
    ]
    assert run(night).faults == []

    night.tables["loan"][0]["currency"] = "USD"
    night.tables["risk_parameter"][0]["ead"] = "2000000000000000.00"  # × 7.1: 1.42 × 10^16
    night = LakeNight(night.home / "too_large", night.tables)
    del night.tables["ledger_control"]
    assert [(f.check_code, f.table, f.row) for f in run(night).faults] == [
        ("amount_too_large", "risk_parameter", 1)
    ]


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("loan_balance", {"loan_id": "L1", "balance": "300.00"}, "overdue_interest"),
        ("card_balance", {"card_id": "K1"}, "min_due"),
        ("repayment_schedule", {"loan_id": "L1", "term_no": 1}, "due_interest"),
    ],
)
def test_an_amount_due_that_a_sum_of_events_has_no_room_for_is_named(
    night: LakeNight, table: str, key: dict[str, object], column: str
) -> None:
    """10^14 yuan: a hundred of them are 10^16, of which 18 digits have no room."""
    night.tables["card"] = [row("card", card_id="K1", customer_id="C1", org_id="O2", card_kind="credit")]
    night.tables[table] = [row(table, **key, **{column: "100000000000000.00"})]

    faults = run(night).faults

    assert [(f.check_code, f.table, f.file, f.row) for f in faults] == [
        ("event_amount_too_large", table, f"{table}-0001.csv", 1)
    ]


def test_history_has_to_have_room_on_average(night: LakeNight) -> None:
    del night.tables["ledger_control"]
    # 3,100 dollars × 8 × 10^9, with the largest sum: 10^16 and 2.5 × 10^13, of at most 30 × 10^16 in 30 days
    _history(night)
    assert run(night).faults == []

    night.tables["monthly_balance_history"][0]["balance_sum"] = "38000000.00"  # × 8 × 10^9 = 30.4 × 10^16
    night = LakeNight(night.home / "too_large", night.tables)
    faults = run(night).faults
    assert [(f.check_code, f.table, f.row) for f in faults] == [
        ("amount_too_large", "monthly_balance_history", 1)
    ]


def test_loan_history_has_to_have_room(night: LakeNight) -> None:
    """Two mortgages of 10^16 less a cent: together they have no room."""
    loan = night.tables["loan"][0]
    night.tables["loan"].append({**loan, "loan_id": "L2"})
    night.tables["monthly_loan_history"] = [
        loan_history(month_end_balance="0.01", balance_sum="0.31"),
        loan_history(loan_id="L2", month_end_balance=LARGEST, balance_sum=LARGEST),
    ]

    faults = run(night).faults

    assert [(f.check_code, f.table, f.file, f.row) for f in faults] == [
        ("amount_too_large", "monthly_loan_history", "monthly_loan_history-0001.csv", 2)
    ]
