"""What gates find in the extracts of the front office and in the corporate marts."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from expectations.suites import corporate
from orchestration.check_rules import CIRCLES_NAMED, without_names
from orchestration.sql import Sql
from tests.support.bank import Bank
from tests.support.front_office import deliveries, relation
from tests.support.memory_nights import MemoryNights
from tests.unit.gate_bank import LakeNight, row

NIGHT = date(2026, 1, 31)
GOOD = {"scope_type": "org", "scope_id": "O2", "indicator_code": "visits", "period": "2026Q3", "version": "1"}


def plan(**values: str) -> dict:
    return row("plan_target", **{**GOOD, **values})


def refused(night: LakeNight) -> list:
    folder = night.settings.quarantine / night.batch.folder
    return duckdb.execute(
        "select source_row, column_name, rule_code from read_parquet(?) order by all",
        [str(folder / "plan_target.screened.parquet")],
    ).fetchall()


@pytest.mark.parametrize(
    ("values", "column", "code"),
    [
        ({"indicator_code": "happiness"}, "indicator_code", "not_in_rules"),
        ({"scope_id": "O9"}, "scope_id", "reference_unknown"),
        ({"scope_type": "employee", "scope_id": "O2"}, "scope_id", "reference_unknown"),
        ({"period": "2026Q5"}, "period", "value_not_as_written"),
        ({"period": "0003"}, "period", "value_not_as_written"),
        ({"period": "2026-13"}, "period", "value_not_as_written"),
        ({"period": "2026H1 "}, "period", "value_not_as_written"),
    ],
)
def test_a_plan_for_something_unknown_is_refused_by_row(
    tmp_path: Path, values: dict, column: str, code: str
) -> None:
    night = LakeNight(tmp_path)
    night.tables["plan_target"] = [
        plan(),
        plan(scope_type="employee", scope_id="E1"),
        plan(scope_type="bank", scope_id="bank"),
        plan(**values),
    ]
    night.write()

    assert night.screen() == {("plan_target", code): 1}
    assert refused(night) == [(4, column, code)]
    assert night.query("select count(*) from lake.plan_target") == [(3,)]


def checked(memory: MemoryNights, query: Sql) -> tuple:
    found = memory.connection.execute(query).fetchone()
    assert found is not None
    return found


def named(memory: MemoryNights) -> str:
    """What the table of results says of the check, once a night has named the circles in it."""
    connection = memory.connection
    connection.execute("create schema if not exists quality")
    connection.execute(
        "create or replace table quality.fct_check_result as"
        " select 'group_circle' as check_code, 'circle' as message, $night::date as business_date",
        {"night": NIGHT},
    )
    corporate.name_circles(connection, NIGHT)
    (message,) = connection.execute("select message from quality.fct_check_result").fetchone() or ("",)
    return str(message)


def test_a_circle_of_parents_is_named_in_the_table_and_nowhere_else() -> None:
    bank = Bank([NIGHT])
    for name in "ABC":
        bank.customer(name, kind="C").holds(10)
    relations = [relation("B", "A"), relation("C", "B"), relation("A", "C")]
    memory = MemoryNights(["fct_group_monthly"])
    for delivery in deliveries(bank, {NIGHT: {"customer_relation": relations}}):
        memory.run(delivery)

    assert checked(memory, corporate.no_circle(NIGHT).query) == (3, 1, None, CIRCLES_NAMED)
    assert named(memory) == "circle: A/B/C"
    memory.connection.execute("insert into pipeline.erased_customer values ('B')")
    assert checked(memory, corporate.no_circle(NIGHT).query) == (3, 1, None, CIRCLES_NAMED)
    assert named(memory) == "circle: A/**/C"
    # files of a release, the night report and notices say it without the names
    message = f"2 of 76 rows: {CIRCLES_NAMED}"
    assert without_names(f"{message}: A/B/C; D/E") == without_names(message) == message
    assert without_names("another check: A/B/C") == "another check: A/B/C"
    assert checked(memory, corporate.one_parent().query) == (3, 0)
    assert checked(memory, corporate.groups_are_their_members(NIGHT).query) == (1, 0)
    memory.connection.execute(
        "update corporate.fct_group_monthly set deposit_end_amt = deposit_end_amt + 0.01"
    )
    assert checked(memory, corporate.groups_are_their_members(NIGHT).query) == (1, 1)


def test_an_opportunity_that_is_lost_between_stages_is_found() -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema corporate")
        columns = ("opening", "opened", "entered", "passed_on", "went_back", "won", "lost", "closing")
        connection.execute(
            "create table corporate.rpt_funnel_monthly as select date '2026-01-01' as month_start_date, "
            + ", ".join(f"{1 if name in ('opening', 'closing') else 0} as {name}_cnt" for name in columns)
        )
        query = corporate.none_lost(date(2026, 1, 1)).query
        assert connection.execute(query).fetchall() == [(1, 0)]
        connection.execute("update corporate.rpt_funnel_monthly set closing_cnt = 0")
        assert connection.execute(query).fetchall() == [(1, 1)]
