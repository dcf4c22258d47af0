"""Each fault that puts a row into quarantine: below the limit the night goes on, above it it does not.

A table of the crowd has 1,200 rows and the limit is 0.1 %, so one bad row is below and three are above.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import AcrmError, ExitCode
from orchestration.night import run_waiting
from orchestration.settings import Settings
from tests.faults.conftest import SECOND
from tests.faults.delivered import Delivered
from tests.support.bank import Delivery
from tests.support.landing import land
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
BAD_BUT_FEW_ROWS = {"the employee is unknown"}
"""Every loan table of the crowd is so small that one bad row is above the limit."""


@pytest.mark.parametrize("bad", BAD_ROWS, ids=str)
def test_the_batch_is_blocked_above_the_limit_when(bad: BadRow, batch: Delivered, settings: Settings) -> None:
    for row in (11, 12, 13):
        bad.spoil(batch, row)
    published, landed = tree_hashes(settings.published), tree_hashes(settings.landing)

    with pytest.raises(AcrmError) as caught:
        run_waiting(settings)

    lines = [line for line in str(caught.value).splitlines() if bad.rule_code in line]
    assert lines, f"no line names {bad.rule_code}: {caught.value}"
    for told in (bad.table, f"{bad.table}-0001.csv", "row 11"):
        assert any(told in line for line in lines), f"{told} is not in {lines}"
    assert caught.value.exit_code == ExitCode.NOT_FIT_TO_LOAD
    assert tree_hashes(settings.published) == published
    assert tree_hashes(settings.landing) == landed
    assert {11, 12, 13} <= quarantined_rows(settings.quarantine, bad.table, bad.rule_code)


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
    """A night with one bad row per rule, published; bad rows by the row they were put into."""

    warehouse: Warehouse
    settings: Settings
    bad_rows: dict[int, BadRow]


@pytest.fixture(scope="module")
def night(
    published_night: Warehouse, nights_to_come: dict[date, Delivery], tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """One bad row per table and rule, each in another row: everything stays below the limit."""
    warehouse = published_night.copy_to(Path(tmp_path_factory.mktemp("below")) / "home")
    batch = Delivered(land(warehouse.home, nights_to_come[SECOND]))
    bad_rows: dict[int, BadRow] = {}
    for bad in BAD_ROWS:
        spoilt_already = (bad.table, bad.rule_code) in {(b.table, b.rule_code) for b in bad_rows.values()}
        if bad.name in BAD_BUT_FEW_ROWS or spoilt_already:
            continue
        row = 100 + 10 * len(bad_rows)
        bad.spoil(batch, row)
        bad_rows[row] = bad
    settings = Settings.load(warehouse.home)
    run_waiting(settings)
    return Night(warehouse, settings, bad_rows)


def test_below_the_limit_each_bad_row_is_in_quarantine_with_file_row_column_and_rule(night: Night) -> None:
    found = {
        (table, file, row, rule): column
        for table, file, row, column, rule in quarantined(night.settings.quarantine)
    }
    for row, bad in night.bad_rows.items():
        place = (bad.table, f"{bad.table}-0001.csv", row, bad.rule_code)
        assert place in found, f"{bad.name}: {place} is not in quarantine"
        if bad.column is not None:
            assert found[place] == bad.column


def test_below_the_limit_the_night_is_published_with_the_failures_on_record(night: Night) -> None:
    rows = night.warehouse.query(
        "select table_name, check_code, severity_code, is_passed, failing_cnt "
        "from quality.fct_check_result where business_date = ? and failing_cnt > 0",
        SECOND,
    )
    on_record = {(row["table_name"], row["check_code"]): row for row in rows}
    for bad in night.bad_rows.values():
        row = on_record[bad.table, bad.rule_code]
        assert (row["severity_code"], row["failing_cnt"]) == ("quarantine", 1)


def test_an_account_whose_balance_is_in_quarantine_keeps_its_last_balance(night: Night) -> None:
    spoilt = [
        row
        for row, bad in night.bad_rows.items()
        if bad.table == "deposit_balance" and bad.column == "balance"
    ]
    assert spoilt
    for row in spoilt:
        (aum,) = night.warehouse.query(
            "select deposit_end_amt from customer_value.fct_customer_aum_monthly "
            "where customer_id = ? and month_start_date = date '2026-01-01'",
            f"c{row:04d}",
        )
        assert aum["deposit_end_amt"] == Decimal(1000 + row)


def test_a_customer_whose_change_is_in_quarantine_stays_as_known_before(night: Night) -> None:
    rows = night.warehouse.query(
        "select count(distinct customer_id) as customers from customer_value.fct_customer_aum_monthly "
        "where month_start_date = date '2026-01-01'"
    )
    assert rows == [{"customers": 1200}]
