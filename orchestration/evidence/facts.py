"""What the warehouse shows at this moment, as rows: releases, batches, checks, withdrawals, terms, rights.

Nothing of it is private: no names, no numbers of customers, no amounts of a person.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from contract.classes import level_of
from contract.model import load_contract
from orchestration.erased import Register, read_register
from orchestration.erasure.leftovers import unknown_releases
from orchestration.erasure.releases import still_published
from orchestration.ingestion.audit import erasure_runs, withdrawals
from orchestration.ingestion.lake import lake_batches, read_report
from orchestration.ingestion.manifest import file_digest
from orchestration.publication.schema import agreed_schema
from orchestration.releases.catalog import CATALOG_FILE, read_catalog
from orchestration.releases.on_disk import current_release, open_current, releases
from orchestration.releases.privacy import treatment_of
from orchestration.settings import Settings

Row = Sequence[object]
Table = tuple[Row, Iterable[Row]]
"""Names of the columns, and the rows."""

_PRIVATE_PLACES = (
    *("landing", "lake", "quarantine", "build", "published", "keys", "erasure", "audit", "dbt", "runs"),
    *("quality", "dagster", "bi", "cuts", "private", "segments", "what_if", "bank.yml", "failure.log"),
)
_OTHERS = 0o077


def columns() -> Table:
    """Every column of the contract and of the published schema, with its class."""
    return (
        ("where", "table", "column", "type", "pfi", "level", "private", "chinese name"),
        chain(_delivered(), _published()),
    )


def _delivered() -> Iterator[Row]:
    contract = load_contract()
    for table in contract.tables:
        for column in table.columns:
            way = treatment_of(column.private) if column.private else ""
            level = table.level(column)
            yield "extract", table.name, column.name, column.type, column.pfi, level, way, column.zh


def _published() -> Iterator[Row]:
    for name, table in agreed_schema().tables.items():
        for column, told in table.columns.items():
            level = level_of(told.pfi, table.importance)
            yield "published", name, column, told.data_type, told.pfi, level, told.privacy or "", ""


def kept_releases(settings: Settings) -> Table:
    """Every kept release; the checksum is of its catalogue, which holds those of all its Parquet files."""

    def rows() -> Iterator[Row]:
        for release in releases(settings):
            catalog = read_catalog(release.folder)
            if catalog is not None:
                counted = sum(table.row_cnt for table in catalog.tables)
                yield (
                    *(release.name, release.business_date, release.sequence, release.is_current),
                    *(catalog.schema_version, catalog.hash_key, catalog.rules),
                    *(len(catalog.tables), counted, file_digest(release.folder / CATALOG_FILE)),
                )

    return (
        (
            *("release", "business_date", "sequence", "is_current", "schema_version", "hash_key", "rules"),
            *("tables", "rows", "catalog_sha256"),
        ),
        rows(),
    )


def batches(settings: Settings) -> Table:
    """Every batch in the lake, with the checksum of its manifest, which holds those of all its files."""

    def rows() -> Iterator[Row]:
        for batch in lake_batches(settings):
            report = read_report(settings, batch)
            if report is not None:
                told = report.tables.values()
                refused = sum(sum(table.quarantined.values()) for table in told)
                yield (
                    *(batch.business_date, batch.sequence, report.is_initial, len(report.tables)),
                    *(
                        sum(table.delivered_rows for table in told),
                        sum(table.accepted_rows for table in told),
                    ),
                    *(refused, report.manifest_sha256),
                )

    return (
        (
            *("business_date", "sequence", "is_initial", "tables", "delivered_rows", "accepted_rows"),
            *("refusals", "manifest_sha256"),
        ),
        rows(),
    )


def gates(settings: Settings) -> Table:
    """Checks of every night of the current release: how many, and how many failed, by gate and severity."""
    return _asked(
        settings,
        "select business_date, sequence, gate_code, severity_code, count(*) as checks,"
        " count(*) filter (where not is_passed) as failed from quality.fct_check_result"
        " group by all order by all",
        ("business_date", "sequence", "gate_code", "severity_code", "checks", "failed"),
    )


def checks(settings: Settings) -> Table:
    """Every check of the newest night, with what was checked and what it found."""
    names = (
        *("gate_code", "table_name", "column_name", "check_code", "severity_code", "is_passed"),
        *("checked_cnt", "failing_cnt", "limit_share", "observed"),
    )
    return _asked(
        settings,
        "select gate_code, table_name, column_name, check_code, severity_code, is_passed, checked_cnt,"
        " failing_cnt, limit_share, observed from quality.fct_check_result where (business_date, sequence) in"
        " (select business_date, sequence from quality.data_as_of) order by all",
        names,
    )


def restatements(settings: Settings) -> Table:
    """Closed months that changed, and the batch that explains each."""
    names = (
        *("month_start_date", "customers_changed", "caused_by_business_date", "caused_by_sequence"),
        "explanation",
    )
    return _asked(
        settings,
        "select month_start_date, customers_changed, caused_by_business_date, caused_by_sequence, explanation"
        " from quality.fct_restatement order by all",
        names,
    )


def _asked(settings: Settings, question: str, names: Row) -> Table:
    if current_release(settings) is None:
        return names, ()
    with open_current(settings, is_shut_in=True) as connection:
        return names, connection.execute(question).fetchall()


def withdrawn_batches(settings: Settings) -> Table:
    """The audit log: who took which batch out, when and why."""
    return (
        ("at", "by", "business_date", "sequence", "reason", "manifest_sha256"),
        (
            (entry.at.isoformat(), entry.by, entry.business_date, entry.sequence, entry.reason,
             entry.manifest_sha256)
            for entry in withdrawals(settings)
        ),
    )  # fmt: skip


def erasures(settings: Settings) -> Table:
    """Requests to be forgotten, by the bank's reference, and where the person is gone from by now.

    The kept releases are looked through; what lies among them and cannot be read may name anybody.
    """

    def rows() -> Iterator[Row]:
        there, is_unknown = still_published(settings), bool(unknown_releases(settings))
        for erased in read_register(settings).customers:
            is_gone = not is_unknown and not there & set(Register(customers=(erased,)).hidden_ids)
            yield erased.order, is_gone, erased.is_replaced

    return ("order", "is_gone_from_releases", "is_gone_from_lake_and_build"), rows()


def runs_of_erase(settings: Settings) -> Table:
    """The audit log: who had customers erased, when and by which order; nobody is named."""
    return (
        ("at", "by", "order", "customers"),
        ((run.at.isoformat(), run.by, run.order, run.customers) for run in erasure_runs(settings)),
    )


def choices(settings: Settings) -> Table:
    """The bank's choices, terms of retention included, whether it made them or they are the defaults.

    Of those who are told of nights, only how and of what: an address may be a secret.
    """

    def rows() -> Iterator[Row]:
        for number, hook in enumerate(settings.bank.notify, 1):
            yield f"notify.{number}", f"{hook.way}: {', '.join(hook.when)}"
        for name, chosen in settings.bank.model_dump(mode="json", exclude={"notify"}).items():
            for part, value in chosen.items() if isinstance(chosen, dict) else [("", chosen)]:
                yield (f"{name}.{part}" if part else name), "kept for good" if value is None else value

    return ("setting", "value"), rows()


def rights(settings: Settings) -> Table:
    """Who may enter the folders of the warehouse, and read its keys."""

    def rows() -> Iterator[Row]:
        keys = settings.home / "keys"
        places = [settings.home / name for name in _PRIVATE_PLACES]
        places += sorted(keys.iterdir()) if keys.is_dir() else []
        for path in places:
            if path.exists():
                mode = path.stat().st_mode & 0o7777
                yield str(path.relative_to(settings.home)), f"{mode:04o}", not mode & _OTHERS

    return ("place", "mode", "is_its_owners_alone"), rows()
