"""A warehouse of its own for one delivery, in which ``acrm validate`` reads and judges it.

Put here: what it is shown of the bank's own warehouse, which is read and never written. Keep out: what is
found in the delivery (``validate.py``).
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.errors import BadBatchError, BusyError
from orchestration.ingestion.lake import (
    MARKERS,
    BatchReport,
    TableReport,
    admit,
    incoming_folder,
    lake_batches,
)
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest, read_manifest
from orchestration.ingestion.mapping import MAPPING_FILE
from orchestration.rooms import room
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.sql import fill, name, value
from orchestration.transform import Transform
from orchestration.warehouse import KnownTable, known_tables


@contextmanager
def workshop(settings: Settings, folder: Path, batch: BatchId, waiting: list[BatchId]) -> Iterator[Settings]:
    """A warehouse of its own for one batch, gone at the end.

    It knows which batches the bank's has in its lake, and will have once those that wait are run.
    """
    with room("validate") as place:
        own = Settings(place, settings.bank)
        if (settings.lake / MARKERS).exists():
            shutil.copytree(settings.lake / MARKERS, own.lake / MARKERS)
        (own.lake / MARKERS / batch.folder.parent / f"{batch.folder.name}.json").unlink(missing_ok=True)
        for known in sorted(set(waiting) - set(lake_batches(own))):
            admit(own, known, incoming_folder(own, known), _promised(settings, own, known))
        if (settings.home / MAPPING_FILE).exists():
            shutil.copyfile(settings.home / MAPPING_FILE, own.home / MAPPING_FILE)
        landed = own.landing / batch.folder
        private_folder(landed.parent)
        landed.symlink_to(folder, target_is_directory=True)
        yield own


def _promised(settings: Settings, own: Settings, batch: BatchId) -> BatchReport:
    """What the manifest of a landed batch says of it; of one that cannot be read, only that it is there."""
    folder = landing_folder(settings, batch)
    try:
        delivered = read_manifest(folder, batch).deliveries
        digest = file_digest(folder / MANIFEST)
    except (BadBatchError, OSError):
        delivered, digest = [], ""
    return BatchReport(
        business_date=batch.business_date,
        sequence=batch.sequence,
        is_initial=not lake_batches(own),
        manifest_sha256=digest,
        tables={
            table.name: TableReport(
                load=said.load, delivered_rows=said.row_count, accepted_rows=said.row_count, bytes_read=0
            )
            for table, said in delivered
        },
    )


def show_standing(settings: Settings, connection: duckdb.DuckDBPyConnection) -> list[KnownTable]:
    """Show what nights carry in the bank's own build database."""
    try:
        connection.execute(fill("attach {path} as standing (read_only)", path=value(settings.database)))
    except duckdb.IOException as error:
        raise BusyError("A run is writing; validate the batch when it is done.") from error
    connection.execute("create schema intermediate; create schema quality")
    carried = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'standing' and schema_name = 'intermediate'"
    ).fetchall()
    for (table,) in carried:
        connection.execute(
            fill(
                "create view {view} as from {table}",
                view=name("intermediate", table),
                table=name("standing", "intermediate", table),
            )
        )
    connection.execute("create table quality.fct_check_result as from standing.quality.fct_check_result")
    return known_tables(Transform(settings).manifest)
