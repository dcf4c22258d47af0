"""What the night's batch tells of the month that ended with the night before; looking changes nothing."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.closing import keep_told_later
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import read_report
from orchestration.plan import Night
from orchestration.settings import BatchId, Settings
from orchestration.warehouse import open_database, prepare_night
from tests.support.bank import Bank
from tests.support.landing import land_all

SATURDAY, MONDAY = date(2026, 2, 28), date(2026, 3, 2)
NIGHT = Night(BatchId(MONDAY, 1), SATURDAY)


def fee(bank: Bank, number: str, dated: date, *, on: date) -> None:
    bank.books.book(
        "fee_income", on, fee_id=number, customer_id="C1", product_code="CURRENT", org_id="O1",
        income_date=dated, fee_type="service", amount=Decimal("30.00"), direct_cost=Decimal("0.00"),
    )  # fmt: skip


def told_later(home: Path, bank: Bank) -> tuple[bool, list[str]]:
    """Whether Saturday is computed anew, and which fees dbt would see of Monday if it were not."""
    land_all(home, bank)
    settings = Settings.load(home)
    for day in (SATURDAY, MONDAY):
        ingest_batch(settings, BatchId(day, 1))
    report = read_report(settings, NIGHT.batch)
    assert report is not None
    with open_database(settings) as connection:
        _know_everybody(connection)
        prepare_night(settings, connection, report, SATURDAY, [])
        is_anew = keep_told_later(connection, settings, NIGHT)
        rows = connection.execute("select fee_id from lake.fee_income order by 1").fetchall()
    return is_anew, [number for (number,) in rows]


def _know_everybody(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists intermediate")
    for model, key, known in (
        ("int_customer__versions", "customer_id", "C1"),
        ("int_account__versions", "account_id", "A1"),
        ("int_card__versions", "card_id", "K1"),
    ):
        connection.execute(
            f"create table intermediate.{model} as"
            f" select '{known}' as {key}, date '2026-01-01' as known_from_date, null::date as known_to_date"
        )


@pytest.fixture
def bank() -> Bank:
    bank = Bank([SATURDAY, MONDAY])
    bank.customer("C1").holds(100)
    fee(bank, "of-february", SATURDAY, on=SATURDAY)
    fee(bank, "of-march", MONDAY, on=MONDAY)
    return bank


def test_a_batch_that_tells_only_of_its_own_month_is_shown_as_it_is(tmp_path: Path, bank: Bank) -> None:
    assert told_later(tmp_path, bank) == (False, ["of-march"])


def test_what_the_last_day_has_told_already_hides_nothing_of_the_batch(tmp_path: Path, bank: Bank) -> None:
    fee(bank, "of-february", SATURDAY, on=MONDAY)

    assert told_later(tmp_path, bank) == (False, ["of-february", "of-march"])


def test_something_new_of_the_month_has_its_last_day_computed_anew(tmp_path: Path, bank: Bank) -> None:
    fee(bank, "new-of-february", SATURDAY, on=MONDAY)

    is_anew, _ = told_later(tmp_path, bank)
    assert is_anew
