"""Commands that tell a story of the current release in plain language: of a customer, a sale, an event."""

from typing import Annotated

import typer

from orchestration import cli_arguments as arguments
from orchestration.settings import Settings

explaining = typer.Typer()


@explaining.command()
def explain(
    customer: Annotated[str, typer.Argument(help="The customer's number.")],
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Without it, the customer's last month.")
    ] = None,
    contribution: Annotated[
        bool, typer.Option("--contribution", help="What the customer earned the bank, as a statement.")
    ] = False,
    assets: Annotated[
        bool, typer.Option("--assets", help="What moved the customer's AUM in the month, as a bridge.")
    ] = False,
    corporate: Annotated[
        bool, typer.Option("--corporate", help="A corporate customer: group, chain, funds, plan, events.")
    ] = False,
) -> None:
    """Tell a customer's story: AUM by month, which tier and why, what is missing, when it is lost."""
    from orchestration import explain as stories
    from orchestration.console import out

    first_day = arguments.month(month, "--month")
    if contribution + assets + corporate > 1:
        raise typer.BadParameter("name one page", param_hint="--contribution / --assets / --corporate")
    if corporate and first_day is not None:
        raise typer.BadParameter("the page is of the last business date", param_hint="--month")
    settings = Settings.load()
    for sentence in stories.merge_sentences(stories.read_merges(settings, [customer])):
        out.print(sentence, style="bold", markup=False, highlight=False)
    if contribution:
        stories.print_statement(out, stories.read_statement(settings, customer, first_day))
    elif assets:
        stories.print_assets(out, stories.read_assets(settings, customer, first_day))
    elif corporate:
        stories.print_corporate(out, stories.read_corporate(settings, customer))
    else:
        stories.print_story(out, stories.read_story(settings, customer, first_day))


@explaining.command("explain-trade")
def explain_trade(trade: Annotated[str, typer.Argument(help="The trade's number.")]) -> None:
    """Tell a sale's story: who is credited, by which step, who contests it, every entry of the ledger."""
    from orchestration.console import out
    from orchestration.explain import print_trade, read_trade

    print_trade(out, read_trade(Settings.load(), trade))


@explaining.command("explain-event")
def explain_event(event: Annotated[str, typer.Argument(help="The event's number.")]) -> None:
    """Tell an event's story: the rule, what triggered it, what followed, what was held back and why."""
    from orchestration.console import out
    from orchestration.explain import print_event, read_event

    print_event(out, read_event(Settings.load(), event))
