"""``python -m tests.campaign``: rounds against a warehouse, counted and shown as a table."""

import argparse
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.campaign.bank import prepare
from tests.campaign.children import load_all
from tests.campaign.rounds import Campaign, Outcome, rounds_of

os.environ.setdefault("ACRM_HASH_KEY", "key of the tests, which protects nothing")
PAGE = Path(__file__).parents[2] / "docs" / "operators" / "campaign.md"
_MANY = 1_000_000


def main() -> None:
    """Run the rounds; the exit code is 1 if any came out wrong."""
    asked = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    asked.add_argument("--rounds", type=int, default=40)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", type=int, help="run this round of the seed alone, as a failure names it")
    asked.add_argument("--workers", type=int, default=1, help="rounds at a time")
    asked.add_argument("--kills", type=int, help="go on until so many kills, however many rounds that takes")
    asked.add_argument("--minutes", type=float, help="begin no round after so many minutes")
    asked.add_argument("--keep", type=Path, help="folder for the homes of rounds that came out wrong")
    asked.add_argument("--base", type=Path, help="home to begin from; it is made if it is not there")
    asked.add_argument("--by-dbt", action="store_true", help="build nights by dbt itself")
    asked.add_argument("--write", action="store_true", help=f"write the counts to {PAGE.name}")
    options = asked.parse_args()
    console, outcomes = Console(), list[Outcome]()
    # what was reached is told, however it ends
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, suppress(KeyboardInterrupt):
        load_all()
        base = options.base or Path(folder) / "home"
        if not base.exists():
            prepare(base)
        with _rounds(base, Path(folder), options) as rounds:
            _run(rounds, options, console, outcomes)
    console.print(_table(outcomes))
    if options.write:
        _write(options, outcomes)
    raise SystemExit(any(outcome.wrong for outcome in outcomes))


@contextmanager
def _rounds(base: Path, folder: Path, options: argparse.Namespace) -> Iterator[Iterator[tuple[str, Outcome]]]:
    """Rounds as they end; each worker has every so many of them, and a folder of its own."""
    count = _MANY if options.kills else options.rounds
    numbers = range(count) if options.only is None else range(options.only, options.only + 1)
    forks = get_context("fork")
    found = forks.SimpleQueue()
    workers = [
        forks.Process(
            target=_work, args=(base, folder / str(n), options, numbers[n :: options.workers], found.put)
        )
        for n in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    try:
        # a worker says nothing more at its end
        yield (each for _ in workers for each in iter(found.get, None))
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(
    base: Path,
    folder: Path,
    options: argparse.Namespace,
    numbers: Iterable[int],
    tell: Callable[[tuple[str, Outcome] | None], None],
) -> None:
    # erasure looks for leftovers where temporary files are: others have theirs elsewhere
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "temporary")
    Path(tempfile.tempdir).mkdir(parents=True)
    campaign = Campaign(base, folder, by_dbt=options.by_dbt)
    with suppress(KeyboardInterrupt):
        for name, outcome in rounds_of(campaign, options.seed, numbers):
            if outcome.wrong and options.keep:
                campaign.keep(options.keep / name)
            tell((name, outcome))
    tell(None)


def _run(
    rounds: Iterator[tuple[str, Outcome]],
    options: argparse.Namespace,
    console: Console,
    outcomes: list[Outcome],
) -> None:
    """Add the outcome of round after round, until there are enough."""
    ends = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    for name, outcome in rounds:
        outcomes.append(outcome)
        for wrong in outcome.wrong:
            console.print(f"[red]{name}[/] {outcome.kind} at {', '.join(outcome.at)}: ", end="")
            console.print(wrong, markup=False)
        if outcome.wrong and outcome.moments:
            console.print(f"killed at touch {', '.join(outcome.moments)}", markup=False)
        hits = _kills(outcomes)
        if len(outcomes) % 10 == 0:
            console.print(f"{len(outcomes)} rounds, {hits} kills", highlight=False)
            if options.write:
                # a campaign of hours may be cut short
                _write(options, outcomes)
        if (options.kills and hits >= options.kills) or (ends is not None and time.monotonic() > ends):
            break


def _write(options: argparse.Namespace, outcomes: list[Outcome]) -> None:
    PAGE.write_text(_page(outcomes, options.seed, by_dbt=options.by_dbt), encoding="utf-8")


def _counts(outcomes: list[Outcome]) -> list[tuple[str, str, int, int]]:
    """Kind, place, hits and rounds that came out wrong."""
    hits, wrong = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome in outcomes:
        share = outcome.hits if outcome.kind == "collision" else 1
        for place in outcome.at:
            hits[outcome.kind, place] += share
        if outcome.wrong:
            wrong[outcome.kind, (outcome.at or ["before it began"])[-1]] += 1
    return [(kind, place, hits[kind, place], wrong[kind, place]) for kind, place in sorted({*hits, *wrong})]


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("kind", "at", "hits", "wrong")
    for kind, place, hits, wrong in _counts(outcomes):
        table.add_row(kind, place, str(hits), str(wrong))
    table.add_section()
    table.add_row("kills", "", str(_kills(outcomes)), str(sum(bool(outcome.wrong) for outcome in outcomes)))
    return table


def _kills(outcomes: list[Outcome]) -> int:
    return sum(outcome.hits for outcome in outcomes if outcome.kind == "kill")


def _page(outcomes: list[Outcome], seed: int, *, by_dbt: bool) -> str:
    kills = _kills(outcomes)
    compared = sum(bool(outcome.hits) for outcome in outcomes if outcome.kind == "kill")
    way = "dbt" if by_dbt else "the models of dbt, without what dbt does around them"
    differ = sum(bool(outcome.wrong) for outcome in outcomes)
    lines = [
        "# The campaign",
        "",
        "`make campaign ROUNDS=40 SEED=1` kills commands, interrupts them, fills disks, lets runs collide",
        "beside readers and damages files, on copies of a small bank. `KILLS=500` goes on until there were",
        "so many kills. A round kills one command up to twelve times, each time as it goes on from what the",
        "kill before has left; after each kill a reader opens the release. Then the command is let through,",
        "and what is published has to be byte for byte what an undisturbed run publishes. A kill comes at a",
        "file that the command touches, or a drawn moment after it. A round that fails is named",
        "`seed-number`; `make campaign SEED=1 ONLY=17` runs it alone, and `KEEP=folder` keeps its warehouse.",
        "`WORKERS=2` runs two rounds at a time.",
        "",
        f"Counts of {len(outcomes)} rounds, seed {seed}, nights built by {way}:",
        f"{kills} kills in {compared} warehouses, {differ} rounds with a difference.",
        "",
        "| kind | at | hits | rounds with a difference |",
        "|---|---|--:|--:|",
        *(f"| {kind} | {place} | {hits} | {wrong} |" for kind, place, hits, wrong in _counts(outcomes)),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
