"""The bank of the campaign: a village with three nights published and one waiting, run once."""

import os
import shutil
from hashlib import sha256
from pathlib import Path

from orchestration.settings import Settings
from orchestration.transform import Transform
from tests.campaign.children import work
from tests.faults.village import NIGHTS, village
from tests.support.landing import land_all
from tests.support.quick_build import run_quickly

WAITING = NIGHTS[-1]
FORMER = "villager-6"


def prepare(folder: Path) -> Path:
    """Make the warehouse that every round copies; returns its home."""
    home = folder / "home"
    Transform(Settings.load(home))

    def nights() -> int:
        os.umask(0o077)
        land_all(home, village())
        run_quickly(Settings.load(home), until=NIGHTS[-2])
        return 0

    ended = work(nights, folder / "prepared.txt").wait()
    if ended.code != 0:
        raise SystemExit(f"the bank of the campaign cannot be made:\n{ended.said}")
    return home


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
