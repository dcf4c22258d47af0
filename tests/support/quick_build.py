"""The build of a night without what dbt does around each model: same SQL, macros, tables and order.

dbt makes seeds, views and the tables with their contracts on the first such night of a project. A mould of
them is kept for the other warehouses of these tests, and nights only fill it. That both publish the same is
shown by ``faults/test_same_bytes.py``; dbt's tests of data run in its own nights alone.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dbt_results import NodeResult, OnNode
from orchestration.errors import BuildError
from orchestration.night import run_waiting
from orchestration.plan import Closing, Night
from orchestration.settings import Settings
from orchestration.sql import fill, name, value
from orchestration.standing import forget_standing, note_standing, project_checksum, standing
from orchestration.stations import NightResult
from orchestration.transform import WHOLE_NIGHTS_ONLY, Transform, night_variables
from orchestration.warehouse import begin_build, open_database, tables, transaction
from tests.support.macros import PROJECT, Macros, Relation, dbt_var, model_context

Node = Mapping[str, Any]


def run_quickly(settings: Settings, **options: Any) -> list[NightResult]:
    """What ``run_waiting`` does, with this build."""
    return run_waiting(settings, build_step=QuickBuild(settings), **options)


class QuickBuild:
    """Builds the nights of one warehouse in place of dbt."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._dbt = Transform(settings)
        self.manifest = self._dbt.manifest
        self._checksum = project_checksum(self.manifest, settings)
        self._mould = _Mould(self.manifest)

    def build(self, night: Night, on_node: OnNode | None = None, *, closing: Closing | None = None) -> None:
        """Fill the tables with a night."""
        if night.previous is not None and not self._stands():
            # tables of another project, or lost ones: what becomes of them is dbt's to say
            self._dbt.build(night, on_node, closing=closing)
            return
        if night.previous is None and not self._mould.exists():
            self._dbt.build(night, on_node, closing=closing)
            with open_database(self._settings) as connection:
                self._mould.take(connection)
            return
        variables = night_variables(self._settings, night, closing) | {"same_project": True}
        if night.previous is None:
            forget_standing(self._settings)
        with open_database(self._settings) as connection:
            begin_build(connection, night)
            connection.execute("set autoload_known_extensions = false")
            models = _Models(connection, self.manifest, variables, self._dbt.saved_segments())
            if night.previous is None:
                self._mould.fill(connection)
                nodes = _models_of(self.manifest)
            else:
                nodes = models.to_build(WHOLE_NIGHTS_ONLY if closing else ())
            for node in nodes:
                began = time.perf_counter()
                try:
                    with transaction(connection):
                        models.build(node)
                except duckdb.Error as error:
                    raise BuildError(f"{night.batch}: {node['name']}: {error}") from error
                if on_node is not None:
                    seconds = time.perf_counter() - began
                    on_node(NodeResult(node["unique_id"], node["name"], "success", "OK", 0, seconds))
        if night.previous is None:
            note_standing(self._settings, self._checksum)

    def _stands(self) -> bool:
        """Whether the night before was of the same project, and has left every table."""
        if standing(self._settings) != self._checksum:
            return False
        with open_database(self._settings) as connection:
            there = tables(connection)
        return all(
            (node["schema"], node["name"]) in there
            for node in _models_of(self.manifest)
            if node["config"]["materialized"] != "view"
        )


class _Mould:
    """Seeds with their rows, and empty tables, as dbt makes them on a first night; one file per project."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        said = [
            duckdb.__version__,
            sorted((key, node["checksum"], node["config"]) for key, node in manifest["nodes"].items()),
            sorted((key, macro["macro_sql"]) for key, macro in manifest["macros"].items()),
        ]
        checksum = sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        self._path = Path(tempfile.gettempdir()) / f"acrm-tests-mould-{os.getuid()}" / f"{checksum}.duckdb"
        self._schemas = sorted({node["schema"] for node in manifest["nodes"].values()})
        self._seeds = [
            (node["schema"], node["name"])
            for node in manifest["nodes"].values()
            if node["resource_type"] == "seed"
        ]
        self._tables = [
            (node["schema"], node["name"])
            for node in _models_of(manifest)
            if node["config"]["materialized"] != "view"
        ]

    def exists(self) -> bool:
        """Whether dbt has built a first night of this project for these tests."""
        return self._path.exists()

    def take(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep what dbt made."""
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        unfinished = self._path.with_suffix(f".{os.getpid()}")
        connection.execute(fill("attach {path} as mould", path=value(unfinished)))
        for schema in self._schemas:
            connection.execute(fill("create schema if not exists {schema}", schema=name("mould", schema)))
        for schema, table in (*self._seeds, *self._tables):
            self._create("mould", schema, table, _made_by(connection, schema, table), connection)
        for schema, table in self._seeds:
            _copy_rows(connection, (schema, table), ("mould", schema, table))
        connection.execute("detach mould")
        unfinished.replace(self._path)

    def fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the same in the database that is built."""
        connection.execute(fill("attach {path} as mould (read_only)", path=value(self._path)))
        here = connection.execute("select current_database()").fetchall()[0][0]
        with transaction(connection):
            for schema in self._schemas:
                connection.execute(fill("create schema if not exists {schema}", schema=name(schema)))
            for schema, table in (*self._seeds, *self._tables):
                connection.execute(fill("drop table if exists {table}", table=name(schema, table)))
                self._create(here, schema, table, _made_by(connection, schema, table, "mould"), connection)
            for schema, table in self._seeds:
                _copy_rows(connection, ("mould", schema, table), (schema, table))
        connection.execute("detach mould")

    @staticmethod
    def _create(
        database: str, schema: str, table: str, statement: str, connection: duckdb.DuckDBPyConnection
    ) -> None:
        columns = statement[statement.index("(") :]
        connection.execute(fill("create table {table}", table=name(database, schema, table)) + columns)


def _made_by(connection: duckdb.DuckDBPyConnection, schema: str, table: str, database: str = "") -> str:
    """The statement that makes a table, constraints included."""
    ((statement,),) = connection.execute(
        "select sql from duckdb_tables() where schema_name = $schema and table_name = $table"
        " and database_name = coalesce(nullif($database, ''), current_database())",
        {"schema": schema, "table": table, "database": database},
    ).fetchall()
    return str(statement)


def _copy_rows(
    connection: duckdb.DuckDBPyConnection, source: tuple[str, ...], target: tuple[str, ...]
) -> None:
    connection.execute(fill("insert into {target} from {source}", source=name(*source), target=name(*target)))


class _Models:
    """dbt's models over the build database of one night."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        manifest: Mapping[str, Any],
        variables: Mapping[str, Any],
        segments: Iterable[Mapping[str, str]],
    ) -> None:
        self._connection, self._manifest = connection, manifest
        self._relations = {
            node["name"]: Relation(f"{node['schema']}.{node['name']}") for node in manifest["nodes"].values()
        }
        sources = {
            (source["source_name"], source["name"]): f"{source['schema']}.{source['identifier']}"
            for source in manifest["sources"].values()
        }
        self._building = Relation()
        self._macros = Macros(
            model_context(
                ref=self._relations.__getitem__,
                source=lambda source, table: Relation(sources[source, table]),
                var=dbt_var(**{**variables, "saved_segments": list(segments)}),
                this=self,
            )
        )

    def __str__(self) -> str:
        """dbt's ``this``: the model that is being built."""
        return self._building

    def to_build(self, without: Iterable[str]) -> list[Node]:
        """What changes from night to night, in the order in which it can be built."""
        left = [folder.removeprefix("path:") for folder in without]
        return [
            node
            for node in _models_of(self._manifest)
            if (node["config"]["materialized"] != "view" or "night" in node["tags"])
            and not any(Path(node["original_file_path"]).is_relative_to(folder) for folder in left)
        ]

    def build(self, node: Node) -> None:
        """Write a night's rows of one model, as its materialization does."""
        relation = self._building = self._relations[node["name"]]
        sql = self._render((PROJECT / node["original_file_path"]).read_text(encoding="utf-8"))
        if node["config"]["materialized"] == "view":
            self._connection.execute(f"create or replace view {relation} as {sql}")
        elif self._macros.globals["is_first_night"]():
            self._load(node, relation, sql)
        elif node["config"]["materialized"] == "table":
            # dbt makes the table anew: with the same columns, and the same rows
            self._connection.execute(f"delete from {relation}; insert into {relation} by name {sql}")
        else:
            self._take_night(node, relation, sql)
        for hook in node["config"]["post-hook"]:
            self._connection.execute(self._render(hook["sql"]))

    def _load(self, node: Node, relation: Relation, sql: str) -> None:
        """The first night's rows, in portions of months where the model says so."""
        meta, portions = node["config"]["meta"], []
        if meta.get("month_by_month"):
            calendar = self._relations["int_calendar__open_months"]
            portions = self._connection.execute(
                f"select distinct portion from {calendar} order by 1 nulls last"
            ).fetchall()
        for (portion,) in portions or [(None,)]:
            if portion is not None:
                self._connection.execute(f"set variable loaded_portion = {portion}")
            self._connection.execute(f"insert into {relation} by name {sql}")
        if portions:
            self._connection.execute("reset variable loaded_portion")
        if meta.get("carried") == "released":
            self._connection.execute(str(self._macros.globals["put_back_released"](relation, is_empty=True)))

    def _take_night(self, node: Node, relation: Relation, sql: str) -> None:
        meta = node["config"]["meta"]
        if meta["carried"] == "released" and not self._is_as_released():
            self._connection.execute(str(self._macros.globals["put_back_released"](relation)))
        statements = self._macros.globals["take_night"](relation, meta["carried"], meta.get("grain"), sql)
        self._connection.execute(str(statements))

    def _is_as_released(self) -> bool:
        row = self._connection.execute("select is_in_sync from pipeline.confirmation").fetchone()
        return bool(row and row[0])

    def _render(self, text: str) -> str:
        return self._macros.environment.from_string(text, globals=self._macros.globals).render()


def _models_of(manifest: Mapping[str, Any]) -> list[Node]:
    """All models, each after those that it reads."""
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    reads = {
        key: [other for other in node["depends_on"]["nodes"] if other in nodes] for key, node in nodes.items()
    }
    return [nodes[key] for key in TopologicalSorter(reads).static_order()]
