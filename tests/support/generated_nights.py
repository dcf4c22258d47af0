"""Whole nights in memory over the Parquet files of a generated bank, too large for rows of Python."""

import json
from pathlib import Path

from contract.model import OP_COLUMN, Table, load_contract
from orchestration.settings import BatchId
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from tests.support.bank import Delivery
from tests.support.whole_nights import WholeNights


class GeneratedNights(WholeNights):
    """A warehouse of a few marts whose batches lie in a landing folder, as Parquet.

    Attributes:
        landing: The folder.
    """

    landing: Path

    def run_bank(self, spec: SampleSpec, home: Path) -> "GeneratedNights":
        """Generate a bank into a folder, with its answer key, and run its nights."""
        self.landing = home / "landing"
        written = spec.model_copy(update={"written_as": Format(kind="parquet")})
        folders = generate_bank(written, self.landing, home / "answer_key")
        for night, folder in zip(spec.timeline.nights, folders, strict=True):
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            loads = {table: entry["load"] for table, entry in manifest["tables"].items()}
            self.run(Delivery(night, 1, night == spec.timeline.nights[0], {}, loads))
        return self

    def _show(self, table: Table, delivery: Delivery, schema: str = "core_banking") -> None:
        columns = {column.name: load_contract().lake_type(column) for column in table.columns}
        if table.kind == "D":
            columns[OP_COLUMN] = "varchar default 'I'"
        columns |= {"source_file": "varchar", "source_row": "bigint"}
        declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        relation = f'"{schema}"."{table.name}"'
        self.connection.execute(f"create or replace table {relation} ({declared})")
        batch = BatchId(delivery.business_date, delivery.sequence)
        files = sorted((self.landing / batch.folder).glob(f"{table.name}-[0-9]*.parquet"))
        if files:
            self.connection.execute(
                f"insert into {relation} by name"
                " select * exclude (file_row_number), file_row_number as source_row from read_parquet("
                "?, union_by_name = true, hive_partitioning = false,"
                " filename = 'source_file', file_row_number = true)",
                [[str(file) for file in files]],
            )
