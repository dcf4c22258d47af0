"""Commands on customers by condition: saved segments, and conditions that nobody saved."""

from typing import Annotated

import typer

from orchestration.settings import Settings

segments = typer.Typer()
segment = typer.Typer(no_args_is_help=True, help="Saved segments, a file each in ACRM_HOME/segments.")
segments.add_typer(segment, name="segment")

Limit = Annotated[int, typer.Option(help="Customers to list at most.", min=0)]


@segment.command()
def preview(
    code: Annotated[str, typer.Argument(help="The segment's code.")],
    limit: Limit = 20,
) -> None:
    """Count and list the customers of the current release whom a saved segment would hold."""
    from orchestration.segment_preview import show_customers
    from orchestration.segments.saved import read_segment

    settings = Settings.load()
    saved = read_segment(settings, code)
    show_customers(settings, saved.condition, limit, f"{saved.code} · {saved.name} {saved.name_zh}")


@segments.command()
def screen(
    where: Annotated[str, typer.Option(help="A condition over the columns of dim_customer_360.")],
    limit: Limit = 20,
) -> None:
    """Count and list the customers of the current release who meet a condition."""
    from orchestration.segment_preview import show_customers

    show_customers(Settings.load(), where, limit, "Customers who meet the condition")
