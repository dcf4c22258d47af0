"""Each fault that puts a row into quarantine: below the limit the night goes on, above it it does not.

A table of the crowd has 1,200 rows and the limit is 0.1 %, so one bad row is below and three are above.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import AcrmError, ExitCode
from orchestration.settings import Settings
from tests.faults.conftest import SECOND
from tests.faults.delivered import Delivered
from tests.support.bank import Delivery
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse, tree_hashes

Spoil = Callable[[Delivered, int], object]


@dataclass(frozen=True)
class BadRow:
    """A way to spoil one row and what quarantine has to say about it."""

    name: str
    table: str
    rule_code: str
    column: str | None
    spoil: Spoil

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


def _value(name: str, table: str, column: str, value: str, rule_code: str) -> BadRow:
    def spoil(batch: Delivered, row: int) -> None:
        batch.set_value(table, row, column, value)

    return BadRow(name, table, rule_code, column, spoil)


def _one_field_more(batch: Delivered, row: int) -> None:
    records = batch.records("transaction")
    records[row].append("surplus")
    batch.write("transaction", records)


def _no_text(batch: Delivered, row: int) -> None:
    name = batch.value("customer", row, "customer_name")
    batch.replace_bytes("customer", name.encode(), b"\xff\xfe" + name.encode()[2:])


BAD_ROWS = [
    _value("an amount is no number", "deposit_balance", "balance", "12x", "value_not_parsed"),
    _value("an amount has too many digits", "deposit_balance", "balance", "1.234", "value_not_parsed"),
    _value("a date is no date", "transaction", "txn_date", "2026-13-45", "value_not_parsed"),
    _value("a truth is no truth", "transaction", "is_in_bank", "perhaps", "value_not_parsed"),
    _value("a code is outside its list", "customer", "status", "asleep", "value_not_in_list"),
    _value("a required value is missing", "customer", "home_org_id", "", "value_missing"),
    _value("an amount is below its least", "transaction", "amount", "-5.00", "value_below_minimum"),
    _value("a date is before 1900", "customer", "first_open_date", "1899-12-31", "date_out_of_range"),
    _value("a date is after the business date", "transaction", "txn_date", "2026-01-31", "date_out_of_range"),
    _value("the customer is unknown", "account", "customer_id", "nobody", "reference_unknown"),
    _value("the account is unknown", "deposit_balance", "account_id", "nothing", "reference_unknown"),
    _value("the product is unknown", "account", "product_code", "MAGIC", "reference_unknown"),
    _value("the org is unknown", "customer", "home_org_id", "O99", "reference_unknown"),
    _value("the employee is unknown", "loan", "manager_id", "E99", "reference_unknown"),
    _value("a balance is negative", "deposit_balance", "balance", "-1.00", "negative_balance"),
    _value("ownership does not add to 1", "account_owner", "ownership_share", "0.9", "shares_not_one"),
    BadRow("a record has a field too many", "transaction", "row_shape", None, _one_field_more),
    BadRow("bytes are no text", "customer", "text_undecodable", None, _no_text),
]
TOO_SMALL = {"loan"}
"""Tables of the crowd in which one bad row is above the limit already."""


def spoil_rows(batch: Delivered, bad_rows: list[BadRow], times: int) -> dict[str, list[int]]:
    """Spoil rows in as many ways, each row in one way only; returns the rows by way."""
    next_row: dict[str, int] = defaultdict(lambda: 11)
    spoilt: dict[str, list[int]] = {}
    for bad in bad_rows:
        first = next_row[bad.table]
        spoilt[bad.name] = list(range(first, first + times))
        for row in spoilt[bad.name]:
            bad.spoil(batch, row)
        next_row[bad.table] += times
    return spoilt


def quarantined(folder: Path) -> list[tuple[str, str, int, str | None, str]]:
    """Table, file, row, column and rule of every quarantined value of the second night."""
    files = sorted((folder / f"business_date={SECOND}").rglob("*.parquet"))
    if not files:
        return []
    return duckdb.execute(
        "select table_name, source_file, source_row, column_name, rule_code "
        "from read_parquet(?, union_by_name = true)",
        [[str(path) for path in files]],
    ).fetchall()


def quarantined_rows(folder: Path, table: str, rule_code: str) -> set[int]:
    return {row for name, _, row, _, rule in quarantined(folder) if (name, rule) == (table, rule_code)}


@dataclass(frozen=True)
class Night:
    """A night with bad rows, and what became of it.

    Attributes:
        spoilt: Rows by the way they were spoilt.
        error: What stopped it; None if it was published.
    """

    warehouse: Warehouse
    settings: Settings
    spoilt: dict[str, list[int]]
    error: AcrmError | None
    is_untouched: bool


def night_with(bad_rows: list[BadRow], times: int, warehouse: Warehouse, delivery: Delivery) -> Night:
    """Deliver the second night with bad rows and run it."""
    batch = Delivered(land(warehouse.home, delivery))
    spoilt = spoil_rows(batch, bad_rows, times)
    settings = Settings.load(warehouse.home)
    before = tree_hashes(settings.published), tree_hashes(settings.landing)
    error = None
    try:
        run_quickly(settings)
    except AcrmError as stopped:
        error = stopped
    is_untouched = before == (tree_hashes(settings.published), tree_hashes(settings.landing))
    return Night(warehouse, settings, spoilt, error, is_untouched)


@pytest.fixture(scope="module")
def above(
    published_night: Warehouse, nights_to_come: dict[date, Delivery], tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """Every kind of bad row three times: each rule is broken more often than its limit allows."""
    warehouse = published_night.copy_to(Path(tmp_path_factory.mktemp("above")) / "home")
    return night_with(BAD_ROWS, 3, warehouse, nights_to_come[SECOND])


@pytest.fixture(scope="module")
def below(
    published_night: Warehouse, nights_to_come: dict[date, Delivery], tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """One bad row for each table and rule: everything stays below the limit."""
    warehouse = published_night.copy_to(Path(tmp_path_factory.mktemp("below")) / "home")
    return night_with(below_the_limit(), 1, warehouse, nights_to_come[SECOND])


def below_the_limit() -> list[BadRow]:
    """The first way to break each rule in each table that is large enough."""
    first = {(bad.table, bad.rule_code): bad for bad in reversed(BAD_ROWS) if bad.table not in TOO_SMALL}
    return list(first.values())


@pytest.mark.parametrize("bad", BAD_ROWS, ids=str)
def test_above_the_limit_the_batch_is_blocked_when(bad: BadRow, above: Night) -> None:
    assert above.error is not None and above.error.exit_code == ExitCode.NOT_FIT_TO_LOAD
    lines = [line for line in str(above.error).splitlines() if bad.table in line and bad.rule_code in line]
    assert lines, f"no line names {bad.table} and {bad.rule_code}: {above.error}"
    first_row = min(
        row
        for other in BAD_ROWS
        if (other.table, other.rule_code) == (bad.table, bad.rule_code)
        for row in above.spoilt[other.name]
    )
    for told in (f"{bad.table}-0001.csv", f"row {first_row}"):
        assert any(told in line for line in lines), f"{told} is not in {lines}"
    assert above.is_untouched, "what was published or delivered has changed"
    kept = quarantined_rows(above.settings.quarantine, bad.table, bad.rule_code)
    assert set(above.spoilt[bad.name]) <= kept


def test_below_the_limit_each_bad_row_is_in_quarantine_with_file_row_column_and_rule(below: Night) -> None:
    found = {
        (table, file, row, rule): column
        for table, file, row, column, rule in quarantined(below.settings.quarantine)
    }
    assert below.error is None
    for bad in below_the_limit():
        (row,) = below.spoilt[bad.name]
        place = (bad.table, f"{bad.table}-0001.csv", row, bad.rule_code)
        assert place in found, f"{bad.name}: {place} is not in quarantine"
        if bad.column is not None:
            assert found[place] == bad.column


def test_below_the_limit_the_night_is_published_with_the_failures_on_record(below: Night) -> None:
    rows = below.warehouse.query(
        "select table_name, check_code, severity_code, is_passed, failing_cnt "
        "from quality.fct_check_result where business_date = ? and failing_cnt > 0",
        SECOND,
    )
    on_record = {(row["table_name"], row["check_code"]): row for row in rows}
    for bad in below_the_limit():
        row = on_record[bad.table, bad.rule_code]
        assert (row["severity_code"], row["failing_cnt"]) == ("quarantine", 1)


def test_an_account_whose_balance_is_in_quarantine_keeps_its_last_balance(below: Night) -> None:
    spoilt = [
        row
        for bad in below_the_limit()
        if (bad.table, bad.column) == ("deposit_balance", "balance")
        for row in below.spoilt[bad.name]
    ]
    assert spoilt
    for row in spoilt:
        (aum,) = below.warehouse.query(
            "select deposit_end_amt from customer_value.fct_customer_aum_monthly "
            "where customer_id = ? and month_start_date = date '2026-01-01'",
            f"c{row:04d}",
        )
        assert aum["deposit_end_amt"] == Decimal(1000 + row)


def test_a_customer_whose_change_is_in_quarantine_stays_as_known_before(below: Night) -> None:
    rows = below.warehouse.query(
        "select count(distinct customer_id) as customers from customer_value.fct_customer_aum_monthly "
        "where month_start_date = date '2026-01-01'"
    )
    assert rows == [{"customers": 1200}]
