"""Publish a night: marts of the build database become the next release.

The release is written beside the others under a name that nobody lists, checked, sealed, renamed, and then
made current. Whatever stops it before that leaves ``current`` as it was.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.erased import show_erased
from orchestration.errors import PublicationError
from orchestration.interrupts import connect
from orchestration.night_report import write_night_report
from orchestration.publication.database import mismatches, rendered_macros, write_database
from orchestration.publication.parquet import stale_months, write_files
from orchestration.publication.quality import DATA_AS_OF, GATE_MARTS, RELEASE_BATCH, write_gate_results
from orchestration.publication.retention import delete_leftovers, delete_old_releases
from orchestration.publication.spare import take_spare
from orchestration.publication.survey import BuiltTable, catalog_columns, changed_months, survey
from orchestration.releases.catalog import (
    SCHEMA_VERSION,
    BatchRow,
    Catalog,
    CatalogColumn,
    CatalogFile,
    CatalogTable,
    DataAsOf,
    read_catalog,
)
from orchestration.releases.files import clone_file, flush, remove, seal
from orchestration.releases.keys import HASH_KEY, Key, read_key
from orchestration.releases.marts import Mart
from orchestration.releases.on_disk import (
    BUILDING,
    DATABASE_FILE,
    Base,
    current_release,
    next_name,
    releases,
    switch,
)
from orchestration.releases.privacy import ERASED, hold_key
from orchestration.rules import tier_fingerprint
from orchestration.settings import PRIVATE_DIR, BatchId, Settings, private_folder
from orchestration.sql import fill, value

_SPILL = ".spill"


@dataclass(frozen=True)
class Publication:
    """What a publication did.

    Attributes:
        is_whole: Nothing of the release before was used for the database.
        linked_files: Parquet files shared with the release before.
        deleted: Old releases that made room.
    """

    name: str
    folder: Path
    is_whole: bool
    written_files: int
    linked_files: int
    deleted: list[str]


def publish(
    settings: Settings,
    batch: BatchId,
    marts: Sequence[Mart],
    months_rebuilt: Sequence[date],
    batches: Sequence[BatchId],
    on_table: Callable[[str, int], None] | None = None,
    *,
    repeats: str | None = None,
) -> Publication:
    """Make the build database's marts the current release. The caller holds the writer's lock.

    Months that were not rebuilt come from the current release, if that differs from the new one by this
    batch alone and holds the same tables under the same rules; else everything is written anew. Both ways
    give the same rows and the same Parquet bytes.

    A night that ran again differs by its own batch alone only if the caller says so: from the files it
    cannot be told whether models or rules have changed in between, in any month.

    Args:
        settings: The warehouse.
        batch: The night to publish.
        marts: Tables to publish; the gates' results are published with them.
        months_rebuilt: First days of the months that this batch may have changed.
        batches: Every batch the build database rests on, this one included.
        on_table: Called with each table's name and row count once its files are there.
        repeats: Release that this night made before, on the same build of the nights before it.

    Raises:
        ConfigurationError: There is no key to hash by.
        PublicationError: The release could not be written or failed its checks; ``current`` is untouched.
    """
    try:
        private_folder(settings.published)
        delete_leftovers(settings)
        name = next_name(settings, batch.business_date)
        building = settings.published / f"{BUILDING}{name}"
        key = read_key(settings, HASH_KEY)
        night = _Night(
            settings, batch, name, building, frozenset(months_rebuilt), tuple(batches), key, repeats
        )
        return _publish(night, [*marts, *GATE_MARTS], on_table or (lambda table, rows: None))
    except (OSError, duckdb.Error) as error:
        raise PublicationError(
            f"The release of batch {batch} could not be made ({type(error).__name__}: {error}). "
            "Readers still see a complete release; mend the cause and run the batch again."
        ) from error


@dataclass(frozen=True)
class _Night:
    settings: Settings
    batch: BatchId
    name: str
    folder: Path
    rebuilt: frozenset[date]
    batches: tuple[BatchId, ...]
    key: Key
    repeats: str | None


def _publish(night: _Night, marts: Sequence[Mart], on_table: Callable[[str, int], None]) -> Publication:
    try:
        night.folder.mkdir(mode=PRIVATE_DIR)
        catalog, is_whole, linked = _write(night, marts, on_table)
        seal(night.folder)
        folder = night.folder.rename(night.settings.published / night.name)
    finally:
        if night.folder.exists():
            remove(night.folder)
    flush(night.settings.published)
    switch(night.settings, night.name)
    files = sum(len(table.files) for table in catalog.tables)
    return Publication(
        name=night.name,
        folder=folder,
        is_whole=is_whole,
        written_files=files - linked,
        linked_files=linked,
        deleted=delete_old_releases(night.settings),
    )


def _write(
    night: _Night, marts: Sequence[Mart], on_table: Callable[[str, int], None]
) -> tuple[Catalog, bool, int]:
    with _build_database(night) as connection:
        hides = show_erased(connection, night.settings, ERASED)
        tables = survey(connection, marts, night.batch.business_date, hides=hides)
        write_gate_results(connection, night.folder, night.batch)
        write_night_report(connection, night.settings, night.folder, night.name, night.batch)
        draft = _draft(night, tables).model_copy(update={"macros": rendered_macros(connection)})
        shared = _current(night.settings)
        base = shared if shared is not None and _continues(draft, shared, night.repeats) else None
        stale = {table.mart.full_name: stale_months(table, base, night.rebuilt) for table in tables}
        if base is not None and base.release == night.repeats:
            for full_name, months in _written_before(connection, base, tables).items():
                stale[full_name] |= months
        files: dict[str, tuple[CatalogFile, ...]] = {}
        linked = 0
        for table in tables:
            name = table.mart.full_name
            files[name], links = write_files(connection, night.folder, table, shared, stale[name])
            linked += links
            on_table(name, sum(table.counts.values()))
        catalog = draft.model_copy(
            update={
                "tables": tuple(
                    table.model_copy(update={"files": files.get(table.full_name, ())})
                    for table in draft.tables
                )
            }
        )
        held = None if base is None else _held_database(night, catalog, base)
        is_compact = write_database(connection, night.folder, catalog, held)
        wrong = mismatches(connection, night.folder, tables)
        if held is not None and (wrong or not is_compact):
            held = None
            write_database(connection, night.folder, catalog)
            wrong = mismatches(connection, night.folder, tables)
        if wrong:
            raise PublicationError(
                f"Release {night.name}: row counts of {', '.join(wrong)} differ from the build database's. "
                "The current release is untouched; run the batch again."
            )
    catalog.write(night.folder)
    return catalog, held is None, linked


def _held_database(night: _Night, new: Catalog, base: Base) -> Catalog:
    """Put a database into the night's folder that holds most of its rows; returns what it holds.

    It is the spare one if its tables are the same, else a copy of the current release's.
    """
    spare = take_spare(night.settings, night.folder)
    if (
        spare is not None
        and _lasting(spare) == _lasting(new)
        and spare.batches == new.batches[: len(spare.batches)]
    ):
        return spare
    clone_file(base.folder / DATABASE_FILE, night.folder / DATABASE_FILE)
    return base.catalog


@contextmanager
def _build_database(night: _Night) -> Iterator[duckdb.DuckDBPyConnection]:
    bank, spill = night.settings.bank, night.folder / _SPILL
    connection = connect(
        ":memory:",
        config={
            "threads": bank.threads,
            "memory_limit": bank.memory_limit,
            "temp_directory": str(spill),
            "preserve_insertion_order": True,
            "default_null_order": "nulls_first",
            "autoinstall_known_extensions": False,
        },
    )
    try:
        path = value(night.settings.database)
        connection.execute(fill("attach {path} as build (read_only)", path=path))
        hold_key(connection, night.key)
        yield connection
    finally:
        connection.close()
        if spill.exists():
            remove(spill)


def _current(settings: Settings) -> Base | None:
    current = current_release(settings)
    catalog = None if current is None else read_catalog(current.folder)
    if current is None or catalog is None or not (current.folder / DATABASE_FILE).is_file():
        return None
    return Base(current.folder, catalog)


def _continues(new: Catalog, base: Base, repeats: str | None) -> bool:
    """Whether the new release differs from the old one by the next batch alone, or by the one it repeats."""
    old, tonight = base.catalog, new.data_as_of.business_date
    earlier, before = _without(new.batches, tonight), old.batches
    if earlier and base.release == repeats and old.rules == new.rules:
        before = _without(before, tonight)
    return _lasting(new) == _lasting(old) and earlier == before


def _without(batches: Sequence[BatchRow], business_date: date) -> tuple[BatchRow, ...]:
    return tuple(batch for batch in batches if batch.business_date != business_date)


def _written_before(
    connection: duckdb.DuckDBPyConnection, base: Base, tables: Sequence[BuiltTable]
) -> dict[str, frozenset[date | None]]:
    """What the night that made a release wrote besides its open months, by table: days and months.

    The night that repeats it may have written something else there, of as many rows, or nothing.
    """
    tonight = base.catalog.data_as_of.business_date
    night_before = max(batch.business_date for batch in _without(base.catalog.batches, tonight))
    written: dict[str, frozenset[date | None]] = {}
    connection.execute(fill("attach {path} as before (read_only)", path=value(base.folder / DATABASE_FILE)))
    for table in tables:
        later = frozenset(day for day in table.counts if day is not None and day > night_before)
        changed = changed_months(connection, "before", table.mart, tonight)
        written[table.mart.full_name] = later | changed
    connection.execute("detach before")
    return written


def _lasting(catalog: Catalog) -> object:
    """What has to be equal for rows to be carried on from release to release."""
    as_of = catalog.data_as_of
    return (
        (catalog.schema_version, catalog.written_by, catalog.hash_key),
        (as_of.rulebook_code, as_of.reporting_currency),
        [table.shape for table in catalog.tables],
    )


def _draft(night: _Night, tables: Sequence[BuiltTable]) -> Catalog:
    """The catalogue, its files still missing."""
    bank, batches = night.settings.bank, sorted(night.batches)
    listed = [_listed(table.mart, table.columns, sum(table.counts.values())) for table in tables]
    for mart, row_cnt in ((DATA_AS_OF, 1), (RELEASE_BATCH, len(batches))):
        types = {column.name: (column.data_type or "varchar").upper() for column in mart.columns}
        listed.append(_listed(mart, catalog_columns(mart, types), row_cnt))
    return Catalog(
        release=night.name,
        publication=max((release.publication for release in releases(night.settings)), default=0) + 1,
        schema_version=SCHEMA_VERSION,
        written_by=f"DuckDB {duckdb.__version__}",
        hash_key=night.key.fingerprint,
        rules=tier_fingerprint(bank.rulebook, night.batch.business_date),
        data_as_of=DataAsOf(
            business_date=night.batch.business_date,
            sequence=night.batch.sequence,
            rulebook_code=bank.rulebook,
            reporting_currency=bank.reporting_currency,
        ),
        batches=tuple(
            BatchRow(business_date=batch.business_date, sequence=batch.sequence) for batch in batches
        ),
        tables=tuple(sorted(listed, key=lambda table: table.full_name)),
    )


def _listed(mart: Mart, columns: tuple[CatalogColumn, ...], row_cnt: int) -> CatalogTable:
    return CatalogTable(
        schema_name=mart.schema_name,
        name=mart.name,
        description=mart.description,
        zh=mart.zh,
        grain=mart.grain,
        partition=mart.partition,
        columns=columns,
        row_cnt=row_cnt,
        files=(),
        cut=mart.cut,
    )
