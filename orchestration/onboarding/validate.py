"""Tells what a run would say of a delivery, and loads nothing: for ``acrm validate FOLDER``.

The batch is read and judged by the very code of a night, in a folder of its own that goes at the end. What
the warehouse knows of earlier nights is read, never written. Earlier batches that wait for their own run are
known by their manifests: that they come is counted on, what is in them is not read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from orchestration.check_rules import Severity, rule_for, rules_of
from orchestration.errors import BadBatchError, ExitCode, Fault
from orchestration.ingestion.ingest import OnTable, Read, read_batch
from orchestration.ingestion.lake import BatchReport, admit
from orchestration.ingestion.landing import batch_of, name_fault
from orchestration.ingestion.manifest import MANIFEST, file_digest, read_manifest
from orchestration.judging import judge_batch, require_earlier_batches
from orchestration.onboarding.mending import mended_by_hand, referred_tables
from orchestration.onboarding.workshop import show_standing, workshop
from orchestration.plan import Night
from orchestration.settings import BatchId, Settings
from orchestration.waiting import batches_before, never_taken, not_yet_built
from orchestration.warehouse import open_database, prepare_night

if TYPE_CHECKING:
    from expectations.results import CheckResult

_ORDER: tuple[Severity, ...] = ("block", "quarantine", "warn")
_OF_WHOLE_TABLES = {"row_count", "control_sum", "file_extra", "manifest_table_unknown"}
"""Faults after which the rows are still those that were sent, so that the checks across tables make sense."""


@dataclass(frozen=True)
class Finding:
    """One line of what was found: all rows of a table that break a rule in a column are one.

    Attributes:
        severity: What it would do to the batch.
        fault: The first place where it was found.
        count: Rows concerned; 1 for a fault of a file or a whole table.
        follows: Tables of which rows were refused, so that this may be nothing but a consequence.
    """

    severity: Severity
    fault: Fault
    count: int = 1
    follows: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.severity} · {self.fault}"


@dataclass(frozen=True)
class TableCount:
    """Rows of one table: delivered, and how many of them a run would load."""

    delivered: int
    loaded: int


@dataclass(frozen=True)
class Validation:
    """What a run would say of a delivery.

    Attributes:
        batch: The delivery; None if its manifest does not tell.
        findings: Blocking ones first.
        tables: What would be loaded, by table.
        is_whole: Whether all checks were made; not where a table could not be read, or earlier batches wait.
        waiting: Earlier batches that a run would take first. Checks that rest on them were not made.
        exit_code: What the run would return.
    """

    batch: BatchId | None
    findings: list[Finding]
    tables: dict[str, TableCount] = field(default_factory=dict)
    is_whole: bool = False
    waiting: int = 0
    exit_code: ExitCode = ExitCode.OK

    def as_json(self) -> str:
        """The same for programs."""
        content: dict[str, Any] = {
            "business_date": self.batch and str(self.batch.business_date),
            "sequence": self.batch and self.batch.sequence,
            "exit_code": int(self.exit_code),
            "all_checks_made": self.is_whole,
            "earlier_batches_waiting": self.waiting,
            "findings": [
                {
                    "severity": one.severity,
                    "count": one.count,
                    "may_follow_from": list(one.follows),
                    **vars(one.fault),
                }
                for one in self.findings
            ],
            "tables": {table: vars(count) for table, count in self.tables.items()},
        }
        return json.dumps(content, ensure_ascii=False, indent=1)


def validate_folder(folder: Path, settings: Settings, on_table: OnTable | None = None) -> Validation:
    """Read and judge a delivery as the next run would.

    Args:
        folder: Holds the manifest and its files; in landing or anywhere else.
        settings: The warehouse that it is for, and the bank's choices.
        on_table: Told of progress.

    Raises:
        BusyError: A run is writing, so that what is known of earlier nights cannot be read.
    """
    folder = folder.absolute()
    misnamed = name_fault(folder)
    named = [] if misnamed is None else [misnamed]
    try:
        manifest = read_manifest(folder, batch_of(folder))
    except BadBatchError as error:
        return _refused_whole(None, [*named, *error.faults])
    batch = BatchId(manifest.business_date, manifest.sequence)
    never = never_taken(settings, batch, file_digest(folder / MANIFEST))
    if never is not None:
        return Validation(batch, _of_faults([*named, never]), exit_code=ExitCode.BAD_BATCH)
    before = batches_before(settings, batch)
    waiting = not_yet_built(settings, before)
    night = Night(batch, max((known.business_date for known in before), default=None))
    with rules_of(batch.business_date), workshop(settings, folder, batch, waiting) as own:
        try:
            read = read_batch(own, batch, on_table)
        except BadBatchError as error:
            return _refused_whole(batch, [*named, *error.faults])
        faults = [*named, *read.faults]
        is_readable = all(fault.check_code in _OF_WHOLE_TABLES for fault in faults)
        told: list[Finding] = _of_report(read.report)
        late: list[Fault] = []
        if is_readable:
            told, late = _judged(settings, own, night, read, asks_gate=not waiting)
        refused = _refused(own.quarantine / batch.folder)
        rows = [_of_rows(found, read.report) for found in _grouped(refused)]
        failed = _of_faults([*faults, *late])
    # the share of refused rows is told with the rows
    counted = {(one.fault.table, one.fault.check_code) for one in rows}
    told = [one for one in told if (one.fault.table, one.fault.check_code) not in counted]
    counts = _counts(read.report, refused)
    incomplete = {table for table, count in counts.items() if count.loaded < count.delivered}
    findings = sorted(
        (_for_the_sender(one, incomplete) for one in (*failed, *rows, *told)),
        key=lambda one: (bool(one.follows), _ORDER.index(one.severity)),
    )
    return Validation(
        batch,
        findings,
        counts,
        is_readable and not waiting,
        len(waiting) if is_readable else 0,
        _code(faults + late, findings),
    )


def _refused_whole(batch: BatchId | None, faults: list[Fault]) -> Validation:
    """What is said of a delivery that no table was read of."""
    findings = [_for_the_sender(finding, set()) for finding in _of_faults(faults)]
    return Validation(batch, findings, exit_code=ExitCode.BAD_BATCH)


def _code(faults: list[Fault], findings: list[Finding]) -> ExitCode:
    if faults:
        return ExitCode.BAD_BATCH
    blocks = any(finding.severity == "block" for finding in findings)
    return ExitCode.NOT_FIT_TO_LOAD if blocks else ExitCode.OK


def _judged(
    settings: Settings, own: Settings, night: Night, read: Read, *, asks_gate: bool
) -> tuple[list[Finding], list[Fault]]:
    """What gate 1 says, and the fault that keeps it from being asked.

    Args:
        asks_gate: Whether all that the gate judges by is there; else only the days before are looked for.
    """
    admit(own, night.batch, read.incoming, read.report)
    with open_database(own) as connection:
        known = show_standing(settings, connection) if asks_gate and night.previous is not None else []
        prepare_night(own, connection, read.report, night.previous, known)
        try:
            if not asks_gate:
                require_earlier_batches(connection, night)
                return _of_report(read.report), []
            outcome = judge_batch(own, connection, night, read.report)
        except BadBatchError as error:
            return _of_report(read.report), error.faults
    told = [result for result in outcome.results if result.is_told]
    return [Finding(_severity(result), result.fault, max(1, result.failing_cnt)) for result in told], []


def _for_the_sender(finding: Finding, incomplete: set[str]) -> Finding:
    """The finding with what can be done here, and whether it follows from other refused rows.

    Args:
        incomplete: Tables of which rows were refused.
    """
    fault = mended_by_hand(finding.fault)
    follows = tuple(sorted(referred_tables(fault) & incomplete))
    if fault.check_code == "reference_unknown" and fault.table in follows:
        # its own refused rows are these very ones
        follows = tuple(table for table in follows if table != fault.table)
    if follows:
        words = f"Rows of {' and '.join(follows)} were refused: mend those first, and this may be gone"
        fault = replace(fault, remedy=words)
    return replace(finding, fault=fault, follows=follows)


def _severity(result: "CheckResult") -> Severity:
    return "block" if result.blocks else result.severity_code


def _of_faults(faults: list[Fault]) -> list[Finding]:
    # the folder's name and its manifest may break the same rule
    return [
        Finding(rule_for(fault.check_code, fault.table or "*").severity_code, fault)
        for fault in dict.fromkeys(faults)
    ]


def _of_report(report: BatchReport) -> list[Finding]:
    """What the reader alone found, where the gate is not asked."""
    from expectations.suites.facts import of_report

    told = [result for result in of_report(report) if result.is_told]
    return [Finding(result.severity_code, result.fault, max(1, result.failing_cnt)) for result in told]


def _refused(quarantine: Path) -> pl.DataFrame:
    """Refused rows: one per row, column and rule, from the reader and from the screening."""
    columns = ("table_name", "rule_code", "column_name", "source_file", "source_row")
    files = sorted(quarantine.glob("*.parquet"))
    if not files:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat([pl.read_parquet(file, columns=list(columns)) for file in files])


def _grouped(refused: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    yield from (
        refused.sort("table_name", "source_file", "source_row")
        .group_by("table_name", "rule_code", "column_name", maintain_order=True)
        .agg(pl.len(), pl.col("source_file", "source_row").first())
        .iter_rows()
    )


def _of_rows(found: tuple[Any, ...], report: BatchReport) -> Finding:
    table, code, column, count, file, row = found
    rule, delivered = rule_for(code, table), report.tables[table].delivered_rows
    allowed = rule.allowed(delivered)
    is_too_much = rule.severity_code == "quarantine" and count > allowed
    limit = {0: "none is", 1: "1 is"}.get(allowed, f"{allowed} are")
    what = f"{rule.description}: {count} of {delivered} rows, first here; {limit} let through"
    fault = Fault(code, what, rule.remedy or "Mend the values", table, file, row, column)
    return Finding("block" if is_too_much else rule.severity_code, fault, count)


def _counts(report: BatchReport, refused: pl.DataFrame) -> dict[str, TableCount]:
    gone = dict(
        refused.unique(["table_name", "source_file", "source_row"]).group_by("table_name").len().iter_rows()
    )
    return {
        table: TableCount(read.delivered_rows, read.delivered_rows - gone.get(table, 0))
        for table, read in report.tables.items()
    }
