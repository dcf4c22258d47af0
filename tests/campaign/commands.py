"""The commands that the campaign kills, and what has to come out of them afterwards."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.campaign.bank import FORMER, WAITING, published

OTHER_KEY = "another key of the tests, which protects nothing either"


@dataclass(frozen=True)
class Command:
    """A command of ``acrm`` that writes.

    Attributes:
        arguments: What stands after ``acrm``; ``{home}`` is the warehouse.
        weight: How often it is drawn, compared with the others.
        through: Exit codes besides 0 that say that it was done when it was killed.
        ends_with_run: Whether ``acrm run`` follows, since it leaves a night to run or may have one cut short.
        is_told_by_checks: Whether what gates tell of earlier nights, run again, counts what is published by
            then: a kill after its end makes the next try a second one, and that is as good.
        counts_once: Whether the first of several counts, so that it is not given again after a kill.
        writes: Folder of the home whose files are compared besides the release.
        key: The hash key that is configured, if it is not that of the tests.
    """

    arguments: tuple[str, ...]
    weight: int
    through: tuple[int, ...] = ()
    ends_with_run: bool = True
    is_told_by_checks: bool = False
    counts_once: bool = False
    writes: str = ""
    key: str = ""

    def for_home(self, home: Path) -> list[str]:
        """Its arguments for a warehouse."""
        return [argument.replace("{home}", str(home)) for argument in self.arguments]

    def environment(self) -> Mapping[str, str]:
        """What is set besides ``ACRM_HOME``."""
        return {"ACRM_HASH_KEY": self.key or os.environ["ACRM_HASH_KEY"]}

    def left(self, home: Path) -> dict[str, str]:
        """What readers find after it: sha256 of files by path."""
        folder = home / self.writes
        written = sorted(folder.rglob("*")) if self.writes else []
        return published(home) | {
            str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest()
            for path in written
            if path.suffix in (".csv", ".parquet") and not path.is_symlink()
        }


COMMANDS: dict[str, Command] = {
    "run": Command(("run",), 30),
    "withdraw": Command(("withdraw", f"{WAITING}/1", "--reason", "campaign"), 12, through=(2, 10)),
    "rollback": Command(("rollback",), 6, counts_once=True),
    "erase": Command(("erase", FORMER), 12, through=(10,)),
    "feeds": Command(
        ("feeds", "--date", "2026-02-02", "--to", "{home}/feeds"), 8, ends_with_run=False, writes="feeds"
    ),
    "release-for": Command(("release-for", "--org", "O1"), 8, ends_with_run=False, writes="cuts"),
    "rotate-key": Command(("rotate-key",), 8, key=OTHER_KEY),
    "replay": Command(("run", "--date", "2026-01-30"), 4, is_told_by_checks=True),
    "rebuild": Command(("rebuild",), 2, is_told_by_checks=True),
}
