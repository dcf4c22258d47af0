"""Another hash key: what models hashed by the old one is found in no table, and later nights go on."""

import hmac
import re
from datetime import date
from typing import Any

import pytest

from orchestration.releases.keys import Key
from orchestration.warehouse.rekeying import HASHED_COLUMNS, hash_by
from tests.support.event_bank import EventBank
from tests.support.memory_nights import KEY, MemoryNights
from tests.support.models import PROJECT

FIRST, SECOND, TONIGHT = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 5)
NEW = Key("the key that comes after the first one")
MODELS = ("fct_event_response", "feed_today", "feed_calendar", "fct_group_member", "dim_customer_360",
          "fct_household_monthly", "fct_opportunity_stage")  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{32}")


def hashed(text: str, key: Key) -> str:
    return hmac.digest(key.derived("acrm published numbers"), text.encode(), "sha256").hex()[:32]


def bank() -> EventBank:
    """Events of each night, dates to come, a group, a household, an opportunity that came from an event."""
    bank = EventBank.of(FIRST, TONIGHT)
    since = {"valid_from": date(2026, 1, 1)}
    for name in ("PARENT", "CHILD", "GRANDCHILD"):
        bank.bank.customer(name, kind="C").holds(100_000)
    for child, parent in (("CHILD", "PARENT"), ("GRANDCHILD", "CHILD")):
        bank.tells("customer_relation", FIRST, customer_id=child, related_id=parent,
                   relation_type="group_parent", **since)  # fmt: skip
    bank.bank.customer("WIFE").holds(10)
    bank.bank.customer("HUSBAND").holds(10)
    bank.tells("customer_relation", FIRST, customer_id="HUSBAND", related_id="WIFE",
               relation_type="spouse", **since)  # fmt: skip
    for number, day in enumerate(
        (date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 12), date(2026, 10, 30))
    ):
        bank.bank.customer(f"DUE{number}").holds(100_000).matures = day
    for name, day in (("PAID", SECOND), ("PAID LATER", TONIGHT)):
        bank.moves(bank.bank.customer(name).holds(10), 3_000_000, on=day)
    loan = bank.bank.customer("LOAN").borrows(50_000, since=date(2026, 1, 5))
    loan.matures = date(2027, 10, 20)
    bank.tells("repayment_schedule", FIRST, loan_id="LOAN-L1", term_no=7, due_date=date(2026, 10, 15),
               due_principal=900, due_interest=100, paid_date=None)  # fmt: skip
    return bank


def texts(nights: MemoryNights) -> dict[tuple[str, str], set[str]]:
    """Every value of text by table and column."""
    columns = nights.query(
        "select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR'"
        " and database_name = 'memory' and schema_name not in ('confirmed', 'core_banking')"
        " and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())"
    )
    found = {}
    for row in columns:
        table, column = row["table_name"], row["column_name"]
        rows = nights.query(f'select distinct "{column}" as text from "{row["schema_name"]}"."{table}"')
        found[table, column] = {said["text"] for said in rows if said["text"]}
    return found


def rows(nights: MemoryNights, table: str) -> list[dict[str, Any]]:
    """Rows but for the numbers of entries, which go by the order of hashes."""
    exclude = " exclude (entry_id)" if table == "monitoring.fct_event" else ""
    return nights.query(f"select *{exclude} from {table} order by all")


@pytest.fixture(scope="module")
def rekeyed():
    """The bank before and after its key was changed, and the same bank that has always had the new one."""
    told = bank()
    nights, always = MemoryNights(MODELS), MemoryNights(MODELS)
    hash_by(always.connection, NEW)
    for night in (FIRST, SECOND):
        nights.run(told.delivery(night))
        always.run(told.delivery(night))
    before = texts(nights)
    hash_by(nights.connection, NEW)
    return told, nights, always, before, texts(nights)


def test_every_hash_that_a_model_makes_is_listed(rekeyed):
    _, _, _, before, _ = rekeyed
    listed = {(column.table, column.column) for column in HASHED_COLUMNS}
    held = {
        place for place, told in before.items() if place[1] != "identity_key" and any(map(_HASH.search, told))
    }
    makers = {
        path.stem
        for path in (PROJECT / "models").rglob("*.sql")
        if "keyed_hash(" in path.read_text(encoding="utf-8")
    }

    assert held and held <= listed
    assert makers and makers <= {table for table, _ in listed}


def test_no_value_is_a_hash_of_the_old_key_and_what_is_known_is_hashed_by_the_new_one(rekeyed):
    _, nights, always, before, after = rekeyed
    clear = set().union(*before.values())
    old = {hashed(text, KEY) for text in clear}
    was = {piece for told in before.values() for text in told for piece in _HASH.findall(text)}
    now = {piece for told in after.values() for text in told for piece in _HASH.findall(text)}

    assert len(was & old) > 10 and now & old == set()
    for table in ("monitoring.fct_event", "workbench.feed_calendar", "corporate.fct_group_member",
                  "customer.fct_household_monthly", "customer.dim_customer_360"):  # fmt: skip
        assert rows(nights, table) and rows(nights, table) == rows(always, table), table


def test_the_next_night_tells_nothing_twice(rekeyed):
    told, nights, always, _, _ = rekeyed
    nights.run(told.delivery(TONIGHT))
    always.run(told.delivery(TONIGHT))

    entries = rows(nights, "monitoring.fct_event")
    assert entries == rows(always, "monitoring.fct_event")
    assert {row["business_date"] for row in entries} == {FIRST, SECOND, TONIGHT}
    assert len({row["event_id"] for row in entries}) == len(entries)
    # a night that is run again finds its own events, and an earlier one does
    nights.run(told.delivery(TONIGHT))
    assert rows(nights, "monitoring.fct_event") == entries
