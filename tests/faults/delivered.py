"""A delivered batch in the hands of a saboteur: bytes on disk, changed without the project's writer.

Batches of the fault tests are plain CSV in utf-8 with a header and no quoted newlines, so that line
``n`` of a file is data record ``n``. ``refresh`` makes the manifest agree with the files again, for the
faults that have to get past it.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

Record = list[str]
AMOUNT = re.compile(r"-?\d+(\.\d{1,2})?")


@dataclass(frozen=True)
class Delivered:
    """One batch folder."""

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest as it stands."""
        content: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return content

    def change_manifest(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the manifest in place."""
        manifest = self.manifest
        change(manifest)
        (self.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def file(self, table: str) -> Path:
        """The table's only file."""
        return self.folder / self.manifest["tables"][table]["files"][0]["name"]

    def records(self, table: str) -> list[Record]:
        """Header and data records."""
        with self.file(table).open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
            return list(csv.reader(lines))

    def write(self, table: str, records: list[Record]) -> None:
        """Write the records and let the manifest agree with them."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(records)
        # bytes that are no text survive a later change of the file
        self.file(table).write_bytes(buffer.getvalue().encode(errors="surrogateescape"))
        self.refresh(table, rows=len(records) - 1, sums=_sums(records))

    def refresh(self, table: str, *, rows: int | None = None, sums: dict[str, Decimal] | None = None) -> None:
        """Let sha256, and row count and control sums where given, agree with the file."""
        digest = hashlib.sha256(self.file(table).read_bytes()).hexdigest()

        def agree(manifest: dict[str, Any]) -> None:
            entry = manifest["tables"][table]
            entry["files"][0]["sha256"] = digest
            if rows is not None:
                entry["row_count"] = rows
            if sums is not None:
                entry["control_sums"] = {name: str(sums[name]) for name in entry["control_sums"]}

        self.change_manifest(agree)

    def set_value(self, table: str, row: int, column: str, value: str) -> None:
        """Overwrite one field; rows count from 1."""
        records = self.records(table)
        records[row][records[0].index(column)] = value
        self.write(table, records)

    def value(self, table: str, row: int, column: str) -> str:
        """One field."""
        records = self.records(table)
        return records[row][records[0].index(column)]

    def replace_bytes(self, table: str, old: bytes, new: bytes) -> None:
        """Replace the first occurrence in the file's bytes; row count and sums stay."""
        path = self.file(table)
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))
        self.refresh(table)


def _sums(records: list[Record]) -> dict[str, Decimal]:
    """Totals of every column over the amounts that parse, in records of the right shape."""
    header, data = records[0], [record for record in records[1:] if len(record) == len(records[0])]
    return {
        name: sum(
            (Decimal(record[number]) for record in data if AMOUNT.fullmatch(record[number])), Decimal(0)
        )
        for number, name in enumerate(header)
    }
