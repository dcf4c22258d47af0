"""The two gates: may the batch be loaded, may the marts be published.

A gate never raises for a check that fails: it returns what it found, and the night decides.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date

import duckdb

from contract.model import load_contract
from expectations.check import Check, Suite
from expectations.docs import write_data_docs
from expectations.results import CheckResult, Gate, GateResult, prepare, record
from expectations.suites import (
    bridge,
    confirmation,
    contribution,
    corporate,
    customers,
    events,
    extract,
    facts,
    going_live,
    holders,
    marts,
    ownership,
    parts,
    promises,
    reminders,
    reports,
    restatement,
    sales,
    tonight,
    undelivered,
)
from orchestration.closing import closed_months
from orchestration.ingestion.lake import BatchReport, lake_batches, never_delivered
from orchestration.merges import restated_from
from orchestration.screening.cross_rules import collect_keys, referenced_tables
from orchestration.screening.screen import Screening
from orchestration.settings import BatchId, Settings
from orchestration.sql import fill
from orchestration.warehouse import open_database


def fit_to_load(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: BatchId,
    report: BatchReport,
    previous_report: BatchReport | None = None,
    screening: Screening | None = None,
) -> GateResult:
    """Gate 1: arrival, keys, values, references, what was refused, and what the batch adds up to.

    Args:
        connection: The build database, as :func:`orchestration.warehouse.open_database` opens it.
        settings: The warehouse.
        batch: The batch in the ``lake`` views, screened.
        report: What ingestion said of the batch.
        previous_report: The same of the batch before, if there was one.
        screening: What this very connection has just found in the batch; that is not looked for again.
    """
    _prepare(connection)
    contract = load_contract()
    if screening is None:
        for referenced in sorted(referenced_tables(contract)):
            collect_keys(connection, contract.table(referenced))
    tonight.collect_totals(connection, batch.business_date, settings.bank.reporting_currency)
    totals = tonight.checks_by_table(report)
    first_night = going_live.checks_by_table(report, accepts_partial_start=settings.bank.accept_partial_start)
    suites = [tonight.refused_suite(report, connection)]
    for table in contract.tables:
        if table.name not in report.tables:
            continue
        before = previous_report.tables.get(table.name) if previous_report is not None else None
        suite = extract.extract_suite(
            table,
            connection,
            is_initial=report.is_initial,
            previous_rows=None if before is None else before.accepted_rows,
            kept=frozenset() if screening is None else screening.kept,
        )
        more = [*totals.get(table.name, []), *first_night.get(table.name, [])]
        suites.append(replace(suite, checks=[*suite.checks, *more]))
    return _run(connection, settings, batch, "fit_to_load", suites, facts.of_report(report))


def fit_to_publish(
    settings: Settings,
    batch: BatchId,
    restated_by: Sequence[BatchId],
    months_rebuilt: Sequence[date],
    promised: Sequence[promises.Promise] = (),
    closings: Sequence[CheckResult] = (),
    made_of: Mapping[tuple[str, str], Collection[str]] | None = None,
) -> GateResult:
    """Gate 2: the marts against their promises, the holdings, the rulebook and the last release.

    Args:
        settings: The warehouse.
        batch: The night's batch.
        restated_by: Re-sent or late batches that may change closed months.
        months_rebuilt: First days of the months that tonight's build wrote.
        promised: What the marts promise, from :func:`expectations.suites.promises.promises`.
        closings: What :func:`fit_to_close` found of those that were closed before it.
        made_of: The extract tables of each mart, from :func:`orchestration.project.extract_tables`.
    """
    with open_database(settings) as connection:
        _prepare(connection)
        parts.collect_orgs(connection, months_rebuilt)
        closed = closed_months(connection)
        changes = restatement.closed_month_changes(
            connection,
            months_rebuilt,
            restated_by,
            [known.business_date for known in lake_batches(settings)],
            dict.fromkeys(closed, batch),
            restated_from(connection, settings),
        )
        suites = [
            *promises.promise_suites(promised, batch.business_date, months_rebuilt),
            *marts.customer_value_suites(
                batch.business_date,
                months_rebuilt,
                closed,
                reporting_currency=settings.bank.reporting_currency,
            ),
            *parts.part_suites(batch.business_date, months_rebuilt),
            *contribution.contribution_suites(months_rebuilt),
            *confirmation.confirmation_suites(batch.business_date, months_rebuilt),
            *reports.report_suites(batch.business_date, months_rebuilt),
            *ownership.ownership_suites(batch.business_date),
            *sales.sales_suites(batch.business_date),
            *corporate.corporate_suites(batch.business_date),
            *customers.customer_suites(batch.business_date, months_rebuilt),
            *holders.holder_suites(batch.business_date, months_rebuilt),
            *events.event_suites(batch.business_date),
            *reminders.reminder_suites(batch.business_date),
            *bridge.bridge_suites(batch.business_date, months_rebuilt),
            *restatement.closed_month_suites(changes),
        ]
        empty = undelivered.empty_marts(
            connection, made_of or {}, never_delivered(settings, batch.business_date)
        )
        known = [*closings, *empty]
        outcome = _run(connection, settings, batch, "fit_to_publish", _by_table(suites), known)
        if any(r.check_code == corporate.CIRCLE and r.failing_cnt for r in outcome.results):
            corporate.name_circles(connection, batch.business_date)
        if not outcome.faults:
            restatement.record_restatements(connection, changes)
        return outcome


def _by_table(suites: list[Suite]) -> list[Suite]:
    """One suite for each table: Great Expectations knows a table once."""
    found: dict[tuple[str, str], list[Check]] = {}
    for suite in suites:
        found.setdefault((suite.schema, suite.table), []).extend(suite.checks)
    return [Suite(schema, table, checks) for (schema, table), checks in found.items()]


def fit_to_close(settings: Settings, last_day: date) -> list[CheckResult]:
    """Hold a month that was closed without a batch against its holdings, while the build has them.

    Args:
        settings: The warehouse.
        last_day: The month's last day, which was built as a night.
    """
    from expectations.datasource import Validator

    suites = marts.closed_month_suites(last_day)
    with open_database(settings) as connection, closing(Validator(connection, suites)) as validator:
        return [result for suite in suites for result in validator.run(suite)[0]]


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    prepare(connection)
    restatement.prepare_restatements(connection)


def _run(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: BatchId,
    gate: Gate,
    suites: list[Suite],
    known: list[CheckResult],
) -> GateResult:
    from expectations.datasource import Validator

    results = list(known)
    validations = []
    with closing(Validator(connection, suites)) as validator:
        for suite in suites:
            answers, validation = validator.run(suite)
            results += [
                _located(connection, answer, check)
                for check, answer in zip(suite.checks, answers, strict=True)
            ]
            if validation is not None:
                validations.append(validation)
    declared = len(known) + sum(len(suite.checks) for suite in suites)
    outcome = GateResult(gate, declared, results, validations)
    record(connection, settings, batch, outcome)
    if outcome.faults:
        write_data_docs(settings, batch, [outcome])
    return outcome


def _located(connection: duckdb.DuckDBPyConnection, result: CheckResult, check: Check) -> CheckResult:
    """The result with file and row, or the key, of the first failing row, where the check can tell."""
    if not (result.blocks and result.has_run):
        return result
    if check.example is not None:
        first = connection.execute(check.example).fetchone()
        return result if first is None else replace(result, message=f"{result.message}, first {first[0]}")
    if check.locate is None:
        return result
    first = connection.execute(
        fill("select source_file, source_row from ({rows}) order by all limit 1", rows=check.locate)
    ).fetchone()
    return result if first is None else replace(result, file=first[0], row=first[1])
