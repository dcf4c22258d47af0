"""``acrm explain-trade``: who is credited for one sale, by which step, and what changed since it was sold."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from orchestration.errors import NotFoundError
from orchestration.releases.on_disk import open_current
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name

Row = TypeVar("Row")

_NOBODY = "UNASSIGNED"

_STEPS = {
    "manager": "the outlet manager's registration (网点经理调整)",
    "auto": "the customer's manager, automatically (系统自动登记)",
    "manual": "registration (手工登记)",
    "fallback": "nobody was registered in time",
}
_REASONS = {
    "no_seller": "nobody is registered so far",
    "only_referrer": "a referrer is registered, and no seller so far",
    "registration_rejected": "who was registered does not count, see below",
    "no_teller": "nobody was registered in time, and the trade has no teller",
    "no_fallback": "nobody was registered in time, and the rule names nobody for that case",
    "no_ratio": "there is a referrer, and no parameter says how seller and referrer share",
    "not_employed": "one of the two was not employed on that day",
    "other_org": "registered by another org",
    "ratio_not_one": "the manager's ratios do not add to 1",
}
_UNALLOCATED = {**_REASONS, "not_employed": "the teller was not employed on the day of the trade"}
_SALES_ORGS = {
    "trade_org": "the org of the trade",
    "customer_owning_org": "the org that owns the customer",
    "account_org": "the org of the account",
}


@dataclass(frozen=True)
class Sale:
    """A row of ``fct_trade_attribution``."""

    trade_id: str
    customer_id: str
    product_code: str
    trade_org_id: str
    sales_org_id: str
    state_code: str
    rule_code: str | None
    reason_code: str | None
    sales_product_code: str
    rulebook_version: str | None
    trade_date: date
    wait_end_date: date | None
    knowledge_date: date
    trade_amt: Decimal
    fee_income_amt: Decimal
    currency_code: str
    trade_reporting_amt: Decimal | None
    is_disputed: bool


@dataclass(frozen=True)
class Entry:
    """A row of ``fct_sales_credit``."""

    entry_id: int
    reverses_entry_id: int | None
    knowledge_date: date
    entry_type_code: str
    employee_id: str
    actor_role_code: str
    rule_code: str
    credit_ratio: Decimal
    credit_amt: Decimal
    credit_fee_income_amt: Decimal


@dataclass(frozen=True)
class Rejection:
    """A row of ``rpt_rejected_registration``."""

    registration_id: str
    employee_id: str
    registered_by_id: str
    registered_date: date
    age_days: int
    reason_code: str


@dataclass(frozen=True)
class Dispute:
    """A row of ``rpt_sales_dispute``."""

    registration_id: str
    employee_id: str
    credited_employee_id: str
    registered_date: date
    age_days: int


@dataclass(frozen=True)
class Manager:
    """A row of ``fct_assignment`` that held on the day of the trade."""

    employee_id: str
    org_id: str
    role_code: str
    participation_share: Decimal
    valid_from_date: date


@dataclass(frozen=True)
class Rule:
    """A row of ``sales_product_rules``."""

    sales_org_code: str
    is_auto_credited: bool
    is_split_by_participation: bool
    wait_days: int
    wait_day_code: str
    fallback_code: str


@dataclass(frozen=True)
class TradeStory:
    """One sale as the current release knows it."""

    release: str
    business_date: date
    sale: Sale
    rule: Rule | None
    entries: list[Entry]
    managers: list[Manager]
    disputes: list[Dispute]
    rejections: list[Rejection]


def read_trade(settings: Settings, trade_id: str) -> TradeStory:
    """Read the story of a sale.

    Raises:
        NotFoundError: The release has no such trade.
        PublicationError: Nothing is published.
    """
    with open_current(settings) as connection:
        release, business_date = connection.execute(
            "select release, business_date from quality.data_as_of"
        ).fetchone() or ("", date.min)

        def rows(
            kind: type[Row], schema: str, table: str, where: str, order: str, *values: object
        ) -> list[Row]:
            columns = [field.name for field in fields(kind)]  # type: ignore[arg-type]
            query = fill(
                "select {columns} from {table} where {where} order by {order}",
                columns=join(", ", map(name, columns)),
                table=name(schema, table),
                where=Sql(where),
                order=Sql(order),
            )
            found: list[tuple[Any, ...]] = connection.execute(query, list(values)).fetchall()
            return [kind(*row) for row in found]

        is_of_trade = "trade_id = ?"
        sales = rows(Sale, "sales", "fct_trade_attribution", is_of_trade, "trade_id", trade_id)
        if not sales:
            raise NotFoundError(f"Release {release} has no such trade. Check the number.")
        (sale,) = sales
        rules = rows(
            Rule,
            "rules",
            "sales_product_rules",
            "sales_product_code = ? and rulebook_version = ? and valid_from_date <= ?",
            "valid_from_date desc",
            *(sale.sales_product_code, sale.rulebook_version, sale.trade_date),
        )
        return TradeStory(
            release=release,
            business_date=business_date,
            sale=sale,
            rule=rules[0] if rules else None,
            entries=rows(Entry, "sales", "fct_sales_credit", is_of_trade, "entry_id", trade_id),
            managers=rows(
                Manager,
                "ownership",
                "fct_assignment",
                "customer_id = ? and valid_from_date <= ? and (valid_to_date is null or valid_to_date > ?)",
                "role_code desc, employee_id",
                *(sale.customer_id, sale.trade_date, sale.trade_date),
            ),
            disputes=rows(Dispute, "sales", "rpt_sales_dispute", is_of_trade, "registration_id", trade_id),
            rejections=rows(
                Rejection, "sales", "rpt_rejected_registration", is_of_trade, "registration_id", trade_id
            ),
        )


def print_trade(console: Console, story: TradeStory) -> None:
    """Print the whole story."""
    for part in _page(story):
        console.print(part)


def _page(story: TradeStory) -> Iterator[RenderableType]:
    sale = story.sale
    yield Text(f"Trade {sale.trade_id} of {sale.trade_date}", style="bold")
    yield Text(
        f"Release {story.release}, as of {story.business_date}; amounts in {sale.currency_code}.", style="dim"
    )
    yield Text()
    for sentence in sentences(story):
        yield Text(sentence)
    if story.entries:
        yield Text()
        yield _ledger(story.entries)


def sentences(story: TradeStory) -> list[str]:
    """What was sold, by which rule, who looked after the customer, how it stands, and what is contested."""
    sale = story.sale
    told = [
        f"{sale.currency_code} {sale.trade_amt:,.2f} of {sale.sales_product_code}"
        f" (product {sale.product_code}) sold to customer {sale.customer_id} at org {sale.trade_org_id},"
        f" fee income {sale.fee_income_amt:,.2f}.",
    ]
    if sale.trade_reporting_amt not in (None, sale.trade_amt):
        told.append(
            f"Performance counts it as {sale.trade_reporting_amt:,.2f}, at the rate of the trade date."
        )
    if story.rule is not None:
        told.append(_rule_sentence(sale, story.rule))
    told += [
        f"The {manager.role_code} manager assigned at org {manager.org_id} was not employed on that day."
        if manager.employee_id == _NOBODY
        else f"Looked after on that day by {manager.employee_id} of org {manager.org_id}"
        f" ({manager.role_code}, participation {manager.participation_share},"
        f" since {manager.valid_from_date})."
        for manager in story.managers
    ] or ["Nobody looked after the customer on that day."]
    told.append(_state_sentence(story))
    told += [
        f"Disputed: {dispute.employee_id} was registered as seller on {dispute.registered_date} against"
        f" {dispute.credited_employee_id}; open for {dispute.age_days} days, until the manager settles it."
        for dispute in story.disputes
    ]
    told += [
        f"Rejected: registration {rejected.registration_id} of {rejected.employee_id} by"
        f" {rejected.registered_by_id} on {rejected.registered_date}, {rejected.age_days} days ago:"
        f" {_REASONS.get(rejected.reason_code, rejected.reason_code)}."
        for rejected in story.rejections
    ]
    return told


def _rule_sentence(sale: Sale, rule: Rule) -> str:
    managers = "managers by participation" if rule.is_split_by_participation else "main manager"
    return (
        f"Rule {sale.rulebook_version}: sold by {_SALES_ORGS[rule.sales_org_code]}, {sale.sales_org_id};"
        f" the customer's {managers} {'is' if rule.is_auto_credited else 'is not'} credited automatically;"
        f" waits {rule.wait_days} {rule.wait_day_code} days, to {sale.wait_end_date},"
        f" then {'the teller' if rule.fallback_code == 'teller' else 'nobody'} is credited."
    )


def _state_sentence(story: TradeStory) -> str:
    sale = story.sale
    since = f"since the night of {sale.knowledge_date}"
    if sale.state_code == "credited":
        return f"Credited {since}: {_STEPS[sale.rule_code or '']}."
    if sale.state_code == "unallocated":
        return f"Unallocated {since}: {_UNALLOCATED[sale.reason_code or '']}."
    if sale.state_code == "cancelled":
        return f"Cancelled {since}: nobody is credited."
    return f"Pending: {_REASONS[sale.reason_code or '']}; the wait ends on {sale.wait_end_date}."


def _ledger(entries: list[Entry]) -> Table:
    table = Table(title="Ledger", title_justify="left", show_footer=True)
    for title in ("entry", "night", "what", "employee", "role", "step"):
        table.add_column(title)
    totals = (
        ("ratio", sum((entry.credit_ratio for entry in entries), Decimal(0)), ".5f"),
        ("amount", sum((entry.credit_amt for entry in entries), Decimal(0)), ",.2f"),
        ("fee income", sum((entry.credit_fee_income_amt for entry in entries), Decimal(0)), ",.2f"),
    )
    for title, total, style in totals:
        table.add_column(title, format(total, style), justify="right")
    for entry in entries:
        what = "credit" if entry.reverses_entry_id is None else f"reversal of {entry.reverses_entry_id}"
        table.add_row(
            *(str(entry.entry_id), str(entry.knowledge_date), what),
            *(entry.employee_id, entry.actor_role_code, entry.rule_code),
            *(f"{entry.credit_ratio:.5f}", f"{entry.credit_amt:,.2f}", f"{entry.credit_fee_income_amt:,.2f}"),
        )
    return table
