"""The command line. Commands only read arguments and print; the work is in the modules they call."""

import gc
import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli_arguments import day
from orchestration.cli_deliveries import deliveries
from orchestration.cli_explain import explaining
from orchestration.cli_metrics import metrics
from orchestration.cli_publishing import publishing
from orchestration.cli_segments import segments
from orchestration.errors import ConfigurationError, ExitCode
from orchestration.failures import guarded
from orchestration.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="An analytical-CRM warehouse for banks. Everything lives in ACRM_HOME (default ./var).",
)
imports = typer.Typer(no_args_is_help=True, help="Turn public bank data sets into landing batches.")
app.add_typer(imports, name="import")
app.add_typer(deliveries)
app.add_typer(explaining)
app.add_typer(metrics)
app.add_typer(publishing)
app.add_typer(segments)

Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]


def main() -> None:
    """Run a command; an error that an operator can act on is one line and an exit code."""
    # all that a run makes is private to the user who runs it
    os.umask(0o077)
    # Great Expectations and dbt make objects by the hundred thousand that all stay: to look for garbage among
    # them at Python's default pace takes a fifth of the time that loading them takes
    gc.set_threshold(50_000)
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    try:
        code = guarded(app)
    finally:
        # nor need Python look through all of them before it ends: a second of every night
        gc.freeze()
    raise SystemExit(code)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"acrm {version('acrm')}")
        raise typer.Exit


@app.callback()
def _acrm(
    _: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


@app.command()
def run(
    again: Annotated[str | None, typer.Option("--date", help="Run this business date once more.")] = None,
    until: Annotated[str | None, typer.Option(help="Leave later business dates waiting.")] = None,
) -> None:
    """Run every batch that is waiting, in order of business date, and publish each night."""
    _run(again=again, until=until)


def _require_order(first: date | None, last: date | None, given_as: tuple[str, str]) -> None:
    if first is not None and last is not None and first > last:
        raise typer.BadParameter(f"{first} is after {given_as[1]} {last}", param_hint=given_as[0])


def _run(
    *,
    again: str | None = None,
    until: str | None = None,
    rebuild: bool = False,
    given_as: tuple[str, str] = ("--date", "--until"),
) -> None:
    from orchestration.console import out, progress, show_results, show_tiers
    from orchestration.expected import tell_late
    from orchestration.journal import Journal
    from orchestration.night import run_waiting
    from orchestration.waiting import (
        available_batches,
        nameless_deliveries,
        refused_batches,
        told_together,
    )

    settings = Settings.load()
    repeated, last = day(again, given_as[0]), day(until, given_as[1])
    _require_order(repeated, last, given_as)
    if repeated is not None and repeated not in {
        b.business_date for b in available_batches(settings, repeated)
    }:
        raise typer.BadParameter(
            f"no complete batch of {repeated} in {settings.landing}", param_hint=given_as[0]
        )
    journal = Journal(settings)
    try:
        with progress() as on_event:
            results = run_waiting(settings, on_event=on_event, until=last, again=repeated, rebuild=rebuild)
    finally:
        tell_late(journal)
    if results:
        show_results(results)
    else:
        out.print("Nothing is waiting.")
    if (settings.published / "current").exists():
        show_tiers(settings)
    refused, nameless = refused_batches(settings), nameless_deliveries(settings)
    journal.left_aside(refused, nameless)
    if refused or nameless:
        raise told_together(refused, nameless)


@app.command()
def backfill(
    first: Annotated[
        str | None, typer.Option("--from", help="Start here, even if nothing new arrived.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Leave later business dates waiting.")] = None,
) -> None:
    """Run many nights in one process, oldest first: one start-up, one release per night."""
    _run(again=first, until=last, given_as=("--from", "--to"))


@app.command()
def rebuild() -> None:
    """Throw the build database away and build it from the lake again; needed when carried models change."""
    _run(rebuild=True)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dbt(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option("--fresh", help="Copy the warehouse again first.")] = False,
) -> None:
    """Run any command of dbt (build, test, show, compile, ...) on a copy of the warehouse of your own."""
    from orchestration.by_hand import copy_of_warehouse, run_dbt
    from orchestration.console import err

    settings = Settings.load()
    is_done = run_dbt(settings, context.args, is_fresh=fresh)
    err.print(f"Worked on {copy_of_warehouse(settings)}; nothing was published.")
    if not is_done:
        raise typer.Exit(int(ExitCode.BUILD_FAILED))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Show each business date: published, waiting, failed, half-delivered or overdue, since when and why."""
    from orchestration.status import show_status

    show_status(Settings.load(), as_json=as_json)


@app.command()
def contract(
    write: Annotated[bool, typer.Option("--write", help="Write dbt's YAML of staging and the page.")] = False,
) -> None:
    """Print the extract contract, or write the files made from it."""
    from contract.render import contract_page, write_files
    from orchestration.console import out

    if write:
        try:
            changed = write_files()
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        for path in changed:
            out.print(f"wrote {path.name}")
    else:
        out.print(contract_page())


@app.command()
def releases() -> None:
    """List the releases that are kept."""
    from orchestration.status import show_releases

    show_releases(Settings.load())


@app.command()
def rollback(
    name: Annotated[str | None, typer.Argument(help="A release; without it, the one before.")] = None,
) -> None:
    """Switch `current` to an earlier release; the releases themselves stay."""
    from orchestration.console import out
    from orchestration.lock import writer_lock
    from orchestration.publication.rollback import rollback as switch_back

    settings = Settings.load()
    with writer_lock(settings):
        release = switch_back(settings, name)
    out.print(f"current is now {release.name}, data as of {release.business_date}.")


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SQL on the published database, which is opened read-only.")],
    kind: Annotated[str | None, typer.Option("--format", help="table, csv, xlsx, json or parquet.")] = None,
    target: Annotated[Path | None, typer.Option("--to", help="File to write, by its ending.")] = None,
) -> None:
    """Ask the current release a question in SQL; files and pipes get all rows and columns."""
    from orchestration.answers import answer, format_named

    answer(Settings.load(), sql, kind=format_named(kind), target=target)


@app.command("what-if")
def what_if(
    rulebook: Annotated[Path | None, typer.Option(help="YAML file with a rulebook.")] = None,
    preset: Annotated[str | None, typer.Option(help="A rulebook of the release, by its code.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="TIER.RULE=VALUE", help="A change, of the live rulebook if none is named."
        ),
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Compare all rulebooks of the release.")] = False,
    release: Annotated[str | None, typer.Option(help="A release; without it, the current one.")] = None,
    target: Annotated[Path | None, typer.Option("--out", help="Parquet file for those who move.")] = None,
) -> None:
    """Judge all published history by another rulebook and compare it with the live one."""
    from orchestration.console import out
    from orchestration.what_if.release import open_release
    from orchestration.what_if.rulebook import changed, read_rulebook
    from orchestration.what_if.show import show_answer, show_comparison

    if rulebook is not None and preset is not None:
        raise typer.BadParameter("name a file or a preset, not both", param_hint="--preset")
    settings = Settings.load()
    with open_release(settings, release) as asked, out.status("judging all history"):
        if compare:
            left_out = asked.other_currencies
            pairs = asked.compare([code for code in asked.rulebook_codes if code not in left_out])
        else:
            if rulebook is not None:
                wanted = read_rulebook(rulebook)
            else:
                wanted = asked.live_rulebook() if preset is None else asked.preset(preset)
            answer = asked.answer(
                changed(wanted, changes or []), target or settings.home / "what_if" / "movers.parquet"
            )
    if compare:
        show_comparison(pairs, left_out)
    else:
        show_answer(answer)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000,
) -> None:
    """Serve Dagster's pages on the loopback address, with its schedule and sensor."""
    from orchestration.serving import serve_pages

    serve_pages(Settings.load(), port)


@app.command()
def sample(
    customers: Annotated[int, typer.Option(min=100, help="Customers of the bank.")] = 10_000,
    months: Annotated[
        int, typer.Option(min=0, max=120, help="Months of history before the first night.")
    ] = 18,
    nights: Annotated[int, typer.Option(min=1, help="Business days with a batch.")] = 5,
    end: Annotated[str, typer.Option(help="Day of the last night.")] = "2026-10-31",
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another bank.")] = 1,
    profile: Annotated[
        str,
        typer.Option(
            help="suzhou: a city's balances as published; wealthy: every tier is filled; fujian: as suzhou, "
            "with a bank's contacts of a year as published, at 1 : 1000, from 25,000 customers on."
        ),
    ] = "suzhou",
    kind: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    encoding: Annotated[str, typer.Option(help="utf-8 or gb18030.")] = "utf-8",
    delimiter: Annotated[str, typer.Option(help="One character or several.")] = ",",
    compression: Annotated[str, typer.Option(help="none, gzip or zstd.")] = "none",
    defect: Annotated[str | None, typer.Option(help="Plant a defect in the last batch.")] = None,
) -> None:
    """Generate a bank: landing batches, and beside them what is true of it. Same arguments, same bytes."""
    from pydantic import ValidationError

    from orchestration.console import out
    from orchestration.releases.keys import note_generated
    from orchestration.sampling import spoil_last_batch, write_sample
    from sample_bank.generate import SampleSpec

    written_as = {"kind": kind, "encoding": encoding, "delimiter": delimiter, "compression": compression}
    try:
        spec = SampleSpec.model_validate(
            {
                "customers": customers,
                "months": months,
                "nights": nights,
                "end": day(end, "--end"),
                "seed": seed,
                "profile": profile,
                "written_as": written_as,
            }
        )
    except ValidationError as error:
        reasons = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
        raise ConfigurationError(f"The bank cannot be generated: {reasons}.") from error
    settings = Settings.load()
    folders = write_sample(settings, spec)
    if defect is not None:
        out.print(f"planted: {spoil_last_batch(folders, defect, seed)}")
        note_generated(settings, folders)


@app.command()
def demo() -> None:
    """Generate a small bank in ACRM_HOME, run its nights and show what came out."""
    from orchestration.ingestion.landing import landed_batches
    from orchestration.sampling import DEMO, write_sample

    settings = Settings.load()
    if not landed_batches(settings):
        write_sample(settings, DEMO)
    _run()


@imports.command("berka")
def import_berka_command(
    folder: Annotated[Path, typer.Argument(help="Folder with the data set's tables.")],
    first: Annotated[str, typer.Option("--from", help="First nightly batch.")] = "1994-01-01",
    last: Annotated[str, typer.Option("--to", help="Last nightly batch.")] = "1994-03-30",
) -> None:
    """Turn the Berka data set (PKDD'99) into landing batches, one a night."""
    from orchestration.console import counted, out
    from orchestration.releases.keys import provide_demo_key
    from sample_bank.berka import import_berka

    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder. Name the folder with the data set's tables.")
    first_night, last_night = day(first, "--from"), day(last, "--to")
    assert first_night is not None and last_night is not None
    _require_order(first_night, last_night, ("--from", "--to"))
    settings = Settings.load()
    batches = import_berka(folder, settings, first_night=first_night, last_night=last_night)
    provide_demo_key(settings, (settings.landing / batch.folder for batch in batches))
    out.print(
        f"{counted(len(batches), 'batch', 'batches')} written to {settings.landing}. Run them: acrm run"
    )


if __name__ == "__main__":
    main()
