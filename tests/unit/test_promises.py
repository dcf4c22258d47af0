"""Gate 2 checks of every mart what its metadata promises."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from expectations.check import Check, FailingRows
from expectations.suites.promises import Promise, key_unique, promise_suites, promises, reference_known
from orchestration.project import ModelMeta, is_mart, models
from orchestration.settings import Settings
from orchestration.transform import Transform
from orchestration.warehouse import KnownTable

NIGHT, MONTH = date(2026, 1, 31), date(2026, 1, 1)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema sales; create schema intermediate")
        connection.execute(
            "create table sales.thing as select * from (values "
            "('O1', 'A1', date '2026-01-01', date '2026-01-31', date '2026-01-31', 'E1'), "
            "('O2', 'A1', date '2026-01-01', date '2026-01-31', date '2026-01-31', 'UNASSIGNED'), "
            "('O1', 'A1', date '2025-12-01', date '2025-12-31', date '2025-12-31', 'E9')) "
            "as t(org_id, account_id, month_start_date, business_date, knowledge_date, employee_id)"
        )
        connection.execute("create table intermediate.int_employee__versions as select 'E1' as employee_id")
        yield connection


def promise(*key: str, **meta: object) -> Promise:
    employees = KnownTable(
        "employee", ("intermediate", "int_employee__versions"), {"employee_id": "employee_id"}
    )
    return Promise(
        "sales",
        "thing",
        ModelMeta(grain=key, **meta),
        {"employee_id": employees},
    )


def counted(database: duckdb.DuckDBPyConnection, check: Check) -> tuple[int, int]:
    assert isinstance(check, FailingRows)
    found = database.execute(check.query).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])


def example(database: duckdb.DuckDBPyConnection, check: Check) -> str | None:
    assert check.example is not None
    found = database.execute(check.example).fetchone()
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("meta", "rows"),
    [
        ({"carried": "open_month"}, 2),
        ({"carried": "business_date"}, 2),
        ({"partition": "knowledge_date", "carried": "released"}, 2),
        ({}, 3),
    ],
)
def test_only_what_tonight_may_have_written_is_read(
    database: duckdb.DuckDBPyConnection, meta: dict[str, str], rows: int
) -> None:
    check = key_unique(promise("org_id", "month_start_date", **meta), NIGHT, [MONTH])

    assert counted(database, check) == (rows, 0)


def test_a_row_that_is_there_twice_is_named_by_its_key(database: duckdb.DuckDBPyConnection) -> None:
    database.execute("insert into sales.thing from sales.thing where org_id = 'O2'")
    check = key_unique(promise("org_id", "month_start_date", carried="open_month"), NIGHT, [MONTH])

    assert counted(database, check) == (3, 1)
    assert check.column == "org_id, month_start_date"
    assert example(database, check) == "org_id = O2, month_start_date = 2026-01-01"


def test_a_private_column_of_the_key_is_not_shown(database: duckdb.DuckDBPyConnection) -> None:
    check = key_unique(promise("account_id", "month_start_date", carried="open_month"), NIGHT, [MONTH])

    assert counted(database, check) == (2, 1)
    assert example(database, check) == "month_start_date = 2026-01-01"


def test_all_rows_of_a_key_that_changed_tonight_are_read(database: duckdb.DuckDBPyConnection) -> None:
    check = key_unique(promise("org_id", carried="current", changed_on="knowledge_date"), NIGHT, [MONTH])

    assert counted(database, check) == (3, 1)


def test_later_entries_of_a_record_are_not_looked_at_when_a_night_is_run_again(
    database: duckdb.DuckDBPyConnection,
) -> None:
    database.execute("update sales.thing set knowledge_date = knowledge_date + 7 where org_id = 'O2'")
    check = key_unique(promise("org_id", carried="released", entered_on="knowledge_date"), NIGHT, [MONTH])

    whole = database.execute("select count(*) from sales.thing where org_id <> 'O2'").fetchone()
    assert whole is not None
    assert counted(database, check)[0] == whole[0] > 0


def test_what_was_never_delivered_is_named(database: duckdb.DuckDBPyConnection) -> None:
    open_months = promise("org_id", "month_start_date", carried="open_month")
    everything = promise("org_id", "month_start_date")

    assert counted(database, reference_known(open_months, "employee_id", NIGHT, [MONTH])) == (1, 0)
    unknown = reference_known(everything, "employee_id", NIGHT, [MONTH])
    assert counted(database, unknown) == (2, 1)
    assert example(database, unknown) == "E9"


def test_every_mart_of_the_project_is_checked(tmp_path_factory: pytest.TempPathFactory) -> None:
    manifest = Transform(Settings.load(tmp_path_factory.mktemp("home"))).manifest
    promised = promises(manifest)

    suites = promise_suites(promised, NIGHT, [MONTH])

    assert [suite.table for suite in suites] == [promise.table for promise in promised]
    assert {suite.table for suite in suites} == {node["name"] for node in models(manifest) if is_mart(node)}
    assert all(suite.checks[0].check_code == "mart_key_not_unique" for suite in suites)
    references = {
        (check.table, check.column)
        for suite in suites
        for check in suite.checks
        if check.check_code == "mart_reference_unknown"
    }
    assert ("fct_customer_tier_monthly", "owning_org_id") in references
    assert ("fct_sales_credit", "employee_id") in references
