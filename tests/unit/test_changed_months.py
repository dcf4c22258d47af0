"""A mart of which any night may write rows of any month tells the release which months those are."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import PublicationError
from orchestration.publication import Mart, MartColumn, publish
from orchestration.publication.parquet import stale_months
from orchestration.publication.survey import row_counts, survey
from orchestration.releases.catalog import Catalog, CatalogFile, CatalogTable, DataAsOf
from orchestration.releases.on_disk import Base
from orchestration.settings import BatchId, Settings
from tests.support.build_database import add_gate_tables, contents, warehouse

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
NIGHT = date(2026, 10, 20)
STATES = Mart(
    schema_name="sales",
    name="state",
    grain=("trade_id",),
    partition="month_start_date",
    changed_on="knowledge_date",
    columns=tuple(MartColumn(name=name) for name in ("trade_id", "month_start_date", "knowledge_date")),
)


def release_of(counts: dict[date, int]) -> Base:
    """A release that holds so many rows of each month."""
    files = tuple(
        CatalogFile(path=str(month), month_start_date=month, row_cnt=count, byte_cnt=1, sha256="0")
        for month, count in counts.items()
    )
    table = CatalogTable(
        schema_name="sales", name="state", description="", zh="", grain=STATES.grain,
        partition=STATES.partition, columns=(), row_cnt=sum(counts.values()), files=files,
    )  # fmt: skip
    as_of = DataAsOf(business_date=NIGHT, sequence=1, rulebook_code="documents", reporting_currency="CNY")
    return Base(
        Path("nowhere"),
        Catalog(
            release="r", publication=1, schema_version=1, written_by="", data_as_of=as_of, batches=(),
            tables=(table,),
        ),
    )  # fmt: skip


def test_a_closed_month_of_which_tonight_wrote_a_row_is_copied_and_the_others_are_not():
    connection = duckdb.connect()
    connection.execute(
        """
        attach ':memory:' as build;
        create schema build.sales;
        create table build.sales.state as
        from (values
            ('T1', date '2026-08-01', date '2026-08-05'), ('T2', date '2026-09-01', date '2026-10-20'),
            ('T3', date '2026-09-01', date '2026-09-30'), ('T4', date '2026-10-01', date '2026-10-19')
        ) as state(trade_id, month_start_date, knowledge_date);
        """
    )

    (table,) = survey(connection, [STATES], NIGHT)

    same_counts = release_of({AUGUST: 1, SEPTEMBER: 2, OCTOBER: 1})
    assert stale_months(table, same_counts, {OCTOBER}) == {SEPTEMBER, OCTOBER}


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param((), id="nothing known"),
        pytest.param((AUGUST, SEPTEMBER), id="all of them"),
        pytest.param((AUGUST, SEPTEMBER, OCTOBER), id="one more than there are"),
        pytest.param((SEPTEMBER,), id="one less"),
        pytest.param((OCTOBER,), id="another one"),
    ],
)
def test_months_are_counted_as_they_are_whatever_was_expected(expected):
    connection = duckdb.connect()
    connection.execute(
        """
        create schema sales;
        create table sales.state as
        from (values (date '2026-09-01'), (date '2026-08-01'), (date '2026-09-01')) as s(month_start_date);
        """
    )

    counts = row_counts(connection, "memory", STATES, expected=expected)

    assert list(counts.items()) == [(AUGUST, 1), (SEPTEMBER, 2)]


def test_a_row_without_a_month_is_found_whatever_was_expected():
    connection = duckdb.connect()
    connection.execute("create schema sales")
    connection.execute(
        "create table sales.state as from (values (date '2026-09-01'), (null)) as s(month_start_date)"
    )

    with pytest.raises(PublicationError, match=r"sales\.state has rows without month_start_date"):
        row_counts(connection, "memory", STATES, expected=[SEPTEMBER])


def build(settings: Settings, batch: BatchId, rows: Iterable[tuple[str, date, date]]) -> None:
    """The build database with these rows of the table."""
    settings.database.unlink(missing_ok=True)
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("create schema sales")
        connection.execute(
            "create table sales.state (trade_id varchar, month_start_date date, knowledge_date date)"
        )
        connection.executemany("insert into sales.state values (?, ?, ?)", list(rows))
        add_gate_tables(connection, batch)


def test_a_closed_month_that_only_the_first_run_of_a_night_wrote_is_copied_too(tmp_path):
    settings, earlier = warehouse(tmp_path), BatchId(date(2026, 10, 19), 1)
    first, again = BatchId(NIGHT, 1), BatchId(NIGHT, 2)
    stays = ("T1", AUGUST, earlier.business_date)
    build(settings, earlier, [stays, ("T2", SEPTEMBER, SEPTEMBER)])
    publish(settings, earlier, [STATES], [OCTOBER], [earlier])
    build(settings, first, [stays, ("T2", SEPTEMBER, NIGHT)])
    before = publish(settings, first, [STATES], [OCTOBER], [earlier, first])
    build(settings, again, [stays, ("T2", SEPTEMBER, SEPTEMBER)])

    made = publish(settings, again, [STATES], [OCTOBER], [earlier, again], repeats=before.name)

    assert not made.is_whole
    assert contents(made.folder)["sales.state"] == [stays, ("T2", SEPTEMBER, SEPTEMBER)]
