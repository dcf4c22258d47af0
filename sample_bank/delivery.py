"""Writes batches as the extract contract says: files first, ``manifest.json`` last.

Put here: how frames become the bytes of a delivery. Keep out: what is in the frames. The same frames
and arguments always give the same bytes.
"""

import gzip
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Self

import polars as pl
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.model import OP_COLUMN, Column, Load, Table, load_contract
from orchestration.settings import BatchId, private_folder

Frames = pl.DataFrame | Iterable[pl.DataFrame]

DTYPES: dict[str, pl.DataType] = {
    "id": pl.String(),
    "text": pl.String(),
    "code": pl.String(),
    "money": pl.Decimal(18, 2),
    "rate": pl.Decimal(9, 6),
    "fx_rate": pl.Decimal(18, 8),
    "ratio": pl.Decimal(6, 5),
    "quantity": pl.Decimal(20, 4),
    "integer": pl.Int32(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
}
"""Polars type of each contract type, as delivered in Parquet."""

ZSTD_LEVEL = 3
GZIP_LEVEL = 6
SUFFIXES = {"none": "", "gzip": ".gz", "zstd": ".zst"}


class Format(BaseModel):
    """How the files of a table are written; the names are the manifest's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["csv", "parquet"] = "csv"
    delimiter: str = Field(default=",", min_length=1)
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    header: bool = True
    compression: Literal["none", "gzip", "zstd"] = "none"

    @model_validator(mode="after")
    def _delimiter_is_no_quote_or_newline(self) -> Self:
        if set(self.delimiter) & set('"\r\n'):
            raise ValueError("a delimiter holds neither a quote nor a newline")
        return self

    def in_manifest(self) -> dict[str, object]:
        """The ``format`` entry of the manifest."""
        return {"kind": "parquet"} if self.kind == "parquet" else self.model_dump()

    @property
    def suffix(self) -> str:
        """Ending of a file's name."""
        return ".parquet" if self.kind == "parquet" else ".csv" + SUFFIXES[self.compression]


@dataclass
class _Delivery:
    """One table of a batch while its files are written."""

    layout: Table
    load: Load
    written_as: Format
    files: list[dict[str, str]] = field(default_factory=list)
    row_count: int = 0
    totals: dict[str, int] = field(default_factory=dict)

    def in_manifest(self) -> dict[str, object]:
        sums = {name: cents_text(cents) for name, cents in sorted(self.totals.items())}
        return {
            "load": self.load,
            "format": self.written_as.in_manifest(),
            "files": self.files,
            "row_count": self.row_count,
            "control_sums": sums,
        }


class BatchWriter:
    """Writes one batch part by part, so that no table has to be in memory whole.

    Args:
        landing: Folder that holds the batches.
        batch: Business date and sequence number.
        formats: One format for every table, or by table; tables not named are plain CSV.
        loads: Load by table; the default follows the table's kind and whether the batch is the first.
        control_columns: Money columns summed in the manifest, by table; default all of them.
        produced_at: When the bank cut the files, as the manifest says it.

    Raises:
        FileExistsError: The batch is complete already; landing is never changed.
    """

    def __init__(
        self,
        landing: Path,
        batch: BatchId,
        *,
        produced_at: str,
        formats: Mapping[str, Format] | Format | None = None,
        loads: Mapping[str, Load] | None = None,
        control_columns: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.folder = landing / batch.folder
        if (self.folder / "manifest.json").exists():
            raise FileExistsError(f"{self.folder} holds a complete batch")
        shutil.rmtree(self.folder, ignore_errors=True)
        private_folder(self.folder)
        self._batch = batch
        self._produced_at = produced_at
        self._formats = formats or {}
        self._loads = loads or {}
        self._control_columns = control_columns or {}
        self._is_first = is_first_batch(landing, batch.business_date)
        self._deliveries: dict[str, _Delivery] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Write one more file of a table; an empty frame makes the table part of the batch."""
        delivery = self._delivery(table)
        typed = conform(frame, delivery.layout, delivery.load, keep_text=delivery.written_as.kind == "csv")
        delivery.row_count += typed.height
        for name in self._summed(delivery.layout):
            delivery.totals[name] = delivery.totals.get(name, 0) + sum_cents(typed[name])
        if typed.is_empty() and delivery.files:
            return
        name = f"{table}-{len(delivery.files) + 1:04d}{delivery.written_as.suffix}"
        path = self.folder / name
        if delivery.written_as.kind == "parquet":
            typed.write_parquet(path, compression="zstd", compression_level=ZSTD_LEVEL)
        else:
            path.write_bytes(encode_csv(typed, delivery.written_as))
        delivery.files.append({"name": name, "sha256": file_sha256(path)})

    def close(self) -> Path:
        """Write the manifest, which makes the batch complete, and return the batch's folder."""
        tables = {
            name: self._deliveries[name].in_manifest()
            for name in load_contract().table_names
            if name in self._deliveries
        }
        manifest = {
            "business_date": self._batch.business_date.isoformat(),
            "sequence": self._batch.sequence,
            "produced_at": self._produced_at,
            "tables": tables,
        }
        write_manifest(self.folder, manifest)
        return self.folder

    def _delivery(self, table: str) -> _Delivery:
        if table not in self._deliveries:
            layout = load_contract().table(table)
            written_as = (
                self._formats
                if isinstance(self._formats, Format)
                else self._formats.get(table) or self._formats.get("*") or Format()
            )
            load = self._loads.get(table) or default_load(layout, self._is_first)
            self._deliveries[table] = _Delivery(layout, load, written_as)
        return self._deliveries[table]

    def _summed(self, layout: Table) -> list[str]:
        money = [column.name for column in layout.columns if column.type == "money"]
        return list(self._control_columns.get(layout.name, money))


def write_batch(
    landing: Path,
    batch: BatchId,
    tables: Mapping[str, Frames],
    *,
    produced_at: str,
    formats: Mapping[str, Format] | Format | None = None,
    loads: Mapping[str, Load] | None = None,
    control_columns: Mapping[str, Iterable[str]] | None = None,
) -> Path:
    """Write a whole batch and return its folder; the arguments are those of :class:`BatchWriter`.

    A table given as several frames becomes several files. Columns that may be null or have a default
    can be left out of a frame; columns the contract does not know are written after its own. A column
    of text is written as it is, so that a test can deliver what does not parse.
    """
    writer = BatchWriter(
        landing,
        batch,
        produced_at=produced_at,
        formats=formats,
        loads=loads,
        control_columns=control_columns,
    )
    for table, frames in tables.items():
        if isinstance(frames, pl.DataFrame):
            writer.add(table, frames)
            continue
        for frame in frames:
            writer.add(table, frame)
    return writer.close()


def default_load(layout: Table, is_first: bool) -> Load:
    """How a table of this kind is loaded in the first batch and in later ones."""
    if layout.kind == "E":
        return "append"
    return "full" if layout.kind == "F" or is_first else "delta"


def is_first_batch(landing: Path, business_date: date) -> bool:
    """Whether no batch of an earlier business date is in landing."""
    earliest = min((folder.name for folder in landing.glob("business_date=*")), default="")
    return earliest in ("", f"business_date={business_date}") or earliest > f"business_date={business_date}"


def conform(frame: pl.DataFrame, layout: Table, load: Load, *, keep_text: bool) -> pl.DataFrame:
    """Bring a frame to the contract's columns, order and types.

    With ``keep_text`` columns of text stay as they are; otherwise text becomes the contract's type where
    every value parses.

    Raises:
        ValueError: A required column is missing, or a value would lose digits.
        TypeError: A column is binary floating point.
    """
    columns = [_conform_column(frame, column, layout.name, keep_text) for column in layout.columns]
    known = set(layout.column_names) | {OP_COLUMN}
    extra = [frame[name] for name in frame.columns if name not in known]
    if load == "delta":
        op = frame[OP_COLUMN] if OP_COLUMN in frame.columns else pl.repeat("I", frame.height, eager=True)
        extra.append(op.cast(pl.String).alias(OP_COLUMN))
    return pl.DataFrame(columns + extra)


def _conform_column(frame: pl.DataFrame, column: Column, table: str, keep_text: bool) -> pl.Series:
    dtype = DTYPES[column.type]
    if column.name not in frame.columns:
        if column.required and not frame.is_empty():
            raise ValueError(f"{table}.{column.name} is required")
        return pl.Series(column.name, [None], dtype=dtype).new_from_index(0, frame.height)
    values = frame[column.name]
    if values.dtype == dtype or (keep_text and values.dtype == pl.String):
        return values
    if values.dtype.is_float():
        raise TypeError(f"{table}.{column.name} is binary floating point")
    if values.dtype == pl.String:
        typed = parse_text(values, dtype)
        return values if typed.null_count() > values.null_count() else typed
    if column.type == "timestamp" and isinstance(values.dtype, pl.Datetime):
        return values
    typed = values.cast(dtype)
    if isinstance(values.dtype, pl.Decimal) and not typed.cast(values.dtype).equals(values, null_equal=True):
        raise ValueError(f"{table}.{column.name} has more digits than {dtype}")
    return typed


def parse_text(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Text as a contract type; null where it does not parse."""
    if dtype == pl.Boolean:
        truths = {"true": True, "1": True, "Y": True, "false": False, "0": False, "N": False}
        return values.replace_strict(truths, default=None, return_dtype=pl.Boolean)
    if dtype == pl.Date:
        return values.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(dtype, pl.Datetime):
        return values.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
    return values.cast(dtype, strict=False)


def encode_csv(frame: pl.DataFrame, written_as: Format) -> bytes:
    """The bytes of one CSV file: RFC 4180 quoting, every null an empty field."""
    fields = [_as_field(pl.col(name), dtype, written_as) for name, dtype in frame.schema.items()]
    lines = frame.select(pl.concat_str(fields, separator=written_as.delimiter).alias("line"))["line"]
    buffer = io.BytesIO()
    if written_as.header:
        buffer.write((written_as.delimiter.join(frame.columns) + "\n").encode(written_as.encoding))
    if lines.len():
        buffer.write((lines.str.join("\n").item() + "\n").encode(written_as.encoding))
    return compress(buffer.getvalue(), written_as.compression)


def _as_field(column: pl.Expr, dtype: pl.DataType, written_as: Format) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        zone = "%:z" if dtype.time_zone else ""
        column = column.dt.to_string(f"%Y-%m-%dT%H:%M:%S{zone}")
    elif dtype == pl.String:
        special = [written_as.delimiter, '"', "\n", "\r"]
        needs_quotes = pl.any_horizontal(column.str.contains(mark, literal=True) for mark in special)
        quoted = pl.concat_str(pl.lit('"'), column.str.replace_all('"', '""', literal=True), pl.lit('"'))
        column = pl.when(needs_quotes).then(quoted).otherwise(column)
    else:
        column = column.cast(pl.String)
    return column.fill_null("")


def compress(content: bytes, compression: str) -> bytes:
    """Compress without a time stamp, so that the same content gives the same bytes."""
    if compression == "gzip":
        return gzip.compress(content, compresslevel=GZIP_LEVEL, mtime=0)
    if compression == "zstd":
        packed = pa.Codec("zstd", compression_level=ZSTD_LEVEL).compress(content, asbytes=True)
        return bytes(packed)
    return content


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    """Put a manifest in place in one step; its presence means that the batch is complete."""
    partial = folder / ".manifest.json.partial"
    partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / "manifest.json")


def sum_cents(values: pl.Series) -> int:
    """Exact total of a money column in cents; text that is no amount counts nothing."""
    typed = values.cast(DTYPES["money"], strict=False) if values.dtype == pl.String else values
    return int((typed.sum() or 0) * 100)


def cents_text(cents: int) -> str:
    """Cents as an amount with two decimals."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return f"{sign}{whole // 100}.{whole % 100:02d}"
