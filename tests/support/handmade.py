"""Small deliveries for the tests of ingestion, written by hand and not by the code under test."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa

from contract.model import Column, Table, load_contract
from orchestration.settings import Bank, BatchId, Settings

DAY = date(2026, 10, 31)
BATCH = BatchId(DAY, 1)
CONTRACT = load_contract()

CSV = {"kind": "csv", "delimiter": ",", "encoding": "utf-8", "header": False, "compression": "none"}

_SAMPLE = {
    "id": "0001", "text": "text", "code": "X", "money": "12.34", "rate": "0.025", "ratio": "0.5",
    "fx_rate": "7.1", "quantity": "10.0001", "integer": "3", "boolean": "true", "date": "2026-10-01",
    "timestamp": "2026-10-01T08:30:00+08:00",
}  # fmt: skip


def settings_in(home: Path) -> Settings:
    return Settings(home, Bank())


def sample(column: Column) -> str:
    return column.values[0] if column.values else _SAMPLE[column.type]


def sample_row(table: Table, **values: str | None) -> list[str | None]:
    return [values.get(c.name, sample(c)) for c in table.columns]


def csv_text(rows: Iterable[Iterable[str | None]], delimiter: str = ",", end: str = "\n") -> str:
    """What a careful bank writes: quotes only where they are needed."""
    return "".join(delimiter.join(_field(value, delimiter) for value in row) + end for row in rows)


def _field(value: str | None, delimiter: str) -> str:
    if value is None:
        return ""
    # a part of a long delimiter at the edge of a value would run into the delimiter
    risky = value.startswith('"') or set(value) & {"\n", "\r", *delimiter}
    return '"' + value.replace('"', '""') + '"' if risky else value


def compress(content: bytes, compression: str) -> bytes:
    if compression == "gzip":
        return gzip.compress(content, mtime=0)
    if compression == "zstd":
        return pa.compress(content, codec="zstd", asbytes=True)
    return content


class Delivery:
    """A batch under construction; starts as a correct one with a row per required table."""

    def __init__(self, home: Path, batch: BatchId = BATCH) -> None:
        self.settings = settings_in(home)
        self.batch = batch
        self.folder = self.settings.landing / batch.folder
        self.folder.mkdir(parents=True)
        self.manifest = {
            "business_date": str(batch.business_date),
            "sequence": batch.sequence,
            "produced_at": "2026-11-01T01:12:00+08:00",
            "tables": {},
        }
        for table in CONTRACT.tables:
            if table.stays:
                self.rows(table.name, [sample_row(table)])

    def rows(
        self, name: str, rows: list[list[str | None]], layout: dict | None = None, **more: object
    ) -> None:
        layout = layout or CSV
        content = csv_text(rows, layout["delimiter"])
        if layout["header"]:
            columns = list(CONTRACT.table(name).column_names)
            columns += ["op"] if more.get("load") == "delta" else []
            content = csv_text([columns], layout["delimiter"]) + content
        raw = compress(content.encode(layout["encoding"]), layout["compression"])
        self.files(name, [(f"{name}-0001.csv", raw)], row_count=len(rows), layout=layout, **more)

    def files(
        self,
        name: str,
        files: list[tuple[str, bytes]],
        *,
        row_count: int,
        layout: dict | None = None,
        load: str | None = None,
        control_sums: dict[str, str] | None = None,
    ) -> None:
        for old in self.manifest["tables"].get(name, {"files": []})["files"]:
            (self.folder / old["name"]).unlink()
        for file_name, content in files:
            (self.folder / file_name).write_bytes(content)
        first = "append" if CONTRACT.table(name).kind == "E" else "full"
        self.manifest["tables"][name] = {
            "load": load or first,
            "format": layout or CSV,
            "files": [{"name": n, "sha256": hashlib.sha256(c).hexdigest()} for n, c in files],
            "row_count": row_count,
            "control_sums": control_sums or {},
        }

    def send(self) -> "Delivery":
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest), encoding="utf-8")
        return self
