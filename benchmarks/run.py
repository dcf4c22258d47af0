"""Measures nights of a generated bank and, in the same run, what they would cost by hand.

    python -m benchmarks.run --size SIZE [--home FOLDER] [--bank NAME] [--format csv|parquet]

Banks are generated once and kept in ``$ACRM_BENCH/<size>``, by default ``var/bench/<size>``. The warehouse
is built anew every time. Results go to the terminal and into ``benchmarks/RESULTS.md``.
"""

import argparse
import os
import re
import shutil
import sys
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

from rich.console import Console

from benchmarks.chapters import chapter_of_models, model_seconds
from benchmarks.compare import compare
from benchmarks.measure import MeasuredProcessError, Usage, file_blocks, folder_size, layer_sizes, measure
from benchmarks.plan import FORMATS, SIZES, BenchBank, MeasuredNight, Size
from benchmarks.report import show, update_results
from benchmarks.resend import send_again
from benchmarks.results import BankMeasure, Machine, NightMeasure, Station
from orchestration.ingestion.lake import read_report
from orchestration.ingestion.landing import landed_batches
from orchestration.releases.files import remove
from orchestration.releases.keys import note_generated, provide_demo_key
from orchestration.releases.on_disk import current_release
from orchestration.settings import PROJECT, BatchId, Settings, private_folder
from orchestration.transform import Transform
from sample_bank.generate import generate_bank

RESULTS = Path(__file__).with_name("RESULTS.md")

BANK_FILE = "bank.yml"

_SPEC = "spec.json"
_STATION = re.compile(r"^\S+ \d{4}-\d\d-\d\d/\d+ · ([a-z0-9 ]+?) …")
_LAST_ENDED = re.compile(r"^\S+ \d{4}-\d\d-\d\d/\d+ · publish · [\d.]+ s")


def bench_folder(size: Size) -> Path:
    """Where the banks of a size and their results are kept."""
    return Path(os.environ.get("ACRM_BENCH") or PROJECT / "var" / "bench").absolute() / size.name


def require_room(bank: BenchBank, folder: Path, *, with_floor: bool = True) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        SystemExit: There is too little room.
    """
    free = shutil.disk_usage(private_folder(folder)).free
    # what an earlier run left there is used again or removed
    free += folder_size(folder).disk_bytes
    needed = bank.free_bytes + (bank.floor_bytes if with_floor else 0)
    if free < needed:
        raise SystemExit(
            f"{folder}: {free / 2**30:.0f} GiB free, bank {bank.name} needs {needed / 2**30:.0f} GiB."
            " Make room, set ACRM_BENCH to a folder on a larger disk, or try --without-floor;"
            " --anyway begins on a file system that compresses or shares blocks and so needs less."
        )


def measure_bank(
    size: Size,
    bank: BenchBank,
    folder: Path,
    console: Console,
    *,
    with_floor: bool = True,
    go_on: bool = False,
) -> BankMeasure:
    """Generate the bank if it is not there, load its history and measure its nights.

    Args:
        with_floor: Compute every night by hand as well, and compare.
        go_on: Go on after the last measured night of a run that was cut off.

    Raises:
        MeasuredProcessError: A night or its floor failed.
        SystemExit: The warehouse is not one to go on with.
    """
    home = private_folder(folder / bank.name)
    if go_on:
        result = _cut_off(size, bank, folder, with_floor=with_floor)
    else:
        result = _begin(size, bank, home, console, with_floor=with_floor)
    settings = Settings.load(home)
    result.write(folder)
    for night in bank.nights[len(result.nights) :]:
        done = (result.nights or [result.initial])[-1].business_date
        _run_up_to(settings, night.business_date - timedelta(days=1), done, console, with_floor=with_floor)
        if night.is_resent:
            send_again(settings, night.batch)
            note_generated(settings, [settings.landing / night.batch.folder])
        measured = _measure_night(settings, night, done, console, with_floor=with_floor)
        result = result.model_copy(update={"nights": [*result.nights, measured]})
        result.write(folder)
    return result


def _begin(size: Size, bank: BenchBank, home: Path, console: Console, *, with_floor: bool) -> BankMeasure:
    generated = _generate(size, bank, home, console)
    clear_warehouse(home)
    if size.choices:
        lines = (f"{choice}: {said}\n" for choice, said in size.choices)
        (home / BANK_FILE).write_text("".join(lines), encoding="utf-8")
    settings = Settings.load(home)
    provide_demo_key(settings, (settings.landing / batch.folder for batch in landed_batches(settings)))
    machine = Machine.here(settings.bank)
    history = MeasuredNight("history", bank.first)
    return BankMeasure(
        name=bank.name,
        customers=size.customers,
        months=bank.months,
        kind=size.written_as.kind,
        machine=machine,
        generated_seconds=generated,
        initial=_measure_night(settings, history, bank.first, console, with_floor=with_floor),
        nights=[],
    )


def _cut_off(size: Size, bank: BenchBank, folder: Path, *, with_floor: bool) -> BankMeasure:
    """What a run that was cut off has measured of a bank.

    Raises:
        SystemExit: It measured another bank, or not by hand, or the warehouse has run the next night since.
    """
    home = folder / bank.name
    result, spec = BankMeasure.read(folder, bank.name), home / _SPEC
    is_same = spec.exists() and spec.read_text(encoding="utf-8") == size.spec(bank).model_dump_json()
    release = current_release(Settings.load(home))
    if result is None or release is None or not is_same or (with_floor and result.initial.floor is None):
        raise SystemExit(f"{home}: nothing measured to go on from. Leave out --go-on.")
    stands_at = BatchId(release.business_date, release.sequence)
    last, coming = (result.nights or [result.initial])[-1], bank.nights[len(result.nights) :]
    if stands_at < BatchId(last.business_date, last.sequence) or (coming and not stands_at < coming[0].batch):
        raise SystemExit(f"{home}: stands at {stands_at}, not where the run was cut off. Leave out --go-on.")
    return result


def clear_warehouse(home: Path) -> None:
    """Remove everything but the bank's own batches."""
    for path in home.iterdir():
        if path.is_dir() and path.name != "landing":
            remove(path)
        elif path.is_file() and path.name != _SPEC:
            path.unlink()
    for resent in home.glob("landing/business_date=*/sequence=2"):
        shutil.rmtree(resent)


def _generate(size: Size, bank: BenchBank, home: Path, console: Console) -> float | None:
    spec, marker = size.spec(bank), home / _SPEC
    wanted = spec.model_dump_json()
    if marker.exists() and marker.read_text(encoding="utf-8") == wanted:
        return None
    marker.unlink(missing_ok=True)
    if (home / "landing").exists():
        shutil.rmtree(home / "landing")
    started = perf_counter()
    with console.status("generating") as status:
        generate_bank(
            spec,
            home / "landing",
            on_progress=lambda done, total: status.update(
                f"{size.name}/{bank.name} · generating · {done:,} of {total:,} customers"
            ),
        )
    marker.write_text(wanted, encoding="utf-8")
    return perf_counter() - started


def _run_up_to(settings: Settings, until: date, done: date, console: Console, *, with_floor: bool) -> None:
    """Run the nights between two measured ones, in one process."""
    between = [batch for batch in landed_batches(settings) if done < batch.business_date <= until]
    if between:
        with console.status(f"{settings.home.name} · {len(between)} nights to {between[-1].business_date}"):
            _run_night(settings, until)
            if with_floor:
                _run_floor(settings, until)


def _measure_night(
    settings: Settings, night: MeasuredNight, done: date, console: Console, *, with_floor: bool
) -> NightMeasure:
    with console.status(f"{settings.home.name} · {night.label} · {night.business_date}") as status:
        before, released = layer_sizes(settings.home), file_blocks(settings.published)
        stations = _run_night(settings, night.business_date)
        after, releases = layer_sizes(settings.home), file_blocks(settings.published)
        floor, compared = None, []
        if with_floor:
            status.update(f"{settings.home.name} · {night.label} · the floor")
            floor = _run_floor(settings, night.business_date)
            status.update(f"{settings.home.name} · {night.label} · comparing")
            first_month = None if night.business_date == done and not night.is_resent else done.replace(day=1)
            compared = compare(settings, first_month)
    report = read_report(settings, night.batch)
    assert report is not None, f"{night.batch} was not run"
    models = model_seconds(settings.dbt_logs / "dbt.log")
    chapter_of = chapter_of_models(Transform(settings).manifest)
    chapters: dict[str, float] = defaultdict(float)
    for model, took in models.items():
        chapters[chapter_of[model]] += took
    result = NightMeasure(
        label=night.label,
        business_date=night.business_date,
        sequence=night.batch.sequence,
        rows=sum(table.delivered_rows for table in report.tables.values()),
        stations=stations,
        floor=floor,
        differing={comparison.table: comparison.differing for comparison in compared},
        before=before,
        after=after,
        release_bytes=sum(blocks for file, blocks in releases.items() if file not in released),
        model_seconds=models,
        chapter_seconds=dict(sorted(chapters.items())),
    )
    by_hand = ""
    if floor is not None:
        by_hand = f", by hand {floor.seconds:.1f} s, {sum(result.differing.values())} rows differ"
    console.print(
        f"{settings.home.name} · {night.label} · {result.total.seconds:.1f} s{by_hand}", highlight=False
    )
    return result


def _run_night(settings: Settings, until: date) -> list[Station]:
    command = [sys.executable, "-m", "orchestration.cli", "run", "--until", str(until)]
    stretches = measure(command, {"ACRM_HOME": str(settings.home)}, _stretch)
    return [Station(name=name, usage=usage) for name, usage in stretches]


def _run_floor(settings: Settings, until: date) -> Usage:
    command = [
        sys.executable, "-m", "benchmarks.floor", "--home", str(settings.home), "--until", str(until)
    ]  # fmt: skip
    ((_, usage),) = measure(command, {})
    return usage


def _stretch(line: str) -> str | None:
    """Name of the stretch of a night that begins with a line of ``acrm run``."""
    begun = _STATION.match(line)
    if begun:
        return begun[1]
    return "finish" if _LAST_ENDED.match(line) else None


def main() -> None:
    """Measure one size and write what came out."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--home", type=Path, help="Folder of the banks, in place of $ACRM_BENCH/<size>.")
    parser.add_argument("--bank", help="Measure this bank of the size only; the others keep their results.")
    parser.add_argument(
        "--without-floor",
        action="store_true",
        help="Leave out the floor, whose first night of a city spills much.",
    )
    parser.add_argument("--anyway", action="store_true", help="Begin on a disk that looks too small.")
    parser.add_argument("--go-on", action="store_true", help="Go on after the last night of a run cut off.")
    parser.add_argument("--format", choices=FORMATS, help="How the bank sends its files, if not as usual.")
    arguments = parser.parse_args()
    os.umask(0o077)
    os.chdir(PROJECT)
    console = Console(width=None if sys.stdout.isatty() else 130)
    size = SIZES[arguments.size]
    if arguments.format:
        size = replace(size, written_as=FORMATS[arguments.format])
    folder = (arguments.home or bench_folder(size)).absolute()
    wanted = [bank for bank in size.banks if arguments.bank in (None, bank.name)]
    if arguments.go_on and not arguments.bank:
        parser.error("--go-on needs --bank")
    if not wanted:
        parser.error(f"size {size.name} has the banks {', '.join(bank.name for bank in size.banks)}")
    try:
        for bank in wanted:
            with_floor = not arguments.without_floor
            if not (arguments.anyway or arguments.go_on):
                require_room(bank, folder, with_floor=with_floor)
            measure_bank(size, bank, folder, console, with_floor=with_floor, go_on=arguments.go_on)
            if bank is not size.banks[-1]:
                # one warehouse at a time has to fit; the last one stays to be looked at
                clear_warehouse(folder / bank.name)
    except MeasuredProcessError as error:
        raise SystemExit(str(error)) from error
    measured = [result for bank in size.banks if (result := BankMeasure.read(folder, bank.name))]
    show(console, size.name, measured)
    update_results(RESULTS, size.name, measured)
    console.print(f"Written to {RESULTS.relative_to(PROJECT)}", highlight=False)


if __name__ == "__main__":
    main()
