"""Numbers of an erased customer inside other values: keys, relations, and the names of a circle."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.erasure.circles import hide_names, names_nobody, without_names
from orchestration.erasure.replacement import replace_in_build_database, replace_in_lake
from orchestration.settings import Settings
from orchestration.sql import EVERY_ROW, Sql

NEW = {"C1": "erased-1", "A1": "erased-2"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(tmp_path)


def replaced(settings: Settings, columns: str, *rows: str) -> list[tuple[object, ...]]:
    """Rows of a table of the build database after the replacement."""
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(f"create schema intermediate; create table intermediate.t ({columns})")
        connection.execute(f"insert into intermediate.t values {', '.join(rows)}")
    replace_in_build_database(settings, NEW)
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        return connection.execute("select * from intermediate.t").fetchall()


@pytest.mark.parametrize(
    ("column", "held", "left"),
    [
        ("counterparty_key", "customer|C1", "customer|erased-1"),
        ("counterparty_key", "account|A1|B9", "account|erased-2|B9"),
        ("counterparty_key", "customer|C11", "customer|C11"),
        ("row_key", "A1|FUND", "erased-2|FUND"),
        # both are his: none of them stays
        ("row_key", "A1|C1", "erased-2|erased-1"),
        ("counterparty_key", "account|A1|A1", "account|erased-2|erased-2"),
        ("account_id", "FEE:C1:SMS", "FEE:erased-1:SMS"),
        ("account_id", "A1", "erased-2"),
        ("related_id", "C1", "erased-1"),
        ("related_id", None, None),
    ],
)
def test_a_number_that_is_part_of_a_value_goes_from_the_build_database(
    settings: Settings, column: str, held: str | None, left: str | None
) -> None:
    told = "null" if held is None else f"'{held}'"

    assert replaced(settings, f"{column} varchar, amount int", f"({told}, 7)") == [(left, 7)]


def test_whom_an_event_is_of_and_goes_to_is_replaced_in_the_rows_of_the_customer_alone(
    settings: Settings,
) -> None:
    """An employee may have the number that a customer has."""
    rows = replaced(
        settings,
        "customer_id varchar, subject_id varchar, recipient_id varchar",
        "('C1', 'A1', 'C1')",
        "('C2', 'A2', 'C1')",
    )

    assert rows == [("erased-1", "erased-2", "erased-1"), ("C2", "A2", "C1")]


def test_whoever_is_related_to_an_erased_customer_keeps_no_number_of_theirs(settings: Settings) -> None:
    part = settings.lake / "customer_relation" / "business_date=2026-01-30" / "part.parquet"
    part.parent.mkdir(parents=True)
    pl.DataFrame(
        {"customer_id": ["C2", "C1"], "related_id": ["C1", "C3"], "valid_from": [date(2020, 1, 1)] * 2}
    ).write_parquet(part)

    assert replace_in_lake(settings, NEW) == 1
    rows = pl.read_parquet(part)
    assert rows.select("customer_id", "related_id").rows() == [("C2", "erased-1"), ("erased-1", "C3")]


MESSAGE = "1 of 3 of the rows: circle (C0/C1/C11)"


def test_the_names_of_a_circle_are_blanked_in_what_is_kept(settings: Settings) -> None:
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(
            "create schema quality; create table quality.fct_check_result as"
            " from (values ('group_circle', $message), ('other', 'C1')) as t(check_code, message)",
            {"message": MESSAGE},
        )
        kept = names_nobody(["check_code", "message"], Sql("(select 'C1' as customer_id)"))
        found = connection.execute(f"select check_code from quality.fct_check_result where {kept}").fetchall()
    hide_names(settings, ["C1"])
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        told = connection.execute("select message from quality.fct_check_result").fetchall()

    assert found == [("other",)]
    assert told == [("1 of 3 of the rows: circle (C0/**/C11)",), ("C1",)]
    assert without_names(f'"{MESSAGE}"', ["C1"]) == '"1 of 3 of the rows: circle (C0/**/C11)"'
    assert names_nobody(["customer_id"], Sql("nobody")) == EVERY_ROW


def test_a_build_database_without_results_has_no_names(settings: Settings) -> None:
    hide_names(settings, ["C1"])
