"""What a gate found: one row per check, and the faults among them."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any, Literal

import duckdb

from expectations.check import Check
from orchestration.check_rules import Severity, remedy_for
from orchestration.errors import Fault
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.sql import Sql, fill, join, name, value
from orchestration.warehouse import transaction

Gate = Literal["fit_to_load", "fit_to_publish"]

FCT_CHECK_RESULT = name("quality", "fct_check_result")

_COLUMNS = """
    business_date date not null,
    sequence integer not null,
    gate_code varchar not null,
    table_name varchar not null,
    column_name varchar,
    check_code varchar not null,
    expectation_type varchar not null,
    severity_code varchar not null,
    is_passed boolean not null,
    checked_cnt bigint not null,
    failing_cnt bigint not null,
    limit_share decimal(9, 6),
    observed varchar,
    message varchar not null
"""


@dataclass(frozen=True)
class CheckResult:
    """One check that ran, or that should have.

    Attributes:
        expectation_type: Great Expectations' name of it; ``fact`` for what the batch report says itself.
        observed: A total or a list of tables; never a private value.
        has_run: False where the check raised or was left out, which is a failure of its own.
        file: Delivered file of the first failing row, where it is known.
    """

    check_code: str
    table_name: str
    column_name: str | None
    expectation_type: str
    severity_code: Severity
    is_passed: bool
    checked_cnt: int
    failing_cnt: int
    limit_share: Decimal | None
    observed: str | None
    message: str
    has_run: bool = True
    file: str | None = None
    row: int | None = None

    @property
    def blocks(self) -> bool:
        """Whether the gate stays shut because of it."""
        return not self.is_passed and self.severity_code != "warn"

    @property
    def is_told(self) -> bool:
        """Whether it is worth a line: it failed, or rows were refused and the limit let it through."""
        return not self.is_passed or (self.severity_code == "quarantine" and self.failing_cnt > 0)

    @property
    def fault(self) -> Fault:
        """The violation as the operator reads it."""
        return Fault(
            check_code=self.check_code,
            what=self.message,
            remedy=remedy_for(self.check_code, self.table_name or "*"),
            table=self.table_name or None,
            file=self.file,
            row=self.row,
            column=self.column_name,
        )

    @property
    def order(self) -> tuple[str, ...]:
        """Where the row stands in the table: two runs write the same bytes."""
        return self.table_name, self.check_code, self.column_name or "", self.message


def message(check: Check, checked: int, failing: int, told: str | None = None) -> str:
    """The rule's description with the counts, and what else the check tells; no value of a row."""
    about = f"{check.rule.description}, {check.detail}" if check.detail else check.rule.description
    allowed = "" if check.limit is None else f", {check.limit:f} of them allowed"
    if check.limit_rows:
        allowed += f", or {check.limit_rows}"
    if check.unit == "total" and told:
        return f"{about}: {told}"
    return f"{about}: {failing} of {checked} {check.unit}{allowed}" + (f": {told}" if told else "")


def ran(
    check: Check,
    expectation_type: str,
    checked: int,
    failing: int,
    *,
    passed: bool,
    observed: str | None = None,
    told: str | None = None,
) -> CheckResult:
    """The result of a check that ran; ``told`` goes into the message."""
    return CheckResult(
        check_code=check.check_code,
        table_name=check.table,
        column_name=check.column,
        expectation_type=expectation_type,
        severity_code=check.rule.severity_code,
        is_passed=passed,
        checked_cnt=checked,
        failing_cnt=failing,
        limit_share=check.limit,
        observed=observed,
        message=message(check, checked, failing, told),
    )


def did_not_run(check: Check, why: str) -> CheckResult:
    """The failure that stands for a check without a result: a gate never passes by leaving one out."""
    return CheckResult(
        check_code="check_not_run",
        table_name=check.table,
        column_name=check.column,
        expectation_type="none",
        severity_code="block",
        is_passed=False,
        checked_cnt=0,
        failing_cnt=0,
        limit_share=None,
        observed=None,
        message=f"{check.check_code} did not run: {why}",
        has_run=False,
    )


@dataclass(frozen=True)
class GateResult:
    """All results of one gate on one batch.

    Attributes:
        declared: Checks that the gate set out to run.
        validations: Great Expectations' own results, for its pages.
    """

    gate: Gate
    declared: int
    results: list[CheckResult]
    validations: list[Any] = field(default_factory=list, repr=False)

    @property
    def ran(self) -> int:
        """Checks that gave an answer; anything below ``declared`` is among the faults."""
        return sum(result.has_run for result in self.results)

    @property
    def faults(self) -> list[Fault]:
        """What keeps the gate shut."""
        return [result.fault for result in self.results if result.blocks]

    @property
    def warnings(self) -> list[str]:
        """What somebody should look at although the gate opens, a line each."""
        return [str(result.fault) for result in self.results if result.is_told and not result.blocks]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table of results where there is none."""
    connection.execute("create schema if not exists quality")
    connection.execute(fill("create table if not exists {table} (" + _COLUMNS + ")", table=FCT_CHECK_RESULT))


def record(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId, outcome: GateResult
) -> None:
    """Write the results: a file beside the batch's quality files, rows in the build database."""
    rows = [
        (batch.business_date, batch.sequence, outcome.gate, r.table_name, r.column_name, r.check_code,
         r.expectation_type, r.severity_code, r.is_passed, r.checked_cnt, r.failing_cnt, r.limit_share,
         r.observed, r.message)
        for r in sorted(outcome.results, key=lambda result: result.order)
    ]  # fmt: skip
    with transaction(connection):
        connection.execute(
            fill("delete from {table} where business_date = ? and gate_code = ?", table=FCT_CHECK_RESULT),
            [batch.business_date, outcome.gate],
        )
        # one statement: a hundred single ones take longer than the checks
        places = join(", ", [Sql("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")] * len(rows))
        connection.execute(
            fill("insert into {table} values {places}", table=FCT_CHECK_RESULT, places=places),
            list(chain.from_iterable(rows)),
        )
    path = private_folder(settings.quality / batch.folder) / f"{outcome.gate}.parquet"
    unfinished = path.with_suffix(".unfinished")
    connection.execute(
        fill(
            "copy (select * from {table} where business_date = {day} and gate_code = {gate} order by all) "
            "to {path} (format parquet)",
            table=FCT_CHECK_RESULT,
            day=value(batch.business_date),
            gate=value(outcome.gate),
            path=value(unfinished),
        )
    )
    unfinished.replace(path)
