"""Commands on single deliveries: whether one is fit, and taking one out again."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli_arguments import batch_name, required_day
from orchestration.settings import Settings

deliveries = typer.Typer()


@deliveries.command()
def validate(
    folder: Annotated[Path, typer.Argument(help="A batch's folder: landing/business_date=…/sequence=…")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Check a delivery as a run would, without loading it; the exit code is that of the run."""
    from orchestration.console import out, show_validation
    from orchestration.onboarding.validate import validate_folder

    found = validate_folder(folder, Settings.load())
    if as_json:
        out.print(found.as_json(), soft_wrap=True)
    else:
        show_validation(found)
    if found.exit_code:
        raise typer.Exit(int(found.exit_code))


@deliveries.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder: the ACRM_HOME of the bank.")],
    empty: Annotated[
        bool, typer.Option("--empty", help="Without the three customers of the starter.")
    ] = False,
) -> None:
    """Make a bank's folder: settings, a key, templates, and three customers that run as they are."""
    from orchestration.console import out
    from orchestration.onboarding.starter import make_home

    home = make_home(folder.expanduser().absolute(), is_empty=empty).home
    out.print(f"{home} is ready. Its key, keys/hash.key, is nowhere else: keep a copy in a safe place.")
    out.print(f"Next: export ACRM_HOME={shlex.quote(str(home))}", soft_wrap=True)
    out.print("      acrm run" if not empty else "      put files below landing, then: acrm manifest FOLDER")


@deliveries.command()
def manifest(
    folder: Annotated[Path, typer.Argument(help="A batch's folder: …/business_date=2026-10-31/sequence=1")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over the manifest that is there.")
    ] = False,
) -> None:
    """Write manifest.json for the files that lie in a batch's folder: formats, counts, sums, checksums."""
    from orchestration.console import show_described
    from orchestration.ingestion.manifest import MANIFEST
    from orchestration.onboarding.describe import describe

    if (folder / MANIFEST).exists() and not replace:
        raise typer.BadParameter(f"{folder} has a manifest; --replace writes over it", param_hint="FOLDER")
    show_described(describe(Settings.load(), folder))


@deliveries.command()
def withdraw(
    batch: Annotated[str, typer.Argument(help="As status and runs name it: 2026-10-31/2, or its folder.")],
    reason: Annotated[str, typer.Option(help="Why, for the log; name no customer in it.")],
    by: Annotated[str | None, typer.Option(help="Who says so; without it, the user of this process.")] = None,
) -> None:
    """Take a batch out again: the next run comes out as if it had never come."""
    from orchestration.console import out
    from orchestration.withdrawal import withdraw as withdraw_batch

    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    entry = withdraw_batch(Settings.load(), batch_name(batch), reason, by)
    out.print(f"{entry.batch} is withdrawn and counts no longer. Next: acrm run", soft_wrap=True)


@deliveries.command("restate-merges")
def restate_merges(
    told_on: Annotated[
        str, typer.Argument(metavar="YYYY-MM-DD", help="Business date of the batch that told the merges.")
    ],
    since: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM-DD", help="First business date on which they count.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for the log; name no customer in it.")],
    by: Annotated[str | None, typer.Option(help="Who says so; without it, the user of this process.")] = None,
) -> None:
    """Have merges of customers count from an earlier night on: the next run tells the closed months again."""
    from orchestration.console import out
    from orchestration.merges import restate_merges as restate

    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    entry = restate(
        Settings.load(), required_day(told_on, "TOLD_ON"), required_day(since, "--from"), reason, by
    )
    out.print(
        f"Merges told on {entry.told_on} count from {entry.from_date} on. Next: acrm run, which computes the "
        "nights since then again and lists each month that changes in quality.fct_restatement.",
        soft_wrap=True,
    )
