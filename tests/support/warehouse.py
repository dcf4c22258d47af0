"""A warehouse as its users see it: the command line to run it, the published database to read it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from orchestration.night import run_waiting
from orchestration.settings import Settings
from tests.support.quick_build import run_quickly

PROJECT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "orchestration.cli")
TIME_LIMIT_SECONDS = 3600
_BUILDING = ("run", "backfill", "rebuild", "dbt")
_PARSE = ("partial_parse.msgpack", "project_folder")


def tree_hashes(folder: Path) -> dict[str, str]:
    """sha256 of every file below the folder, by relative path; links are named with their target."""
    hashes = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            hashes[name] = f"link to {path.readlink()}"
        elif path.is_file():
            hashes[name] = sha256(path.read_bytes()).hexdigest()
    return hashes


@contextmanager
def private_files() -> Iterator[None]:
    """Files made in between are their owner's alone, as those of the command line."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@dataclass(frozen=True)
class Warehouse:
    """One ``ACRM_HOME``, and the project whose models and rules it is run by."""

    home: Path
    project: Path = PROJECT

    @property
    def environment(self) -> dict[str, str]:
        """Environment of the command line."""
        return {**os.environ, "ACRM_HOME": str(self.home)}

    @property
    def current(self) -> Path:
        """The release that readers see."""
        return self.home / "published" / "current"

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``acrm`` and return what it said."""
        if arguments[0] not in _BUILDING:
            return self._command(*arguments)
        with self._parsed_before():
            return self._command(*arguments)

    @contextmanager
    def _parsed_before(self) -> Iterator[None]:
        """Have dbt read the parse of another warehouse of these tests: parsing takes it most of a minute.

        dbt checks every file of the project against it, as it does with the parse of a night before.
        """
        kept = Path(tempfile.gettempdir()) / f"acrm-tests-parsed-{os.getuid()}"
        target = self.home / "dbt" / "target"
        is_new = self.project == PROJECT and not target.exists()
        if is_new and all((kept / name).exists() for name in _PARSE):
            target.mkdir(mode=0o700, parents=True)
            target.parent.chmod(0o700)
            for name in _PARSE:
                shutil.copy(kept / name, target / name)
        yield
        if is_new and all((target / name).exists() for name in _PARSE):
            kept.mkdir(mode=0o700, exist_ok=True)
            for name in _PARSE:
                shutil.copy(target / name, kept / f"{name}.{os.getpid()}")
                (kept / f"{name}.{os.getpid()}").replace(kept / name)

    def _command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_SECONDS,
            check=False,
        )

    def run(self, *, until: date | None = None) -> None:
        """Run all waiting nights in this process, built without what dbt does around each model."""
        with private_files():
            run_quickly(Settings.load(self.home), until=until)

    def run_by_dbt(self) -> None:
        """Run all waiting nights as ``acrm run`` does, in this process: imports and parsing are paid once."""
        with private_files():
            run_waiting(Settings.load(self.home))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start ``acrm`` without waiting, in a process group of its own."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def copy_to(self, home: Path) -> "Warehouse":
        """The same warehouse in another folder."""
        shutil.copytree(self.home, home, symlinks=True)
        return Warehouse(home)

    @contextmanager
    def reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection to the published database."""
        connection = duckdb.connect(str(self.current.resolve() / "acrm.duckdb"), read_only=True)
        try:
            yield connection
        finally:
            connection.close()

    def query(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows of a query against the published database."""
        with self.reader() as connection:
            cursor = connection.execute(sql, list(parameters))
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def parquet_hashes(self, *schemas: str) -> dict[str, str]:
        """sha256 of the current release's Parquet files, of all schemas or of those named."""
        hashes = tree_hashes(self.current.resolve() / "parquet")
        return {
            name: digest
            for name, digest in hashes.items()
            if name.endswith(".parquet") and (not schemas or name.split("/")[0] in schemas)
        }
