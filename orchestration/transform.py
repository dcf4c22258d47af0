"""dbt, run in this process: one parse for any number of nights, one build per night."""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.dbt_results import BuildLog, NodeResult, OnNode, failure_lines, finished_node
from orchestration.errors import BuildError
from orchestration.plan import Closing, Night
from orchestration.project import check_project
from orchestration.segments.saved import columns_of_manifest, segments_of_a_night
from orchestration.settings import PROJECT, Settings, private_folder
from orchestration.standing import CHANGING, forget_standing, note_standing, project_checksum, standing
from orchestration.warehouse import begin_build, open_database, shown_night

_LOG = logging.getLogger(__name__)

WHOLE_NIGHTS_ONLY = (
    "path:models/intermediate/sales",
    "path:models/marts/sales/ledger",
    "path:models/intermediate/confirmation",
    "path:models/marts/customer_value/confirmation",
    "path:models/intermediate/segment",
    "path:models/intermediate/event",
    "path:models/marts/monitoring/event",
    "path:models/marts/workbench",
)
"""What no closing builds: on business dates sales are credited, events told, members of saved segments looked
for; nights confirm."""

_NAMES_OF_A_WAREHOUSE = {
    "ACRM_DATABASE": "warehouse.duckdb",
    "ACRM_MEMORY_LIMIT": "6GB",
    "ACRM_THREADS": "2",
}
"""What a parse is told instead of a warehouse's own; nothing in the project depends on it."""


def night_variables(settings: Settings, night: Night, closing: Closing | None = None) -> dict[str, str]:
    """The variables that make a build that of one night; the same for every way to start dbt.

    Args:
        closing: The month to close before the night, instead of the night itself.
    """
    return {
        "night": str(night),
        "business_date": str(closing.day if closing else night.batch.business_date),
        "previous_business_date": str((closing.previous if closing else night.previous_day) or ""),
        "previous_batch_date": str((closing.previous_batch if closing else night.previous) or ""),
        "next_batch_date": str((closing and closing.told_by) or night.batch.business_date),
        "is_closing": "true" if closing and closing.own is None else "",
        "reporting_currency": settings.bank.reporting_currency,
        "time_zone": settings.bank.time_zone,
        "rulebook": settings.bank.rulebook,
        "contribution": settings.bank.contribution,
    }


def build_arguments(
    settings: Settings,
    night: Night,
    changing: Sequence[str] = (),
    closing: Closing | None = None,
    segments: Sequence[Mapping[str, str]] = (),
) -> list[str]:
    """The arguments of dbt for one night. Unit tests run with the test suite, not every night.

    Args:
        changing: What to build if the project is that of the night before; everything if there is nothing.
        closing: The month to close before the night, instead of the night itself.
        segments: The saved segments, each with its condition as SQL.
    """
    variables: dict[str, Any] = {**night_variables(settings, night, closing)}
    if segments:
        variables["saved_segments"] = segments
    if changing:
        variables["same_project"] = True
    return [
        "build",
        *(["--select", *changing] if changing else []),
        # of tests, those whose models are all built
        *(["--exclude", *WHOLE_NIGHTS_ONLY, "--indirect-selection", "buildable"] if closing else []),
        "--exclude-resource-type",
        "unit_test",
        "--vars",
        json.dumps(variables),
    ]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Environment variables that point dbt at this warehouse and keep it from calling home."""
    return {
        "ACRM_DATABASE": str(settings.database),
        "ACRM_MEMORY_LIMIT": settings.bank.memory_limit,
        "ACRM_THREADS": str(settings.bank.threads),
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(private_folder(settings.dbt_target)),
        "DBT_LOG_PATH": str(private_folder(settings.dbt_logs)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_QUIET": "true",
        # what failed, without every statement: those are in the target folder
        "DBT_LOG_LEVEL_FILE": "info",
        "DO_NOT_TRACK": "1",
    }


class Transform:
    """dbt for one warehouse: parses the project once and builds any number of nights."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        os.environ.update(dbt_environment(settings))
        # dbt takes seconds to import: only where it is used
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        self._runner = dbtRunner
        self._connections = DuckDBConnectionManager
        self._parsed = _parsed_project()
        self.manifest: Mapping[str, Any] = self._parsed.writable_manifest().to_dict(omit_none=False)
        self._checksum = project_checksum(self.manifest, settings)

    def build(self, night: Night, on_node: OnNode | None = None, *, closing: Closing | None = None) -> None:
        """Build and test all models of one night, or those that close a month before it.

        Raises:
            BuildError: A model failed, or a test did; the message names each.
        """
        nodes: list[NodeResult] = []
        log = BuildLog(self._settings.dbt_logs / "dbt.log")

        def report(event: Any) -> None:  # noqa: ANN401 - dbt's events have no common type
            log.note(event)
            node = finished_node(event)
            if node is not None:
                nodes.append(node)
                if on_node is not None:
                    on_node(node)

        # seeds and most views stand since a night before, unless anything in the project has changed
        stand = standing(self._settings) == self._checksum
        changing = CHANGING if stand else ()
        if not stand:
            # a build that is cut off leaves some of the new and some of the old
            forget_standing(self._settings)
        with open_database(self._settings) as connection:
            begin_build(connection, night)
        try:
            arguments = build_arguments(self._settings, night, changing, closing, self.saved_segments())
            # artefacts take a second and nobody reads them; events go to `report`
            outcome = self._runner(manifest=self._parsed, callbacks=[report]).invoke(
                [*arguments, "--no-write-json", "--log-level", "none", "--log-level-file", "none"]
            )
        finally:
            log.close()
            # dbt keeps its last connection, and with it the file
            self._connections.close_all_connections()
        if isinstance(outcome.exception, Exception):
            raise BuildError(f"dbt stopped: {outcome.exception}") from outcome.exception
        if outcome.exception is not None:
            # whoever interrupts the run has to know that it ended for that
            raise outcome.exception
        if not outcome.success:
            lines = "\n".join(failure_lines(nodes, self.manifest, self._settings))
            raise BuildError(
                f"{night.batch}: the models cannot be built. Nothing was published.\n{lines}\n"
                f"dbt's log is {self._settings.dbt_logs / 'dbt.log'}."
            )
        if not stand and closing is None:
            note_standing(self._settings, self._checksum)

    def saved_segments(self) -> tuple[dict[str, str], ...]:
        """The segments that people saved, as a night is told of them; what is refused is logged."""
        night = segments_of_a_night(self._settings, columns_of_manifest(self.manifest))
        for refusal in night.refused:
            _LOG.warning("saved segment left as it was: %s", refusal)
        return night.segments

    def by_hand(self, arguments: Sequence[str]) -> bool:
        """Run any command of dbt where the environment points it; whether it succeeded."""
        try:
            return bool(self._runner(manifest=self._parsed).invoke(list(arguments)).success)
        finally:
            self._connections.close_all_connections()

    def write_docs(self) -> Path:
        """Write dbt's documentation site, as one page that needs no server; returns it.

        Raises:
            BuildError: dbt could not; a night has to have run before.
        """
        with open_database(self._settings) as connection:
            night = shown_night(connection)
        if night is None:
            raise BuildError("There is nothing to describe: no night has run yet. Run `acrm run` first.")
        variables = json.dumps(night_variables(self._settings, night))
        try:
            outcome = self._runner(manifest=self._parsed).invoke(
                ["docs", "generate", "--static", "--vars", variables]
            )
        finally:
            self._connections.close_all_connections()
        page = self._settings.dbt_target / "static_index.html"
        if not outcome.success or not page.exists():
            raise BuildError(f"dbt cannot write its documentation: {outcome.exception or 'see its log'}.")
        return page


def forget_other_places() -> None:
    """Have dbt parse anew where it kept a parse of the project in another folder.

    A seed that has not changed keeps the folder of the parse that first saw it, and dbt would read it there.
    """
    folder = Path(os.environ["DBT_TARGET_PATH"])
    note = folder / "project_folder"
    if not note.exists() or note.read_text(encoding="utf-8") != str(PROJECT):
        (folder / "partial_parse.msgpack").unlink(missing_ok=True)
        note.write_text(str(PROJECT), encoding="utf-8")


@contextmanager
def _any_warehouse() -> Iterator[None]:
    """Name the same database for every warehouse while dbt parses: it parses anew for another one."""
    named = {name: os.environ[name] for name in _NAMES_OF_A_WAREHOUSE}
    try:
        os.environ |= _NAMES_OF_A_WAREHOUSE
        yield
    finally:
        os.environ.update(named)


@cache
def _parsed_project() -> Any:  # noqa: ANN401 - dbt has no stable type for it
    """The project as dbt reads it, once per process; nothing in it depends on the warehouse."""
    from dbt.cli.main import dbtRunner

    forget_other_places()
    with _any_warehouse():
        # nobody reads the files that it would write
        parsed = dbtRunner().invoke(["parse", "--no-write-json"])
    if not parsed.success:
        raise BuildError(f"dbt cannot read the project: {parsed.exception}")
    check_project(parsed.result.writable_manifest().to_dict(omit_none=False))
    return parsed.result
