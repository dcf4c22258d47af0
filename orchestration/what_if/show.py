"""Tables and bars of a what-if in the terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table

from orchestration.console import out
from orchestration.what_if.release import Answer, Group, Pair

_MOST_ORGS = 20
_BAR = 30
Tier = tuple[int, str]


def show_answer(answer: Answer) -> None:
    """Customers by tier and status, the move matrix, the effect per org, and where the movers are."""
    out.print(_by_tier(answer))
    out.print(_moves(answer.groups))
    out.print(_orgs(answer.groups))
    out.print(
        f"{answer.movers:,} customer-months differ in tier or status: {answer.movers_file}",
        soft_wrap=True,
    )


def show_comparison(pairs: Sequence[Pair], left_out: Mapping[str, str]) -> None:
    """How many customers two rulebooks place differently.

    Args:
        left_out: Rulebooks that were not compared, with their currency.
    """
    table = Table(title="Customers who differ, last month", title_justify="left")
    table.add_column("first")
    table.add_column("second")
    for column in ("other rank", "above ordinary in first only", "in second only"):
        table.add_column(column, justify="right")
    for pair in pairs:
        table.add_row(
            pair.first,
            pair.second,
            f"{pair.other_rank:,}",
            f"{pair.only_first:,}",
            f"{pair.only_second:,}",
        )
    out.print(table)
    if left_out:
        codes = ", ".join(f"{code} ({currency})" for code, currency in left_out.items())
        out.print(f"Left out, as their amounts are in another currency: {codes}.", soft_wrap=True)


def _by_tier(answer: Answer) -> Table:
    live = _counted((group.live, group.customers) for group in answer.groups)
    what_if = _counted((group.what_if, group.customers) for group in answer.groups)
    most = max([*live.values(), *what_if.values()], default=1)
    table = Table(title=f"Customers in {answer.month:%Y-%m}: {answer.rulebook.code}", title_justify="left")
    table.add_column("tier")
    table.add_column("status")
    for column in ("live", "what-if", "change"):
        table.add_column(column, justify="right")
    table.add_column("what-if")
    for key in sorted({*live, *what_if}, key=lambda key: (-key[0], key[1:])):
        table.add_row(
            key[1],
            key[2],
            f"{live[key]:,}",
            f"{what_if[key]:,}",
            _signed(what_if[key] - live[key]),
            _bar(what_if[key], most),
        )
    return table


def _moves(groups: Iterable[Group]) -> Table:
    cells: Counter[tuple[Tier, Tier]] = Counter()
    for group in groups:
        cells[group.live[:2], group.what_if[:2]] += group.customers
    rows = sorted({live for live, _ in cells}, reverse=True)
    columns = sorted({what_if for _, what_if in cells}, reverse=True)
    table = Table(title="From live (rows) to what-if (columns)", title_justify="left")
    table.add_column("")
    for _, code in columns:
        table.add_column(code, justify="right")
    for row in rows:
        table.add_row(
            row[1], *(f"{cells[row, column]:,}" if cells[row, column] else "" for column in columns)
        )
    return table


def _orgs(groups: Iterable[Group]) -> Table:
    counts: dict[str, Counter[str]] = {}
    for group in groups:
        org = counts.setdefault(group.org_id, Counter())
        org["live"] += group.customers * (group.live[0] > 0)
        org["what_if"] += group.customers * (group.what_if[0] > 0)
        org["moved"] += group.customers * (group.live != group.what_if)
    most = max((org["moved"] for org in counts.values()), default=0)
    table = Table(title=f"Orgs, most moved first (at most {_MOST_ORGS})", title_justify="left")
    table.add_column("org")
    for column in ("above ordinary, live", "what-if", "moved"):
        table.add_column(column, justify="right")
    table.add_column("moved")
    for org_id, org in sorted(counts.items(), key=lambda item: (-item[1]["moved"], item[0]))[:_MOST_ORGS]:
        table.add_row(
            org_id,
            f"{org['live']:,}",
            f"{org['what_if']:,}",
            f"{org['moved']:,}",
            _bar(org["moved"], most),
        )
    return table


def _counted(counted: Iterable[tuple[tuple[int, str, str], int]]) -> Counter[tuple[int, str, str]]:
    total: Counter[tuple[int, str, str]] = Counter()
    for key, customers in counted:
        total[key] += customers
    return total


def _signed(change: int) -> str:
    return f"{change:+,}" if change else ""


def _bar(count: int, most: int) -> str:
    return "█" * max(1, round(_BAR * count / most)) if count and most else ""
