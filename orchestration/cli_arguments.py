"""What commands read alike: days and months as they are typed."""

from datetime import date

import typer


def day(text: str | None, option: str) -> date | None:
    """A date; BadParameter, which names the option, for anything else."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a date", param_hint=option) from error


def month(text: str | None, option: str) -> date | None:
    """First day of a month given as 2026-10; BadParameter, which names the option, for anything else."""
    try:
        return date.fromisoformat(f"{text}-01") if text else None
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a month", param_hint=option) from error
