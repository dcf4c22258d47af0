"""The feed of events (chapter 5.3), computed from raw extracts by brute force, and how nights add to it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.reference.raw_flows import Flow, flows_of
from tests.reference.raw_nights import ZERO, RawBank, RawNight, Row, month_of

_SEEDS = Path(__file__).parents[2] / "seeds" / "rules"


@dataclass(frozen=True)
class Rule:
    """A row of event_rules."""

    event_code: str
    version: str
    valid_from: date
    valid_to: date
    group: str
    threshold: Decimal | None
    count: int
    rate: Decimal | None
    window: int
    lead: int
    cool_down: int
    priority: int


def event_rules() -> list[Rule]:
    """Active rules of the seed."""
    with (_SEEDS / "event_rules.csv").open(encoding="utf-8") as file:
        return [
            Rule(
                row["event_code"],
                row["rule_version"],
                date.fromisoformat(row["valid_from_date"]),
                date.fromisoformat(row["valid_to_date"] or "9999-12-31"),
                row["customer_group_code"],
                Decimal(row["threshold_amt"]) if row["threshold_amt"] else None,
                int(row["threshold_cnt"] or 0),
                Decimal(row["threshold_rate"]) if row["threshold_rate"] else None,
                int(row["window_days"] or 0),
                int(row["lead_days"] or 0),
                int(row["cool_down_days"] or 0),
                int(row["priority"]),
            )
            for row in csv.DictReader(file)
            if row["is_active"] == "true"
        ]


def groups_of_tiers() -> dict[str, str]:
    """Customer group by tier."""
    with (_SEEDS / "event_group_rules.csv").open(encoding="utf-8") as file:
        return {row["tier_code"]: row["customer_group_code"] for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Tiers:
    """What chapter 2 publishes on a night: the feed reads it, another reference checks it.

    Attributes:
        tiers: Tier by customer and month.
        events: Rows of fct_tier_event of the running and the last complete month.
        statuses: Row of fct_customer_tier_monthly by customer and month.
    """

    tiers: dict[tuple[str, date], str] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    statuses: dict[tuple[str, date], Row] = field(default_factory=dict)


Identity = tuple[Any, ...]
"""Event code, subject, and the key date or stage: what an event's id is a hash of."""


@dataclass(frozen=True)
class Event:
    """An event as it is told.

    Attributes:
        identity: Code, subject and key; told once, ever.
    """

    identity: Identity
    customer_id: str
    subject_id: str
    event_date: date
    business_date: date
    amount: Decimal | None = None
    count: int | None = None
    threshold: Decimal | None = None
    reference_date: date | None = None
    is_silent: bool = False

    @property
    def code(self) -> str:
        """Its code."""
        return str(self.identity[0])


class Look:
    """What the detectors of one night look at.

    Args:
        told: Events of the nights before, by identity.
    """

    def __init__(self, bank: RawBank, told: dict[Identity, Event], tiers: Tiers, rules: list[Rule]) -> None:
        self.bank, self.night, self.told, self.tiers = bank, bank.nights[-1], told, tiers
        self.day = self.night.day
        self.before: RawNight | None = self.night.previous
        self.month = month_of(self.day)
        self.last_month = month_of(self.month - timedelta(1))
        self.flows = flows_of(bank)
        self.tonight = [flow for flow in self.flows if flow.night is self.night]
        self._rules = rules
        self._groups = groups_of_tiers()
        self.found: dict[Identity, Event] = {}

    def customers(self) -> Iterable[Row]:
        """Customers that are not closed."""
        return (row for row in self.night.rows("customer") if row["status"] != "closed")

    def group(self, customer: str) -> str:
        """The customer's group, by the tier of the last complete month."""
        row = self.night.row("customer", customer)
        if row is not None and row["customer_type"] == "C":
            return "corporate"
        return self._groups.get(self.tiers.tiers.get((customer, self.last_month), ""), "mass")

    def rules(self, code: str, customer: str) -> list[Rule]:
        """Rules of the event that hold tonight for the customer, the highest threshold first."""
        group = self.group(customer)
        return sorted(
            (
                rule
                for rule in self._rules
                if rule.event_code == code
                and rule.valid_from <= self.day <= rule.valid_to
                and rule.group in (group, "*")
            ),
            key=lambda rule: (-rule.count, -(rule.threshold or ZERO)),
        )

    def rule(self, code: str, customer: str) -> Rule | None:
        """The only rule of the event for the customer."""
        rules = self.rules(code, customer)
        return rules[0] if rules else None

    def is_cool(self, code: str, customer: str, cool_down: int) -> bool:
        """Whether the last telling is the cool-down ago or more."""
        return all(
            (self.day - event.business_date).days >= cool_down
            for event in self.told.values()
            if event.code == code and event.customer_id == customer
        )

    def line_of(self, product_code: str) -> str | None:
        """Product line of a product."""
        line = self.night.tables["product"][(product_code,)]["product_line"]
        return str(line) if line is not None else None

    def by_day(self, counts: Callable[[Flow], bool]) -> dict[tuple[str, date], Decimal]:
        """Sums of such transactions by owner and day."""
        sums: dict[tuple[str, date], Decimal] = {}
        for flow in self.flows:
            for owner, amount in flow.owned().items() if counts(flow) else ():
                sums[owner, flow.day] = sums.get((owner, flow.day), ZERO) + amount
        return sums

    def window(self, counts: Callable[[Flow], bool], customer: str, days: int) -> list[Flow]:
        """Such transactions of an owner in the days to the business date."""
        first = self.day - timedelta(days - 1)
        return [
            flow
            for flow in self.flows
            if counts(flow) and first <= flow.day <= self.day and customer in flow.owned()
        ]

    def tell(
        self,
        code: str,
        customer: str,
        subject: str,
        key: tuple[Any, ...],
        event_date: date,
        *,
        is_change: bool = False,
        **more: Any,
    ) -> None:
        """Tell an event unless it has been told.

        Args:
            is_change: Whether the first night sets the state of which it tells, and tells nothing.
        """
        identity = (code, subject, *key)
        if identity in self.told or identity in self.found:
            return
        is_silent = is_change and self.before is None
        self.found[identity] = Event(
            identity, customer, subject, event_date, self.day, is_silent=is_silent, **more
        )


@dataclass(frozen=True)
class Entry:
    """An entry of the feed: an event, or its withdrawal."""

    kind: str
    event: Event
    business_date: date


class Feed:
    """The feed as it grows: nights may be run again, with other batches, or on the way to a later one."""

    def __init__(self, detectors: Iterable[Any], rules: list[Rule] | None = None) -> None:
        self.bank = RawBank()
        self.entries: list[Entry] = []
        self._detectors = list(detectors)
        self._rules = event_rules() if rules is None else rules
        self._found: dict[date, dict[Identity, Event]] = {}
        self._from: date | None = None

    def run(self, delivery: Any, tiers: Tiers, *, is_published: bool = True) -> None:
        """Run a night; those of its date and after it go."""
        night = self.bank.take(delivery)
        gone = [day for day in self._found if day >= night.day]
        for day in gone:
            del self._found[day]
        self._from = min(night.day, self._from or night.day)
        told = {identity: event for found in self._found.values() for identity, event in found.items()}
        look = Look(self.bank, told, tiers, self._rules)
        for detector in self._detectors:
            detector(look)
        self._found[night.day] = look.found
        if is_published:
            self._record(night.day)

    def _record(self, day: date) -> None:
        live = self.live()
        found = {
            identity: event
            for events in self._found.values()
            for identity, event in events.items()
            if not event.is_silent
        }
        assert self._from is not None
        for identity, event in live.items():
            if self._from <= event.business_date <= day and identity not in found:
                self.entries.append(Entry("withdrawal", event, day))
        for identity, event in found.items():
            if identity not in live:
                self.entries.append(Entry("event", event, event.business_date))
        self._from = None

    def live(self) -> dict[Identity, Event]:
        """Events told and not withdrawn."""
        live: dict[Identity, Event] = {}
        for entry in self.entries:
            if entry.kind == "event":
                live[entry.event.identity] = entry.event
            else:
                live.pop(entry.event.identity, None)
        return live


def moves(flow: Flow) -> bool:
    """Whether the flow is one of those of large amounts."""
    return flow.flow_code in ("cash", "salary", "outside", "bank_transfer")
