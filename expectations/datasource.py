"""Great Expectations on the build database: engine, datasource, and the expectation that suites use.

Importing this takes some ten seconds, because it imports Great Expectations; the gates do it late.
"""

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Literal

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value
from great_expectations.render.components import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
)
from great_expectations.render.renderer.renderer import renderer

from expectations.check import Check, FailingRows, RowCount, Suite
from expectations.results import CheckResult, did_not_run, ran
from orchestration.interrupts import raise_if_interrupted

# Great Expectations tells of its temporary folders, in a module that sets its own level
for _told in ("great_expectations", "great_expectations.data_context.types.base"):
    logging.getLogger(_told).setLevel(logging.WARNING)

# what DuckDB says about the query itself; its other errors may quote a value
_ABOUT_QUERY = re.compile(r"(?:Binder|Catalog|Parser) Error: .*")
_EXCEPTION = {
    "raised_exception": True,
    "exception_message": "The check raised an exception; its text may quote a value and is left out.",
    "exception_traceback": "",
}

# counts only: nothing of a row reaches a result or a page
_RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}


class BorrowedConnection(ConnectionWrapper):
    """The gate's own connection, with its temporary tables; whoever opened it closes it."""

    def close(self) -> None:
        """Leave the connection open."""


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Keeps one connection: handing it back before its rows are read would discard them in DuckDB."""

    _connection: sa.Connection | None = None

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """The connection of all queries."""
        if self._connection is None or self._connection.closed:
            self._connection = self.engine.connect()
        yield self._connection


_Engine = type[DuckDBExecutionEngine]


class DuckDBDatasource(SQLDatasource):
    """Registers itself as ``add_or_update_duckdb``."""

    type: Literal["duckdb"] = "duckdb"

    def test_connection(self, test_assets: bool = True) -> None:
        """Nothing to test: the connection is open, and a relation that is missing fails its suite alone."""

    @property
    def execution_engine_type(self) -> _Engine:
        """The engine that Great Expectations builds for it."""
        return DuckDBExecutionEngine


class FailingRowsCounts(MetricProvider):
    """Rows checked and rows failing, counted by one query in the database."""

    metric_name = "failing_rows.counts"
    domain_keys = ("batch_id",)
    value_keys = ("query",)

    @metric_value(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it as a class method
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> list[Any]:
        # a colon would begin a parameter
        query = sa.text(metric_value_kwargs["query"].replace(":", r"\:"))
        row = execution_engine.execute_query(query).fetchone()
        checked, failing, *texts = row
        if checked is None or failing is None:
            raise ValueError("the query of the check gives no counts")
        observed, told = [*texts, None, None][:2]
        return [int(checked), int(failing), observed, told]


class ExpectFailingRowsWithinLimit(BatchExpectation):
    """At most the allowed share of rows fails.

    Args:
        claim: What is expected, for the pages.
        query: One row: rows checked, rows failing, and as options a text to keep and one for the message.
        limit_share: Share of failing rows that is let through, as text; exact.
        limit_rows: Failing rows that are let through even where the share would be fewer.
    """

    claim: str
    query: str
    limit_share: str = "0"
    limit_rows: int = 0

    metric_dependencies: ClassVar[tuple[str, ...]] = ("failing_rows.counts",)
    success_keys: ClassVar[tuple[str, ...]] = ("query", "limit_share", "limit_rows")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: SqlAlchemyExecutionEngine | None = None,
    ) -> dict[str, Any]:
        checked, failing, observed, told = metrics["failing_rows.counts"]
        return {
            "success": failing <= max(checked * Decimal(self.limit_share), self.limit_rows),
            "result": {
                "element_count": checked,
                "unexpected_count": failing,
                "unexpected_percent": 100 * failing / checked if checked else 0,
                "observed_value": observed,
                "details": {"told": told},
            },
        }

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: ExpectationConfiguration,
        result: ExpectationValidationResult | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> list[RenderedStringTemplateContent]:
        return [_text(configuration.kwargs["claim"])]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.OBSERVED_VALUE)
    def _diagnostic_observed_value_renderer(
        cls,
        configuration: ExpectationConfiguration | None = None,
        result: ExpectationValidationResult | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> str:
        found = result.result if result is not None else {}
        return f"{found['unexpected_count']:,} of {found['element_count']:,}" if found else "did not run"


class Validator:
    """Runs suites on one open build database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, suites: Sequence[Suite]) -> None:
        # all relations at once: each call writes the whole configuration as YAML
        assets = {
            suite.name: {
                "type": "table",
                "name": suite.name,
                "schema_name": suite.schema,
                "table_name": suite.table,
            }
            for suite in suites
        }
        # Great Expectations would rather have the schema in the connection; here one connection has many
        warnings.filterwarnings("ignore", message="`schema_name` is deprecated", category=DeprecationWarning)
        # autocommit: a query that fails does not take the following ones with it
        self._datasource = _context().data_sources.add_or_update_duckdb(
            "build",
            connection_string="duckdb://",
            assets=list(assets.values()),
            kwargs={
                "creator": lambda: BorrowedConnection(connection),
                "poolclass": sa.StaticPool,
                "isolation_level": "AUTOCOMMIT",
            },
        )

    def close(self) -> None:
        """Let go of the database; the connection itself stays with its owner."""
        self._datasource.get_execution_engine().close()
        self._datasource.get_engine().dispose()

    def run(self, suite: Suite) -> tuple[list[CheckResult], ExpectationSuiteValidationResult | None]:
        """Run a suite; a check without an answer counts as a failure."""
        try:
            validation = self._validate(suite)
        except Exception as error:
            raise_if_interrupted()
            # whatever else went wrong, none of the checks has an answer
            return [did_not_run(check, type(error).__name__) for check in suite.checks], None
        raise_if_interrupted()
        answers = {result.expectation_config.meta["check"]: result for result in validation.results}
        results = [_result(check, answers.get(number)) for number, check in enumerate(suite.checks)]
        for answer in filter(_raised, validation.results):
            answer.exception_info = _EXCEPTION
        return results, validation

    def _validate(self, suite: Suite) -> ExpectationSuiteValidationResult:
        asset = self._datasource.get_asset(suite.name)
        expectations = [_expectation(check, number) for number, check in enumerate(suite.checks)]
        batch = asset.get_batch(asset.build_batch_request())
        return batch.validate(
            gx.ExpectationSuite(suite.name, expectations=expectations), result_format=_RESULT_FORMAT
        )


@cache
def _context() -> Any:  # noqa: ANN401
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


def _expectation(check: Check, number: int) -> gxe.Expectation:
    common = {
        "meta": {"check": number, "check_code": check.check_code},
        "severity": "warning" if check.rule.severity_code == "warn" else "critical",
    }
    match check:
        case RowCount():
            return gxe.ExpectTableRowCountToBeBetween(min_value=check.least, max_value=check.most, **common)
        case FailingRows():
            return ExpectFailingRowsWithinLimit(
                claim=_claim(check),
                query=check.query,
                limit_share=str(check.limit or 0),
                limit_rows=check.limit_rows,
                **common,
            )
        case _:
            raise TypeError(f"no expectation for {type(check).__name__}")


def _claim(check: Check) -> str:
    share = f"At most {check.limit:f}" if check.limit else "None"
    if check.limit_rows:
        share += f", or {check.limit_rows}"
    place = f"{check.column}, {check.check_code}" if check.column else check.check_code
    detail = f", {check.detail}" if check.detail else ""
    return f"{share} of the {check.unit}: {check.rule.description}{detail} ({place})"


def _text(content: str) -> RenderedStringTemplateContent:
    template = {"template": "$content", "params": {"content": content}, "styling": {}}
    return RenderedStringTemplateContent(content_block_type="string_template", string_template=template)


def _result(check: Check, answer: ExpectationValidationResult | None) -> CheckResult:
    if answer is None:
        return did_not_run(check, "it gave no result")
    if _raised(answer):
        about_query = _ABOUT_QUERY.search(str(answer.exception_info).replace("\\n", "\n"))
        return did_not_run(check, about_query[0] if about_query else "it raised an exception")
    expectation_type, found = answer.expectation_config.type, answer.result
    if isinstance(check, RowCount):
        checked = int(found["observed_value"])
        compared = f"{check.least} wanted" if check.before is None else f"{check.before} the night before"
        told = f"{checked} rows, {compared}"
        failing = int(not answer.success)
        return ran(check, expectation_type, checked, failing, passed=answer.success, told=told)
    return ran(
        check,
        expectation_type,
        found["element_count"],
        found["unexpected_count"],
        passed=answer.success,
        observed=found["observed_value"],
        told=found["details"]["told"],
    )


def _raised(answer: ExpectationValidationResult) -> bool:
    """Whether the expectation ended in an exception, which GX files per expectation or per metric."""
    found = answer.exception_info or {}
    infos = [found] if "raised_exception" in found else list(found.values())
    return any(info["raised_exception"] for info in infos)
