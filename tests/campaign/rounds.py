"""The rounds of the campaign. Each is told by its seed and its number, and can be run again by them."""

import random
import signal
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from orchestration.releases.on_disk import releases
from orchestration.settings import Settings
from tests.campaign.bank import FORMER, WAITING, copy, left_over, published, tells_of
from tests.campaign.children import Ended, Kill, start
from tests.campaign.commands import COMMANDS, Command
from tests.campaign.damages import DAMAGES, seal
from tests.support.disks import MEGABYTE, can_fill_disks, small_disk

ENDS_OF_BAD_FILES = (0, 3, 4, 11, 12)
ENDS_OF_FULL_DISKS = (0, 5, 9, 12)
RUN = COMMANDS["run"]
_MOST_KILLS = 12
_LEFT_AFTER_A_KILL = 0.7
"""A run after a kill has less to do: each later kill of a round is drawn from so much of the way before."""
_TWO_STATES = ("run", "feeds", "release-for")
"""Commands that publish one release or none, so that nothing else may be found after a kill."""


@dataclass
class Outcome:
    """What came out of one round.

    Attributes:
        kind: kill, full disk, collision, hostile file.
        at: Where it was hit: the command and its station, or the kind of damage.
        hits: Kills, full disks, reads or damages of this round.
        moments: When the kills were, to find one again.
        wrong: What is not as it should be; nothing if all is well.
    """

    kind: str
    at: list[str] = field(default_factory=list)
    hits: int = 0
    moments: list[str] = field(default_factory=list)
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
        self._before = published(base)
        self._ends: dict[str, tuple[list[dict[str, str]], int]] = {}

    def keep(self, place: Path) -> None:
        """Keep the warehouse of the last round."""
        copy(self._folder / "round", place)

    def kill(self, seed: str) -> Outcome:
        """Kill a command several times on its way, then let it end."""
        chance, outcome = random.Random(seed), Outcome("kill")
        name, command = _drawn(chance)
        accepted, touches = self._undisturbed(name)
        home = copy(self._base, self._folder / "round")
        ended = None
        for number in range(chance.randint(1, _MOST_KILLS)):
            way = max(1, round(touches * _LEFT_AFTER_A_KILL**number))
            # every other kill hits what a library is at between two touches
            moment = Kill(chance.randint(1, way), chance.choice([0.0, chance.uniform(0.001, 0.3)]))
            ended = self._run(home, command, kill=moment)
            if ended.code is not None:
                break
            outcome.hits += 1
            outcome.at.append(f"{name}: {_station(home)}")
            outcome.moments.append(f"{moment.touch} + {moment.delay:.3f} s")
            self._readers_are_well(home, outcome)
            if name in _TWO_STATES and published(home) not in (self._before, *accepted):
                outcome.wrong.append("a kill published something in between")
            ended = None
        self._finish(home, command, accepted, outcome, ended)
        if name == "erase":
            outcome.wrong += [f"tells of the erased customer: {place}" for place in tells_of(home, FORMER)]
        if command.key and len(told := {release.hash_key for release in releases(Settings.load(home))}) != 1:
            outcome.wrong.append(f"releases of {len(told)} keys")
        return outcome

    def interrupt(self, seed: str) -> Outcome:
        """Ask a command to end, as Ctrl-C or a service manager does: it says so in one line."""
        chance, outcome = random.Random(seed), Outcome("interrupt")
        name, command = _drawn(chance)
        accepted, touches = self._undisturbed(name)
        home = copy(self._base, self._folder / "round")
        by, code = chance.choice([(signal.SIGINT, 130), (signal.SIGTERM, 143)])
        moment = Kill(chance.randint(1, touches), chance.uniform(0, 0.3), by)
        ended = self._run(home, command, kill=moment)
        outcome.moments.append(str(moment))
        self._told_well(ended, (0, *command.through, code), outcome)
        self._readers_are_well(home, outcome)
        outcome.hits, outcome.at = 1, [f"{name}: {_station(home)}" if ended.code == code else "came too late"]
        said = [line for line in ended.said.splitlines() if line.startswith("Interrupted")]
        if len(said) != int(ended.code == code):
            outcome.wrong.append(f"an interrupt is told in {len(said)} lines: {ended.said[-400:]}")
        self._finish(home, command, accepted, outcome, None if ended.code == code else ended)
        return outcome

    def full_disk(self, seed: str) -> Outcome:
        """Run on a disk of its own that is full before the night is over; then give it room."""
        chance, outcome = random.Random(seed), Outcome("full disk")
        with small_disk(self._folder / "disk", self._base, chance.randint(0, 40) * MEGABYTE) as disk:
            home = copy(self._base, disk / "home")
            ended = self._run(home, RUN)
            outcome.hits, outcome.at = 1, [f"exit code {ended.code}"]
            self._told_well(ended, ENDS_OF_FULL_DISKS, outcome)
            self._readers_are_well(home, outcome)
            roomy = copy(home, self._folder / "round")
        self._finish(roomy, RUN, self._undisturbed("run")[0], outcome)
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
        accepted = self._undisturbed("run")[0]
        if commands[1] == ["rebuild"]:
            # whichever came first
            accepted = [*accepted, *self._undisturbed("rebuild")[0]]
        self._finish(home, RUN, accepted, outcome)
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
            seal(folder, path)
        outcome.hits, outcome.at = 1, [f"{name}{', sealed' if is_sealed else ''}"]
        ended = self._run(home, RUN)
        self._told_well(ended, ENDS_OF_BAD_FILES, outcome)
        self._readers_are_well(home, outcome)
        if ended.code == 0:
            # what is let through is a batch like any other
            return outcome
        if published(home) != before:
            outcome.wrong.append("a refused batch changed what is published")
        for each, content in sound.items():
            each.write_bytes(content)
        self._finish(home, RUN, self._undisturbed("run")[0], outcome)
        return outcome

    def _undisturbed(self, name: str) -> tuple[list[dict[str, str]], int]:
        """What may be left where nobody disturbs a command, and how many files it touches."""
        if name not in self._ends:
            self._ends[name] = self._undisturbed_end(COMMANDS[name])
        return self._ends[name]

    def _undisturbed_end(self, command: Command) -> tuple[list[dict[str, str]], int]:
        home = copy(self._base, self._folder / "undisturbed")
        accepted, touches = [], 0
        for _ in range(2 if command.is_told_by_checks else 1):
            ended = self._run(home, command)
            self._require_done(command, ended)
            touches = touches or ended.touches
            if command.ends_with_run:
                self._require_done(RUN, self._run(home, replace(RUN, key=command.key)))
            accepted.append(command.left(home))
        return accepted, touches

    @staticmethod
    def _require_done(command: Command, ended: Ended) -> None:
        if ended.code != 0:
            raise SystemExit(f"acrm {command.arguments} ended with {ended.code}, undisturbed:\n{ended.said}")

    def _run(self, home: Path, command: Command, *, kill: Kill | None = None) -> Ended:
        return start(
            home,
            command.for_home(home),
            self._output,
            by_dbt=self._by_dbt,
            kill=kill,
            environment=command.environment(),
        ).wait()

    def _finish(
        self,
        home: Path,
        command: Command,
        accepted: list[dict[str, str]],
        outcome: Outcome,
        ended: Ended | None = None,
    ) -> None:
        """Let the command go through, unless it has, and what waits: then all is as if nothing had been."""
        if ended is None and not command.counts_once:
            ended = self._run(home, command)
        if ended is not None:
            self._told_well(ended, (0, *command.through), outcome)
        if command.ends_with_run and command is not RUN:
            self._told_well(self._run(home, replace(RUN, key=command.key)), (0,), outcome)
        if command.left(home) not in accepted:
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


def _drawn(chance: random.Random) -> tuple[str, Command]:
    return chance.choices(list(COMMANDS.items()), [command.weight for command in COMMANDS.values()])[0]


def _station(home: Path) -> str:
    """What the writer was at when it was killed, from its note; the day is left out."""
    note = home / "writer.note"
    text = note.read_text(encoding="utf-8") if note.exists() else ""
    return text.rpartition(", ")[2] if ", at " in text else "on its way"


def rounds_of(campaign: Campaign, seed: int, numbers: Iterable[int]) -> Iterator[tuple[str, Outcome]]:
    """Rounds with their names: mostly kills, every eighth one of the others in turn."""
    others = [campaign.hostile_file, campaign.interrupt, campaign.collision]
    if can_fill_disks():
        others.append(campaign.full_disk)
    for number in numbers:
        name = f"{seed}-{number}"
        act = others[number // 8 % len(others)] if number % 8 == 7 else campaign.kill
        yield name, act(name)
