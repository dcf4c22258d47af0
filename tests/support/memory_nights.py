"""Whole nights of a test bank in memory: all models that some marts need, without files or dbt."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from contract.model import OP_COLUMN, Table, load_contract
from orchestration.closing import EVENT_DATES
from orchestration.transform import WHOLE_NIGHTS_ONLY
from orchestration.warehouse import show_no_closing
from tests.support.bank import Bank, Delivery
from tests.support.models import PROJECT, Models
from tests.support.timeline import month_end, month_start

_REF = re.compile(r"""ref\(\s*['"](\w+)['"]\s*\)""")


def needed_for(marts: Iterable[str]) -> list[str]:
    """The marts and every model that they are made of, in the order in which they can be built."""
    paths = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
    order: list[str] = []

    def visit(name: str) -> None:
        if name in paths and name not in order:
            for other in _REF.findall(paths[name].read_text(encoding="utf-8")):
                visit(other)
            order.append(name)

    for mart in marts:
        visit(mart)
    return order


@cache
def _types_of_seeds() -> dict[str, dict[str, str]]:
    """Names and types of the columns of every seed."""
    return {
        seed["name"]: seed["config"]["column_types"]
        for path in (PROJECT / "seeds").rglob("*.yml")
        for seed in yaml.safe_load(path.read_text(encoding="utf-8")).get("seeds", [])
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
        variables: dbt's variables, where they are not the defaults.
    """

    def __init__(self, marts: Iterable[str], **variables: str) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.models = Models(self.connection, needed_for(marts))
        defaults = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
        self._variables = {**defaults, **variables}
        self._done: list[Delivery] = []
        self._load_seeds()
        self.connection.execute("create schema core_banking; create schema pipeline")
        self.connection.execute("create table pipeline.rejected_row (table_name varchar, row_key varchar)")
        # months that end without a batch are closed by whole nights alone; what is told later of one that has
        # a batch on its last day is added here, too
        show_no_closing(self.connection)
        # every night keeps its state
        self.connection.execute("create table pipeline.night (business_date date, has_state boolean)")

    def run_all(self, bank: Bank) -> "MemoryNights":
        """Run every night of the bank."""
        for delivery in bank.deliveries():
            self.run(delivery)
        return self

    def run(self, delivery: Delivery) -> None:
        """Run one night, after those before it."""
        if self._done and told_later(delivery, self._done[-1]):
            last, before = self._done[-1], self._done[-2:-1]
            self._build(with_told_later(delivery, last), before[0] if before else None, is_closing=True)
        self._build(
            without_told_later(delivery, self._done[-1]) if self._done else delivery,
            self._done[-1] if self._done else None,
        )
        self._done.append(delivery)
        self.connection.execute("insert into pipeline.night values (?, true)", [delivery.business_date])

    def _build(self, delivery: Delivery, before: Delivery | None, *, is_closing: bool = False) -> None:
        previous = str(before.business_date if before else "")
        for table in load_contract().tables:
            self._show(table, delivery)
        self.connection.execute(
            "create or replace table pipeline.delivered_table (table_name varchar, load_code varchar)"
        )
        self.connection.executemany(
            "insert into pipeline.delivered_table values (?, ?)", list(delivery.loads.items())
        )
        self.models.build(
            **self._variables
            | {
                "business_date": str(delivery.business_date),
                "previous_business_date": previous,
                "previous_batch_date": previous,
            },
            without=WHOLE_NIGHTS_ONLY if is_closing else (),
        )

    def query(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows of a query, as a published warehouse gives them."""
        cursor = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _show(self, table: Table, delivery: Delivery) -> None:
        columns = {column.name: load_contract().lake_type(column) for column in table.columns}
        if table.kind == "D":
            columns[OP_COLUMN] = "varchar"
        columns |= {"source_file": "varchar", "source_row": "bigint"}
        rows = delivery.tables.get(table.name, [])
        relation = f"core_banking.{table.name}"
        declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        self.connection.execute(f'create or replace table core_banking."{table.name}" ({declared})')
        if rows:
            values = [
                [{OP_COLUMN: "I", "source_file": "f", "source_row": n, **row}.get(name) for name in columns]
                for n, row in enumerate(rows)
            ]
            places = ", ".join("?" * len(columns))
            quoted = relation.replace(f".{table.name}", f'."{table.name}"')
            self.connection.executemany(f"insert into {quoted} values ({places})", values)

    def _load_seeds(self) -> None:
        types = _types_of_seeds()
        for path in (PROJECT / "seeds").rglob("*.csv"):
            self._load_seed(path, types[path.stem])

    def _load_seed(self, path: Path, types: dict[str, str]) -> None:
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
        self.connection.execute(
            f"create table stg.{path.stem} as select {columns} from read_csv('{path}', all_varchar = true)"
        )
