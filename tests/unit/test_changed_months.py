"""A mart of which any night may write rows of any month tells the release which months those are."""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.publication import Mart, MartColumn
from orchestration.publication.catalog import Catalog, CatalogFile, CatalogTable, DataAsOf
from orchestration.publication.parquet import stale_months
from orchestration.publication.release import Base
from orchestration.publication.survey import survey

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


def test_months_not_rebuilt_are_counted_from_the_release_and_all_of_them_where_that_does_not_add_up():
    connection = duckdb.connect()
    connection.execute(
        """
        attach ':memory:' as build;
        create schema build.sales;
        create table build.sales.state as
        select 'T' as trade_id, month as month_start_date, date '2026-10-20' as knowledge_date
        from (
            values (date '2026-08-01'), (date '2026-09-01'), (date '2026-09-01'), (date '2026-10-01')
        ) as months(month);
        """
    )
    mart = STATES.model_copy(update={"changed_on": None})
    in_build = {AUGUST: 1, SEPTEMBER: 2, OCTOBER: 1}

    def counts(held: dict[date, int]) -> dict[date | None, int]:
        (table,) = survey(connection, [mart], NIGHT, shared=release_of(held), rebuilt={OCTOBER})
        return table.counts

    assert counts({AUGUST: 1, SEPTEMBER: 2}) == in_build
    # the release is believed as long as the sum is right: its months are not read
    assert counts({AUGUST: 2, SEPTEMBER: 1, OCTOBER: 9}) == {AUGUST: 2, SEPTEMBER: 1, OCTOBER: 1}
    assert counts({AUGUST: 1, SEPTEMBER: 1, OCTOBER: 1}) == in_build
    assert counts({}) == in_build
    connection.execute("delete from build.sales.state where month_start_date = '2026-10-01'")
    assert counts({AUGUST: 1, SEPTEMBER: 2, OCTOBER: 1}) == {AUGUST: 1, SEPTEMBER: 2}
