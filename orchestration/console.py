"""What a person sees of a run: one live line per night, a table at the end.

What is printed is data: names of files, codes, customers' numbers. None of it is markup; a style is given by
:class:`rich.text.Text`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from contract.model import load_contract
from expectations.suites.undelivered import CHECK_CODE as WITHOUT_EXTRACT
from orchestration.releases.on_disk import current_database, open_current
from orchestration.settings import Settings
from orchestration.stations import STATIONS, Event, NightResult, OnEvent

if TYPE_CHECKING:
    from orchestration.onboarding.describe import Described
    from orchestration.onboarding.validate import Validation

out = Console(width=None if Console().is_terminal else 130, markup=False, emoji=False, highlight=False)
err = Console(stderr=True, soft_wrap=True, markup=False, emoji=False, highlight=False)


@contextmanager
def progress() -> Iterator[OnEvent]:
    """Show where a run is; a line per finished station where the output is not a terminal."""
    live = out.is_terminal
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=out,
        disable=not live,
        transient=True,
    ) as bar:
        line = bar.add_task("starting", total=None)

        def show(event: Event) -> None:
            place = f"{event.batch.short} · {event.station}"
            bar.update(line, description=f"{place} · {event.detail}" if event.detail else place)
            if event.seconds is not None and not live:
                out.print(f"{_now()} {place} · {event.seconds:.1f} s")
            elif not event.detail and not live:
                out.print(f"{_now()} {place} …")

        yield show


def _now() -> str:
    """The time, with the offset from UTC: a log is read elsewhere, and later."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def counted(count: int, one: str, several: str = "") -> str:
    """A number with what is counted, in the singular or the plural."""
    return f"{count} {one if count == 1 else several or f'{one}s'}"


def show_results(results: list[NightResult]) -> None:
    """A table of nights with the time of each station, and what the gates warn of."""
    table = Table(title="Nights", title_justify="left")
    for column in ("business date", "seq", "release", "checks"):
        table.add_column(column)
    for station in STATIONS:
        table.add_column(station, justify="right")
    for result in results:
        table.add_row(
            str(result.batch.business_date),
            str(result.batch.sequence),
            result.release or "replayed",
            f"{result.checks_ran} of {result.checks_declared}",
            *(f"{result.seconds[station]:.1f} s" for station in STATIONS),
        )
    out.print(table)
    for result in results[-1:]:
        for warning in result.warnings:
            out.print(Text.assemble(("warning", "yellow"), f" {warning}"))


def show_described(described: "list[Described]") -> None:
    """What a manifest says of each table, and which tables are missing that every batch has."""
    table = Table(title="manifest.json", title_justify="left")
    for column in ("table", "load", "files", "format"):
        table.add_column(column)
    for column in ("rows", "refused"):
        table.add_column(column, justify="right")
    for one in described:
        layout = one.delivery.format
        header = "header" if layout.header else "no header"
        told = {
            "csv": f"csv {layout.delimiter!a} {layout.encoding}, {header}",
            "fixed": f"fixed width, {layout.encoding}",
            "parquet": "parquet",
        }[layout.kind]
        packed = "" if layout.compression == "none" else f", {layout.compression}"
        rows, refused = f"{one.delivery.row_count:,}", f"{one.refused:,}" if one.refused else ""
        files = str(len(one.delivery.files))
        table.add_row(one.table.name, one.delivery.load, files, told + packed, rows, refused)
    out.print(table)
    here = {one.table.name for one in described}
    absent = [table.name for table in load_contract().tables if table.required and table.name not in here]
    if absent:
        out.print(
            f"No file is of {', '.join(absent)}, which every batch has: put it there, if only with the "
            "header, then acrm manifest --replace.",
            soft_wrap=True,
        )


def show_validation(found: "Validation") -> None:
    """What would be loaded of a delivery, then one line per finding, and what a run would do."""
    from orchestration.onboarding.mending import THEN

    if found.tables:
        table = Table(title=f"{found.batch}: what would be loaded", title_justify="left")
        table.add_column("table")
        for column in ("delivered", "loaded", "refused"):
            table.add_column(column, justify="right")
        for extract, count in found.tables.items():
            refused = count.delivered - count.loaded
            table.add_row(
                extract, f"{count.delivered:,}", f"{count.loaded:,}", f"{refused:,}" if refused else ""
            )
        out.print(table)
    for finding in found.findings:
        out.print(str(finding), soft_wrap=True)
    if found.waiting:
        earlier = counted(found.waiting, "earlier batch waits", "earlier batches wait")
        out.print(
            f"{earlier}: acrm run first, then validate again. Checks across rows and tables, which rest on "
            "what came before, were not made.",
            soft_wrap=True,
        )
    elif not found.is_whole:
        out.print("Checks across tables were not made: they come once these are mended.")
    verdict = "A run would load it." if found.exit_code == 0 else "A run would refuse it."
    if found.waiting and found.exit_code == 0:
        verdict = "As far as it was checked, a run would load it."
    if any(finding.severity != "warn" for finding in found.findings) and not found.waiting:
        out.print(THEN, soft_wrap=True)
    out.print(f"{counted(len(found.findings), 'finding')}. {verdict}")


EXAMPLE_QUERY = (
    "select tier_code, status_code, count(*) as customers from customer_value.fct_customer_tier_monthly "
    "where month_start_date = (select max(month_start_date) from customer_value.fct_customer_tier_monthly) "
    "group by all order by all"
)


def show_tiers(settings: Settings) -> None:
    """Customers by tier and status in the current release, where it is and a query to try."""
    with open_current(settings) as connection:
        as_of = connection.execute("select business_date from quality.data_as_of").fetchone()
        counts = connection.execute(
            """
            select
                tier_code,
                max(tier_rank),
                count(*) filter (status_code = 'normal'),
                count(*) filter (status_code = 'observe'),
                count(*) filter (status_code = 'attention'),
                count(*),
                sum(assessment_aum_amt)
            from customer_value.fct_customer_tier_monthly
            where month_start_date = (
                select max(month_start_date) from customer_value.fct_customer_tier_monthly
            )
            group by tier_code
            order by 2 desc
            """
        ).fetchall()
        lost = dict(
            connection.execute(
                """
                select tier_code, count(*)
                from customer_value.fct_customer_tier_status_monthly
                where
                    status_code = 'lost'
                    and month_start_date = (
                        select max(month_start_date) from customer_value.fct_customer_tier_monthly
                    )
                group by tier_code
                """
            ).fetchall()
        )
        empty = connection.execute(
            """
            select observed, table_name
            from quality.fct_check_result
            inner join quality.data_as_of using (business_date)
            where check_code = ?
            """,
            [WITHOUT_EXTRACT],
        ).fetchall()
    total = sum(row[5] for row in counts) or 1
    table = Table(title=f"Customer tiers as of {as_of[0] if as_of else '?'}", title_justify="left")
    table.add_column("tier")
    for column in ("normal", "observe", "attention", "customers", "AUM judged", "lost"):
        table.add_column(column, justify="right")
    table.add_column("share")
    for tier, _, normal, observe, attention, customers, aum in counts:
        table.add_row(
            tier,
            f"{normal:,}",
            f"{observe:,}",
            f"{attention:,}",
            f"{customers:,}",
            f"{aum:,.2f}",
            f"{lost.get(tier, 0):,}",
            "█" * max(1, round(30 * customers / total)),
        )
    out.print(table)
    if empty:
        names = ", ".join(sorted({table for lacking, _ in empty for table in lacking.split(", ")}))
        out.print(
            f"{len(empty)} published tables are empty, because no batch has brought {names}. "
            f"Which: quality.fct_check_result, check_code {WITHOUT_EXTRACT}",
            soft_wrap=True,
        )
    out.print(f"Published database: {_shortened(current_database(settings))}", soft_wrap=True)
    out.print("A query to try:")
    out.print(f'  .venv/bin/acrm query "{EXAMPLE_QUERY}"', soft_wrap=True)


def _shortened(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
