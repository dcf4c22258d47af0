"""Random customers for a bank of three weeks, written by hypothesis.

A life is plain data, so that a failing customer can be printed; ``settle`` turns the lives into one
bank. Left out is what the specification leaves open: foreign rates move only from the first night on, a
diamond card is younger than the first night's month, no firm becomes a person. January ends on a Saturday
without a batch, and Monday says something else of many.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.bank import Bank
from tests.support.people import Account, Customer
from tests.support.timeline import add_months, days

NIGHTS = [date(2026, 1, day) for day in (19, 23, 28, 30)] + [date(2026, 2, day) for day in (2, 4, 6)]
START, LAST = NIGHTS[0], NIGHTS[-1]
AFTER_THE_SEAM = date(2026, 2, 2)
HISTORY_START = date(2024, 3, 1)
LONG_AGO = date(2012, 7, 9)

EDGES = ["49999.99", "50000", "199999.99", "200000", "499999.99", "500000", "600000", "4999999.99", "5000000"]
EDGES += ["9999999.99", "10000000", "12000000", "0", "0.01", "300000", "1500000", "1499999.99"]
AMOUNTS = st.one_of(
    st.sampled_from(EDGES).map(Decimal),
    st.decimals(min_value=0, max_value=20_000_000, places=2),
)
NIGHT_DAYS = st.sampled_from(days(START, LAST))
PRODUCTS = st.sampled_from(["CURRENT", "CURRENT", "CURRENT", "OVERDRAFT", "FUND", "HALF", "OUTSIDE"])


@dataclass(frozen=True)
class Holding:
    """An account: amounts of the months to the first night, then changes day by day, then perhaps an end."""

    product: str
    currency: str
    past: list[Decimal]
    changes: dict[date, Decimal]
    overdrawn_on: date | None
    end: tuple[str, date] | None
    share: str | None


@dataclass(frozen=True)
class Debt:
    """A loan and what it later changes to."""

    loan_class: str
    currency: str
    amount: Decimal
    since: date
    later: tuple[date, Decimal | None] | None


@dataclass(frozen=True)
class Plastic:
    """A card: spending by day, what is taken back and when, and perhaps a new status.

    Attributes:
        taken_back_on: Day of the reversals of earlier spending; none is the day of the spending.
        is_late: Spending of January and before comes with the first batch of February.
    """

    kind: str
    spending: dict[date, Decimal]
    taken_back: Decimal | None
    is_diamond: bool
    expires: date
    blocked_on: date | None
    taken_back_on: date | None
    is_late: bool


@dataclass(frozen=True)
class Life:
    """One customer.

    Attributes:
        changes: What the first batch of February says otherwise: kind, home, account, shares.
    """

    kind: str
    opened: date
    holdings: list[Holding]
    debts: list[Debt]
    cards: list[Plastic]
    leaves: date | None
    changes: frozenset[str]


@st.composite
def holdings(draw: st.DrawFn, opened: date) -> Holding:
    product = draw(PRODUCTS)
    months = (START.year - opened.year) * 12 + START.month - opened.month + 1
    runs = (
        []
        if opened > START
        else draw(st.lists(st.tuples(AMOUNTS, st.integers(1, 14)), min_size=2, max_size=5))
    )
    past = [amount for amount, times in runs for _ in range(times)][-min(months, 22) :]
    return Holding(
        product=product,
        currency=draw(st.sampled_from(["CNY", "CNY", "USD", "HKD"])),
        past=past,
        changes=draw(st.dictionaries(NIGHT_DAYS, AMOUNTS, min_size=0 if past else 1, max_size=4)),
        overdrawn_on=draw(NIGHT_DAYS) if product == "OVERDRAFT" else None,
        end=draw(st.none() | st.tuples(st.sampled_from(["closes", "vanishes"]), NIGHT_DAYS)),
        share=draw(st.sampled_from([None, None, "0.5", "0.333333", "0.999999"])),
    )


@st.composite
def debts(draw: st.DrawFn) -> Debt:
    amounts = st.sampled_from(["299999.99", "300000", "600000", "1500000", "5000000", "1000"]).map(Decimal)
    return Debt(
        loan_class=draw(st.sampled_from(["mortgage", "unsecured", "guaranteed", "other"])),
        currency=draw(st.sampled_from(["CNY", "CNY", "USD"])),
        amount=draw(amounts),
        since=draw(st.sampled_from([date(2023, 5, 1), START, date(2026, 1, 27), date(2026, 2, 3)])),
        later=draw(st.none() | st.tuples(st.sampled_from(NIGHTS[-3:]), st.none() | amounts)),
    )


@st.composite
def plastics(draw: st.DrawFn) -> Plastic:
    spent_on = st.sampled_from([*days(date(2025, 1, 1), LAST)])
    amounts = st.sampled_from(["99999.99", "100000", "499999.99", "500000", "0.01", "40000"]).map(Decimal)
    return Plastic(
        kind=draw(st.sampled_from(["credit", "credit", "debit"])),
        spending=draw(st.dictionaries(spent_on, amounts, max_size=4)),
        taken_back=draw(st.none() | st.just(Decimal("0.01")) | st.just(Decimal("1000"))),
        is_diamond=draw(st.booleans()),
        expires=draw(
            st.sampled_from([date(2030, 1, 1), date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 5)])
        ),
        blocked_on=draw(st.none() | NIGHT_DAYS),
        taken_back_on=draw(
            st.none() | st.sampled_from([date(2026, 1, 5), date(2026, 2, 1), date(2026, 2, 3)])
        ),
        is_late=draw(st.booleans()),
    )


@st.composite
def lives(draw: st.DrawFn) -> Life:
    opened = draw(
        st.just(LONG_AGO)
        | st.dates(HISTORY_START + timedelta(40), START - timedelta(1))
        | st.dates(START, LAST - timedelta(1))
    )
    return Life(
        kind="P",
        opened=opened,
        holdings=draw(st.lists(holdings(opened), min_size=draw(st.sampled_from([0, 1, 1, 1])), max_size=3)),
        debts=draw(st.lists(debts(), max_size=2)),
        cards=draw(st.lists(plastics(), max_size=2)),
        leaves=draw(st.none() | st.sampled_from(NIGHTS[-5:]) | st.none()),
        changes=draw(st.frozensets(st.sampled_from(["kind", "home", "account", "shares"]), max_size=2)),
    )


def some_lives(count: int) -> list[Life]:
    """As many different lives, the same ones every time."""
    written: list[Life] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(lives())
    def write(life: Life) -> None:
        written.append(life)

    write()
    # what hypothesis draws depends on its version: every tenth is a company, whatever it drew
    return [replace(life, kind="C") if number % 10 == 9 else life for number, life in enumerate(written)]


def settle(written: list[Life]) -> Bank:
    """One bank with every life in it; the partner shares the joint accounts."""
    bank = Bank(NIGHTS)
    for currency, past, steps in (("USD", "7", ("7.1", "6.987654")), ("HKD", "0.9", ("0.912345", "0.88"))):
        bank.rate(currency, past, on=HISTORY_START)
        bank.rate(currency, steps[0], on=date(2026, 1, 24))
        bank.rate(currency, steps[1], on=date(2026, 2, 4))
    partner = bank.customer("partner", opened=LONG_AGO)
    partner.holds(1, since=HISTORY_START)
    for number, life in enumerate(written):
        _settle(bank.customer(f"life-{number:03d}", opened=life.opened, kind=life.kind), life)
    return bank


def _settle(customer: Customer, life: Life) -> None:
    for number, holding in enumerate(life.holdings):
        org = "O2" if number % 2 else "O1"
        account = customer.account(product=holding.product, currency=holding.currency, org=org)
        _fill(account, holding, life.opened)
        if holding.share:
            rest = Decimal(1) - Decimal(holding.share)
            shares = {customer.customer_id: holding.share, "partner": str(rest)}
            account.shared(shares, since=life.opened)
            if "shares" in life.changes:
                account.shared({customer.customer_id: "0.25", "partner": "0.75"}, since=AFTER_THE_SEAM)
        if "account" in life.changes:
            account.moves_to("O2" if org == "O1" else "O1", on=NIGHTS[2] if number else AFTER_THE_SEAM)
        if life.leaves and (account.closed is None or account.closed > life.leaves):
            account.closes(max(life.leaves, life.opened))
    for debt in life.debts:
        since = max(debt.since, life.opened)
        loan = customer.borrows(
            debt.amount,
            since=since,
            loan_class=debt.loan_class,
            currency=debt.currency,
            org="O2" if debt.loan_class == "other" else "O1",
        )
        if debt.later and debt.later[0] > loan.start:
            loan.owed.set(*debt.later)
    for plastic in life.cards:
        _use(customer, plastic, life.opened)
    if life.leaves and life.leaves > life.opened:
        customer.leaves(life.leaves)
    if "home" in life.changes:
        customer.moves_to("O2", on=AFTER_THE_SEAM)
    if "kind" in life.changes and life.kind == "P" and life.opened < AFTER_THE_SEAM:
        customer.becomes("C", on=AFTER_THE_SEAM)


def _fill(account: Account, holding: Holding, opened: date) -> None:
    for back, amount in enumerate(reversed(holding.past)):
        account.holds(amount, since=max(add_months(START, -back), opened))
    for day, amount in holding.changes.items():
        account.holds(amount, since=max(day, opened))
    if holding.overdrawn_on:
        account.holds("-1234.56", since=max(holding.overdrawn_on, opened))
    if holding.end:
        how, day = holding.end
        line = account.lines[holding.product]
        for later in [since for since in line.entries if since >= day]:
            del line.entries[later]
        if line.entries:
            account.closes(day) if how == "closes" else account.vanishes(day)
        else:
            line.set(opened, Decimal("1.00"))


def _use(customer: Customer, plastic: Plastic, opened: date) -> None:
    issued = max(date(2026, 1, 2) if plastic.is_diamond else date(2024, 1, 1), opened)
    card = customer.card(
        kind=plastic.kind,
        grade="diamond" if plastic.is_diamond else "gold",
        issued=issued,
        expires=plastic.expires,
    )
    for on, amount in sorted(plastic.spending.items()):
        if on < issued:
            continue
        late = AFTER_THE_SEAM if plastic.is_late and on < AFTER_THE_SEAM else None
        txn_id = card.spends(amount, on=on, arrives=late)
        if plastic.taken_back and amount > plastic.taken_back:
            back = max(plastic.taken_back_on or on, late or on)
            card.reverses(txn_id, plastic.taken_back, on=back)
    if plastic.blocked_on and plastic.blocked_on > issued:
        card.becomes("cancelled", on=plastic.blocked_on)
