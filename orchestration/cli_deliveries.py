"""Commands on single deliveries: whether one is fit, and taking one out again."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli_arguments import batch_name
from orchestration.errors import ExitCode
from orchestration.settings import Settings

deliveries = typer.Typer()


@deliveries.command()
def validate(
    folder: Annotated[Path, typer.Argument(help="A batch's folder: landing/business_date=…/sequence=…")],
) -> None:
    """Check a delivery against the contract without loading it, for those who write the extracts."""
    from orchestration.console import out
    from orchestration.ingestion.validate import validate_folder

    findings = validate_folder(folder, Settings.load())
    for finding in findings:
        out.print(str(finding), soft_wrap=True)
    blocking = any(finding.severity == "block" for finding in findings)
    out.print(f"{len(findings)} findings" + (", the batch would be blocked." if blocking else "."))
    if blocking:
        raise typer.Exit(int(ExitCode.BAD_BATCH))


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
    batch: Annotated[str, typer.Argument(help="As status and runs name it: 2026-10-31.2, or its folder.")],
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
