"""Events and the AUM bridge of generated banks against their answer keys (chapter 5).

One bank is run by dbt and has few nights. The other is run in memory: its twelve nights pass a quarter's end
and a festival, interest and fees are booked, so that every event and every part of the bridge is among them.
``make answer-key`` runs a large bank.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sample_bank.bridge_answers import PARTS
from sample_bank.generate import SampleSpec
from tests.support.generated_nights import GeneratedNights
from tests.support.models import PROJECT
from tests.support.warehouse import Warehouse

Row = dict[str, Any]
IN_MEMORY = SampleSpec(customers=2_000, months=14, nights=12, end=date(2026, 10, 8), profile="wealthy")
ENOUGH = 3
"""Planted events of every code, at least."""
OWN_BASELINE = {"unusual_inflow": 0.95, "unusual_outflow": 0.95}
"""Least recall and precision where it is not 1."""
NOT_PLANTED: dict[str, str] = {}
"""Codes that no generated bank has, each with the reason."""
NAMES = "event_code, customer_id, event_date, business_date"
TOLD = f"select {NAMES}, amount_amt, event_cnt, reference_date from monitoring.fct_event"


@dataclass(frozen=True)
class Played:
    """A generated bank after its nights."""

    query: Callable[..., list[Row]]
    home: Path

    def key(self, name: str) -> str:
        """Files of an answer key."""
        return str(self.home / "answer_key" / f"{name}-*.parquet")


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Played:
    home = tmp_path_factory.mktemp("monitoring")
    nights = GeneratedNights(["fct_event", "fct_aum_bridge_monthly"]).run_bank(IN_MEMORY, home)
    return Played(nights.query, home)


@pytest.fixture(scope="module", params=["in memory", "by dbt"])
def played(request: pytest.FixtureRequest) -> Played:
    if request.param == "in memory":
        found: Played = request.getfixturevalue("in_memory")
        return found
    warehouse: Warehouse = request.getfixturevalue("generated_warehouse")
    return Played(warehouse.query, warehouse.home)


def by_code(bank: Played) -> dict[str, tuple[int, int, int]]:
    """Events planted, told, and both, by code; each is a code, customer, date and the night that tells it."""
    rows = bank.query(
        f"""
        with planted as (select {NAMES}, count(*) as cnt from read_parquet(?) group by all),
        told as (select {NAMES}, count(*) as cnt from monitoring.fct_event group by all)
        select
            event_code,
            cast(sum(coalesce(planted.cnt, 0)) as integer) as planted,
            cast(sum(coalesce(told.cnt, 0)) as integer) as told,
            cast(sum(least(coalesce(planted.cnt, 0), coalesce(told.cnt, 0))) as integer) as both
        from planted full outer join told using ({NAMES})
        group by event_code order by event_code
        """,
        bank.key("event"),
    )
    return {row["event_code"]: (row["planted"], row["told"], row["both"]) for row in rows}


def rules() -> set[str]:
    """Codes of the active rules."""
    with (PROJECT / "seeds" / "rules" / "event_rules.csv").open(encoding="utf-8") as file:
        return {row["event_code"] for row in csv.DictReader(file) if row["is_active"] == "true"}


def test_every_planted_event_is_told_and_no_other(played: Played) -> None:
    table = by_code(played)

    assert table
    missed = {
        code: (planted, told, both)
        for code, (planted, told, both) in table.items()
        if both < OWN_BASELINE.get(code, 1) * max(planted, told)
    }
    assert missed == {}, "\n".join(f"{code}: planted, told, both = {row}" for code, row in table.items())
    assert played.query("select 1 from monitoring.fct_event where entry_type_code <> 'event'") == []


@pytest.mark.parametrize("column", ["amount_amt", "event_cnt", "reference_date"])
def test_events_say_what_was_planted(played: Played, column: str) -> None:
    """In every code but those of a customer's own baseline; what the key leaves open is not compared."""
    differing = played.query(
        f"""
        select {NAMES}, {column} from read_parquet(?)
        where {column} is not null and not starts_with(event_code, 'unusual')
        except all
        select {NAMES}, {column} from monitoring.fct_event
        limit 10
        """,
        played.key("event"),
    )

    assert differing == []


def test_every_code_of_the_rules_is_planted(in_memory: Played) -> None:
    counts = {code: planted for code, (planted, _, _) in by_code(in_memory).items()}
    few = {code: counts.get(code, 0) for code in rules() if counts.get(code, 0) < ENOUGH}

    assert few.keys() == NOT_PLANTED.keys(), few


@pytest.mark.parametrize(
    ("table", "amount", "codes"),
    [
        ("transaction", "49999.99", ("large_inflow", "large_outflow")),
        ("transaction", "999999.99", ("counterparty_new_large",)),
        ("card_txn", "19999.99", ("large_card_spend",)),
    ],
)
def test_what_is_a_cent_short_of_the_line_is_there_and_not_told(
    in_memory: Played, table: str, amount: str, codes: tuple[str, ...]
) -> None:
    files = str(in_memory.home / "landing" / "*" / "*" / f"{table}-*.parquet")
    (short,) = in_memory.query(
        "select count(*) as cnt from read_parquet(?, hive_partitioning = false)"
        " where amount = ?::decimal(18, 2)",
        files,
        amount,
    )
    assert short["cnt"] > 0
    (told,) = in_memory.query(
        """
        select
            count(*) filter (amount_amt = ?::decimal(18, 2)) as short,
            count(*) filter (amount_amt = ?::decimal(18, 2) + 0.01) as exact
        from monitoring.fct_event where event_code in (from (select unnest(?)))
        """,
        amount,
        amount,
        list(codes),
    )
    assert told["short"] == 0
    assert told["exact"] > 0


AMOUNTS = ["opening", *PARTS, "unexplained", "closing", "net_new_money"]


def test_the_bridge_of_every_customer_month_is_the_answer_keys(played: Played) -> None:
    columns = ", ".join(["customer_id", "month_start_date", *(f"{name}_amt" for name in AMOUNTS)])
    differing = played.query(
        f"""
        with answer as (select {columns} from read_parquet(?)),
        published as (select {columns} from monitoring.fct_aum_bridge_monthly)
        select 'answer' as side, * from (from answer except from published)
        union all
        select 'published' as side, * from (from published except from answer)
        order by customer_id, month_start_date, side
        limit 10
        """,
        played.key("bridge"),
    )

    assert differing == []


def test_every_part_of_the_bridge_is_planted(in_memory: Played) -> None:
    counts = ", ".join(
        f"count(*) filter (abs({name}_amt) > 1) as {name}" for name in [*AMOUNTS, "planted_unexplained"]
    )
    (row,) = in_memory.query(f"select {counts} from read_parquet(?)", in_memory.key("bridge"))

    assert {name for name, count in row.items() if count < ENOUGH} == set()


def test_unexplained_is_what_moved_without_a_transaction(played: Played) -> None:
    """But for the cents by which the parts are rounded: half a cent for each of twelve."""
    differing = played.query(
        """
        select customer_id, month_start_date, unexplained_amt, planted_unexplained_amt
        from read_parquet(?) as answer
        where abs(unexplained_amt - planted_unexplained_amt) > 0.07
        """,
        played.key("bridge"),
    )

    assert differing == []


def test_both_legs_of_transfers_in_the_bank_are_there(in_memory: Played) -> None:
    """Of each that names a customer, one leg comes in and the other goes out the same day."""
    alone = in_memory.query(
        """
        with legs as (
            select
                account_id, counter_account, txn_date, amount, direction,
                count(*) as cnt
            from read_parquet(?, hive_partitioning = false)
            where counter_customer_id is not null
            group by all
        )
        select mine.* from legs as mine
        left join legs as other
            on mine.account_id = other.counter_account and mine.counter_account = other.account_id
                and mine.txn_date = other.txn_date and mine.amount = other.amount
                and mine.direction <> other.direction
        where other.cnt is distinct from mine.cnt
        """,
        str(in_memory.home / "landing" / "*" / "*" / "transaction-*.parquet"),
    )

    assert alone == []
