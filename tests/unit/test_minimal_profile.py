"""A bank that delivers five tables: what every batch has, and how the others begin."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from contract.model import Contract, load_contract
from expectations.suites.undelivered import empty_marts
from orchestration.errors import BadBatchError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import lake_batches, never_delivered
from orchestration.settings import BatchId
from tests.support.bank import Bank
from tests.support.bank import Delivery as BankDelivery
from tests.support.handmade import BATCH, CONTRACT, CSV, Delivery, sample_row
from tests.support.memory_nights import MemoryNights

FIVE = ("org", "product", "customer", "account", "deposit_balance")
NEXT = BatchId(date(2026, 11, 2), 1)
NIGHTS = [date(2026, 1, 30), date(2026, 2, 2)]


def minimal(home, batch=BATCH, *more):
    """A delivery of the five tables and those named besides."""
    delivery = Delivery(home, batch)
    for name in set(delivery.manifest["tables"]) - {*FIVE, *more}:
        leave_out(delivery, name)
    return delivery


def leave_out(delivery, name):
    for file in delivery.manifest["tables"].pop(name)["files"]:
        (delivery.folder / file["name"]).unlink()


def faults_of(delivery):
    with pytest.raises(BadBatchError) as refused:
        ingest_batch(delivery.send().settings, delivery.batch)
    return [(fault.check_code, fault.table) for fault in refused.value.faults]


def test_five_tables_are_in_every_batch_and_no_others():
    assert {table.name for table in load_contract().tables if table.required} == set(FIVE)


def test_a_table_that_a_batch_has_begun_is_in_every_batch_after_it(tmp_path):
    ingest_batch(minimal(tmp_path, BATCH, "transaction").send().settings, BATCH)
    later = minimal(tmp_path, NEXT)

    assert faults_of(later) == [("manifest_table_missing", "transaction")]
    assert lake_batches(later.settings) == [BATCH]
    assert "loan" in never_delivered(later.settings, NEXT.business_date)
    assert "transaction" not in never_delivered(later.settings, NEXT.business_date)


def test_a_table_may_begin_with_any_batch_and_then_comes_whole(tmp_path):
    ingest_batch(minimal(tmp_path).send().settings, BATCH)
    later = minimal(tmp_path, NEXT, "employee", "assignment")
    assignment = CONTRACT.table("assignment")
    later.rows("assignment", [[*sample_row(assignment), "I"]], CSV | {"header": True}, load="delta")

    assert faults_of(later) == [("manifest_unreadable", "assignment")]

    later.rows("assignment", [sample_row(assignment)])
    report = ingest_batch(later.send().settings, NEXT)
    assert report.tables["assignment"].accepted_rows == 1


@pytest.mark.parametrize(
    ("table", "needed"), [("sales_trade", "calendar"), ("loan", "loan_balance"), ("card", "card_txn")]
)
def test_a_table_comes_with_those_without_which_it_would_be_read_wrongly(tmp_path, table, needed):
    assert faults_of(minimal(tmp_path, BATCH, table)) == [("manifest_table_missing", needed)]


def test_a_contract_whose_required_tables_need_others_is_refused():
    content = load_contract().model_dump()
    content["tables"][0]["needs"] = ["calendar"]
    with pytest.raises(ValueError, match="needs no other table"):
        Contract.model_validate(content)


def test_aum_and_tiers_come_of_five_tables_and_another_begins_later():
    bank = Bank(NIGHTS)
    bank.customer("C1").holds(250_000)
    bank.customer("C2").invests(10)
    nights = MemoryNights(["fct_customer_tier_monthly", "fct_customer_aum_monthly"])
    first, second = bank.deliveries()

    nights.run(only(first, *FIVE, "monthly_balance_history"))
    assert aum_of(nights) == {"C1": Decimal("250000.00")}
    nights.run(only(second, *FIVE, "investment_position"))

    assert aum_of(nights) == {"C1": Decimal("250000.00"), "C2": Decimal("10.00")}
    (tier,) = nights.query(
        "select tier_code from customer_value.fct_customer_tier_monthly"
        " where customer_id = 'C1' and month_start_date = date '2026-01-01'"
    )
    assert tier["tier_code"]


def only(delivery, *names):
    """A delivery without its other tables."""
    return BankDelivery(
        delivery.business_date,
        delivery.sequence,
        delivery.is_initial,
        {name: rows for name, rows in delivery.tables.items() if name in names},
        {name: load for name, load in delivery.loads.items() if name in names},
    )


def aum_of(nights):
    rows = nights.query(
        "select customer_id, aum_end_amt from customer_value.fct_customer_aum_monthly"
        " where is_provisional and aum_end_amt > 0"
    )
    return {row["customer_id"]: row["aum_end_amt"] for row in rows}


def test_a_mart_that_is_empty_for_lack_of_a_table_is_named_with_it():
    with duckdb.connect() as connection:
        connection.execute(
            "create schema m; create table m.loans (a int); create table m.full as select 1 as a"
        )
        connection.execute("create table m.quiet (a int)")
        made_of = {
            ("m", "loans"): {"loan", "customer"},
            ("m", "full"): {"loan"},
            ("m", "quiet"): {"customer"},
        }
        found = empty_marts(connection, made_of, ["loan", "card"])

    assert [(result.table_name, result.observed, result.is_passed) for result in found] == [
        ("loans", "loan", True)
    ]
