"""What was measured, for people: a section of ``RESULTS.md`` and tables in the terminal."""

import platform
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.chapters import CHAPTERS, OTHER
from benchmarks.measure import LAYERS, LayerSize, Usage
from benchmarks.results import BankMeasure, NightMeasure, Station
from orchestration.stations import STATIONS

_MIB = 2**20
_BAR = 40
_COSTLIEST = 15
_ORDINARY = "day 28"
_EMPTY = "# Results\n\nWritten by `python -m benchmarks.run`; what each figure means is in README.md.\n"


def seconds(value: float) -> str:
    """A time, with as many digits as tell something."""
    return f"{value:,.1f} s" if value < 100 else f"{value / 60:,.1f} min"


def mebibytes(value: float) -> str:
    """An amount of memory or disk."""
    return f"{value / _MIB:,.0f} MiB" if abs(value) < 10_240 * _MIB else f"{value / 2**30:,.1f} GiB"


def update_results(path: Path, size: str, banks: Sequence[BankMeasure]) -> None:
    """Put the section of one size into the page; the other sections stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else _EMPTY
    section = f"<!-- {size} -->\n{markdown(size, banks)}<!-- /{size} -->\n"
    old = re.compile(rf"<!-- {size} -->\n.*?<!-- /{size} -->\n", re.DOTALL)
    if not old.search(text):
        text = text.rstrip("\n") + "\n\n" + section
    text = old.sub(lambda match: section, text)
    path.write_text(text, encoding="utf-8")


def markdown(size: str, banks: Sequence[BankMeasure]) -> str:
    """The section of one size."""
    parts = [f"## {size}", _setting(size, banks)]
    parts += ["### Nights", _table(_NIGHT_COLUMNS, (_night_row(b, n) for b, n in _all_nights(banks)))]
    compared = list(_comparisons(banks))
    if compared:
        parts += ["### Does a night grow?", _table(_COMPARISON_COLUMNS, compared)]
    told = [(bank, night) for bank, night in _all_nights(banks) if night.chapter_seconds]
    if told:
        parts += ["### Models by chapter", _table(_CHAPTER_COLUMNS, map(_chapter_row, told))]
        bank, night = next((pair for pair in reversed(told) if pair[1].label == _ORDINARY), told[-1])
        parts += [f"The costliest models of {bank.name} {night.business_date}: {_costliest(night)}."]
    parts += ["### Stations"]
    parts += [_table(_STATION_COLUMNS, _station_rows(bank, night)) for bank, night in _all_nights(banks)]
    parts += ["### Layers on disk", _table(["bank", "night", *LAYERS, "new release"], _layer_rows(banks))]
    return "\n\n".join(parts) + "\n\n"


def _setting(size: str, banks: Sequence[BankMeasure]) -> str:
    machine, main = banks[-1].machine, banks[-1]
    generated = ", ".join(
        f"{bank.name} ({bank.months} months) "
        + ("was kept" if bank.generated_seconds is None else f"in {seconds(bank.generated_seconds)}")
        for bank in banks
    )
    versions = ", ".join(f"{package} {number}" for package, number in machine.versions.items())
    loads = ", ".join(f"{bank.machine.load:.1f}" for bank in banks)
    return "\n".join(
        (
            f"- `make bench SIZE={size}`: {main.customers:,} customers, files as {main.kind}.",
            f"- {machine.cores} cores, {machine.memory_bytes / 2**30:.0f} GiB of memory;"
            f" DuckDB with {machine.threads} threads and at most {machine.memory_limit}.",
            f"- Load of the machine before each bank's first night: {loads}.",
            f"- Python {platform.python_version()}, {versions}.",
            f"- Generated: {generated}.",
        )
    )


def _all_nights(banks: Iterable[BankMeasure]) -> Iterable[tuple[BankMeasure, NightMeasure]]:
    return ((bank, night) for bank in banks for night in (bank.initial, *bank.nights))


_NIGHT_COLUMNS = [
    "bank", "night", "rows", "time", "CPU", "peak memory", "read", "written", "rows/s", "by hand",
    "its peak", "times by hand", "rows that differ",
]  # fmt: skip


def _night_row(bank: BankMeasure, night: NightMeasure) -> list[str]:
    total = night.total
    return [
        bank.name,
        f"{night.business_date} {night.label}",
        f"{night.rows:,}",
        *_usage_cells(total, night.rows),
        *_floor_cells(night),
    ]


def _floor_cells(night: NightMeasure) -> list[str]:
    if night.floor is None:
        return ["", "", "", ""]
    return [
        seconds(night.floor.seconds),
        mebibytes(night.floor.peak_bytes),
        f"{night.ratio:.1f}",
        f"{sum(night.differing.values()):,}",
    ]


def _usage_cells(usage: Usage, rows: int) -> list[str]:
    return [
        seconds(usage.seconds),
        seconds(usage.cpu_seconds),
        mebibytes(usage.peak_bytes),
        mebibytes(usage.read_bytes),
        mebibytes(usage.written_bytes),
        f"{rows / usage.seconds:,.0f}" if usage.seconds else "",
    ]


_CHAPTER_COLUMNS = ["bank", "night", *dict.fromkeys(CHAPTERS.values()), OTHER, "5 to 7 on top of 2 to 4"]


def _chapter_row(measured: tuple[BankMeasure, NightMeasure]) -> list[str]:
    bank, night = measured
    of = night.chapter_seconds
    chapters = [*dict.fromkeys(CHAPTERS.values()), OTHER]
    before = sum(of.get(chapter, 0) for chapter in chapters if chapter[0] in "234")
    after = sum(of.get(chapter, 0) for chapter in chapters if chapter[0] in "567")
    return [
        bank.name,
        f"{night.business_date} {night.label}",
        *(seconds(of.get(chapter, 0)) for chapter in chapters),
        f"{after / before:.0%}" if before else "",
    ]


def _costliest(night: NightMeasure) -> str:
    models = sorted(night.model_seconds.items(), key=lambda of: (-of[1], of[0]))
    return ", ".join(f"`{model}` {seconds(took)}" for model, took in models[:_COSTLIEST])


_STATION_COLUMNS = ["night", "station", "time", "CPU", "peak memory", "read", "written", "rows/s"]


def _station_rows(bank: BankMeasure, night: NightMeasure) -> Iterable[list[str]]:
    stations = [*night.stations, Station(name="**whole night**", usage=night.total)]
    for station in stations:
        place = f"{bank.name} {night.business_date} {night.label}"
        yield [place, station.name, *_usage_cells(station.usage, night.rows)]


_COMPARISON_COLUMNS = ["compared", "time", "CPU", "peak memory", "by hand"]


def _comparisons(banks: Sequence[BankMeasure]) -> Iterable[list[str]]:
    """The same night over histories of different lengths, and two days of a month."""
    by_label: dict[str, list[tuple[BankMeasure, NightMeasure]]] = {}
    for bank in banks:
        for night in bank.nights:
            by_label.setdefault(night.label, []).append((bank, night))
    for label, found in by_label.items():
        found.sort(key=lambda pair: pair[0].months)
        for (short, first), (long, second) in pairwise(found):
            if short.months != long.months:
                yield _change(f"{label}: {short.months} → {long.months} months of history", first, second)
    for months in sorted({bank.months for bank in banks}):
        days = [
            night
            for bank in banks
            for night in bank.nights
            if bank.months == months and night.label.startswith("day ")
        ]
        for first, second in pairwise(sorted(days, key=lambda night: night.business_date)):
            yield _change(f"{first.label} → {second.label} of the month", first, second)


def _change(what: str, first: NightMeasure, second: NightMeasure) -> list[str]:
    a, b = first.total, second.total
    return [
        what,
        f"{seconds(a.seconds)} → {seconds(b.seconds)}",
        f"{seconds(a.cpu_seconds)} → {seconds(b.cpu_seconds)}",
        f"{mebibytes(a.peak_bytes)} → {mebibytes(b.peak_bytes)}",
        " → ".join("" if night.floor is None else seconds(night.floor.seconds) for night in (first, second)),
    ]


def _layer_rows(banks: Iterable[BankMeasure]) -> Iterable[list[str]]:
    for bank, night in _all_nights(banks):
        cells = (_layer_cell(night.before.get(layer), night.after.get(layer)) for layer in LAYERS)
        yield [bank.name, f"{night.business_date} {night.label}", *cells, mebibytes(night.release_bytes)]


def _layer_cell(before: LayerSize | None, after: LayerSize | None) -> str:
    """Size on the disk after the night, what the night added, and the logical size where it differs much."""
    if after is None:
        return ""
    added = after.disk_bytes - (before.disk_bytes if before else 0)
    cell = f"{mebibytes(after.disk_bytes)} ({'+' if added >= 0 else '−'}{mebibytes(abs(added))})"
    shared = after.logical_bytes > 1.1 * after.disk_bytes + _MIB
    return cell + (f", logically {mebibytes(after.logical_bytes)}" if shared else "")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---" if place < 2 else "--:" for place in range(len(columns))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def show(console: Console, size: str, banks: Sequence[BankMeasure]) -> None:
    """Print the nights, and how an ordinary one divides into stations."""
    table = Table(title=f"Nights of size {size}", title_justify="left")
    shown = [0, 1, 3, 4, 5, 9, 11, 12]
    for place in shown:
        table.add_column(_NIGHT_COLUMNS[place], justify="left" if place < 2 else "right", no_wrap=place < 2)
    for bank, night in _all_nights(banks):
        row = _night_row(bank, night)
        table.add_row(*(row[place] for place in shown))
    console.print(table)
    ordinary = next(
        (night for _, night in reversed([*_all_nights(banks)]) if night.label == _ORDINARY),
        banks[-1].nights[0],
    )
    console.print(f"Stations of {ordinary.business_date} ({ordinary.label})", highlight=False)
    width = max(map(len, (*STATIONS, "by hand")))
    bars = [(station.name, station.usage) for station in ordinary.stations]
    if ordinary.floor is not None:
        bars.append(("by hand", ordinary.floor))
    longest = max(usage.seconds for _, usage in bars)
    for name, usage in bars:
        bar = "█" * max(1, round(_BAR * usage.seconds / longest))
        console.print(f"  {name:<{width}} {seconds(usage.seconds):>10} {bar}", highlight=False)
