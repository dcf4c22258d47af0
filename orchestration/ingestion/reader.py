"""Files of a delivery as chunks of text columns, whatever they were written as.

A Parquet file is read as text too, exactly, so that one set of rules types and judges every value
and quarantine can show it.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from contract.model import Column, ColumnType
from orchestration.ingestion.decoding import (
    FREE_BYTES,
    MARK_UNDECODABLE,
    CsvText,
    TextBlock,
    UnreadableFileError,
)
from orchestration.ingestion.manifest import Format, shown
from orchestration.ingestion.parsing import SOURCE_ROW

CELLS_PER_BATCH = 4_000_000
"""Values taken from a Parquet file at once."""

MAX_BATCH_BYTES = 512 * 2**20
"""Text that so many values may hold: a dictionary can repeat a long one a million times in a small file."""

PARQUET_RATIO = 1000
"""Columns of one value take next to nothing; keys do not."""

MAX_GROUP_BYTES = 2**31
"""A row group that says it unpacks to more is none that any writer makes."""

MAX_MISSHAPEN, MISSHAPEN_SHARE = 100_000, 0.01
"""More records than this, in number and share, of another number of fields: the file is not what it says."""

_BOM = codecs.BOM_UTF8
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31 as days from 1970."""

_EXACT_NUMBERS: tuple[ColumnType, ...] = ("money", "rate", "fx_rate", "ratio", "quantity", "integer")


@dataclass(frozen=True)
class Chunk:
    """Some records of a file.

    Attributes:
        rows: The columns asked for as text, empty ones null, and ``source_row``.
        misshapen: ``source_row`` and ``record`` of records with another number of fields.
        unknown_columns: Columns of the file that were not asked for.
    """

    rows: pl.DataFrame
    misshapen: pl.DataFrame
    unknown_columns: tuple[str, ...]

    @property
    def count(self) -> int:
        """Records delivered, misshapen ones included."""
        return self.rows.height + self.misshapen.height


def read_file(path: Path, layout: Format, columns: tuple[Column, ...]) -> Iterator[Chunk]:
    """Read a file chunk by chunk, in its own order; at least one chunk.

    Args:
        path: The file.
        layout: How the manifest says it is written.
        columns: Columns it has to have, but for optional ones; without header it has them in this order.

    Raises:
        UnreadableFileError: It is not written that way, lacks a column or has one of an inexact type.
    """
    if layout.kind == "parquet":
        return _parquet_chunks(path, columns)
    if layout.kind == "fixed":
        what = "it is of fixed width, and mapping.yml does not say where its columns stand ('fixed')"
        raise UnreadableFileError(what, "column_missing")
    return _csv_chunks(path, layout, columns)


def is_shapeless(misshapen: int, records: int) -> bool:
    """Whether so many of a file's records have another shape that the file is not what it says."""
    return misshapen > max(MAX_MISSHAPEN, MISSHAPEN_SHARE * records)


def _csv_chunks(path: Path, layout: Format, columns: tuple[Column, ...]) -> Iterator[Chunk]:
    wanted = [column.name for column in columns]
    needed = [column.name for column in columns if not column.optional]
    text = CsvText(path, layout)
    if text.header is not None:
        names = _matched(text.header, wanted, needed)
    else:
        names = wanted
        if (
            needed != wanted
            and _has_fields(path, layout, len(needed))
            and not _has_fields(path, layout, len(wanted))
        ):
            names = needed
    unknown = tuple(name for name in names if name not in wanted)
    absent = [pl.lit(None, pl.String).alias(name) for name in wanted if name not in names]
    read = [name for name in wanted if name in names]
    done = shapeless = 0
    for block in text.blocks(len(names)):
        records = block.records
        shapeless += len(records.misshapen)
        if is_shapeless(shapeless, done + records.count):
            row = done + 1 + records.misshapen[0][0]
            told = f"have more or fewer than {len(names)} fields"
            raise UnreadableFileError(f"record {row} and most after it {told}; reading stopped")
        index = pl.int_range(records.count, dtype=pl.Int64, eager=True)
        numbers = index if records.rows is None else pl.Series(records.rows)
        rows = _split(block, names, read).with_columns(*absent).select(wanted)
        rows = rows.with_columns((numbers + done + 1).alias(SOURCE_ROW))
        misshapen = pl.DataFrame(
            [(done + 1 + i, record.decode("utf-8", "replace")) for i, record in records.misshapen],
            schema={SOURCE_ROW: pl.Int64, "record": pl.String},
            orient="row",
        )
        done += records.count
        yield Chunk(rows, misshapen, unknown)


def _has_fields(path: Path, layout: Format, fields: int) -> bool:
    """Whether any record at the beginning of a file without header has that many fields."""
    block = next(iter(CsvText(path, layout).blocks(fields)), None)
    return block is not None and bool(block.records.clean)


def _matched(header: list[str], wanted: list[str], needed: list[str]) -> list[str]:
    """Contract names for the names of a header, which may differ in case and order."""
    lower = [name.lower() for name in header]
    absent = [name for name in needed if name not in lower]
    if absent:
        column = absent[0] if len(absent) == 1 else None
        raise UnreadableFileError(_absent(header, absent, needed), "column_missing", column)
    for name in wanted:
        if lower.count(name) > 1:
            raise UnreadableFileError("the column occurs twice in the file", "column_missing", name)
    # two unknown columns may share a name
    return [
        name if name in wanted else f"{position + 1} {header[position]}"
        for position, name in enumerate(lower)
    ]


def _absent(header: list[str], absent: list[str], needed: list[str]) -> str:
    """Which columns are missing, and why that may be; names of the file may be values and are not shown."""
    if len(absent) == len(needed) > 1 and len(header) == 1:
        return "its first line is one field: another delimiter than the manifest's, or no header"
    if len(absent) == 1:
        return "the column is missing in the file"
    also = f"the columns {', '.join(absent)} are missing in the file"
    return f"{also}, and so is every other" if len(absent) == len(needed) else also


def _split(block: TextBlock, names: list[str], wanted: list[str]) -> pl.DataFrame:
    clean = block.records.clean
    if not clean:
        return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    frame = pl.read_csv(
        # the reader takes a byte order mark off, which can only be text here
        _BOM + clean if clean.startswith(_BOM) else clean,
        has_header=False,
        separator=chr(block.separator),
        quote_char='"' if block.records.quoted else None,
        schema=dict.fromkeys(names, pl.String),
    ).select(wanted)
    expected = block.records.count - len(block.records.misshapen)
    if frame.height != expected:
        raise UnreadableFileError(f"{expected} records found, {frame.height} could be split")
    if not block.records.quoted:
        return frame
    texts = pl.col(wanted)
    if block.restore is not None:
        texts = texts.str.replace_all(chr(block.separator), block.restore, literal=True)
    return frame.select(texts).select(_empty_is_null(pl.col(wanted)))


def _empty_is_null(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_bytes() > 0).then(text)


def _parquet_chunks(path: Path, columns: tuple[Column, ...]) -> Iterator[Chunk]:
    wanted = [column.name for column in columns]
    try:
        repeating = _with_dictionary(path)
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=2**20, read_dictionary=repeating) as file:
            found = {field.name.lower(): field for field in file.schema_arrow}
            unknown = tuple(field.name for field in file.schema_arrow if field.name.lower() not in wanted)
            present = [column for column in columns if column.name in found or not column.optional]
            for column in present:
                _check_type(column, found.get(column.name), file.schema_arrow.names)
            absent = [pl.lit(None, pl.String).alias(c.name) for c in columns if c not in present]
            done = size = 0
            most = max(FREE_BYTES, PARQUET_RATIO * path.stat().st_size)
            batches = file.iter_batches(
                max(1, CELLS_PER_BATCH // len(wanted)),
                columns=[found[column.name].name for column in present],
            )
            for batch in batches:
                texts_size = sum(map(_text_bytes, batch.columns))
                size += texts_size + batch.num_rows * len(present)
                if texts_size > MAX_BATCH_BYTES or size > most:
                    raise UnreadableFileError("its values unpack to far more than an extract holds")
                texts = [
                    _text(batch.column(found[column.name].name), column).alias(column.name)
                    for column in present
                ]
                frame = pl.DataFrame(texts).with_columns(*absent).select(_empty_is_null(pl.col(wanted)))
                yield _whole(frame, done, unknown)
                done += frame.height
            if not done:
                yield _whole(pl.DataFrame(schema=dict.fromkeys(wanted, pl.String)), 0, unknown)
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFileError("it is no Parquet file, or damaged") from error


def _with_dictionary(path: Path) -> list[str]:
    """Columns of texts that are written as numbers into a dictionary: they are read so, and measured first.

    Raises:
        UnreadableFileError: The file says that it unpacks to more than any writer makes.
    """
    with pq.ParquetFile(path, pre_buffer=False) as file:
        metadata = file.metadata
        texts = {field.name for field in file.schema_arrow if _is_text(field.type)}
        found = set()
        for group in range(metadata.num_row_groups):
            details = metadata.row_group(group)
            if details.total_byte_size > MAX_GROUP_BYTES:
                raise UnreadableFileError(f"a row group unpacks to more than {MAX_GROUP_BYTES} bytes")
            for place in range(details.num_columns):
                column = details.column(place)
                if column.has_dictionary_page and column.path_in_schema in texts:
                    found.add(column.path_in_schema)
    return sorted(found)


def _text_bytes(array: pa.Array) -> int:
    """Bytes that the texts of a column hold, as they will be when each stands for itself."""
    if pa.types.is_dictionary(array.type) and _is_text(array.type.value_type):
        lengths = pc.binary_length(array.dictionary.cast(pa.large_binary()))
        return pc.sum(lengths.take(array.indices)).as_py() or 0
    return int(array.nbytes) if _is_text(array.type) else 0


def _whole(frame: pl.DataFrame, done: int, unknown: tuple[str, ...]) -> Chunk:
    numbers = pl.int_range(done + 1, done + 1 + frame.height, dtype=pl.Int64, eager=True)
    nothing = pl.DataFrame(schema={SOURCE_ROW: pl.Int64, "record": pl.String})
    return Chunk(frame.with_columns(numbers.alias(SOURCE_ROW)), nothing, unknown)


def _check_type(column: Column, field: pa.Field | None, names: list[str]) -> None:
    if field is None or [name.lower() for name in names].count(column.name) > 1:
        told = "is missing" if field is None else "occurs twice"
        raise UnreadableFileError(f"the column {told} in the file", "column_missing", column.name)
    dtype = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if not _is_exact(dtype, column.type):
        what = f"its type {shown(str(dtype))} cannot hold {column.type} exactly"
        raise UnreadableFileError(what, "column_type", column.name)


def _is_exact(dtype: pa.DataType, column_type: ColumnType) -> bool:
    if _is_text(dtype) or pa.types.is_null(dtype):
        return True
    if column_type in _EXACT_NUMBERS:
        return bool(pa.types.is_integer(dtype) or pa.types.is_decimal(dtype))
    if column_type in ("id", "text", "code"):
        is_whole = pa.types.is_decimal(dtype) and dtype.scale == 0
        return bool(pa.types.is_integer(dtype) or is_whole)
    if column_type == "boolean":
        return bool(pa.types.is_boolean(dtype) or pa.types.is_integer(dtype))
    if column_type == "date":
        # the day of an instant depends on the zone; a zoned one is left for the bank to cut
        return bool(pa.types.is_date(dtype) or (pa.types.is_timestamp(dtype) and dtype.tz is None))
    return bool(pa.types.is_timestamp(dtype))


def _is_text(dtype: pa.DataType) -> bool:
    kinds = pa.types
    return bool(
        kinds.is_string(dtype) or kinds.is_large_string(dtype) or kinds.is_string_view(dtype)
        or kinds.is_binary(dtype) or kinds.is_large_binary(dtype) or kinds.is_binary_view(dtype)
    )  # fmt: skip


def _text(array: pa.Array, column: Column) -> pl.Series:
    """The values as text, exactly."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if _is_text(array.type):
        return _checked_text(array)
    if pa.types.is_temporal(array.type):
        near, far = _by_calendar(array)
        return _text_of_values(near, column) if far is None else _text_of_values(near, column).fill_null(far)
    return _text_of_values(array, column)


def _by_calendar(array: pa.Array) -> tuple[pa.Array, pl.Series | None]:
    """The days and instants that a calendar of four-digit years has; the others as the numbers they are.

    No library tells those apart: some fail, some make a day of 1970 of them. As "day 2932897" it is no date,
    and the row goes to quarantine.
    """
    unit = str(getattr(array.type, "unit", "ms" if pa.types.is_date64(array.type) else "day"))
    per_day = {"day": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}[unit]
    numbers = array.view(pa.int32() if unit == "day" else pa.int64()).cast(pa.int64())
    first = max(-(2**63), _FIRST_DAY * per_day)
    last = min(2**63 - 1, (_LAST_DAY + 1) * per_day - 1)
    is_far = pc.or_(pc.less(numbers, first), pc.greater(numbers, last))
    if not pc.any(is_far).as_py():
        return array, None
    near = pc.if_else(is_far, pa.scalar(None, array.type), array)
    return near, f"{unit} " + _series(pc.if_else(is_far, numbers.cast(pa.large_string()), None))


def _text_of_values(array: pa.Array, column: Column) -> pl.Series:
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.decimal128(38, array.type.scale))
    values = _series(array)
    if isinstance(values.dtype, pl.Datetime):
        zoned = "Z" if values.dtype.time_zone else ""
        if zoned:
            values = values.dt.convert_time_zone("UTC")
        texts = values.dt.to_string(f"%Y-%m-%dT%H:%M:%S%.6f{zoned}")
        if column.type == "date":
            # a day held as its midnight
            return texts.str.replace(r"T00:00:00\.000000$", "")
        return texts
    return values.cast(pl.String)


def _checked_text(array: pa.Array) -> pl.Series:
    """Text that is UTF-8 for certain; other bytes marked."""
    raw = array.cast(pa.large_binary())
    try:
        return _series(raw.cast(pa.large_string()))
    except pa.ArrowInvalid:
        decoded = [
            None if value is None else value.decode("utf-8", MARK_UNDECODABLE) for value in raw.to_pylist()
        ]
        return pl.Series(decoded, dtype=pl.String)


def _series(array: pa.Array) -> pl.Series:
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series
