"""Who sold it, by chapter 3.3 of the specification, in plain Python.

One trade after the other, from everything that was delivered up to a business date. Written from the chapter,
not from the models.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

WHOLE = Decimal(1)
NEVER = 9999
"""Year of a revocation that stands for none."""
RATIO, CENT = Decimal("0.00001"), Decimal("0.01")


@dataclass(frozen=True)
class Trade:
    """A row of the sales extract."""

    trade_id: str
    customer_id: str
    product: str
    trade_date: date
    amount: Decimal
    fee: Decimal
    org_id: str
    teller_id: str | None
    cancels: str | None = None
    currency: str = "CNY"


@dataclass(frozen=True)
class Registration:
    """A row of the registration extract."""

    registration_id: str
    trade_id: str
    employee_id: str
    role: str
    ratio: Decimal | None
    registered_at: datetime
    registered_by: str
    source: str
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Assignment:
    """A row of the assignment extract."""

    assignment_id: str
    customer_id: str
    employee_id: str
    org_id: str
    role: str
    share: Decimal
    valid_from: date
    valid_to: date | None
    op: str = "U"
    is_recalled: bool = False


@dataclass(frozen=True)
class Named:
    """A manager whom a loan (with what is owed on it) or a card names."""

    customer_id: str
    source: str
    employee_id: str
    org_id: str
    owed: Decimal
    since: date


@dataclass(frozen=True)
class Parameter:
    """A row of the ratio parameters."""

    scope: str
    scope_id: str
    product: str
    valid_from: date
    seller: Decimal
    referrer: Decimal
    valid_to: date | None = None


@dataclass(frozen=True)
class Org:
    """A row of the org extract."""

    org_id: str
    close_date: date | None = None
    successor: str | None = None


@dataclass(frozen=True)
class Employment:
    """What a list of staff says of somebody's employment; ``left_on`` is the first day no longer employed."""

    hired_on: date | None = None
    left_on: date | None = None
    has_left: bool = False


@dataclass(frozen=True)
class Rule:
    """How a product's sale is credited."""

    is_auto: bool = True
    wait_days: int = 5
    is_business_days: bool = False
    has_teller: bool = True
    is_split: bool = False


@dataclass(frozen=True)
class Batch:
    """What one night brings; staff, orgs and parameters come whole."""

    night: date
    staff: Mapping[str, str]
    orgs: tuple[Org, ...]
    parameters: tuple[Parameter, ...]
    trades: tuple[Trade, ...] = ()
    registrations: tuple[Registration, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    employment: Mapping[str, Employment] = field(default_factory=dict)
    """Of those of whom more is known than that they are there."""
    named: tuple[Named, ...] = ()
    """All loans and cards with a manager that run on the night."""


Share = tuple[str, str, Decimal, Decimal, Decimal, str, Decimal]
"""Employee, role, ratio, amount, fee income, currency, and the amount in CNY."""


@dataclass(frozen=True)
class Outcome:
    """Where the credit of a trade stands."""

    state: str
    rule: str | None = None
    reason: str | None = None
    is_disputed: bool = False
    shares: frozenset[Share] = frozenset()
    claims: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Known:
    """Everything that was delivered, up to and with one night."""

    rules: Mapping[str, Rule]
    business_days: frozenset[date]
    rates: Mapping[tuple[str, date], Decimal] = field(default_factory=dict)
    """CNY per unit by currency and day of the rate, as the bank sent them all along."""
    night: date = date.min
    trades: dict[str, Trade] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    registrations: dict[str, Registration] = field(default_factory=dict)
    revoked: dict[str, date] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)
    staff: list[tuple[date, Mapping[str, str]]] = field(default_factory=list)
    employment: list[Mapping[str, Employment]] = field(default_factory=list)
    orgs: dict[str, Org] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    named: list[tuple[date, tuple[Named, ...]]] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Learn what a night brings; what comes twice counts once."""
        self.night = batch.night
        for trade in batch.trades:
            if trade.cancels is not None:
                self.cancelled.add(trade.cancels)
            else:
                self.trades.setdefault(trade.trade_id, trade)
        for sent in batch.registrations:
            self.registrations.setdefault(sent.registration_id, sent)
            if sent.revoked_at is not None and sent.revoked_at.year < NEVER:
                day = sent.revoked_at.date()
                self.revoked[sent.registration_id] = min(day, self.revoked.get(sent.registration_id, day))
        for row in batch.assignments:
            if row.op == "D":
                self.assignments.pop(row.assignment_id, None)
            else:
                self.assignments[row.assignment_id] = row
        self.staff.append((batch.night, batch.staff))
        self.employment.append({who: batch.employment.get(who, Employment()) for who in batch.staff})
        self.named.append((batch.night, batch.named))
        self.orgs = {org.org_id: org for org in batch.orgs}
        self.parameters = batch.parameters

    def outcomes(self) -> dict[str, Outcome]:
        """Every trade that is known."""
        return {trade_id: self.outcome(trade) for trade_id, trade in self.trades.items()}

    def outcome(self, trade: Trade) -> Outcome:
        """The first step that gives a seller wins."""
        if trade.trade_id in self.cancelled:
            return Outcome("cancelled")
        rule = self.rules[trade.product]
        sent = [entry for entry in self.registrations.values() if self._stands(entry, trade)]
        live = [entry for entry in sent if self._by_and_for_staff(entry)]
        managed = [entry for entry in live if entry.source == "manager"]
        latest = max((entry.registered_at for entry in managed), default=None)
        version = [entry for entry in managed if entry.registered_at == latest]
        accepted = [entry for entry in live if entry.source == "manual" and self._is_own(entry, trade)]
        rejected = {
            (entry.registration_id, "other_org")
            for entry in live
            if entry.source == "manual" and entry not in accepted
        } | {(entry.registration_id, "not_employed") for entry in sent if entry not in live}
        ratios = [entry.ratio for entry in version]
        if version and None not in ratios and sum(filter(None, ratios)) == 1:
            weights = _by_person(version)
            return Outcome(
                "credited", "manager", shares=self._shares(trade, weights), claims=frozenset(rejected)
            )
        rejected |= {(entry.registration_id, "ratio_not_one") for entry in version}

        sellers = [entry for entry in accepted if entry.role == "seller"]
        referrers = [entry for entry in accepted if entry.role == "referrer"]
        if auto := self._managers(trade, rule):
            disputes = {(entry.registration_id, "dispute") for entry in sellers}
            return self._with_referrers(trade, "auto", auto, referrers, bool(sellers), rejected | disputes)
        if sellers:
            everyone = [*sellers, *referrers]
            if all(e.ratio is not None for e in everyone) and sum(e.ratio or 0 for e in everyone) == 1:
                shares = self._shares(trade, _by_person(everyone))
                return Outcome("credited", "manual", shares=shares, claims=frozenset(rejected))
            return self._with_referrers(trade, "manual", _side(sellers), referrers, False, rejected)
        if self.night < self._wait_end(trade, rule):
            reason = "only_referrer" if referrers else "registration_rejected" if rejected else "no_seller"
            return Outcome("pending", reason=reason, claims=frozenset(rejected))
        if not rule.has_teller or trade.teller_id is None:
            reason = "no_teller" if rule.has_teller else "no_fallback"
            return Outcome("unallocated", reason=reason, claims=frozenset(rejected))
        if not self._is_employed(trade.teller_id, trade.trade_date):
            return Outcome("unallocated", reason="not_employed", claims=frozenset(rejected))
        teller = {trade.teller_id: Fraction(1)}
        return self._with_referrers(trade, "fallback", teller, referrers, False, rejected)

    def unknown(self) -> set[tuple[str, str]]:
        """Registrations of trades that have not come."""
        return {
            (entry.registration_id, "trade_unknown")
            for entry in self.registrations.values()
            if entry.trade_id not in self.trades and self._is_live(entry)
        }

    def _is_live(self, entry: Registration) -> bool:
        revoked = self.revoked.get(entry.registration_id, date.max)
        return entry.registered_at.date() <= self.night < revoked

    def _stands(self, entry: Registration, trade: Trade) -> bool:
        return entry.trade_id == trade.trade_id and self._is_live(entry)

    def _by_and_for_staff(self, entry: Registration) -> bool:
        day = entry.registered_at.date()
        return self._is_employed(entry.employee_id, day) and self._is_employed(entry.registered_by, day)

    def _is_employed(self, employee: str, day: date) -> bool:
        """By what was said last; a later hiring day begins another employment."""
        nights = [night for night, _ in self.staff]
        told = [(night, list_[employee]) for night, list_ in zip(nights, self.employment, strict=True)
                if employee in list_]  # fmt: skip
        if not told:
            return False
        for place, (_, said) in enumerate(told):
            is_last = place == len(told) - 1
            first = said.hired_on or date.min
            end = date.max
            if said.left_on and (said.has_left or first < said.left_on):
                end = said.left_on
            elif said.has_left:
                run = place
                while run and told[run - 1][1].has_left:
                    run -= 1
                end = told[run][0]
            if is_last:
                end = min([end, *(night for night in nights if night > told[-1][0])])
            elif (told[place + 1][1].hired_on or date.min) < end:
                continue
            if first <= day < end:
                return True
        return False

    def _is_own(self, entry: Registration, trade: Trade) -> bool:
        day = entry.registered_at.date()
        org = self._org_of(entry.registered_by, day)
        return org is not None and self._called(org, day) == self._called(trade.org_id, day)

    def _org_of(self, employee: str, day: date) -> str | None:
        told = [(night, staff[employee]) for night, staff in self.staff if employee in staff]
        before = [org for night, org in told if night <= day]
        return before[-1] if before else (told[0][1] if told else None)

    def _called(self, org_id: str, day: date) -> str:
        """Which org it was on a day, after mergers."""
        org = self.orgs[org_id]
        if org.successor is None or org.close_date is None or day < org.close_date:
            return org_id
        return self._called(org.successor, day)

    def _managers(self, trade: Trade, rule: Rule) -> dict[str, Fraction]:
        day = trade.trade_date
        by_hand = [
            row
            for row in self.assignments.values()
            if row.customer_id == trade.customer_id
            and (row.valid_to is None or row.valid_from < row.valid_to)
        ]
        assigned = [
            row for row in by_hand if row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
        ]
        is_recalled = any(row.is_recalled and row.valid_from <= day for row in by_hand)
        here = [
            row
            for row in assigned or ([] if is_recalled else self._named(trade.customer_id, day))
            if self._called(row.org_id, day) == self._called(trade.org_id, day)
            and self._is_employed(row.employee_id, day)
        ]
        mains = [row for row in here if row.role == "main"]
        if not (rule.is_auto and mains):
            return {}
        if not rule.is_split:
            main = min(mains, key=lambda row: (-row.share, -row.valid_from.toordinal(), row.employee_id))
            return {main.employee_id: Fraction(1)}
        weights: dict[str, Fraction] = {}
        for row in here:
            weights[row.employee_id] = weights.get(row.employee_id, Fraction(0)) + Fraction(row.share)
        return weights

    def _named(self, customer: str, day: date) -> list[Assignment]:
        """Whom loan and card name: from the night that shows it on, on the first night since they began."""
        nights = [night for night, _ in self.named if night <= day]
        night = nights[-1] if nights else self.named[0][0]
        rows = [row for row in dict(self.named)[night] if row.customer_id == customer]
        loans = [row for row in rows if row.source == "loan"]
        cards = [row for row in rows if row.source == "card"]
        loan = min(loans, key=lambda row: (-row.owed, row.since, row.org_id, row.employee_id), default=None)
        card = min(cards, key=lambda row: row.since, default=None)
        if card and loan and card.employee_id == loan.employee_id:
            card = None
        began = max(row.since for row in (loan, card) if row) if loan or card else date.max
        if night == self.named[0][0] and day < min(began, night):
            return []
        roles = [
            (loan, "main", WHOLE),
            (card, "assistant" if loan else "main", Decimal(0) if loan else WHOLE),
        ]
        return [
            Assignment("", customer, row.employee_id, row.org_id, role, share, began, None)
            for row, role, share in roles
            if row
        ]

    def _in_cny(self, trade: Trade) -> Decimal:
        """At the last rate up to the day of the trade, else at the first one after it."""
        if trade.currency == "CNY":
            return trade.amount
        days = sorted(day for currency, day in self.rates if currency == trade.currency)
        before = [day for day in days if day <= trade.trade_date]
        rate = self.rates[trade.currency, before[-1] if before else days[0]]
        return (trade.amount * rate).quantize(CENT, ROUND_HALF_UP)

    def _shares(self, trade: Trade, ratios: Mapping[tuple[str, str], Decimal]) -> frozenset[Share]:
        kept = {key: ratio for key, ratio in ratios.items() if ratio}
        weights = {key: Fraction(ratio) for key, ratio in kept.items()}
        amounts, fees, in_cny = (
            _split(total, weights, CENT) for total in (trade.amount, trade.fee, self._in_cny(trade))
        )
        return frozenset(
            (*key, ratio, amounts[key], fees[key], trade.currency, in_cny[key]) for key, ratio in kept.items()
        )

    def _wait_end(self, trade: Trade, rule: Rule) -> date:
        if not rule.is_business_days:
            return trade.trade_date + timedelta(rule.wait_days)
        after = sorted(day for day in self.business_days if day > trade.trade_date)
        return after[rule.wait_days - 1]

    def _with_referrers(
        self,
        trade: Trade,
        rule: str,
        sellers: Mapping[str, Fraction],
        referrers: Iterable[Registration],
        is_disputed: bool,
        claims: set[tuple[str, str]],
    ) -> Outcome:
        entries = list(referrers)
        if not entries:
            weights = _ratios(WHOLE, {(e, "seller"): w for e, w in sellers.items()})
        else:
            lead = min(sellers, key=lambda employee: (-sellers[employee], employee))
            parameter = self._parameter(trade, lead)
            if parameter is None:
                return Outcome("unallocated", None, "no_ratio", is_disputed, claims=frozenset(claims))
            weights = _ratios(parameter.seller, {(e, "seller"): w for e, w in sellers.items()})
            other = {(e, "referrer"): w for e, w in _side(entries).items()}
            weights |= _ratios(parameter.referrer, other)
        return Outcome("credited", rule, None, is_disputed, self._shares(trade, weights), frozenset(claims))

    def _parameter(self, trade: Trade, seller: str) -> Parameter | None:
        day = trade.trade_date
        scopes = {"employee": seller, "org": self._org_of(seller, day)}
        found = [
            parameter
            for parameter in self.parameters
            if parameter.product in (trade.product, "*")
            and parameter.valid_from <= day
            and (parameter.valid_to is None or day < parameter.valid_to)
            and parameter.seller + parameter.referrer == 1
            and (parameter.scope == "bank" or scopes[parameter.scope] == parameter.scope_id)
        ]
        order = ["employee", "org", "bank"]
        found.sort(key=lambda p: (order.index(p.scope), p.product == "*", -p.valid_from.toordinal()))
        return found[0] if found else None


def _by_person(entries: Iterable[Registration]) -> dict[tuple[str, str], Decimal]:
    """Given ratios by person and role."""
    ratios: dict[tuple[str, str], Decimal] = {}
    for entry in entries:
        key = (entry.employee_id, entry.role)
        ratios[key] = ratios.get(key, Decimal(0)) + (entry.ratio or Decimal(0))
    return ratios


def _side(entries: list[Registration]) -> dict[str, Fraction]:
    """Sellers alone, or referrers alone: by their own ratios if all are given and add to 1, else equally."""
    given = all(entry.ratio is not None for entry in entries)
    if given and sum(entry.ratio or 0 for entry in entries) == 1:
        return {employee: Fraction(ratio) for (employee, _), ratio in _by_person(entries).items()}
    return {entry.employee_id: Fraction(1) for entry in entries}


def _ratios(side: Decimal, weights: Mapping[tuple[str, str], Fraction]) -> dict[tuple[str, str], Decimal]:
    return _split(side, weights, RATIO)


def _split(
    total: Decimal, weights: Mapping[tuple[str, str], Fraction], unit: Decimal
) -> dict[tuple[str, str], Decimal]:
    """Parts in whole units that add to the total: the largest remainders get what is left over."""
    units, whole = int(abs(total) / unit), sum(weights.values())
    exact = {key: units * weight / whole for key, weight in weights.items()}
    parts = {key: int(part) for key, part in exact.items()}
    order = sorted(parts, key=lambda key: (parts[key] - exact[key], key))
    for key in order[: units - sum(parts.values())]:
        parts[key] += 1
    sign = -1 if total < 0 else 1
    return {key: sign * part * unit for key, part in parts.items()}
