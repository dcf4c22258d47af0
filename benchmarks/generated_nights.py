"""A generated bank of many months with few nights a month, and its nights in memory.

Put here: what programs share that measure figures of whole years. Keep out: what each of them measures.
What a bank does between two nights comes with the later one, so that months are as full as with every night.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contract.model import OP_COLUMN, Table, load_contract
from orchestration.ingestion.manifest import read_manifest
from orchestration.sql import Sql, fill, name, value
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec
from sample_bank.timeline import Timeline, earlier_month, is_business_day, next_month
from tests.support.bank import Delivery
from tests.support.whole_nights import WholeNights

HISTORY_MONTHS = 12


class FewNights(SampleSpec):
    """A bank whose nights are spread evenly over whole months.

    Attributes:
        night_months: Months with nights, the one of ``end`` included.
        a_month: Nights a month, at most; the last of them is its last business day.
    """

    night_months: int
    a_month: int
    profile: Any = "wealthy"
    months: int = HISTORY_MONTHS
    written_as: Format = Format(kind="parquet")

    @property
    def timeline(self) -> Timeline:
        """The months and nights of the bank."""
        first = earlier_month(self.end.replace(day=1), self.night_months - 1)
        months = [earlier_month(first, self.months)]
        while months[-1] < self.end.replace(day=1):
            months.append(next_month(months[-1]))
        nights = [night for month in months[self.months :] for night in _spread(month, self.a_month)]
        return Timeline(tuple(months), tuple(nights))


def _spread(month: date, count: int) -> list[date]:
    days = [date.fromordinal(day) for day in range(month.toordinal(), next_month(month).toordinal())]
    business = [day for day in days if is_business_day(day)]
    return sorted({business[len(business) * (place + 1) // count - 1] for place in range(count)})


@dataclass(frozen=True)
class Generated(Delivery):
    """A batch in files."""

    folder: Path


class GeneratedNights(WholeNights):
    """Nights of a generated bank, whose batches are read from their files."""

    def run_folder(self, folder: Path) -> None:
        """Run the night of a batch."""
        manifest = read_manifest(folder)
        loads = {table: told.load for table, told in manifest.tables.items()}
        is_first = not self._nights
        self.run(Generated(manifest.business_date, manifest.sequence, is_first, {}, loads, folder))

    def _show(self, table: Table, delivery: Delivery, schema: str = "core_banking") -> None:
        assert isinstance(delivery, Generated)
        columns = {column.name: load_contract().lake_type(column) for column in table.columns}
        if table.kind == "D":
            columns[OP_COLUMN] = "varchar default 'I'"
        columns |= {"source_file": "varchar", "source_row": "bigint"}
        relation = name(schema, table.name)
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.connection.execute(
            fill("create or replace table {table} ({columns})", table=relation, columns=Sql(declared))
        )
        for path in sorted(delivery.folder.glob(f"{table.name}-[0-9]*.parquet")):
            self.connection.execute(
                fill(
                    "insert into {table} by name select *, {file} as source_file,"
                    " row_number() over () - 1 as source_row from read_parquet({path}, hive_partitioning = false)",
                    table=relation,
                    file=value(path.name),
                    path=value(path),
                )
            )
