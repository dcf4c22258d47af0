"""Whole nights of a test bank in memory as the pipeline runs them, and a release of what they built.

Which days are built before a night, and what is shown of which batch, is decided by the pipeline's own code
(``orchestration/month_ends.py``, ``closing.py``); here it reads batches from tables, not from the lake.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import yaml

from contract.model import load_contract
from orchestration import closing as closing_module
from orchestration import month_ends
from orchestration.plan import Closing, Night
from orchestration.releases.keys import HASH_KEY, read_key
from orchestration.releases.on_disk import DATABASE_FILE, switch
from orchestration.releases.privacy import hold_key, leaving, show_pads
from orchestration.settings import Bank as BankSettings
from orchestration.settings import BatchId, Settings
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value
from orchestration.transform import WHOLE_NIGHTS_ONLY, night_variables
from orchestration.warehouse import show_no_closing
from tests.support.bank import Bank, Delivery
from tests.support.macros import PROJECT, create_what_if_macros
from tests.support.memory_nights import MemoryNights
from tests.support.small_release import AGREED
from tests.support.warehouse import Warehouse

_WHO_WAS_KNOWN = ("int_account__versions", "int_card__versions", "int_customer__versions")
"""Models that say whom a closing knew."""

_READ_BY_WHAT_IFS = {"customer_value.fct_customer_aum_monthly", "customer_value.fct_customer_tier_monthly"}


class WholeNights(MemoryNights):
    """A warehouse of a few marts over one connection, whose nights close the months that ended before them.

    Args:
        marts: Names of the marts; what they are made of is built too.
        given: Columns by model of empty tables that stand for models: what they are made of is not built.
        bank: Settings of ``bank.yml``, where they are not the defaults.
    """

    def __init__(self, marts: Iterable[str], *, given: Mapping[str, str] | None = None, **bank: Any) -> None:
        super().__init__([*marts, *_WHO_WAS_KNOWN], given=given)
        self._settings = Settings(Path("in-memory"), BankSettings(**bank))
        self._batches: list[BatchId] = []
        self._nights: list[BatchId] = []
        self._loads: dict[BatchId, Mapping[str, str]] = {}
        show_pads(self.connection, read_key(self._settings, HASH_KEY))
        self.connection.execute("create schema lake")
        self.connection.execute("create table pipeline.computed_anew (business_date date primary key)")
        self.connection.execute(
            "create table pipeline.restating_batch"
            " (business_date date, sequence integer, first_month_date date)"
        )
        self._show_rules()

    @property
    def last_night(self) -> BatchId:
        """The batch of the last night."""
        return self._nights[-1]

    def run_all(self, bank: Bank) -> "WholeNights":
        """Run every night of the bank."""
        return self.run_deliveries(bank.deliveries())

    def run_deliveries(self, deliveries: Iterable[Delivery]) -> "WholeNights":
        """Run the night of each batch, in order of business date."""
        for delivery in deliveries:
            self.run(delivery)
        return self

    def run(self, delivery: Delivery, *, is_published: bool = True) -> None:
        """Run a night, after the months that its batch closes; those of its date and after it go.

        Args:
            is_published: Whether a release comes out of it: not of a night that is replayed on the way.
        """
        batch = BatchId(delivery.business_date, delivery.sequence)
        self._nights = [other for other in self._nights if other.business_date < batch.business_date]
        for table in ("night", "computed_anew"):
            self.connection.execute(
                f"delete from pipeline.{table} where business_date >= ?", [batch.business_date]
            )
        night = Night(batch, self.last_night.business_date if self._nights else None, is_published)
        self._keep(batch, delivery)
        self._show_confirmation(batch.business_date)
        with self._instead_of_the_lake():
            show_no_closing(self.connection)
            self._show_delivered(self.connection, batch)
            self._show_lake(self.connection, self._settings, batch)
            month_ends.close_months(self._settings, night, lambda closing: self._close(night, closing))
        self.models.build(**self._variables | night_variables(self._settings, night))
        self.connection.execute("insert into pipeline.night values (?, true)", [batch.business_date])
        self._nights.append(batch)
        if is_published:
            self._keep_records(batch.business_date)

    def published(self, home: Path) -> Warehouse:
        """What the nights have built, as the current release of a warehouse: agreed columns, numbers hashed.

        It is a database without Parquet files. Each call makes one more release.
        """
        settings = Settings(home, self._settings.bank)
        night = self.last_night.business_date
        folder = settings.published / f"{night}.{len([*settings.published.glob(f'{night}.*')]) + 1}"
        folder.mkdir(parents=True)
        built = {self.models.relation(each) for each in self.models.names} | self._rules()
        connection = self.connection.cursor()
        hold_key(connection, read_key(settings, HASH_KEY))
        connection.execute(fill("attach {path} as release", path=value(folder / DATABASE_FILE)))
        for full_name, agreed in AGREED.items():
            if full_name in built:
                schema, table = full_name.split(".")
                connection.execute(
                    fill("create schema if not exists {schema}", schema=name("release", schema))
                )
                connection.execute(
                    fill(
                        "create table {release} as select {columns} from {rows}",
                        release=name("release", schema, table),
                        columns=_as_published(table, agreed),
                        rows=name(schema, table),
                    )
                )
        connection.execute("create schema release.quality")
        connection.execute(
            "create table release.quality.data_as_of as select $release as release, $night::date as"
            " business_date, $sequence::integer as sequence, $rulebook as rulebook_code, $currency as"
            " reporting_currency",
            {
                "release": folder.name,
                "night": night,
                "sequence": self.last_night.sequence,
                "rulebook": settings.bank.rulebook,
                "currency": settings.bank.reporting_currency,
            },
        )
        if built >= _READ_BY_WHAT_IFS:
            connection.execute("use release")
            create_what_if_macros(connection)
            connection.execute("use memory")
        connection.execute("detach release")
        switch(settings, folder.name)
        return Warehouse(home)

    def _close(self, night: Night, closing: Closing) -> None:
        self.models.build(
            WHOLE_NIGHTS_ONLY, **self._variables | night_variables(self._settings, night, closing)
        )

    @contextmanager
    def _instead_of_the_lake(self) -> Iterator[None]:
        """Let the pipeline find its batches and its database here."""

        @contextmanager
        def here(_: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
            yield self.connection

        def batches(_: Settings) -> list[BatchId]:
            return list(self._batches)

        with (
            patch.multiple(month_ends, open_database=here, lake_batches=batches),
            patch.multiple(
                closing_module,
                lake_batches=batches,
                read_report=lambda _, batch: batch,
                show_delivered=self._show_delivered,
                create_lake_views=self._show_lake,
            ),
        ):
            yield

    def _keep(self, batch: BatchId, delivery: Delivery) -> None:
        """Keep a batch for good, as the lake does."""
        self.connection.execute(fill("create schema if not exists {schema}", schema=name(_schema(batch))))
        for table in load_contract().tables:
            self._show(table, delivery, schema=_schema(batch))
        self._batches = sorted({*self._batches, batch})
        self._loads[batch] = delivery.loads

    def _show_delivered(self, connection: duckdb.DuckDBPyConnection, batch: BatchId) -> None:
        connection.execute(
            "create or replace table pipeline.delivered_table (table_name varchar, load_code varchar)"
        )
        for load in self._loads[batch].items():
            connection.execute("insert into pipeline.delivered_table values (?, ?)", list(load))

    def _show_lake(
        self,
        connection: duckdb.DuckDBPyConnection,
        _: Settings,
        batch: BatchId,
        only: Mapping[str, Sql] | None = None,
        more: Mapping[str, Sql] | None = None,
    ) -> None:
        """What ``create_lake_views`` does, over the tables of a batch."""
        for table in only or [table.name for table in load_contract().tables]:
            rows = fill(
                "from {rows} where {condition}",
                rows=name(_schema(batch), table),
                condition=only[table] if only else EVERY_ROW,
            )
            if more and table in more:
                rows = fill("{rows} union all by name from {more}", rows=rows, more=more[table])
            connection.execute(
                fill("create or replace view {view} as {rows}", view=name("lake", table), rows=rows)
            )
            connection.execute(
                fill(
                    "create view if not exists {view} as from {lake}",
                    view=name("core_banking", table),
                    lake=name("lake", table),
                )
            )

    def _show_rules(self) -> None:
        """Rules, where a release has them."""
        self.connection.execute("create schema rules")
        for full_name in self._rules():
            self.connection.execute(f"create view {full_name} as from stg.{full_name.split('.')[1]}")

    @staticmethod
    def _rules() -> set[str]:
        return {f"rules.{path.stem}" for path in (PROJECT / "seeds" / "rules").glob("*.csv")}


def _schema(batch: BatchId) -> str:
    return f"batch_{batch.business_date:%Y_%m_%d}_{batch.sequence}"


def _as_published(table: str, agreed: Mapping[str, Any]) -> Sql:
    columns = (
        leaving(column, told.get("privacy"), _coined(table).get(column))
        for column, told in agreed["columns"].items()
    )
    return join(", ", columns)


@cache
def _coined(table: str) -> dict[str, str]:
    """Beginnings of values that the warehouse made up itself, by column."""
    paths = [*(PROJECT / "models" / "marts").rglob(f"{table}.yml")]
    return {
        column["name"]: column["config"]["meta"]["coined"]
        for path in paths
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for column in model["columns"]
        if "coined" in column.get("config", {}).get("meta", {})
    }
