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
