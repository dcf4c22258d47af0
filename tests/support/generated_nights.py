"""Whole nights in memory over the Parquet files of a generated bank, too large for rows of Python."""

from dataclasses import dataclass
from pathlib import Path

from contract.model import OP_COLUMN, Table, load_contract
from orchestration.ingestion.manifest import read_manifest
from orchestration.sql import Sql, fill, join, name, value
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from tests.support.bank import Delivery
from tests.support.whole_nights import WholeNights


@dataclass(frozen=True)
class Generated(Delivery):
    """A batch in files."""

    folder: Path


class GeneratedNights(WholeNights):
    """A warehouse of a few marts whose batches lie in landing folders, as Parquet."""

    def run_bank(self, spec: SampleSpec, home: Path) -> "GeneratedNights":
        """Generate a bank into a folder, with its answer key, and run its nights."""
        written = spec.model_copy(update={"written_as": Format(kind="parquet")})
        for folder in generate_bank(written, home / "landing", home / "answer_key"):
            self.run_folder(folder)
        return self

    def run_folder(self, folder: Path) -> None:
        """Run the night of a batch."""
        manifest = read_manifest(folder)
        loads: dict[str, str] = {table: told.load for table, told in manifest.tables.items()}
        is_first = not self._nights
        self.run(Generated(manifest.business_date, manifest.sequence, is_first, {}, loads, folder))

    def _show(self, table: Table, delivery: Delivery, schema: str = "core_banking") -> None:
        assert isinstance(delivery, Generated)
        columns = {column.name: load_contract().lake_type(column) for column in table.columns}
        if table.kind == "D":
            columns[OP_COLUMN] = "varchar default 'I'"
        columns |= {"source_file": "varchar", "source_row": "bigint"}
        relation = name(schema, table.name)
        declared = Sql(", ".join(f'"{column}" {kind}' for column, kind in columns.items()))
        self.connection.execute(
            fill("create or replace table {table} ({columns})", table=relation, columns=declared)
        )
        files = sorted(delivery.folder.glob(f"{table.name}-[0-9]*.parquet"))
        if files:
            self.connection.execute(
                fill(
                    """
                    insert into {table} by name
                    select * exclude (filename, file_row_number), parse_filename(filename) as source_file,
                        file_row_number as source_row
                    from read_parquet(
                        [{files}], union_by_name = true, hive_partitioning = false, filename = true,
                        file_row_number = true
                    )
                    """,
                    table=relation,
                    files=join(", ", map(value, files)),
                )
            )
