"""``acrm restate-merges``: closed months are told again as if a merge of customers had been known earlier.

Put here: what the command does, and what nights are shown of it. Keep out: how a merge is followed
(``models/intermediate/customer/int_customer__survivor.sql``), and the log (``ingestion/audit.py``): it names
the batch that told the merges, and no customer.

A night between the earlier day and the batch goes by what the batch said. The log is written first: after a
kill the next run, or the same command, takes the nights back that are to run again.
"""

from datetime import UTC, date, datetime

import duckdb

from orchestration.errors import AcrmError, ExitCode, NotFoundError
from orchestration.ingestion.audit import MergeRestatement, merge_restatements, note, user_of_process
from orchestration.ingestion.lake import lake_batches, read_report, table_files
from orchestration.lock import writer_lock
from orchestration.plan import highest_sequences
from orchestration.settings import BatchId, Settings
from orchestration.sql import Sql, fill, join, name, value
from orchestration.waiting import forget_noted_nights, note_nights
from orchestration.warehouse import open_database, tables

_APPLIED = name("pipeline", "merge_restatement")
_SHOWN = name("pipeline", "restated_merge")
_VERSIONS = ("intermediate", "int_customer__versions")


class NotRestatedError(AcrmError):
    """There is nothing that could be told again."""

    exit_code = ExitCode.USAGE


def restate_merges(
    settings: Settings, told_on: date, from_date: date, reason: str, by: str | None = None
) -> MergeRestatement:
    """Have what a batch said of merges count from an earlier night on; the next run computes them again.

    Args:
        told_on: Business date of the batch.
        from_date: First business date on which it is to count.
        by: Who says so; without it, the user whom this process runs as.

    Raises:
        NotFoundError: No night was run on such a batch, or it tells of no merge.
        NotRestatedError: The day does not lie before the batch, or before all that is recorded.
        ConfigurationError: Nobody can tell who says so.
        BusyError: A run is writing.
    """
    with writer_lock(settings):
        counting = highest_sequences(lake_batches(settings))
        if told_on not in counting:
            raise NotFoundError(f"{told_on}: no batch of that business date is in the lake. See acrm status.")
        first = min(counting)
        if not first <= from_date < told_on:
            raise NotRestatedError(
                f"--from {from_date}: name a day from {first}, the first night, on and before {told_on}. "
                "What the first night tells counts in all months before it, too."
            )
        if not _tells_of_merges(settings, counting[told_on]):
            raise NotFoundError(f"{counting[told_on]} tells of no merge of customers, and takes none back.")
        entry = MergeRestatement(
            told_on=str(told_on),
            from_date=str(from_date),
            at=datetime.now(UTC).astimezone(),
            by=by or user_of_process(),
            reason=reason,
        )
        note(settings, entry)
        take_back_nights(settings)
    return entry


def take_back_nights(settings: Settings) -> None:
    """Have the nights wait again that a restatement of the log changes; only the writer may call this."""
    said = merge_restatements(settings)
    if not said or not settings.database.exists():
        return
    with open_database(settings) as connection:
        new = [entry for entry in said if _key(entry) not in _applied(connection)]
        if not new:
            return
        forget_noted_nights(settings)
        connection.execute(
            "create table if not exists pipeline.night"
            " (business_date date primary key, sequence integer, has_state boolean)"
        )
        connection.execute(
            "delete from pipeline.night where business_date >= $day",
            {"day": min(entry.from_day for entry in new)},
        )
        _note_applied(connection, new)
    note_nights(settings)


def show_restated(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Show a night whose merges were restated by command, and for which days."""
    connection.execute(
        fill(
            "create or replace table {shown}"
            " (customer_id varchar, golden_id varchar, from_date date, to_date date)",
            shown=_SHOWN,
        )
    )
    said = merge_restatements(settings)
    if not said:
        return
    _note_applied(connection, [entry for entry in said if _key(entry) not in _applied(connection)])
    counting = highest_sequences(lake_batches(settings))
    earliest: dict[date, date] = {}
    for entry in said:
        earliest[entry.told_day] = min(entry.from_day, earliest.get(entry.told_day, entry.from_day))
    for told_on, from_date in sorted(earliest.items()):
        if told_on in counting:
            connection.execute(
                fill(
                    "insert into {shown} select customer_id, golden_id, {from_date}, {to_date} from ({said})",
                    shown=_SHOWN,
                    from_date=value(from_date),
                    to_date=value(told_on),
                    said=_said(settings, counting[told_on]),
                )
            )


def restated_from(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[BatchId, date]:
    """Batches whose merges are restated and not published yet, each with the first day that changes."""
    if not merge_restatements(settings):
        return {}
    counting = highest_sequences(lake_batches(settings))
    rows = connection.execute(
        fill(
            "select told_on, min(from_date) from {applied} where not is_published group by told_on",
            applied=_APPLIED,
        )
    ).fetchall()
    return {counting[told_on]: from_date for told_on, from_date in rows if told_on in counting}


def note_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Note that the release which was just made holds the restated months."""
    if merge_restatements(settings):
        connection.execute(fill("update {applied} set is_published = true", applied=_APPLIED))


def _key(entry: MergeRestatement) -> tuple[date, date, str]:
    return entry.told_day, entry.from_day, entry.at.isoformat()


def _applied(connection: duckdb.DuckDBPyConnection) -> set[tuple[date, date, str]]:
    connection.execute("create schema if not exists pipeline")
    connection.execute(
        fill(
            "create table if not exists {applied}"
            " (told_on date, from_date date, noted_at varchar, is_published boolean)",
            applied=_APPLIED,
        )
    )
    return set(
        connection.execute(
            fill("select told_on, from_date, noted_at from {applied}", applied=_APPLIED)
        ).fetchall()
    )


def _note_applied(connection: duckdb.DuckDBPyConnection, entries: list[MergeRestatement]) -> None:
    for entry in entries:
        connection.execute(
            fill("insert into {applied} values (?, ?, ?, false)", applied=_APPLIED), list(_key(entry))
        )


def _tells_of_merges(settings: Settings, batch: BatchId) -> bool:
    """Whether a batch merges customers, or says of one who was merged once that nobody else goes on."""
    with open_database(settings) as connection:
        was_merged = (
            fill(
                "customer_id in (select customer_id from {versions} where golden_id is not null)",
                versions=name(*_VERSIONS),
            )
            if _VERSIONS in tables(connection)
            else Sql("true")
        )
        rows = connection.execute(
            fill(
                "select 1 from ({said}) where golden_id is not null or {was_merged} limit 1",
                said=_said(settings, batch),
                was_merged=was_merged,
            )
        ).fetchall()
    return bool(rows)


def _said(settings: Settings, batch: BatchId) -> Sql:
    """What a batch said of merges: who goes on; empty of those of whom a delta says that nobody else does."""
    files = table_files(settings, "customer", batch)
    if not files:
        return Sql("select null::varchar as customer_id, null::varchar as golden_id where false")
    report = read_report(settings, batch)
    is_delta = report is not None and report.tables["customer"].load == "delta"
    refused = settings.quarantine / batch.folder / "customer.screened.parquet"
    return fill(
        "select told.customer_id, told.golden_id"
        " from read_parquet([{files}], hive_partitioning = false) as told{accepted}"
        " where told.golden_id is not null{taken_back}",
        files=join(", ", map(value, files)),
        accepted=fill(
            " anti join read_parquet({refused}) as refused"
            " on told.source_file = refused.source_file and told.source_row = refused.source_row",
            refused=value(refused),
        )
        if refused.exists()
        else Sql(""),
        taken_back=Sql(" or told.op <> 'D'") if is_delta else Sql(""),
    )
