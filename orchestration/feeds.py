"""The feeds of schema ``workbench`` as files for the front office, with a manifest like the extracts'.

A folder holds the feeds of one business date: the same date gives the same bytes. It is written beside its
place and moved there whole, and what stands there already is never changed. Which feeds there are, and their
columns, is the release's catalogue's to say.
"""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import duckdb

from orchestration.errors import PublicationError
from orchestration.publication.filtered import filtering
from orchestration.publication.parquet import COPY
from orchestration.releases.catalog import Catalog, CatalogTable, read_catalog
from orchestration.releases.files import flush, remove, sha256
from orchestration.releases.on_disk import ReleaseInfo, releases
from orchestration.rooms import room_beside
from orchestration.settings import PRIVATE_FILE, Settings, private_folder
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value

Kind = Literal["csv", "parquet"]

FEEDS = "workbench"
MANIFEST_FILE = "manifest.json"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CSV = Sql(
    "copy (select {columns} from {table} order by {grain}) to {path}"
    " (format csv, header true, delimiter ',', quote '\"', escape '\"', nullstr '')"
)
_FORMATS: dict[Kind, dict[str, object]] = {
    "csv": {
        "kind": "csv",
        "delimiter": ",",
        "encoding": "utf-8",
        "byte_order_mark": True,
        "header": True,
        "compression": "none",
    },
    "parquet": {"kind": "parquet"},
}
_STEP = 1 << 20


@dataclass(frozen=True)
class Feeds:
    """What was asked for, as it stands in its folder.

    Attributes:
        rows: Rows by feed.
        is_new: Whether it was written now; otherwise the folder held just this.
    """

    folder: Path
    rows: dict[str, int]
    is_new: bool


def write_feeds(settings: Settings, business_date: date, folder: Path, kind: Kind = "csv") -> Feeds:
    """Write the feeds of a business date into a folder that only its owner can read.

    Args:
        folder: Absent, empty, or with the very same feeds.

    Raises:
        PublicationError: No release of that date is kept, it has no feeds, the folder holds something else,
            or it could not be written.
    """
    release = _release_of(settings, business_date)
    catalog = read_catalog(release.folder)
    tables = [] if catalog is None else [table for table in catalog.tables if table.schema_name == FEEDS]
    if catalog is None or not tables:
        raise PublicationError(
            f"Release {release.name} has no feeds. It was made before; run the next night, which makes them."
        )
    target = folder.expanduser().resolve()
    for own in (settings.landing, settings.lake, settings.published):
        if target.is_relative_to(own.resolve()):
            raise PublicationError(f"{folder}: is inside {own}, where only runs write. Name another.")
    if target.exists() and not target.is_dir():
        raise PublicationError(f"{folder}: is a file. Name another folder.")
    try:
        return _write(settings, release, catalog, tables, target, kind)
    except (OSError, duckdb.Error) as error:
        said = str(error).partition("\n")[0]
        raise PublicationError(f"{folder}: the feeds could not be written ({said}). Run it again.") from error


def _release_of(settings: Settings, business_date: date) -> ReleaseInfo:
    kept = releases(settings)
    of_date = [release for release in kept if release.business_date == business_date]
    if not of_date:
        days = ", ".join(sorted({str(release.business_date) for release in kept}))
        raise PublicationError(
            f"{settings.home}: no release of {business_date} is kept; there is one of {days}."
            if days
            else f"{settings.home}: nothing is published yet. Run `acrm run` first."
        )
    return next((release for release in of_date if release.is_current), of_date[-1])


def _write(
    settings: Settings,
    release: ReleaseInfo,
    catalog: Catalog,
    tables: list[CatalogTable],
    target: Path,
    kind: Kind,
) -> Feeds:
    private_folder(target.parent)
    with room_beside(target) as room, filtering(settings, room / FEEDS) as connection:
        building = room / FEEDS
        entries = {
            table.name: _write_feed(connection, release.folder, table, building, kind)
            for table in sorted(tables, key=lambda table: table.name)
        }
        manifest = {
            "business_date": str(catalog.data_as_of.business_date),
            "sequence": catalog.data_as_of.sequence,
            "tables": entries,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (building / MANIFEST_FILE).write_text(text, encoding="utf-8")
        connection.close()
        for path in building.iterdir():
            if path.is_dir():
                # what DuckDB spilled
                remove(path)
        for path in building.iterdir():
            path.chmod(PRIVATE_FILE)
            flush(path)
        rows = {table.name: table.row_cnt for table in tables}
        if target.exists() and any(target.iterdir()):
            if _content(target) != _content(building):
                raise PublicationError(
                    f"{target}: holds something else than these feeds. Name another folder, or remove it."
                )
            return Feeds(target, rows, is_new=False)
        flush(building)
        building.replace(target)
        flush(target.parent)
        return Feeds(target, rows, is_new=True)


def _write_feed(
    connection: duckdb.DuckDBPyConnection, release: Path, table: CatalogTable, building: Path, kind: Kind
) -> dict[str, object]:
    path = building / f"{table.name}.{kind}"
    files = join(", ", (value(release / file.path) for file in table.files))
    rows = fill("read_parquet([{files}], hive_partitioning = false)", files=files)
    # lines of one employee stand together; the grain makes the order total
    order = dict.fromkeys([table.columns[0].name, *table.grain])
    written_to = path if kind == "parquet" else building / f"{path.name}.part"
    copy = fill(
        COPY if kind == "parquet" else _CSV,
        columns=join(", ", (name(column.name) for column in table.columns)),
        table=rows,
        condition=EVERY_ROW,
        grain=join(", ", map(name, order)),
        path=value(written_to),
    )
    (written,) = connection.execute(copy).fetchone() or (None,)
    if written != table.row_cnt:
        raise PublicationError(
            f"{table.full_name}: {written} rows were read, the catalogue has {table.row_cnt}."
            " Go to another release."
        )
    if written_to != path:
        _mark(written_to, path)
    return {
        "load": "full",
        "format": _FORMATS[kind],
        "files": [{"name": path.name, "sha256": sha256(path)}],
        "row_count": table.row_cnt,
        "control_sums": _sums(connection, table, rows),
    }


def _mark(source: Path, target: Path) -> None:
    """Put the byte order mark, by which spreadsheets know UTF-8, before a file's bytes."""
    with source.open("rb") as reading, target.open("wb") as writing:
        writing.write(_BYTE_ORDER_MARK)
        while step := reading.read(_STEP):
            writing.write(step)
    source.unlink()


def _sums(connection: duckdb.DuckDBPyConnection, table: CatalogTable, rows: Sql) -> dict[str, str]:
    """Sums of the amounts, to the cent."""
    amounts = sorted(column.name for column in table.columns if column.name.endswith("_amt"))
    if not amounts:
        return {}
    query = fill(
        "select {sums} from {rows}",
        sums=join(", ", (fill("sum({column})", column=name(column)) for column in amounts)),
        rows=rows,
    )
    totals = connection.execute(query).fetchone() or ()
    return {
        column: f"{total if total is not None else Decimal(0):.2f}"
        for column, total in zip(amounts, totals, strict=True)
    }


def _content(folder: Path) -> dict[str, str]:
    """Checksum of each file by its name; what is no file is never the same."""
    return {path.name: sha256(path) if path.is_file() else "" for path in folder.iterdir()}
