"""The command on metrics: list them, or ask the published release for one."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import Settings

metrics = typer.Typer()


@metrics.command()
def metric(
    name: Annotated[str | None, typer.Argument(help="A metric; without it, all are listed.")] = None,
    by: Annotated[str, typer.Option(help="What to ask it by, between commas: org,month")] = "",
    where: Annotated[str, typer.Option(help="A condition over the columns of its table.")] = "",
    search: Annotated[str, typer.Option(help="List the metrics that these words occur in.")] = "",
    sql: Annotated[bool, typer.Option("--sql", help="Print the query instead of its answer.")] = False,
    kind: Annotated[str | None, typer.Option("--format", help="table, csv, xlsx, json or parquet.")] = None,
    target: Annotated[Path | None, typer.Option("--to", help="File to write, by its ending.")] = None,
) -> None:
    """Ask the current release for a metric, added up as the metric allows; without a name, list them."""
    from orchestration.answers import answer, format_named
    from orchestration.console import out
    from orchestration.metrics.ask import find_metric, listing_query, metric_query
    from orchestration.metrics.definitions import read_semantic_layer

    layer = read_semantic_layer()
    if name is None:
        query = listing_query(layer.metrics, search)
    else:
        groups = [said.strip() for said in by.split(",") if said.strip()]
        query = metric_query(layer, find_metric(layer, name), groups, where)
    if sql:
        out.print(query, soft_wrap=True)
    else:
        answer(Settings.load(), query, kind=format_named(kind), target=target)
