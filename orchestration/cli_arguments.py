"""What commands read alike: days, months and batches as they are typed."""

import re
from datetime import date
from pathlib import Path

import typer

from orchestration.settings import BatchId

_BATCH = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{1,100})")
_RELEASE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[0-9]+")


def day(text: str | None, option: str) -> date | None:
    """A date; BadParameter, which names the option, for anything else."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a date", param_hint=option) from error


def required_day(text: str, option: str) -> date:
    """A date that has to be given; raises as :func:`day` does."""
    found = day(text, option)
    if found is None:
        raise typer.BadParameter("name a date", param_hint=option)
    return found


def month(text: str | None, option: str) -> date | None:
    """First day of a month given as 2026-10; BadParameter, which names the option, for anything else."""
    try:
        return date.fromisoformat(f"{text}-01") if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a month", param_hint=option) from error


def batch_name(text: str) -> BatchId:
    """A batch given as 2026-10-31/2 or by its folder; BadParameter for anything else."""
    from orchestration.ingestion.landing import batch_of

    if _RELEASE.fullmatch(text):
        raise typer.BadParameter(
            f"{text} is how releases are named. Name a batch by date and sequence: {text.replace('.', '/')}",
            param_hint="BATCH",
        )
    short = _BATCH.fullmatch(text)
    folder = Path(f"business_date={short[1]}", f"sequence={short[2]}") if short else Path(text)
    batch = batch_of(folder)
    if batch is None:
        raise typer.BadParameter("name it like 2026-10-31/2, or by its folder", param_hint="BATCH")
    return batch
