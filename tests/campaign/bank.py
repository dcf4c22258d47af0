"""The bank of the campaign: a village with three nights published and one waiting, run once."""

import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb

from orchestration.settings import Settings
from tests.campaign.children import work
from tests.faults.village import NIGHTS, OPENED, village
from tests.support.landing import land_all
from tests.support.quick_build import run_quickly

WAITING = NIGHTS[-1]
FORMER = "former-villager"
"""Has left with the second night, and asks to be forgotten."""


def prepare(home: Path) -> None:
    """Make the warehouse that every round copies."""

    def nights() -> int:
        os.umask(0o077)
        bank = village()
        former = bank.customer(FORMER, opened=OPENED)
        former.holds(70_000).closes(NIGHTS[1])
        former.leaves(NIGHTS[1])
        land_all(home, bank)
        run_quickly(Settings.load(home), until=NIGHTS[-2])
        return 0

    ended = work(nights, home.with_name(f"{home.name}-said.txt")).wait()
    if ended.code != 0:
        raise SystemExit(f"the bank of the campaign cannot be made:\n{ended.said}")


def copy(home: Path, to: Path) -> Path:
    """A copy for one round, in place of the one before."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(home, to, symlinks=True)
    return to


def published(home: Path) -> dict[str, str]:
    """sha256 of every Parquet file that readers see, by its path."""
    folder = (home / "published" / "current").resolve() / "parquet"
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.parquet"))
    }


def left_over(home: Path) -> list[str]:
    """Half-made folders that a finished run should have cleared."""
    return sorted(
        path.name
        for path in (home / "published").iterdir()
        if path.name.startswith((".building-", ".deleting-", ".switching-"))
    )


def tells_of(home: Path, number: str) -> list[str]:
    """Files and tables that hold a customer's number, the register of who is erased left out."""
    found = []
    for path in sorted(home.rglob("*")):
        kept = path.is_symlink() or not path.is_file() or path.is_relative_to(home / "erasure")
        # the table of who is erased stands in the database, and names him once
        named = path == home / "build" / "warehouse.duckdb"
        if not kept and (path.read_bytes().count(number.encode()) > named or any(_texts(path, number))):
            found.append(str(path.relative_to(home)))
    return found


def _texts(path: Path, number: str) -> Iterator[str]:
    """Rows with the number of a Parquet file or of a database, whose bytes are compressed."""
    if path.suffix not in (".parquet", ".duckdb"):
        return
    with duckdb.connect() as connection:
        tables = ["read_parquet(getvariable('path'))"]
        connection.execute("set variable path = $path", {"path": str(path)})
        if path.suffix == ".duckdb":
            quoted = str(path).replace("'", "''")
            connection.execute(f"attach '{quoted}' as read (read_only)")
            tables = [
                f'read."{schema}"."{table}"'
                for schema, table in connection.execute(
                    "select schema_name, table_name from duckdb_tables() where database_name = 'read'"
                ).fetchall()
                if (schema, table) != ("pipeline", "erased_customer")
            ]
        for table in tables:
            query = f"select each::varchar from {table} as each where contains(each::varchar, $number)"
            yield from (row[0] for row in connection.execute(query, {"number": number}).fetchall())
