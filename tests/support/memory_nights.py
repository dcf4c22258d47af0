"""Whole nights of a test bank in memory: all models that some marts need, without files or dbt."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from contract.model import OP_COLUMN, Table, load_contract
from orchestration.closing import EVENT_DATES
from orchestration.releases.keys import Key
from orchestration.releases.privacy import show_pads
from orchestration.transform import WHOLE_NIGHTS_ONLY
from orchestration.warehouse import show_no_closing
from tests.support.bank import Bank, Delivery, Row
from tests.support.macros import PROJECT
from tests.support.models import Models, columns_of
from tests.support.timeline import month_end, month_start

_REF = re.compile(r"""ref\(\s*['"](\w+)['"]\s*\)""")
_MACRO = re.compile(r"{%-?\s*macro (\w+)(.*?){%-?\s*endmacro", re.DOTALL)
_RELEASED = re.compile(r"""'carried': 'released'""")
KEY = Key("a key of tests, for nights in memory alone")


@cache
def _macros_that_refer() -> dict[str, list[str]]:
    """Models that macros refer to, by macro; through other macros, too."""
    bodies = dict(
        found
        for path in (PROJECT / "macros").rglob("*.sql")
        for found in _MACRO.findall(path.read_text(encoding="utf-8"))
    )

    def models(name: str) -> list[str]:
        called = [other for other in bodies if other != name and f"{other}(" in bodies[name]]
        return [*_REF.findall(bodies[name]), *(model for other in called for model in models(other))]

    return {name: found for name in bodies if (found := models(name))}


def _referred_by_macros(text: str) -> list[str]:
    return [model for name, found in _macros_that_refer().items() if f"{name}(" in text for model in found]


def needed_for(marts: Iterable[str], given: Iterable[str] = ()) -> list[str]:
    """The marts and what they are made of but what is given, in the order in which it can be built."""
    paths = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
    order: list[str] = []

    def visit(name: str) -> None:
        if name in paths and name not in order and name not in given:
            text = paths[name].read_text(encoding="utf-8")
            for other in [*_REF.findall(text), *_referred_by_macros(text)]:
                visit(other)
            order.append(name)

    for mart in marts:
        visit(mart)
    return order


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


@cache
def _types_of_seeds() -> dict[str, dict[str, str]]:
    """Names and types of the columns of every seed."""
    return {
        seed["name"]: seed["config"]["column_types"]
        for path in (PROJECT / "seeds").rglob("*.yml")
        for seed in _read(path).get("seeds", [])
    }


def told_later(delivery: Delivery, last: Delivery) -> dict[str, list[dict[str, Any]]]:
    """Events of the month that the batch before it ended, and did not tell."""
    day = last.business_date
    if day != month_end(day):
        return {}
    found = {}
    for table, column in EVENT_DATES.items():
        key = load_contract().table(table).key
        known = {tuple(row[name] for name in key) for row in last.tables.get(table, [])}
        found[table] = [
            row
            for row in delivery.tables.get(table, [])
            if month_start(row[column]) == month_start(day) and tuple(row[name] for name in key) not in known
        ]
    return {table: rows for table, rows in found.items() if rows}


def with_told_later(delivery: Delivery, last: Delivery) -> Delivery:
    """The last day's batch, and what the next one tells of the month."""
    later = told_later(delivery, last)
    tables = {table: last.tables.get(table, []) + rows for table, rows in later.items()}
    return replace(last, tables=last.tables | tables)


def without_told_later(delivery: Delivery, last: Delivery) -> Delivery:
    """The batch without what the month before has counted."""
    later = told_later(delivery, last)
    tables = {
        table: [row for row in delivery.tables[table] if row not in rows]
        for table, rows in later.items()
        if table != "sales_trade"
    }
    return replace(delivery, tables=delivery.tables | tables)


class MemoryNights:
    """A warehouse of a few marts over one connection.

    Args:
        marts: Names of the marts; what they are made of is built too.
        given: Columns by model of empty tables that stand for models: what they are made of is not built.
        variables: dbt's variables, where they are not the defaults.
    """

    def __init__(
        self, marts: Iterable[str], *, given: Mapping[str, str] | None = None, **variables: str
    ) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.models = Models(self.connection, needed_for(marts, given or ()))
        for model, columns in (given or {}).items():
            self.connection.execute(f"create table stg.{model} ({columns})")
        defaults = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
        self._variables = {**defaults, **variables}
        self._previous: date | None = None
        self._previous_batch: date | None = None
        self._done: list[Delivery] = []
        self._load_seeds()
        self.connection.execute("create schema core_banking; create schema pipeline")
        self.connection.execute("create table pipeline.rejected_row (table_name varchar, row_key varchar)")
        # `close` and whole nights close months that end without a batch; of one that has one
        # on its last day, what the next batch tells is added here
        show_no_closing(self.connection)
        # every night keeps its state
        self.connection.execute("create table pipeline.night (business_date date, has_state boolean)")
        self.connection.execute("create table pipeline.erased_customer (customer_id varchar)")
        self.connection.execute(
            "create table pipeline.restated_merge"
            " (customer_id varchar, golden_id varchar, from_date date, to_date date)"
        )
        show_pads(self.connection, KEY)
        self._published: date | None = None
        self._replayed: date | None = None
        self._show_records()

    def run_all(self, bank: Bank) -> "MemoryNights":
        """Run every night of the bank."""
        for delivery in bank.deliveries():
            self.run(delivery)
        return self

    def run(self, delivery: Delivery, *, is_published: bool = True) -> None:
        """Run one night, after those before it; a night that has been run before, and those after it, go.

        Args:
            is_published: Whether a release comes out of it: not of a night that is replayed on the way.
        """
        day = delivery.business_date
        if self._previous_batch is not None and day <= self._previous_batch:
            self.connection.execute("delete from pipeline.night where business_date >= ?", [day])
            (night,) = self.query("select max(business_date) as previous from pipeline.night")
            self._previous = self._previous_batch = night["previous"]
            self._done = [done for done in self._done if done.business_date < day]
        self._show_confirmation(day)
        last = self._done[-1] if self._done else None
        if last is not None and told_later(delivery, last):
            self._tell_later(delivery, last)
        self._build(without_told_later(delivery, last) if last else delivery, day)
        self._previous = self._previous_batch = day
        self._done.append(delivery)
        self.connection.execute("insert into pipeline.night values (?, true)", [self._previous])
        if is_published:
            self._keep_records(day)

    def close(self, day: date, *, before: date, **events: list[Row]) -> None:
        """Build the last day of a month without a batch: what the last batch said, and events of the month.

        Args:
            before: The night whose batch closes the month.
            events: Rows of event tables that the next batch brings, dated in the month. They are left out
                of that batch, as whole nights do it.
        """
        assert self._done, "the first night closes no month"
        full = {table.name for table in load_contract().tables if table.kind == "F"}
        told = {table: rows for table, rows in self._done[-1].tables.items() if table in full}
        self._note_told_later(events)
        self._build(
            Delivery(day, 1, False, told | events, {}),
            day,
            WHOLE_NIGHTS_ONLY,
            is_closing="true",
            next_batch_date=str(before),
        )
        self._note_told_later({})
        self._previous = day

    def _tell_later(self, delivery: Delivery, last: Delivery) -> None:
        """Build the last day of a month once more, with what the next batch tells of the month."""
        before = str(self._done[-2].business_date) if len(self._done) > 1 else ""
        self._note_told_later(told_later(delivery, last))
        self._build(
            with_told_later(delivery, last),
            last.business_date,
            WHOLE_NIGHTS_ONLY,
            previous_business_date=before,
            previous_batch_date=before,
            next_batch_date=str(delivery.business_date),
        )
        self._note_told_later({})

    def _note_told_later(self, events: Mapping[str, list[Row]]) -> None:
        for noted, table in (("told_later_txn", "transaction"), ("told_later_card_txn", "card_txn")):
            self.connection.execute(f"create or replace table pipeline.{noted} (txn_id varchar)")
            for row in events.get(table, []):
                self.connection.execute(f"insert into pipeline.{noted} values (?)", [row["txn_id"]])

    def _build(self, delivery: Delivery, day: date, without: Iterable[str] = (), **variables: str) -> None:
        for table in load_contract().tables:
            self._show(table, delivery)
        self.connection.execute(
            "create or replace table pipeline.delivered_table (table_name varchar, load_code varchar)"
        )
        for load in delivery.loads.items():
            self.connection.execute("insert into pipeline.delivered_table values (?, ?)", list(load))
        dates = {
            "business_date": str(day),
            "previous_business_date": str(self._previous or ""),
            "previous_batch_date": str(self._previous_batch or ""),
        }
        self.models.build(without, **self._variables | dates | variables)

    def query(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows of a query, as a published warehouse gives them."""
        cursor = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _records(self) -> list[str]:
        """Models of which releases keep every row for good."""
        paths = {path.stem: path for path in (PROJECT / "models" / "marts").rglob("*.sql")}
        return [
            name
            for name in self.models.names
            if name in paths and _RELEASED.search(paths[name].read_text(encoding="utf-8"))
        ]

    def _show_confirmation(self, day: date) -> None:
        """Show a night since when nights have been replayed."""
        if self._published is not None and day <= self._published:
            self._replayed = min(day, self._replayed or day)
        self.connection.execute(
            "create or replace table pipeline.confirmation as"
            " select ?::date as confirmed_date, true as is_in_sync, ?::date as replayed_from_date",
            [max(day, self._published or day), self._replayed],
        )

    def _keep_records(self, day: date) -> None:
        """Keep what the release of a night keeps for good."""
        self._published, self._replayed = day, None
        for name in self._records():
            self.connection.execute(
                f"create or replace table confirmed.{name} as from {self.models.relation(name)}"
            )

    def _show_records(self) -> None:
        """Show that nothing has been published."""
        self.connection.execute("create schema if not exists confirmed")
        for name in self._records():
            columns = ", ".join(f"{column} {said['data_type']}" for column, said in columns_of(name).items())
            self.connection.execute(f"create table confirmed.{name} ({columns})")

    def _show(self, table: Table, delivery: Delivery, schema: str = "core_banking") -> None:
        columns = {column.name: load_contract().lake_type(column) for column in table.columns}
        if table.kind == "D":
            columns[OP_COLUMN] = "varchar"
        columns |= {"source_file": "varchar", "source_row": "bigint"}
        rows, file = delivery.tables.get(table.name, []), f"f{delivery.business_date}"
        relation = f'"{schema}"."{table.name}"'
        declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        self.connection.execute(f"create or replace table {relation} ({declared})")
        if rows:
            values = [
                [{OP_COLUMN: "I", "source_file": file, "source_row": n, **row}.get(name) for name in columns]
                for n, row in enumerate(rows)
            ]
            places = ", ".join("?" * len(columns))
            self.connection.executemany(f"insert into {relation} values ({places})", values)

    def _load_seeds(self) -> None:
        types = _types_of_seeds()
        for path in (PROJECT / "seeds").rglob("*.csv"):
            self._load_seed(path, types[path.stem])

    def _load_seed(self, path: Path, types: dict[str, str]) -> None:
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
        self.connection.execute(
            f"create table stg.{path.stem} as select {columns} from read_csv('{path}', all_varchar = true)"
        )
