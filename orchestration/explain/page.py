"""A customer's story as a person reads it: sentences, a chart of AUM by month, and a few small tables."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.explain.story import Reason, Status, Story, Tier

_CHART_MONTHS = 24
_CHART_WIDTH = 40
_ORDINARY = "ordinary"
_FACTORS = {
    "aum": "AUM",
    "card_spend": "credit-card spending of 12 months",
    "mortgage": "mortgage balance",
    "credit_loan": "unsecured and guaranteed loans",
    "card_grade": "a valid card of the top grade",
}
_EVENTS = {
    "new": "first tier",
    "upgrade": "upgrade",
    "downgrade": "downgrade",
    "lost": "tier lost",
    "regained": "tier regained",
}


def print_story(console: Console, story: Story) -> None:
    """Print the whole story."""
    for part in _page(story):
        console.print(part)


def _page(story: Story) -> Iterator[RenderableType]:
    month = story.month
    so_far = f", provisional to {story.business_date}" if month.is_provisional else ""
    yield Text(f"Customer {story.customer_id} in {_month(month.month_start_date)}{so_far}", style="bold")
    yield Text(f"Release {story.release}; amounts in {story.currency}.", style="dim")
    yield Text()
    for sentence in sentences(story):
        yield Text(sentence)
    yield Text()
    yield from _chart(story)
    yield from _averages(story)
    if story.statuses:
        yield _statuses(story.statuses)
    if story.events:
        yield _events(story)
    if story.parts:
        yield _parts(story)
    if story.roles:
        yield _roles(story)


def sentences(story: Story) -> list[str]:
    """Which tier and why, what is missing to the next, when it is lost, what was lost."""
    tier, reason = story.tier, story.reason
    if tier is None or reason is None:
        return ["No tier: only personal customers are tiered."]
    told = [
        _tier_sentence(tier, reason),
        _next_sentence(reason),
        _loss_sentence(story, tier, reason),
        _lost_sentence(story.statuses),
    ]
    if not tier.is_history_complete:
        told.append(
            "Not all that can give the tier is recorded over its window: an earlier reach, a loan or card "
            "spending may be missing."
        )
    if story.month.is_partial_month:
        told.append("The bank's records begin inside the month: its averages are of the recorded days.")
    told.append(f"Judged by rulebook {tier.rulebook_version}; owning org {tier.owning_org_id or 'unknown'}.")
    return [sentence for sentence in told if sentence]


def _tier_sentence(tier: Tier, reason: Reason) -> str:
    held = f"Tier {tier.tier_code}, {tier.status_code}: "
    if tier.tier_code == _ORDINARY:
        return f"{held}AUM of {_money(reason.factor_amt)} and no other factor gives a tier."
    if reason.threshold_amt is None:
        return f"{held}given by {_factor(reason.deciding_factor_code)}."
    threshold = _money(reason.threshold_amt)
    if reason.deciding_factor_code == "card_grade":
        return f"{held}given by {_factor('card_grade')}."
    if reason.deciding_factor_code != "aum":
        return (
            f"{held}given by {_factor(reason.deciding_factor_code)} of {_money(reason.factor_amt)}"
            f" (threshold {threshold})."
        )
    if not reason.below_months or reason.last_reached_month_date is None:
        return f"{held}AUM of {_money(reason.factor_amt)} reaches the threshold of {threshold}."
    return (
        f"{held}AUM of {_money(reason.factor_amt)} is below the threshold of {threshold}"
        f" for {_months(reason.below_months)} (k = {reason.below_months});"
        f" it was last reached in {_month(reason.last_reached_month_date)}"
        f" and holds the tier for {_months(reason.window_months or 0)} after."
    )


def _next_sentence(reason: Reason) -> str:
    if reason.next_tier_code is None or reason.next_tier_missing_amt is None:
        return "This is the highest tier."
    return f"To {reason.next_tier_code}: {_money(reason.next_tier_missing_amt)} of AUM are missing."


def _loss_sentence(story: Story, tier: Tier, reason: Reason) -> str:
    if tier.tier_code == _ORDINARY:
        return ""
    if reason.loss_month_date is None or reason.months_to_loss is None:
        held_by = next((s.held_by_factor_code for s in story.statuses if s.tier_code == tier.tier_code), None)
        if held_by is not None:
            return f"Nothing runs out while {_factor(held_by)} holds the tier."
        return "Nothing runs out while AUM stays at the threshold or above."
    loss = f"is lost in {_month(reason.loss_month_date)} ({_months(reason.months_to_loss)} left)."
    if reason.attention_month_date is None:
        return f"If nothing changes, it {loss}"
    attention = _month(reason.attention_month_date)
    if not reason.months_to_attention:
        return f"It has been at attention since {attention} and, if nothing changes, {loss}"
    return (
        f"If nothing changes, it comes to attention in {attention}"
        f" ({_months(reason.months_to_attention)} left) and {loss}"
    )


def _lost_sentence(statuses: list[Status]) -> str:
    lost = [status for status in statuses if status.status_code == "lost" and status.lost_since_date]
    if not lost:
        return ""
    told = ", ".join(
        f"{status.tier_code} in {_month(status.lost_since_date)}" for status in lost if status.lost_since_date
    )
    return f"Lost and not regained: {told}."


def _chart(story: Story) -> Iterator[RenderableType]:
    months = story.months[-_CHART_MONTHS:]
    reason = story.reason
    threshold = reason.threshold_amt if reason and reason.deciding_factor_code == "aum" else None
    top = max([threshold or Decimal(0), *(month.aum_month_avg_amt for month in months)]) or Decimal(1)
    table = Table(title="AUM by month, daily average", title_justify="left", box=None, pad_edge=False)
    table.add_column("month")
    table.add_column("AUM", justify="right")
    table.add_column("")
    table.add_column("tier")
    for month in months:
        tier = story.tiers.get(month.month_start_date)
        table.add_row(
            f"{month.month_start_date:%Y-%m}" + ("*" if month.is_provisional else ""),
            _money(month.aum_month_avg_amt),
            _bar(month.aum_month_avg_amt, threshold, top),
            f"{tier.tier_code}, {tier.status_code}" if tier else "",
        )
    yield table
    notes = []
    if threshold is not None:
        notes.append(f"│ the threshold, {_money(threshold)}")
    if months[-1].is_provisional:
        notes.append(f"* to {story.business_date}")
    if notes:
        yield Text("; ".join(notes), style="dim")
    yield Text()


def _bar(amount: Decimal, threshold: Decimal | None, top: Decimal) -> Text:
    length = round(amount / top * _CHART_WIDTH) or (1 if amount else 0)
    cells = list("█" * length + " " * (_CHART_WIDTH - length))
    if threshold is None:
        return Text("".join(cells), style="cyan")
    mark = min(round(threshold / top * _CHART_WIDTH), _CHART_WIDTH)
    line = "".join(cells[:mark]) + "│" + "".join(cells[mark:])
    return Text(line, style="green" if amount >= threshold else "yellow")


def _averages(story: Story) -> Iterator[RenderableType]:
    month = story.month
    table = Table(title="AUM of the month", title_justify="left", box=None, pad_edge=False)
    figures = {
        "last day": month.aum_end_amt,
        "month": month.aum_month_avg_amt,
        "quarter to date": month.aum_quarter_avg_amt,
        "year to date": month.aum_year_avg_amt,
        "6 months": month.aum_avg_6m_amt,
        "12 months": month.aum_avg_12m_amt,
    }
    for title in figures:
        table.add_column(title, justify="right")
    table.add_row(*map(_money, figures.values()))
    yield table
    yield Text()


def _statuses(statuses: list[Status]) -> Table:
    table = Table(title="Tiers ever reached", title_justify="left")
    for title in ("tier", "status", "months below (k)", "held by", "lost since"):
        table.add_column(title)
    for status in statuses:
        table.add_row(
            status.tier_code,
            status.status_code,
            "" if status.below_months is None else str(status.below_months),
            _factor(status.held_by_factor_code) if status.held_by_factor_code else "",
            _month(status.lost_since_date) if status.lost_since_date else "",
        )
    return table


def _events(story: Story) -> Table:
    table = Table(title="What happened", title_justify="left")
    for title in ("month", "event", "from", "to"):
        table.add_column(title)
    for event in story.events[-_CHART_MONTHS:]:
        table.add_row(
            f"{event.month_start_date:%Y-%m}",
            _EVENTS.get(event.event_code, event.event_code)
            + (" (first recorded)" if event.cause_code == "first_recorded" else ""),
            event.from_tier_code,
            event.to_tier_code,
        )
    return table


def _parts(story: Story) -> Table:
    table = Table(title="AUM by class and org", title_justify="left", show_footer=True)
    table.add_column("class", "total")
    table.add_column("org")
    for title, column in (
        ("last day", "aum_end_amt"),
        ("month", "aum_month_avg_amt"),
        ("year to date", "aum_year_avg_amt"),
    ):
        amounts = [getattr(part, column) for part in story.parts]
        table.add_column(title, _money(sum(amounts, Decimal(0))), justify="right")
    for part in story.parts:
        amounts = [part.aum_end_amt, part.aum_month_avg_amt, part.aum_year_avg_amt]
        table.add_row(part.asset_class_code, part.org_id, *map(_money, amounts))
    return table


def _roles(story: Story) -> Table:
    table = Table(title="Orgs of the customer", title_justify="left")
    table.add_column("org")
    table.add_column("role")
    for title in ("deposits", "investments", "loans", "cards"):
        table.add_column(title, justify="right")
    for role in story.roles:
        amounts = [
            role.deposit_end_amt,
            role.investment_end_amt,
            role.loan_balance_amt,
            role.card_balance_amt,
        ]
        table.add_row(role.org_id, role.role_code, *map(_money, amounts))
    return table


def _factor(code: str) -> str:
    return _FACTORS.get(code, code)


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _month(day: date) -> str:
    return f"{day:%B %Y}"


def _months(count: int | None) -> str:
    return "1 month" if count == 1 else f"{count or 0} months"
