"""A delivered batch opened for changes; the manifest is kept in agreement with the files."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from contract.model import load_contract
from sample_bank.delivery import (
    Format,
    cents_text,
    encode_csv,
    file_sha256,
    parse_text,
    sum_cents,
    write_manifest,
)

_SEPARATOR = "\x1f"


class BatchEdit:
    """One batch folder and its manifest; a table is edited in its first file.

    Attributes:
        folder: The batch's folder.
        manifest: Its manifest; :meth:`save` writes it back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    def save(self) -> None:
        """Write the manifest back."""
        write_manifest(self.folder, self.manifest)

    def table(self, table: str) -> dict[str, Any]:
        """The manifest's entry of a table."""
        entry: dict[str, Any] = self.manifest["tables"][table]
        return entry

    def format(self, table: str) -> Format:
        """How the table is written."""
        return Format.model_validate(self.table(table)["format"])

    def path(self, table: str) -> Path:
        """The table's first file."""
        return self.folder / str(self.table(table)["files"][0]["name"])

    def read(self, table: str) -> pl.DataFrame:
        """The records of the first file: text columns for CSV, typed ones for Parquet."""
        written_as, path = self.format(table), self.path(table)
        if written_as.kind == "parquet":
            return pl.read_parquet(path)
        text = _decompressed(path.read_bytes(), written_as.compression).decode(written_as.encoding)
        # the delimiter counts only outside quotes, that is in every other piece between quotes
        pieces = text.split('"')
        pieces[::2] = [piece.replace(written_as.delimiter, _SEPARATOR) for piece in pieces[::2]]
        records = list(csv.reader(io.StringIO('"'.join(pieces), newline=""), delimiter=_SEPARATOR))
        columns = records.pop(0) if written_as.header else self._columns(table)
        fields = [[value or None for value in record] for record in records]
        return pl.DataFrame(fields, schema=dict.fromkeys(columns, pl.String()), orient="row")

    def _columns(self, table: str) -> list[str]:
        columns = list(load_contract().table(table).column_names)
        return [*columns, "op"] if self.table(table)["load"] == "delta" else columns

    def write(self, table: str, frame: pl.DataFrame) -> None:
        """Replace the first file; sha256, row count and control sums follow."""
        entry, before, path = self.table(table), self.read(table), self.path(table)
        written_as = self.format(table)
        if written_as.kind == "parquet":
            frame.write_parquet(path, compression="zstd")
        else:
            path.write_bytes(encode_csv(frame, written_as))
        entry["row_count"] += frame.height - before.height
        for name, total in entry["control_sums"].items():
            if name in frame.columns:
                change = sum_cents(frame[name]) - sum_cents(before[name])
                entry["control_sums"][name] = cents_text(as_cents(total) + change)
        self.refresh(table)

    def refresh(self, table: str) -> None:
        """Bring the sha256 of the first file up to date."""
        self.table(table)["files"][0]["sha256"] = file_sha256(self.path(table))

    def set_value(self, table: str, row: int, column: str, value: str | None) -> None:
        """Overwrite one field; rows count from 1. What does not fit the type turns a column into text."""
        frame = self.read(table)
        values = frame[column].cast(pl.String).to_list()
        values[row - 1] = value
        changed = pl.Series(column, values, dtype=pl.String)
        typed = parse_text(changed, frame[column].dtype)
        self.write(table, frame.with_columns(changed if typed.null_count() > changed.null_count() else typed))

    def drop_table(self, table: str) -> None:
        """Take a table and its files out of the batch."""
        for file in self.manifest["tables"].pop(table, {"files": []})["files"]:
            (self.folder / file["name"]).unlink()


def as_cents(text: str) -> int:
    """Cents of a control sum."""
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * 100 + int(part or 0))


def _decompressed(content: bytes, compression: str) -> bytes:
    if compression == "gzip":
        return gzip.decompress(content)
    if compression == "zstd":
        unpacked: bytes = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
        return unpacked
    return content
