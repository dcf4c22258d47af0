"""dbt's models run in memory, without dbt: a night costs milliseconds, so that properties can be tested.

What dbt does around a model's SQL (refs, variables, how its rows are written) is done here in a few lines;
that the models do the same under dbt is what the golden bank, the generated bank and
``stories/test_month_seam.py`` show.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import duckdb
import yaml
from jinja2 import Template

from tests.support.macros import PROJECT, Macros, Relation, model_context

_NOBODY_IS_MERGED = {
    "int_customer__survivor": "customer_id varchar, survivor_id varchar, golden_id varchar,"
    " customer_type_code varchar, first_open_date date, told_date date",
    "int_customer__newly_merged": "customer_id varchar",
}
"""Where nearly every model looks whether somebody is merged with another."""


@cache
def columns_of(mart: str) -> dict[str, dict[str, Any]]:
    """A mart's columns by name, as its YAML declares them."""
    (path,) = (PROJECT / "models" / "marts").rglob(f"{mart}.yml")
    (model,) = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["models"]
    return {column["name"]: column for column in model["columns"]}


@cache
def _broken_by(mart: str) -> str:
    """Which rows the constraints of a mart's columns refuse, as a condition."""
    refused = []
    for name, column in columns_of(mart).items():
        for constraint in column.get("constraints", []):
            refused.append(
                f"{name} is null" if constraint["type"] == "not_null" else f"not ({constraint['expression']})"
            )
    return " or ".join(refused)


class Models:
    """Some models of the project over one connection.

    Args:
        names: The models, in the order in which they are built. What else they refer to has to be there as a
            table ``stg.<name>``; of sources, ``<source>.<table>``.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
        self.connection = connection
        self._paths = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
        self.names = list(names)
        self.config: dict[str, dict[str, Any]] = {}
        self._variables: dict[str, str] = {}
        self._building = ""
        self._macros = Macros(
            model_context(
                ref=self.relation,
                config=self._note,
                var=lambda name, default=None: self._variables.get(name, default),
                is_incremental=lambda: self._exists(self._building),
                this=self,
            )
        )
        self._templates: dict[str, Template] = {
            name: self._macros.environment.from_string(
                self._paths[name].read_text(encoding="utf-8"), globals=self._macros.globals
            )
            for name in self.names
        }
        for schema in sorted({self._schema(name) for name in self.names} | {"stg"}):
            connection.execute(f"create schema if not exists {schema}")
        for name, columns in _NOBODY_IS_MERGED.items():
            if name not in self.names:
                connection.execute(f"create table if not exists stg.{name} ({columns})")

    def __str__(self) -> str:
        """dbt's ``this``: the model that is being built."""
        return self.relation(self._building)

    def relation(self, name: str) -> Relation:
        """Where a model's rows are."""
        return Relation(f"{self._schema(name)}.{name}" if name in self.names else f"stg.{name}")

    def build(self, without: Iterable[str] = (), **variables: str) -> None:
        """Build all models once, as the night that the variables say.

        Args:
            without: Folders, as dbt selects them, whose models are left as they are.
        """
        self._variables = variables
        left = [PROJECT / folder.removeprefix("path:") for folder in without]
        for name in self.names:
            if not any(self._paths[name].is_relative_to(folder) for folder in left):
                self._build(name)

    def _schema(self, name: str) -> str:
        folders = self._paths[name].relative_to(PROJECT / "models").parts
        return folders[1] if folders[0] == "marts" else folders[0]

    def _note(self, **config: object) -> str:
        self.config[self._building] = config
        return ""

    def _exists(self, name: str) -> bool:
        """Whether it is there as a table. Asking DuckDB's catalogue costs more than most models."""
        if self.config.get(name, {}).get("materialized") == "view":
            return False
        try:
            self.connection.execute(f"select 1 from {self.relation(name)} limit 0")
        except duckdb.CatalogException:
            return False
        return True

    def _build(self, name: str) -> None:
        self._building = name
        query, relation = self._templates[name].render(), self.relation(name)
        config = self.config.setdefault(name, {})
        is_mart = self._paths[name].relative_to(PROJECT / "models").parts[0] == "marts"
        stored = config.get("materialized", "incremental" if is_mart else "table")
        kind = config.get("meta", {}).get("carried")
        if stored == "view":
            self.connection.execute(f"create or replace view {relation} as {query}")
        elif stored == "table" or not self._exists(name) or not self._variables["previous_business_date"]:
            self.connection.execute(f"create or replace table {relation} as {query}")
            if kind == "released":
                self.connection.execute(self._macro("put_back_released", relation, is_empty=True))
        else:
            self.connection.execute(
                self._macro("take_night", relation, kind, config["meta"].get("grain"), query)
            )
        if "post_hook" in config:
            hook = self._macros.environment.from_string(config["post_hook"], globals=self._macros.globals)
            self.connection.execute(hook.render())
        if is_mart and stored != "view":
            self._assert_promises(name, config["meta"].get("grain", []))

    def _assert_promises(self, mart: str, grain: Iterable[str]) -> None:
        """What dbt's contract and gate 2 hold of a mart: the constraints of its columns, one row by key."""
        row = self.connection.execute(
            f"select * from {self.relation(mart)} where {_broken_by(mart)} limit 1"
        ).fetchone()
        assert row is None, f"{mart}: {row} is against {_broken_by(mart)}"
        keys = ", ".join(grain)
        twice = self.connection.execute(
            f"select {keys} from {self.relation(mart)} group by {keys} having count(*) > 1 limit 1"
        ).fetchone()
        assert twice is None, f"{mart}: two rows of {keys} = {twice}"

    def _macro(self, name: str, *arguments: object, **named: object) -> str:
        return str(self._macros.globals[name](*arguments, **named))
