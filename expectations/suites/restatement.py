"""Gate 2: a closed month stays as it was published, unless a re-sent or late batch explains the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from expectations.check import FailingRows, Suite
from expectations.suites.marts import AUM, MARTS, TIER, months_in
from orchestration.plan import first_month
from orchestration.settings import BatchId
from orchestration.sql import Sql, fill, join, name, value

FCT_RESTATEMENT = name("quality", "fct_restatement")
LAST_RELEASE = "last_release"

_ERASED = name("pipeline", "erased_customer")
"""Customers whom the last release does not hold, though nothing was restated."""


@dataclass(frozen=True)
class ClosedMonth:
    """What tonight's build did to a month that the last release holds as final.

    Attributes:
        aum_change_amt: Change of the customers' monthly averages, in total.
        cause: First batch that may change the month, if there is one.
        is_late: Whether that batch came late or again; else it is tonight's, the first after the month.
        is_merge: Whether what changed are the merges that the batch told, restated by command.
    """

    month: date
    customers: int
    customers_changed: int
    aum_change_amt: Decimal
    cause: BatchId | None
    is_late: bool = True
    is_merge: bool = False

    @property
    def explanation(self) -> str:
        """Why the month changed, in a sentence."""
        if self.is_merge:
            return f"Merges of customers that batch {self.cause} told were restated by acrm restate-merges"
        if self.is_late:
            return f"Batch {self.cause} came late or was sent again"
        return f"Batch {self.cause}, the first after the month, brought what had happened in it"


def has_last_release(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a release can be compared with; the first night has none."""
    found = connection.execute(
        "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
        [LAST_RELEASE, AUM],
    ).fetchone()
    return found is not None and found[0] > 0


def closed_month_changes(
    connection: duckdb.DuckDBPyConnection,
    months_rebuilt: Sequence[date],
    restated_by: Sequence[BatchId],
    known: Sequence[date] = (),
    closed_by: Mapping[date, BatchId] | None = None,
    restated_from: Mapping[BatchId, date] | None = None,
) -> list[ClosedMonth]:
    """Compare the final months of the last release that tonight wrote again, or the replay that it ends.

    A batch may change its own month, later ones, and the one of the batch before it, to which it adds what
    happened there; the initial load brings all months before it, too.

    Args:
        known: Business dates of all batches.
        closed_by: Months that tonight's batch, the first after them, has added to.
        restated_from: Batches whose merges were restated by command, with the first day that this changes.
    """
    initial = min(known, default=None)
    since = {
        batch: date.min if batch.business_date == initial else first_month(batch.business_date, known)
        for batch in restated_by
    }
    # what the first night computes of the months before it changes, too
    merges = {
        batch: date.min if day == initial else day.replace(day=1)
        for batch, day in (restated_from or {}).items()
    }
    if not months_rebuilt or not has_last_release(connection):
        return []
    final = connection.execute(
        fill(
            """
            select month_start_date
            from {earlier}
            where {months} or month_start_date >= {first_replayed}
            group by month_start_date
            having not bool_or(is_provisional)
            order by month_start_date
            """,
            earlier=name(LAST_RELEASE, AUM),
            months=months_in(months_rebuilt),
            first_replayed=value(min([*since.values(), *merges.values()], default=None)),
        )
    ).fetchall()
    return [_compare(connection, month, since, (closed_by or {}).get(month), merges) for (month,) in final]


def closed_month_suites(changes: Sequence[ClosedMonth]) -> list[Suite]:
    """One check for each closed month; a change that a batch explains passes."""
    checks = [
        FailingRows(
            check_code="closed_month_changed",
            table=AUM,
            unit="customers",
            detail=f"month {change.month:%Y-%m}",
            query=fill(
                "select {customers}, {unexplained}, {observed}",
                customers=value(change.customers),
                unexplained=value(0 if change.cause else change.customers_changed),
                observed=value(f"customers changed: {change.customers_changed}"),
            ),
        )
        for change in changes
    ]
    return [Suite("quality", "fct_restatement", list(checks))] if checks else []


def prepare_restatements(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table of restated months where there is none."""
    connection.execute("create schema if not exists quality")
    connection.execute(
        fill(
            """
            create table if not exists {table} (
                month_start_date date not null,
                customers_changed bigint not null,
                aum_change_amt decimal(18, 2) not null,
                caused_by_business_date date not null,
                caused_by_sequence integer not null,
                explanation varchar not null
            )
            """,
            table=FCT_RESTATEMENT,
        )
    )


def record_restatements(connection: duckdb.DuckDBPyConnection, changes: Sequence[ClosedMonth]) -> None:
    """Keep which closed months changed, by how much, and because of which batch.

    A rerun finds nothing more to change; it leaves what the first run kept.
    """
    for change in changes:
        if change.cause is None or not change.customers_changed:
            continue
        key = [change.month, change.cause.business_date, change.cause.sequence]
        connection.execute(
            fill(
                """
                delete from {table}
                where month_start_date = ? and caused_by_business_date = ? and caused_by_sequence = ?
                """,
                table=FCT_RESTATEMENT,
            ),
            key,
        )
        connection.execute(
            fill("insert into {table} values (?, ?, ?, ?, ?, ?)", table=FCT_RESTATEMENT),
            [
                change.month,
                change.customers_changed,
                change.aum_change_amt,
                change.cause.business_date,
                change.cause.sequence,
                change.explanation,
            ],
        )


def _compare(
    connection: duckdb.DuckDBPyConnection,
    month: date,
    since: Mapping[BatchId, date],
    closed_by: BatchId | None,
    merges: Mapping[BatchId, date],
) -> ClosedMonth:
    shared = {table: _shared_columns(connection, table) for table in (AUM, TIER)}
    changed = [_changed_customers(table, columns, month) for table, columns in shared.items() if columns]
    row = connection.execute(
        fill(
            """
            select
                (select count(*) from {now} where month_start_date = {month}),
                (select count(*) from ({changed})),
                (
                    select coalesce(sum(aum_month_avg_amt), 0) from {now}
                    where month_start_date = {month} and customer_id not in (select customer_id from {erased})
                )
                - (select coalesce(sum(aum_month_avg_amt), 0) from {earlier} where month_start_date = {month})
            """,
            now=name(MARTS, AUM),
            earlier=name(LAST_RELEASE, AUM),
            erased=_ERASED,
            changed=join(" union ", changed),
            month=value(month),
        )
    ).fetchone()
    assert row is not None
    # a batch of a later month cannot have changed this one
    causes = sorted(batch for batch, first_month in since.items() if first_month <= month)
    merged = sorted(batch for batch, first_day in merges.items() if first_day <= month)
    customers, changed_cnt, aum_change = row
    cause = causes[0] if causes else merged[0] if merged else closed_by
    return ClosedMonth(
        month, customers, changed_cnt, aum_change, cause, bool(causes), is_merge=bool(merged) and not causes
    )


def _shared_columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Columns that tonight's table and the last release's have in common."""
    columns = connection.execute(
        """
        select column_name from information_schema.columns
        where table_name = ? and table_schema in (?, ?)
        group by column_name having count(*) = 2
        order by column_name
        """,
        [table, MARTS, LAST_RELEASE],
    ).fetchall()
    return [column for (column,) in columns]


def _changed_customers(table: str, columns: Sequence[str], month: date) -> Sql:
    """Customers with a row in one version of the month that the other has not."""
    parts = {
        "columns": join(", ", map(name, columns)),
        "month": value(month),
        "now": fill(
            "(select * from {now} where customer_id not in (select customer_id from {erased}))",
            now=name(MARTS, table),
            erased=_ERASED,
        ),
        "earlier": name(LAST_RELEASE, table),
    }
    return fill(
        """
        select customer_id from (
            select {columns} from {now} where month_start_date = {month}
            except
            select {columns} from {earlier} where month_start_date = {month}
        )
        union
        select customer_id from (
            select {columns} from {earlier} where month_start_date = {month}
            except
            select {columns} from {now} where month_start_date = {month}
        )
        """,
        **parts,
    )
