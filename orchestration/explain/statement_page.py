"""A customer's contribution as a person reads it: an income statement, and each figure with what drove it."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.explain.statement import Line, Statement


def print_statement(console: Console, statement: Statement) -> None:
    """Print the whole statement."""
    for part in _page(statement):
        console.print(part)


def _page(statement: Statement) -> Iterator[RenderableType]:
    total = statement.total
    so_far = f", provisional to {statement.business_date}" if total.is_provisional else ""
    yield Text(
        f"Customer {statement.customer_id} in {total.month_start_date:%B %Y}{so_far}: contribution",
        style="bold",
    )
    yield Text(f"Release {statement.release}; amounts in {statement.currency}.", style="dim")
    yield Text()
    yield _income_statement(statement)
    yield Text(_trend(statement))
    yield Text()
    if statement.change is not None:
        yield _change(statement)
    yield from _lines(statement)


def _income_statement(statement: Statement) -> Table:
    total = statement.total
    table = Table(title="Statement", title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column("item")
    table.add_column("amount", justify="right")
    loans = [
        line for line in statement.lines if line.source_code in ("loan", "card") and line.ftp_rate is not None
    ]
    deposits = [
        line for line in statement.lines if line.source_code == "deposit" and line.ftp_rate is not None
    ]
    is_whole = (
        sum((line.loan_nii_amt for line in loans), Decimal(0)) == total.loan_nii_amt
        and sum((line.deposit_nii_amt for line in deposits), Decimal(0)) == total.deposit_nii_amt
    )
    # of joint accounts the customer has a share: only the net interest is told
    if is_whole and deposits:
        paid = sum((line.customer_interest_amt for line in deposits), Decimal(0))
        table.add_row("  Transfer interest", _money(total.deposit_nii_amt + paid))
        table.add_row("  Interest paid", _money(-paid))
    table.add_row("Net interest of deposits", _money(total.deposit_nii_amt))
    if is_whole and loans:
        received = sum((line.customer_interest_amt for line in loans), Decimal(0))
        table.add_row("  Interest received", _money(received))
        table.add_row("  Transfer interest", _money(total.loan_nii_amt - received))
    for item, amount in (
        ("Net interest of loans", total.loan_nii_amt),
        ("Fee income", total.fee_income_amt),
        ("Direct cost", total.direct_cost_amt),
        ("Allocated cost", total.allocated_cost_amt),
        ("Expected loss", total.expected_loss_amt),
    ):
        table.add_row(item, _money(amount))
    table.add_row(Text("Contribution", style="bold"), Text(_money(total.contribution_amt), style="bold"))
    table.add_row("Capital charge", _money(total.capital_charge_amt))
    table.add_row(Text("EVA", style="bold"), Text(_money(total.eva_amt), style="bold"))
    return table


def _trend(statement: Statement) -> str:
    total = statement.total
    if total.contribution_avg_3m_amt is None or total.contribution_avg_12m_amt is None:
        return "Not judged: loans or fees are not recorded from the first day of the month on."
    told = (
        f"Status {total.contribution_status_code}: {_money(total.contribution_avg_3m_amt)} a month on average"
        f" of {_months(statement.months_3m_cnt)}, {_money(total.contribution_avg_12m_amt)} of"
        f" {_months(total.months_12m_cnt)}."
    )
    return f"{told} A cost centre: income is below cost." if total.is_cost_centre else told


def _change(statement: Statement) -> Table:
    change = statement.change
    assert change is not None
    table = Table(title="Change from the month before", title_justify="left", box=None, pad_edge=False)
    figures = {
        "before": change.previous_contribution_amt,
        "volume": change.volume_amt,
        "rate": change.rate_amt,
        "mix": change.mix_amt,
        "new, closed": change.new_closed_amt,
        "change": change.total_amt,
    }
    for title in figures:
        table.add_column(title, justify="right")
    table.add_row(*map(_money, figures.values()))
    return table


def _lines(statement: Statement) -> Iterator[RenderableType]:
    yield Text()
    yield Text("Where it comes from (whole accounts; a joint account is shared by its owners)", style="bold")
    for line in statement.lines:
        yield Text(
            f"{line.account_id} · {line.source_code} · product {line.product_code} · org {line.org_id}:"
            f" {_money(line.contribution_amt)}"
        )
        for figure in _figures(line, statement):
            yield Text(f"    {figure}", style="dim")


def _figures(line: Line, statement: Statement) -> Iterator[str]:
    """Each amount of a line, with what drove it."""
    if line.held_days is not None:
        yield f"kept by org {line.org_id} on {line.held_days} of {line.open_days} days"
    if line.ftp_rate is not None and line.customer_rate is not None:
        rates = [_percent(line.ftp_rate), _percent(line.customer_rate)]
        is_lent = line.source_code in ("loan", "card")
        earned = line.loan_nii_amt if is_lent else line.deposit_nii_amt
        margin = " − ".join(reversed(rates) if is_lent else rates)
        yield (
            f"net interest {_money(earned)} = {_money(line.average_balance_amt)} × ({margin})"
            f" × {line.balance_days} / {line.day_count}"
            + (", by the earliest curve delivered" if line.is_rate_assumed else "")
        )
    elif line.average_balance_amt:
        yield f"average balance {_money(line.average_balance_amt)}, not priced by a curve"
    if line.fee_income_amt or line.direct_cost_amt:
        yield f"fees {_money(line.fee_income_amt)}, direct cost {_money(line.direct_cost_amt)}"
    for cost in statement.costs:
        if cost.is_of(line):
            yield (
                f"allocated cost {_money(-cost.cost_amt)}:"
                f" pool {cost.cost_pool_id} of org {cost.pool_org_id},"
                f" {_money(cost.counted_amt)} × {_count(cost.driver_count)} / {_count(cost.driver_total)}"
                f" {cost.driver_code}"
            )
    if line.ead_amt is not None and line.pd_rate is not None and line.lgd_rate is not None:
        part = _part_of_month(line, statement.total.month_start_date)
        yield (
            f"expected loss {_money(line.expected_loss_amt)} ="
            f" −{_percent(line.pd_rate)} × {_percent(line.lgd_rate)} × {_money(line.ead_amt)} / 12{part}"
        )
        if line.capital_rate is not None:
            yield (
                f"capital charge {_money(line.capital_charge_amt)} = −{_money(line.ead_amt)}"
                f" × {_percent(line.capital_rate)} × {_percent(statement.hurdle_rate)} / 12{part},"
                " outside the contribution"
            )
    if line.reserve_cost_amt or line.tax_amt:
        outside = f"reserve {_money(line.reserve_cost_amt)}, tax {_money(line.tax_amt)}"
        yield f"{outside}, outside the contribution"


def _part_of_month(line: Line, month: date) -> str:
    """The days that count, where not all of the month do."""
    days = monthrange(month.year, month.month)[1]
    recorded = "" if line.recorded_days == days else f" × {line.recorded_days} / {days}"
    held = "" if line.held_days is None else f" × {line.held_days} / {line.open_days}"
    return recorded + held


def _count(count: Decimal) -> str:
    return f"{count:,.6f}".rstrip("0").rstrip(".")


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _percent(rate: Decimal) -> str:
    return f"{rate * 100:.4f} %"
