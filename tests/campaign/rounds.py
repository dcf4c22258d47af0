"""The rounds of the campaign. Each is told by its seed and its number, and can be run again by them."""

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import duckdb

from tests.campaign.bank import FORMER, WAITING, copy, left_over, published, tells_of
from tests.campaign.children import Ended, start

KILLED_COMMANDS: dict[str, list[str]] = {
    "run": ["run"],
    "replay": ["run", "--date", "2026-01-30"],
    "rebuild": ["rebuild"],
    "erase": ["erase", FORMER],
    "withdraw": ["withdraw", f"{WAITING}/1", "--reason", "campaign"],
    "rollback": ["rollback"],
}
"""The commands that are killed; each is run again to its end, then ``acrm run``."""

DONE_BEFORE: dict[str, tuple[int, ...]] = {"withdraw": (2, 10), "erase": (10,)}
"""Exit codes that say that the command was through when it was killed."""

ENDS_OF_BAD_FILES = (0, 3, 4, 11, 12)
ENDS_OF_FULL_DISKS = (0, 5, 9, 12)
_MEGABYTE = 1 << 20


@dataclass
class Outcome:
    """What came out of one round.

    Attributes:
        kind: kill, full disk, collision, hostile file.
        at: Where it was hit: the command and its station, or the kind of damage.
        hits: Kills, full disks, reads or damages of this round.
        wrong: What is not as it should be; nothing if all is well.
    """

    kind: str
    at: list[str] = field(default_factory=list)
    hits: int = 0
    wrong: list[str] = field(default_factory=list)


class Campaign:
    """Rounds over copies of one warehouse.

    Args:
        base: The warehouse that :func:`tests.campaign.bank.prepare` made.
        folder: Where copies are made.
        by_dbt: Whether nights are built by dbt itself.
    """

    def __init__(self, base: Path, folder: Path, *, by_dbt: bool = False) -> None:
        self._base, self._folder, self._by_dbt = base, folder, by_dbt
        self._output = folder / "said.txt"
        self._undisturbed = {name: self._undisturbed_end(name) for name in KILLED_COMMANDS}

    def kill(self, seed: str) -> Outcome:
        """Kill a command up to four times on its way, then let it end."""
        chance, outcome = random.Random(seed), Outcome("kill")
        name = chance.choice(list(KILLED_COMMANDS))
        _, seconds = self._undisturbed[name]
        home = copy(self._base, self._folder / "round")
        for _ in range(chance.randint(1, 4)):
            ended = self._run(home, KILLED_COMMANDS[name], kill_after=chance.uniform(0, seconds))
            if ended.code is not None:
                self._told_well(ended, (0, *DONE_BEFORE.get(name, ())), outcome)
                break
            outcome.hits += 1
            outcome.at.append(f"{name}: {_station(home)}")
            self._readers_are_well(home, outcome)
        self._finish(home, name, outcome)
        if name == "erase":
            outcome.wrong += [f"tells of the erased customer: {place}" for place in tells_of(home, FORMER)]
        return outcome

    def full_disk(self, seed: str) -> Outcome:
        """Run on a disk of its own that is full before the night is over; then give it room."""
        chance, outcome = random.Random(seed), Outcome("full disk")
        with _small_disk(self._folder / "disk", self._base, chance.randint(0, 40) * _MEGABYTE) as disk:
            home = copy(self._base, disk / "home")
            ended = self._run(home, ["run"])
            outcome.hits, outcome.at = 1, [f"exit code {ended.code}"]
            self._told_well(ended, ENDS_OF_FULL_DISKS, outcome)
            self._readers_are_well(home, outcome)
            roomy = copy(home, self._folder / "round")
        self._finish(roomy, "run", outcome)
        return outcome

    def collision(self, seed: str) -> Outcome:
        """Two runs, looks at the status and a reader, until all have ended."""
        chance, outcome = random.Random(seed), Outcome("collision")
        home = copy(self._base, self._folder / "round")
        commands = [["run"], chance.choice([["run"], ["rebuild"]]), ["status"], ["status"]]
        running = [
            start(home, command, self._folder / f"said-{number}.txt", by_dbt=self._by_dbt)
            for number, command in enumerate(commands)
        ]
        while any(child.poll() is None for child in running):
            self._readers_are_well(home, outcome)
            outcome.hits += 1
            time.sleep(chance.uniform(0, 0.1))
        outcome.at = ["reads"]
        ended = [child.wait() for child in running]
        for end in ended:
            self._told_well(end, (0, 7), outcome)
        if all(end.code != 0 for end in ended[:2]):
            outcome.wrong.append("neither of two runs went through")
        if any(end.code != 0 for end in ended[2:]):
            outcome.wrong.append("a look at the status failed")
        self._finish(home, "run", outcome)
        return outcome

    def hostile_file(self, seed: str) -> Outcome:
        """Damage a file of the waiting batch, mostly with a manifest that agrees with it."""
        chance, outcome = random.Random(seed), Outcome("hostile file")
        home = copy(self._base, self._folder / "round")
        before = published(home)
        (folder,) = (home / "landing").glob(f"business_date={WAITING}/*")
        sound = {path: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        path = chance.choice(list(sound))
        name, damage = chance.choice(list(DAMAGES.items()))
        path.write_bytes(damage(sound[path], chance))
        is_sealed = path.name != "manifest.json" and chance.random() < 0.8
        if is_sealed:
            _seal(folder, path)
        outcome.hits, outcome.at = 1, [f"{name}{', sealed' if is_sealed else ''}"]
        ended = self._run(home, ["run"])
        self._told_well(ended, ENDS_OF_BAD_FILES, outcome)
        self._readers_are_well(home, outcome)
        if ended.code == 0:
            # what is let through is a batch like any other
            return outcome
        if published(home) != before:
            outcome.wrong.append("a refused batch changed what is published")
        for each, content in sound.items():
            each.write_bytes(content)
        self._finish(home, "run", outcome)
        return outcome

    def _undisturbed_end(self, name: str) -> tuple[dict[str, str], float]:
        home = copy(self._base, self._folder / "undisturbed")
        ended = self._run(home, KILLED_COMMANDS[name])
        for end in (ended, self._run(home, ["run"])):
            if end.code != 0:
                raise SystemExit(f"acrm {name} ended with {end.code}, undisturbed:\n{end.said}")
        return published(home), ended.seconds

    def _run(self, home: Path, arguments: list[str], *, kill_after: float | None = None) -> Ended:
        return start(home, arguments, self._output, by_dbt=self._by_dbt).wait(kill_after)

    def _finish(self, home: Path, name: str, outcome: Outcome) -> None:
        """Let the command go through, and what is waiting; then all has to be as if nothing had been."""
        expected, _ = self._undisturbed[name]
        if name == "rollback":
            # each one goes a release further back: the first of them counts
            expected, _ = self._undisturbed["run"]
        elif name != "run":
            done = self._run(home, KILLED_COMMANDS[name])
            self._told_well(done, (0, *DONE_BEFORE.get(name, ())), outcome)
        self._told_well(self._run(home, ["run"]), (0,), outcome)
        if published(home) != expected:
            outcome.wrong.append("what is published is not what the undisturbed run publishes")
        outcome.wrong += [f"left over: {found}" for found in left_over(home)]

    @staticmethod
    def _told_well(ended: Ended, codes: tuple[int, ...], outcome: Outcome) -> None:
        if ended.has_traceback:
            outcome.wrong.append(f"a traceback: {ended.said[-400:]}")
        elif ended.code not in codes:
            outcome.wrong.append(f"exit code {ended.code}: {ended.said[-400:]}")

    @staticmethod
    def _readers_are_well(home: Path, outcome: Outcome) -> None:
        folder = (home / "published" / "current").resolve()
        try:
            with duckdb.connect(str(folder / "acrm.duckdb"), read_only=True) as reader:
                reader.execute("select count(*) from customer_value.fct_customer_aum_monthly").fetchall()
        except duckdb.Error as error:
            outcome.wrong.append(f"a reader of {folder.name} is told: {error}")


def can_fill_disks() -> bool:
    """Whether this user may mount a disk of its own; others have their full disks left out."""
    return os.geteuid() == 0


@contextmanager
def _small_disk(place: Path, holds: Path, room: int) -> Iterator[Path]:
    """A disk that holds a copy of a folder and so many bytes more."""
    needed = sum(path.lstat().st_blocks * 512 for path in holds.rglob("*"))
    place.mkdir(exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={needed + room + _MEGABYTE}", "campaign", place], check=True
    )
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def _seal(folder: Path, path: Path) -> None:
    """Have the manifest agree with a damaged file, so that it is read and not refused for its sum."""
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    for table in content["tables"].values():
        for file in table["files"]:
            if file["name"] == path.name:
                file["sha256"] = sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(content), encoding="utf-8")


def _station(home: Path) -> str:
    """What the writer was at when it was killed, from its note; the day is left out."""
    note = home / "writer.note"
    text = note.read_text(encoding="utf-8") if note.exists() else ""
    return text.rpartition(", ")[2] if ", at " in text else "on its way"


def _flip(sound: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(sound)) if sound else 0
    return sound[:place] + bytes([chance.randrange(256)]) + sound[place + 1 :]


def _cut(sound: bytes, chance: random.Random) -> bytes:
    return sound[: chance.randrange(len(sound) + 1)]


def _twice(sound: bytes, chance: random.Random) -> bytes:
    return sound + sound[chance.randrange(len(sound) + 1) :]


def _noise(sound: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(sound) + 1)
    return sound[:place] + chance.randbytes(chance.randint(1, 2000)) + sound[place:]


def _other_words(sound: bytes, chance: random.Random) -> bytes:
    words = [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\x00",
        b"NaN",
        b"-1e999",
        b"9999-12-31",
        "\u202e".encode(),
        b"../../x",
    ]
    place = chance.randrange(len(sound) + 1)
    return sound[:place] + chance.choice(words) + sound[place:]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "a byte is another": _flip,
    "the end is missing": _cut,
    "the end comes twice": _twice,
    "noise in it": _noise,
    "a word in it": _other_words,
    "it is empty": lambda sound, chance: b"",
}


def rounds_of(
    campaign: Campaign, seed: int, rounds: int, only: int | None = None
) -> Iterator[tuple[str, Outcome]]:
    """Rounds with their names: mostly kills, every fourth one of the others in turn.

    Args:
        only: The number of the one round to run.
    """
    others = [campaign.hostile_file, campaign.collision, *([campaign.full_disk] if can_fill_disks() else [])]
    for number in range(rounds) if only is None else [only]:
        name = f"{seed}-{number}"
        act = others[number // 4 % len(others)] if number % 4 == 3 else campaign.kill
        yield name, act(name)
