"""The rounds of the campaign. Each is told by its seed and its number, and can be run again by them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.campaign.bank import FORMER, WAITING, copy, left_over, published
from tests.campaign.children import Ended, start

KILLED_COMMANDS: dict[str, list[str]] = {
    "run": ["run"],
    "replay": ["run", "--date", "2026-01-30"],
    "rebuild": ["rebuild"],
    "erase": ["erase", FORMER],
    "withdraw": ["withdraw", f"{WAITING}/1", "--reason", "campaign"],
}
"""The commands that are killed; each is run again to its end, then ``acrm run``."""

ENDS_OF_BAD_FILES = (0, 3, 4, 11, 12)
ENDS_OF_FULL_DISKS = (0, 5, 9, 12)


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
        expected, seconds = self._undisturbed[name]
        home = copy(self._base, self._folder / "round")
        for _ in range(chance.randint(1, 4)):
            ended = self._run(home, KILLED_COMMANDS[name], kill_after=chance.uniform(0, seconds))
            if ended.code is not None:
                break
            outcome.hits += 1
            outcome.at.append(f"{name}: {_station(home)}")
            self._readers_are_well(home, outcome)
        self._finish(home, name, expected, outcome)
        return outcome

    def full_disk(self, seed: str) -> Outcome:
        """Let no file grow beyond a size that some files of a night need; then let it end."""
        chance, outcome = random.Random(seed), Outcome("full disk")
        expected, _ = self._undisturbed["run"]
        home, limit = copy(self._base, self._folder / "round"), int(10 ** chance.uniform(2.5, 7.2))
        ended = self._run(home, ["run"], largest_file=limit)
        outcome.hits, outcome.at = 1, [f"exit code {ended.code}"]
        self._told_well(ended, ENDS_OF_FULL_DISKS, outcome)
        self._readers_are_well(home, outcome)
        self._finish(home, "run", expected, outcome)
        return outcome

    def collision(self, seed: str) -> Outcome:
        """Two runs, a look at the status and a reader, all at once."""
        chance, outcome = random.Random(seed), Outcome("collision")
        expected, _ = self._undisturbed["run"]
        home = copy(self._base, self._folder / "round")
        outputs = [self._folder / f"said-{number}.txt" for number in range(3)]
        commands = [["run"], chance.choice([["run"], ["rebuild"]]), ["status"]]
        running = [
            start(home, command, output, by_dbt=self._by_dbt)
            for command, output in zip(commands, outputs, strict=True)
        ]
        reads = 0
        for _ in range(int(chance.uniform(20, 60))):
            self._readers_are_well(home, outcome)
            reads += 1
        ended = [child.wait() for child in running]
        outcome.hits, outcome.at = reads, ["reads"]
        for end in ended:
            self._told_well(end, (0, 7), outcome)
        if all(end.code != 0 for end in ended[:2]):
            outcome.wrong.append("neither of two runs went through")
        self._finish(home, "run", expected, outcome)
        return outcome

    def hostile_file(self, seed: str) -> Outcome:
        """Damage a file of the waiting batch; nothing wrong is published, and the mended batch comes in."""
        chance, outcome = random.Random(seed), Outcome("hostile file")
        expected, _ = self._undisturbed["run"]
        home = copy(self._base, self._folder / "round")
        before = published(home)
        (folder,) = (home / "landing").glob(f"business_date={WAITING}/*")
        path = chance.choice(sorted(path for path in folder.iterdir() if path.is_file()))
        sound = path.read_bytes()
        name, damage = chance.choice(list(DAMAGES.items()))
        path.write_bytes(damage(sound, chance))
        outcome.hits, outcome.at = 1, [name]
        ended = self._run(home, ["run"])
        self._told_well(ended, ENDS_OF_BAD_FILES, outcome)
        if ended.code != 0 and published(home) != before:
            outcome.wrong.append("a refused batch changed what is published")
        path.write_bytes(sound)
        self._finish(home, "run", expected, outcome)
        return outcome

    def _undisturbed_end(self, name: str) -> tuple[dict[str, str], float]:
        home = copy(self._base, self._folder / "undisturbed")
        ended = self._run(home, KILLED_COMMANDS[name])
        for end in (ended, self._run(home, ["run"])):
            if end.code != 0:
                raise SystemExit(f"acrm {name} ended with {end.code}, undisturbed:\n{end.said}")
        return published(home), ended.seconds

    def _run(
        self,
        home: Path,
        arguments: list[str],
        *,
        kill_after: float | None = None,
        largest_file: int | None = None,
    ) -> Ended:
        child = start(home, arguments, self._output, by_dbt=self._by_dbt, largest_file=largest_file)
        return child.wait(kill_after)

    def _finish(self, home: Path, name: str, expected: dict[str, str], outcome: Outcome) -> None:
        """Let the command go through, and what is waiting; then all has to be as if nothing had been."""
        for arguments in ([KILLED_COMMANDS[name]] if name != "run" else []) + [["run"]]:
            ended = self._run(home, arguments)
            if ended.code != 0 and not _is_done_before(ended):
                outcome.wrong.append(
                    f"acrm {' '.join(arguments)} ended with {ended.code}: {ended.said[-400:]}"
                )
        if published(home) != expected:
            outcome.wrong.append("what is published is not what the undisturbed run publishes")
        outcome.wrong += [f"left over: {found}" for found in left_over(home)]

    @staticmethod
    def _told_well(ended: Ended, codes: tuple[int, ...], outcome: Outcome) -> None:
        if ended.has_traceback:
            outcome.wrong.append(f"a traceback: {ended.said[-400:]}")
        if ended.code not in codes:
            outcome.wrong.append(f"exit code {ended.code}: {ended.said[-400:]}")

    @staticmethod
    def _readers_are_well(home: Path, outcome: Outcome) -> None:
        folder = (home / "published" / "current").resolve()
        try:
            with duckdb.connect(str(folder / "acrm.duckdb"), read_only=True) as reader:
                reader.execute("select count(*) from customer_value.fct_customer_aum_monthly").fetchall()
        except duckdb.Error as error:
            outcome.wrong.append(f"a reader of {folder.name} is told: {error}")


def _station(home: Path) -> str:
    """What the writer was at when it was killed, from its note; the day is left out."""
    note = home / "writer.note"
    text = note.read_text(encoding="utf-8") if note.exists() else ""
    return text.rpartition(", ")[2] if ", at " in text else "before the first station"


def _is_done_before(ended: Ended) -> bool:
    """Whether the command was through when it was killed, and says so: a batch withdrawn is no batch."""
    return ended.code in (2, 10)


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
    others = [campaign.full_disk, campaign.collision, campaign.hostile_file]
    for number in range(rounds) if only is None else [only]:
        name = f"{seed}-{number}"
        act = others[number // 4 % 3] if number % 4 == 3 else campaign.kill
        yield name, act(name)
