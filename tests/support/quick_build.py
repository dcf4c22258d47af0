"""The build of a night without what dbt does around each model: same SQL, macros, tables and order.

A night on a warehouse of another project, and the first one, are dbt's own: it makes seeds, views and the
tables with their contracts. Nights after it only fill them. That both publish the same bytes is shown by
``faults/test_same_bytes.py``; dbt's tests of data run in its own nights alone.
"""

import time
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.dbt_results import NodeResult, OnNode
from orchestration.errors import BuildError
from orchestration.night import NightResult, run_waiting
from orchestration.plan import Closing, Night
from orchestration.settings import Settings
from orchestration.standing import project_checksum, standing
from orchestration.transform import WHOLE_NIGHTS_ONLY, Transform, night_variables
from orchestration.warehouse import begin_build, open_database, tables, transaction
from tests.support.macros import Macros
from tests.support.models import PROJECT, Relation

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

    def build(self, night: Night, on_node: OnNode | None = None, *, closing: Closing | None = None) -> None:
        """Fill the tables with a night; whatever is not an ordinary night is left to dbt."""
        if night.previous is None or not self._stands():
            self._dbt.build(night, on_node, closing=closing)
            return
        variables = night_variables(self._settings, night, closing) | {"same_project": True}
        with open_database(self._settings) as connection:
            begin_build(connection, night)
            connection.execute("set autoload_known_extensions = false")
            models = _Models(connection, self.manifest, variables, self._dbt.saved_segments())
            for node in models.to_build(WHOLE_NIGHTS_ONLY if closing else ()):
                began = time.perf_counter()
                try:
                    with transaction(connection):
                        models.build(node)
                except duckdb.Error as error:
                    raise BuildError(f"{night.batch}: {node['name']}: {error}") from error
                if on_node is not None:
                    seconds = time.perf_counter() - began
                    on_node(NodeResult(node["unique_id"], node["name"], "success", "OK", 0, seconds))

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
        known = _defaults() | dict(variables) | {"saved_segments": list(segments)}
        self._building = Relation()
        self._macros = Macros(
            {
                "ref": self._relations.__getitem__,
                "source": lambda schema, table: Relation(f"{schema}.{table}"),
                "config": lambda **_: "",
                "var": lambda name, default=None: known.get(name, default),
                "execute": True,
                "is_incremental": lambda: True,
                "this": self,
            }
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
        elif node["config"]["materialized"] == "table":
            # dbt makes the table anew: with the same columns, and the same rows
            self._connection.execute(f"delete from {relation}; insert into {relation} by name {sql}")
        else:
            self._take_night(node, relation, sql)
        for hook in node["config"]["post-hook"]:
            self._connection.execute(self._render(hook["sql"]))

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


@cache
def _defaults() -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"])
