"""How each kind of carried table goes back to a night and takes the next one's rows."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from tests.support.macros import Macros, Relation

FIRST, BEFORE, TONIGHT, LATER = date(2026, 1, 1), date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 2)
THING = Relation("main.thing")


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema pipeline")
        connection.execute("create table pipeline.night (business_date date, has_state boolean)")
        connection.execute(f"insert into pipeline.night values ('{FIRST}', true), ('{BEFORE}', true)")
        yield connection


def take_night(
    database: duckdb.DuckDBPyConnection,
    kind: str,
    rows: str,
    grain: list[str] | None = None,
    previous: date = BEFORE,
) -> None:
    variables = {"business_date": str(TONIGHT), "previous_business_date": str(previous)}
    macros = Macros({"var": lambda name, default=None: variables.get(name, default), "execute": True})
    database.execute(str(macros.globals["take_night"](THING, kind, grain, rows)))


def test_every_kind_is_tested_here() -> None:
    kinds = Macros().globals["carried_kinds"]()

    assert set(kinds) == {*ADDED, "versions", "open_month", "month_start", "current", "released"}


ADDED = {
    "business_date": "business_date",
    "state": "business_date",
    "month_end": "month_end_date",
    "month_state": "month_start_date",
}


@pytest.mark.parametrize("rows", [10, 200_000])
def test_a_table_is_read_before_it_is_written(database: duckdb.DuckDBPyConnection, rows: int) -> None:
    # statistics say that every row is of the night before, so that a filter on it is dropped
    database.execute(
        f"create table thing as select range as number, date '{BEFORE}' as business_date,"
        f" date '{FIRST}' as month_start_date from range({rows})"
    )
    state = f"select number, date '{TONIGHT}', date '{FIRST}' from {THING} where business_date = '{BEFORE}'"
    take_night(
        database,
        "state",
        f"""
        select range as number, date '{TONIGHT}' as business_date, date '{FIRST}' as month_start_date
        from range({rows})
        union all
        {state} -- each once
        """,
    )

    found = database.execute("select business_date, count(*) from thing group by all").fetchall()
    assert dict(found) == {BEFORE: rows, TONIGHT: 2 * rows}


@pytest.mark.parametrize(("kind", "column"), ADDED.items())
def test_rows_after_the_last_night_go_and_those_up_to_it_stay(
    database: duckdb.DuckDBPyConnection, kind: str, column: str
) -> None:
    days = ", ".join(f"date '{day}'" for day in (FIRST, BEFORE, TONIGHT, LATER))
    database.execute(f"create table thing as select unnest([{days}]) as {column}")
    if kind == "state":
        database.execute(
            "alter table thing add column month_start_date date;"
            "update thing set month_start_date = business_date"
        )

    take_night(database, kind, f"select date '{TONIGHT}' as {column}")

    assert database.execute(f"select {column} from thing order by all").fetchall() == [
        (FIRST,),
        (BEFORE,),
        (TONIGHT,),
    ]


def test_a_night_run_twice_leaves_its_rows_once(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("create table thing (month_start_date date, customer_id varchar)")
    rows = "select date '2026-01-01' as month_start_date, 'C1' as customer_id"

    take_night(database, "open_month", rows)
    take_night(database, "open_month", rows)

    assert database.execute("from thing").fetchall() == [(FIRST, "C1")]


def test_months_that_were_not_over_go_whole_and_closed_ones_stay(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "create table thing as select unnest([date '2025-12-01', date '2026-01-01', date '2026-02-01'])"
        " as month_start_date, 'before' as said"
    )

    take_night(
        database,
        "open_month",
        "select date '2026-01-01' as month_start_date, 'tonight' as said",
        previous=BEFORE,
    )

    assert database.execute("from thing order by all").fetchall() == [
        (date(2025, 12, 1), "before"),
        (FIRST, "tonight"),
    ]


def test_a_month_whose_last_day_was_the_last_night_is_closed(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("create table thing as select date '2025-12-01' as month_start_date")

    take_night(
        database, "open_month", "select date '2026-01-01' as month_start_date", previous=date(2025, 12, 31)
    )

    assert database.execute("from thing order by all").fetchall() == [(date(2025, 12, 1),), (FIRST,)]


def test_a_month_is_replaced_only_after_it_was_read(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("create table thing as select date '2026-01-01' as month_start_date, 1 as said")

    take_night(
        database, "month_start", "select month_start_date, cast(said + 1 as integer) as said from main.thing"
    )

    assert database.execute("from thing").fetchall() == [(FIRST, 2)]


def test_versions_that_a_later_night_ended_are_open_again(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "create table thing as select * from (values "
        f"('ended before', date '{FIRST}', date '{BEFORE}'), "
        f"('ended later', date '{FIRST}', date '{TONIGHT}'), "
        f"('told later', date '{TONIGHT}', null)) as t(name, known_from_date, known_to_date)"
    )

    take_night(database, "versions", "select * from main.thing where false", ["name", "known_from_date"])

    assert database.execute("from thing order by name").fetchall() == [
        ("ended before", FIRST, BEFORE),
        ("ended later", FIRST, None),
    ]


def test_an_ended_version_takes_the_place_of_the_open_one(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        f"create table thing as select 'C1' as name, date '{FIRST}' as known_from_date,"
        " cast(null as date) as known_to_date"
    )

    take_night(
        database,
        "versions",
        f"select name, known_from_date, date '{TONIGHT}' as known_to_date from main.thing"
        f" union all select name, date '{TONIGHT}', null from main.thing",
        ["name", "known_from_date"],
    )

    assert database.execute("from thing order by known_from_date").fetchall() == [
        ("C1", FIRST, TONIGHT),
        ("C1", TONIGHT, None),
    ]


def test_what_later_nights_said_goes_and_its_keys_are_said_anew(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        f"create table thing as select * from (values ('T1', date '{BEFORE}', 'pending'), "
        f"('T2', date '{LATER}', 'credited')) as t(trade_id, knowledge_date, state)"
    )

    take_night(
        database,
        "current",
        "select trade_id, knowledge_date, state from (values ('T2', date '2026-01-30', 'pending'))"
        " as t(trade_id, knowledge_date, state)"
        f" where trade_id in (select trade_id from main.thing where knowledge_date > date '{BEFORE}')",
        ["trade_id"],
    )

    assert database.execute("select trade_id, state from thing order by all").fetchall() == [
        ("T1", "pending"),
        ("T2", "pending"),
    ]


def test_state_that_no_replay_starts_from_goes(database: duckdb.DuckDBPyConnection) -> None:
    database.execute(
        "create table thing as select * from (values "
        "(date '2026-01-05', date '2026-01-01', 'a night that is not kept'), "
        f"(date '{BEFORE}', date '2026-01-01', 'last night'), "
        f"(date '{FIRST}', date '2025-12-01', 'the month that a new month''s first night ended'), "
        f"(date '{FIRST}', date '2026-01-01', 'a kept night')"
        ") as t(business_date, month_start_date, what)"
    )

    take_night(
        database,
        "state",
        f"select date '{TONIGHT}' as business_date, date '{FIRST}' as month_start_date, 'tonight' as what",
    )

    left = database.execute("select what from thing order by business_date").fetchall()
    assert left == [("a kept night",), ("last night",), ("tonight",)]


def test_a_record_goes_on_from_the_newest_release(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("create schema confirmed")
    database.execute("create table confirmed.thing as select 1 as entry_id")
    database.execute("create table thing as select 1 as entry_id union all select 2")

    database.execute(str(Macros().globals["put_back_released"](THING)))

    assert database.execute("from thing").fetchall() == [(1,)]
