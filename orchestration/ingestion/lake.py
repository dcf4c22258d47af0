"""The lake's layout: typed parts per table and batch, and the marker that says a batch is in.

A batch is written under ``_incoming``, moved table by table, and its marker comes last: whatever a
kill leaves behind has no marker and is replaced by the next run.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from contract.model import OP_COLUMN, Load, Table, load_contract
from orchestration.errors import Fault
from orchestration.ingestion.decoding import UNDECODABLE
from orchestration.ingestion.manifest import MANIFEST
from orchestration.ingestion.parsing import SOURCE_ROW, VIOLATIONS, lake_dtype
from orchestration.settings import BatchId, Settings, private_folder

SOURCE_FILE = "source_file"
MARKERS = "_batches"
INCOMING = "_incoming"
WITHDRAWN = "_withdrawn"

GATE_1_RESULTS = "fit_to_load.parquet"
"""What gate 1 found in a batch, in its folder of ``quality``."""

ROWS_PER_PART = 500_000
"""A part is written once so many rows are there: a bank may send a table in hundreds of small files."""


class TableReport(BaseModel):
    """What became of one table of a batch.

    Attributes:
        quarantined: Rows refused per rule; a row that breaks two rules counts under both.
        padded: Values per column whose blanks at the end were cut off.
        open_dates: Values per column that mean that there is no such day and are kept as empty.
    """

    model_config = ConfigDict(frozen=True)

    load: Load
    delivered_rows: int
    accepted_rows: int
    quarantined: dict[str, int] = Field(default_factory=dict)
    padded: dict[str, int] = Field(default_factory=dict)
    open_dates: dict[str, int] = Field(default_factory=dict)
    bytes_read: int


class BatchReport(BaseModel):
    """What became of a batch; kept as its marker in the lake.

    Attributes:
        unknown_columns: Columns per table that are not in the contract and were left out.
    """

    model_config = ConfigDict(frozen=True)

    business_date: date
    sequence: int
    is_initial: bool
    manifest_sha256: str
    unknown_columns: dict[str, list[str]] = Field(default_factory=dict)
    tables: dict[str, TableReport]


def schema_sql(table: Table) -> list[tuple[str, str]]:
    """Columns of a table in the lake with their DuckDB types, lineage last."""
    contract = load_contract()
    columns = [(column.name, contract.lake_type(column)) for column in table.columns]
    if table.kind == "D":
        columns.append((OP_COLUMN, "VARCHAR"))
    return [*columns, (SOURCE_FILE, "VARCHAR"), (SOURCE_ROW, "BIGINT")]


def table_folder(settings: Settings, table: str, batch: BatchId) -> Path:
    """Where the parts of a table and batch lie."""
    return settings.lake / table / batch.folder


def table_files(settings: Settings, table: str, batch: BatchId) -> list[Path]:
    """The parts of a table and batch; none if the batch did not bring the table or is not in."""
    if not _marker(settings, batch).exists():
        return []
    return sorted(table_folder(settings, table, batch).glob("part-*.parquet"))


def lake_batches(settings: Settings) -> list[BatchId]:
    """Every batch in the lake, oldest first."""
    return _marked(settings, MARKERS)


def has_passed(settings: Settings, batch: BatchId) -> bool:
    """Whether gate 1 has let the batch through: what was checked is what stays."""
    path = settings.quality / batch.folder / GATE_1_RESULTS
    if not path.exists():
        return False
    results = pl.read_parquet(path, columns=["is_passed", "severity_code"])
    return results.filter(~pl.col("is_passed") & (pl.col("severity_code") != "warn")).is_empty()


def tables_of_last(settings: Settings, batches: list[BatchId]) -> frozenset[str]:
    """Tables that the last of some batches brought."""
    report = read_report(settings, batches[-1]) if batches else None
    return frozenset(report.tables) if report is not None else frozenset()


def never_delivered(settings: Settings, until: date) -> list[str]:
    """Tables that no batch of the lake brought up to a business date."""
    brought = {
        table
        for batch in lake_batches(settings)
        if batch.business_date <= until and (report := read_report(settings, batch)) is not None
        for table in report.tables
    }
    return [table for table in load_contract().table_names if table not in brought]


def _marked(settings: Settings, markers: str) -> list[BatchId]:
    batches = []
    for path in (settings.lake / markers).glob("business_date=*/sequence=*.json"):
        day = date.fromisoformat(path.parent.name.removeprefix("business_date="))
        batches.append(BatchId(day, int(path.stem.removeprefix("sequence="))))
    return sorted(batches)


def withdrawn_since_release(settings: Settings) -> list[BatchId]:
    """Batches that the current release rests on and that were taken out since: they explain what changes."""
    return _marked(settings, WITHDRAWN)


def note_withdrawn(settings: Settings, batch: BatchId) -> None:
    """Keep until the next release that a batch it rested on is gone."""
    marker = _marker(settings, batch, WITHDRAWN)
    private_folder(marker.parent)
    marker.write_text("{}", encoding="utf-8")
    _sync(marker)
    _sync(marker.parent)


def forget_withdrawn(settings: Settings) -> None:
    """A release has come that rests on nothing withdrawn."""
    shutil.rmtree(settings.lake / WITHDRAWN, ignore_errors=True)


def read_report(settings: Settings, batch: BatchId) -> BatchReport | None:
    """The report of a batch in the lake; None if it is not in."""
    path = _marker(settings, batch)
    return BatchReport.model_validate_json(path.read_bytes()) if path.exists() else None


def incoming_folder(settings: Settings, batch: BatchId) -> Path:
    """An empty folder for the parts of a batch that is on its way in; others were left by a kill."""
    discard_incoming(settings)
    return private_folder(settings.lake / INCOMING / batch.folder)


def discard_incoming(settings: Settings) -> None:
    """Remove whatever is on its way in."""
    shutil.rmtree(settings.lake / INCOMING, ignore_errors=True)


def admit(settings: Settings, batch: BatchId, incoming: Path, report: BatchReport) -> None:
    """Move the parts of a batch to their place, the marker last."""
    for table in load_contract().table_names:
        folder = table_folder(settings, table, batch)
        shutil.rmtree(folder, ignore_errors=True)
        if (incoming / table).exists():
            private_folder(folder.parent)
            (incoming / table).rename(folder)
            _sync(folder.parent)
    discard_incoming(settings)
    marker = _marker(settings, batch)
    private_folder(marker.parent)
    unfinished = marker.with_suffix(".unfinished")
    with unfinished.open("wb") as content:
        content.write(report.model_dump_json(indent=2).encode())
        os.fsync(content.fileno())
    unfinished.replace(marker)
    _sync(marker.parent)


def take_out(settings: Settings, batch: BatchId) -> None:
    """Take a batch out of the lake again, its marker first: without it nothing else counts."""
    marker = _marker(settings, batch)
    marker.unlink(missing_ok=True)
    if marker.parent.exists():
        _sync(marker.parent)
    for table in load_contract().table_names:
        shutil.rmtree(table_folder(settings, table, batch), ignore_errors=True)


def replace_quarantine(settings: Settings, batch: BatchId, refused: Path) -> None:
    """Put the rows refused in this run in the place of those of an earlier one."""
    folder = settings.quarantine / batch.folder
    shutil.rmtree(folder, ignore_errors=True)
    private_folder(folder.parent)
    refused.rename(folder)


@dataclass
class TableWriter:
    """Writes the accepted and the refused rows of one table.

    Attributes:
        parts: Folder for the parts.
        refused: File for the refused rows; not written while there are none.
    """

    table: Table
    parts: Path
    refused: Path
    _count: int = 0
    _held: list[pl.DataFrame] = field(default_factory=list, repr=False)
    _refused: pq.ParquetWriter | None = field(default=None, repr=False)

    def accept(self, rows: pl.DataFrame, source_file: str) -> None:
        """Take typed rows; those of small files share a part."""
        rows = rows.with_columns(pl.lit(source_file).alias(SOURCE_FILE))
        schema = {name: lake_dtype(dtype) for name, dtype in schema_sql(self.table)}
        rows = rows.select(*schema)
        assert rows.schema == pl.Schema(schema), f"{self.table.name}: {rows.schema}"
        self._held.append(rows)
        if sum(held.height for held in self._held) >= ROWS_PER_PART:
            self._write_part()

    def refuse(self, violations: pl.DataFrame, source_file: str) -> None:
        """Write violations to quarantine."""
        if violations.is_empty():
            return
        rows = violations.with_columns(
            pl.lit(self.table.name).alias("table_name"),
            pl.lit(source_file).alias("source_file"),
            pl.col("value", "row_key", "record").str.replace_all(UNDECODABLE, "\ufffd", literal=True),
        ).select(*VIOLATIONS)
        if self._refused is None:
            private_folder(self.refused.parent)
            self._refused = pq.ParquetWriter(self.refused, _VIOLATIONS_SCHEMA, compression="zstd")
        self._refused.write_table(rows.to_arrow().cast(_VIOLATIONS_SCHEMA))

    def close(self) -> None:
        """Finish; a table without rows gets one empty part, so that its schema is there."""
        if not self._count and not self._held:
            schema = {name: lake_dtype(dtype) for name, dtype in schema_sql(self.table)}
            self.accept(pl.DataFrame(schema=schema).drop(SOURCE_FILE), "")
        if self._held:
            self._write_part()
        if self._refused is not None:
            self._refused.close()

    def _write_part(self) -> None:
        private_folder(self.parts)
        self._count += 1
        path = self.parts / f"part-{self._count:04d}.parquet"
        rows = pl.concat(self._held)
        rows.write_parquet(path, compression="zstd", compression_level=1, row_group_size=250_000)
        _sync(path)
        self._held.clear()


_VIOLATIONS_SCHEMA = pa.schema(
    [(name, pa.int64() if dtype == pl.Int64 else pa.string()) for name, dtype in VIOLATIONS.items()]
)


def _marker(settings: Settings, batch: BatchId, markers: str = MARKERS) -> Path:
    return settings.lake / markers / batch.folder.parent / f"{batch.folder.name}.json"


def _sync(path: Path) -> None:
    """Have a file or a folder's entries on the disk before the marker says that they are."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def before_initial_load(settings: Settings, batch: BatchId, in_lake: Iterable[BatchId]) -> Fault | None:
    """What is wrong with a batch that is dated before the initial load; nothing of any other.

    The first batch brings the past months. One dated before it would be first, and they would be gone.
    """
    past_months = {table.name for table in load_contract().tables if table.initial_only}
    for known in in_lake:
        report = read_report(settings, known)
        brought = ", ".join(sorted(past_months & report.tables.keys())) if report else ""
        if known.business_date > batch.business_date and brought:
            what = f"the batch is dated before the initial load {known}, whose {brought} covers its day"
            remedy = (
                f"Take {batch.folder} out of landing, nothing else has changed; what the initial load says "
                f"wrongly of the time before it is sent again with business date {known.business_date}"
            )
            return Fault("before_initial_load", what, remedy, file=MANIFEST)
    return None
