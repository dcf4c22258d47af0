"""``acrm subject``: all that is held of a person, and where (the right of access, PIPL art. 45).

Put here: finding and writing the rows. Keep out: changing them (``erase.py``).
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from contract.model import load_contract
from orchestration.erased import read_register
from orchestration.erasure.numbers import columns_of, files_below, holds_numbers, owned_numbers
from orchestration.errors import NotFoundError
from orchestration.ingestion.landing import survey
from orchestration.interrupts import connect
from orchestration.lock import writer_lock
from orchestration.publication.cut import cuts_folder
from orchestration.publication.private import private_releases
from orchestration.releases.catalog import read_catalog
from orchestration.releases.on_disk import releases
from orchestration.rooms import room_beside
from orchestration.settings import PRIVATE_FILE, Settings, private_folder, require_new
from orchestration.sql import Sql, fill, join, name, value

WHERE = "where.csv"
"""Lists every place, with how many rows of it tell of the person."""

_PLACES = ("place", "what", "rows")

_WHAT_IF = "what_if"

_TOLD = ("quality", "runs")
"""Folders of what was said of nights."""


@dataclass
class Held:
    """What was found.

    Attributes:
        folder: Where it was written.
        places: Place, what of it, and how many rows; 0 where nobody has counted.
    """

    folder: Path
    places: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows written and counted, in all places."""
        return sum(count for _, _, count in self.places)


def write_subject(settings: Settings, customer: str, folder: Path) -> Held:
    """Write all that is held of a customer into a new folder, a private CSV file per table.

    Raises:
        ConfigurationError: The folder holds something.
        NotFoundError: Nothing is held of a customer of that number.
        BusyError: A run is writing.
    """
    require_new(folder)
    folder = folder.absolute()
    private_folder(folder.parent)
    # whole or not at all: half of what is held would pass for all of it
    with writer_lock(settings), room_beside(folder) as room:
        unfinished = room / folder.name
        held = Held(folder, _written(settings, customer, unfinished))
        _write_places(held, unfinished)
        unfinished.replace(folder)
    return held


def _written(settings: Settings, customer: str, folder: Path) -> list[tuple[str, str, int]]:
    """Write what is held into a folder; returns the places of it all, written or not."""
    numbers = owned_numbers(settings, customer)
    with connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("create table number as select unnest($numbers) as number", {"numbers": numbers})
        found = list(_everywhere(connection, settings, customer, numbers))
        places = [(place, what, count) for place, what, rows in found if (count := _count(connection, rows))]
        is_erased = customer in {erased.customer_id for erased in read_register(settings).customers}
        if not places and not is_erased:
            raise NotFoundError("Nothing is held of a customer of that number.")
        written = {(place, what) for place, what, _ in places}
        private_folder(folder)
        for place, what, rows in found:
            if (place, what) in written:
                _write(connection, rows, folder / place.replace("/", "-") / f"{what}.csv")
    if is_erased:
        places.append(("erasure/register.json", "he asked to be forgotten", 1))
    places += [
        (str(path.relative_to(settings.home)), "as delivered; he may be in it", 0)
        for _, path in survey(settings).named
    ]
    return [*places, *_in_files(settings, numbers)]


def _everywhere(
    connection: duckdb.DuckDBPyConnection, settings: Settings, customer: str, numbers: Sequence[str]
) -> Iterator[tuple[str, str, Sql]]:
    """Place, table, and a query for the rows that name him."""
    for table in load_contract().tables:
        files = list(files_below(settings.lake / table.name))
        columns = [column for column in table.column_names if holds_numbers(column)]
        if files and columns:
            yield "lake", table.name, _rows(_parquet(files, union=True), columns)
    refused = list(files_below(settings.quarantine))
    if refused:
        said = "concat_ws(' ', value, row_key, record)"
        condition = join(" or ", (fill(f"contains({said}, {{n}})", n=value(number)) for number in numbers))
        query = fill(
            "select * from {files} where {named}", files=_parquet(refused, union=True), named=condition
        )
        yield "quarantine", "refused", query
    if settings.database.exists():
        connection.execute(fill("attach {path} as build (read_only)", path=value(settings.database)))
        for (schema, table_name), names in columns_of(connection, "build").items():
            columns = [column for column in names if holds_numbers(column)]
            if columns:
                yield "build", f"{schema}.{table_name}", _rows(name("build", schema, table_name), columns)
    connection.execute("create table customer as select $customer as number", {"customer": customer})
    for folder in (
        *(release.folder for release in releases(settings)),
        *sorted(cuts_folder(settings).glob("*/*/")),
    ):
        catalog = read_catalog(folder)
        for held in catalog.tables if catalog is not None else ():
            columns = _of_customers(column.name for column in held.columns)
            if columns and held.files:
                files = [folder / file.path for file in held.files]
                place = str(folder.relative_to(settings.home))
                yield place, held.full_name, _rows(_parquet(files), columns, "customer")
    for path in files_below(settings.home / _WHAT_IF):
        if columns := _of_customers(pl.read_parquet_schema(path)):
            place = str(path.parent.relative_to(settings.home))
            yield place, path.stem, _rows(_parquet([path]), columns, "customer")


def _of_customers(columns: Iterable[str]) -> list[str]:
    return [c for c in columns if c == "customer_id" or c.endswith("_customer_id")]


def _in_files(settings: Settings, numbers: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Files that are no tables of customers, and how many lines or rows of each name one of the numbers."""
    named = re.compile(r"(?<![0-9A-Za-z])(?:" + "|".join(map(re.escape, numbers)) + r")(?![0-9A-Za-z])")
    for path in sorted(p for room in _TOLD for p in (settings.home / room).rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            lines = [str(row) for row in pl.read_parquet(path).iter_rows()]
        else:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        if count := sum(named.search(line) is not None for line in lines):
            yield str(path.relative_to(settings.home)), "names him", count
    for path in sorted(private_releases(settings).rglob("*.duckdb")):
        yield str(path.relative_to(settings.home)), "encrypted; he may be in it", 0


def _parquet(files: Sequence[Path], *, union: bool = False) -> Sql:
    return fill(
        "read_parquet([{files}], hive_partitioning = false, filename = {lineage}, union_by_name = {union})",
        files=join(", ", map(value, files)),
        lineage=Sql(str(union).lower()),
        union=Sql(str(union).lower()),
    )


def _rows(relation: Sql, columns: Sequence[str], numbers: str = "number") -> Sql:
    named = "{column} in (select number from memory.main.{numbers})"
    condition = join(" or ", (fill(named, column=name(c), numbers=name(numbers)) for c in columns))
    return fill("select * from {relation} where {condition}", relation=relation, condition=condition)


def _count(connection: duckdb.DuckDBPyConnection, rows: Sql) -> int:
    (count,) = connection.execute(fill("select count(*) from ({rows})", rows=rows)).fetchone() or (0,)
    return int(count)


def _write(connection: duckdb.DuckDBPyConnection, rows: Sql, path: Path) -> None:
    private_folder(path.parent)
    # made before it is filled, so that nobody else can ever open it
    path.touch(mode=PRIVATE_FILE)
    connection.execute(fill("copy ({rows}) to {path} (format csv, header)", rows=rows, path=value(path)))
    path.chmod(PRIVATE_FILE)


def _write_places(held: Held, folder: Path) -> None:
    path = folder / WHERE
    path.touch(mode=PRIVATE_FILE)
    with path.open("w", encoding="utf-8", newline="") as listed:
        writer = csv.writer(listed)
        writer.writerow(_PLACES)
        writer.writerows(held.places)
