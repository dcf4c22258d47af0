"""A customer's month as a person reads it: the AUM bridge as a waterfall, flows, assets of the day."""

from collections.abc import Iterator
from decimal import Decimal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.explain.assets import Assets, AssetStory, Bridge
from orchestration.explain.words import listed, money, month, signed

_WIDTH = 40
_PARTS = {
    "scope": "other accounts, shares or products count",
    "fx": "exchange rates",
    "new_money_in": "new money in",
    "money_out": "money out",
    "transfer_in": "from others in the bank",
    "transfer_out": "to others in the bank",
    "own_transfer": "between own accounts",
    "interest": "interest",
    "fee": "fees",
    "loan_flow": "loans drawn and repaid",
    "overdraft": "overdrafts, which count 0",
    "investment_result": "result of investments",
    "unexplained": "not explained",
}
_ALWAYS_SHOWN = "unexplained"


def print_assets(console: Console, story: AssetStory) -> None:
    """Print the whole page."""
    for part in _page(story):
        console.print(part)


def _page(story: AssetStory) -> Iterator[RenderableType]:
    bridge = story.bridge
    if bridge is None:
        yield Text(f"Customer {story.customer_id}: assets", style="bold")
    else:
        so_far = f", provisional to {story.business_date}" if bridge.is_provisional else ""
        yield Text(
            f"Customer {story.customer_id} in {month(bridge.month_start_date)}{so_far}: assets", style="bold"
        )
    yield Text(f"Release {story.release}; amounts in {story.currency}.", style="dim")
    yield Text()
    for sentence in sentences(story):
        yield Text(sentence)
    yield Text()
    if bridge is not None:
        yield _waterfall(bridge)
        yield Text()
    if story.flows:
        rows = [(flow.flow_code, flow.txn_cnt, flow.amount_amt) for flow in story.flows]
        total = sum((flow.amount_amt for flow in story.flows), Decimal(0))
        count = sum(flow.txn_cnt for flow in story.flows)
        yield listed(
            "Transactions dated in the month, in + and out −",
            ("flow", "transactions", "amount"),
            [*rows, ("all", count, total)],
        )
        yield Text(
            "The bridge goes by the night whose batch brought them: the two differ around a month's end.",
            style="dim",
        )
        yield Text()
    if story.assets is not None:
        yield _assets(story.assets)


def sentences(story: AssetStory) -> list[str]:
    """How AUM moved, what of it is net new money and by which rule, and what is not explained."""
    bridge = story.bridge
    if bridge is None:
        return ["No AUM bridge: the customer has had no AUM, and nothing moved it."]
    change = bridge.closing_amt - bridge.opening_amt
    told = [
        f"AUM went from {money(bridge.opening_amt)} to {money(bridge.closing_amt)} ({signed(change)});"
        f" owning org {bridge.owning_org_id}, tier at the opening {bridge.opening_tier_code}."
    ]
    if bridge.nnm_rule_code is not None:
        names = " + ".join(_PARTS.get(code, code) for code in _PARTS if code in story.counted) or "nothing"
        told.append(
            f"Net new money is {money(bridge.net_new_money_amt)} by rule {bridge.nnm_rule_code}: {names}."
        )
        told.append(
            f"Indirectly, as what AUM changed less all other parts, it is {money(bridge.nnm_indirect_amt)}:"
            f" the two differ by what is not explained, {money(bridge.unexplained_amt)}."
        )
    if bridge.unexplained_amt:
        told.append(
            "What is not explained is a balance that changed without a transaction, or a transaction that no"
            " balance shows; some cents are rounding."
        )
    return told


def _waterfall(bridge: Bridge) -> Table:
    levels = [bridge.opening_amt]
    for amount in bridge.parts.values():
        levels.append(levels[-1] + amount)
    low, high = min(Decimal(0), *levels), max(Decimal(0), *levels)
    table = Table(title="AUM bridge", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("amount", justify="right")
    table.add_column("AUM then", justify="right")
    table.add_column("")
    scale = _Scale(low, high)
    opening, closing = bridge.opening_amt, bridge.closing_amt
    table.add_row("opening", "", money(opening), Text(scale.bar(Decimal(0), opening), style="cyan"))
    for (code, amount), before in zip(bridge.parts.items(), levels, strict=False):
        if amount or code == _ALWAYS_SHOWN:
            style = "green" if amount >= 0 else "yellow"
            bar = Text(scale.bar(before, before + amount), style=style)
            table.add_row(_PARTS.get(code, code), signed(amount), money(before + amount), bar)
    table.add_row("closing", "", money(closing), Text(scale.bar(Decimal(0), closing), style="cyan"))
    return table


class _Scale:
    """Amounts as places on a line."""

    def __init__(self, low: Decimal, high: Decimal) -> None:
        self._low, self._span = low, high - low or Decimal(1)

    def bar(self, start: Decimal, end: Decimal) -> str:
        left, right = sorted(self._place(amount) for amount in (start, end))
        length = right - left or (1 if start != end else 0)
        return " " * min(left, _WIDTH - length) + "█" * length

    def _place(self, amount: Decimal) -> int:
        return round((amount - self._low) / self._span * _WIDTH)


def _assets(assets: Assets) -> Table:
    table = Table(title=f"Assets on {assets.business_date}", title_justify="left")
    table.add_column("")
    for title in ("amount", "against the business date before", "the end of last month", "of last year"):
        table.add_column(title, justify="right")
    for code, title in (
        ("deposit", "deposits"),
        ("investment", "investments"),
        ("total_assets", "total assets"),
        ("aum", "of them AUM"),
        ("loan", "loans"),
    ):
        changes = (getattr(assets, f"{code}_change_{since}_amt") for since in ("day", "month", "year"))
        table.add_row(title, money(getattr(assets, f"{code}_amt")), *map(signed, changes))
    table.add_row("card debt", money(assets.card_debt_amt))
    table.add_row("net assets", money(assets.net_assets_amt))
    return table
