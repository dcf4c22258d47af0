"""Tells a sender what would happen to a delivery, without a warehouse: for ``acrm validate FOLDER``.

Everything that needs no other batch is checked; what refers to earlier days waits for the night.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from contract.model import Table
from contract.severity import Severity, rule_for
from orchestration.errors import BadBatchError, Fault
from orchestration.ingestion.ingest import OnTable, TableOutcome, read_table
from orchestration.ingestion.lake import TableWriter
from orchestration.ingestion.landing import batch_of, name_fault
from orchestration.ingestion.manifest import check_manifest, read_manifest, shown
from orchestration.settings import Settings, private_folder


@dataclass(frozen=True)
class Finding:
    """One fault of a delivery.

    Attributes:
        severity: What it would do to the batch.
        fault: The first place where it was found.
        count: Rows concerned; 1 for a fault of a file or a whole table.
    """

    severity: Severity
    fault: Fault
    count: int = 1

    def __str__(self) -> str:
        return f"{self.severity} · {self.fault}"


def validate_folder(folder: Path, settings: Settings, on_table: OnTable | None = None) -> list[Finding]:
    """Check a delivery as far as it can be checked alone; nothing of the warehouse is touched.

    Args:
        folder: Holds the manifest and its files.
        settings: The bank's choices.
        on_table: Told of progress.
    """
    folder = folder.absolute()
    misnamed = name_fault(folder)
    findings = [_finding(misnamed)] if misnamed is not None else []
    try:
        manifest = read_manifest(folder, batch_of(folder))
    except BadBatchError as error:
        return [*findings, *(_finding(fault) for fault in error.faults)]
    # what came before is not known here: a batch with deltas is taken for a later one
    is_initial = all(delivery.load != "delta" for _, delivery in manifest.deliveries)
    begun = () if is_initial else manifest.tables
    faults = check_manifest(manifest, folder, is_initial=is_initial, begun=begun, begun_before_the_day=begun)
    findings += [_finding(fault) for fault in faults]
    with tempfile.TemporaryDirectory(prefix="acrm-validate-") as scratch:
        for table, delivery in manifest.deliveries:
            place = private_folder(Path(scratch, table.name))
            writer = TableWriter(table, place / "parts", place / "refused.parquet")
            outcome = read_table(settings, folder, manifest.business_date, delivery, writer, on_table)
            findings += [_finding(fault) for fault in outcome.faults]
            findings += _row_findings(table, outcome, writer.refused)
            findings += _key_findings(table, writer.parts, place)
            shutil.rmtree(place)
    return findings


def _finding(fault: Fault) -> Finding:
    return Finding(rule_for(fault.check_code, fault.table or "*").severity_code, fault)


def _row_findings(table: Table, outcome: TableOutcome, refused: Path) -> list[Finding]:
    findings = []
    for name in sorted(outcome.unknown_columns):
        what = f"the column {shown(name)} is not in the contract and is left out"
        findings.append(_finding(Fault("column_unknown", what, "Nothing to do", table.name)))
    if not refused.exists():
        return findings
    places = (
        pl.scan_parquet(refused)
        .group_by("rule_code", "column_name", maintain_order=True)
        .agg(pl.len(), pl.col("source_file", "source_row").first())
        .collect()
    )
    for code, column, count, file, row in places.iter_rows():
        rule = rule_for(code, table.name)
        allowed = rule.allowed(outcome.delivered)
        is_too_much = rule.severity_code == "quarantine" and outcome.quarantined[code] > allowed
        what = f"{count} of {outcome.delivered} rows, first here; {allowed} are let through"
        fault = Fault(code, what, "Have the values mended", table.name, file, row, column)
        findings.append(Finding("block" if is_too_much else rule.severity_code, fault, count))
    return findings


def _key_findings(table: Table, parts: Path, scratch: Path) -> list[Finding]:
    files = sorted(str(path) for path in parts.glob("*.parquet"))
    # names come from the contract, paths go in as a parameter
    key = ", ".join(f'"{name}"' for name in table.unique_columns)
    with duckdb.connect(config={"temp_directory": str(scratch), "preserve_insertion_order": False}) as engine:
        repeated = engine.execute(
            f"""
            select sum(copies - 1) over (), last_file, last_row
            from (
                select
                    count(*) as copies,
                    max_by(source_file, (source_file, source_row)) as last_file,
                    max_by(source_row, (source_file, source_row)) as last_row
                from read_parquet(?, hive_partitioning = false)
                group by {key}
                having count(*) > 1
            )
            order by last_file, last_row
            limit 1
            """,  # noqa: S608
            [files],
        ).fetchone()
    if repeated is None:
        return []
    count, file, row = int(repeated[0]), repeated[1], repeated[2]
    what = f"{count} rows repeat the key of another, one of them here"
    fault = Fault("key_not_unique", what, "Have the batch sent again", table.name, file, row)
    return [Finding(rule_for("key_not_unique", table.name).severity_code, fault, count)]
