"""Sales and who is registered for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.catalogue import CODES, IS_SERVICE, SALES_FEES, SOLD
from sample_bank.columns import PPM, digits, money, ratios
from sample_bank.ownership import minutes_series
from sample_bank.people import Customers
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER, as_date
from sample_bank.wealth import CENTS
from sample_bank.world import MANAGER, World

DAYS_BEFORE = 5
"""Business days before the first night whose sales come with the initial load, and all of its month."""
SERVICE_FEE = 1_000
"""Cents that signing up to a service costs."""
SELLERS = (1, 2, 4, 5)
"""Places of an outlet whose staff neither move nor leave."""
MOVER = 7
SCENARIOS = (
    ("nothing", 0.30),
    ("seller", 0.15),
    ("two_sellers", 0.05),
    ("two_sellers_with_ratios", 0.03),
    ("seller_revoked", 0.06),
    ("referrer", 0.09),
    ("seller_and_referrer", 0.05),
    ("seller_and_referrer_with_ratios", 0.03),
    ("manager", 0.05),
    ("manager_three", 0.03),
    ("manager_twice", 0.03),
    ("registered_elsewhere", 0.05),
    ("registered_by_mover", 0.03),
    ("cancelled", 0.05),
)
"""How a sale is registered, with its share."""


@dataclass(frozen=True)
class Registration:
    """One registration; ``revoked`` is the day it is taken back."""

    serial: int
    employee: int
    is_seller: bool
    ratio: int | None
    day: int
    by: int
    is_manager: bool
    revoked: int = NEVER


@dataclass(frozen=True)
class Trade:
    """One sale with all that will be registered for it."""

    number: int
    customer: int
    has_account: bool
    product: int
    day: int
    amount: int
    fee: int
    outlet: int
    teller: int | None
    cancelled: int
    registrations: tuple[Registration, ...]

    @property
    def trade_id(self) -> str:
        """Identifier of the sale."""
        return f"T{as_date(self.day):%Y%m%d}{self.customer + 1:010d}"


def sale_days(world: World) -> list[int]:
    """Days on which something is sold: some before the first night, then every night."""
    days = [int(night) for night in world.timeline.night_days]
    month_start = int(world.timeline.month_starts[world.timeline.first_night_month])
    while len(days) < len(world.timeline.night_days) + DAYS_BEFORE or days[0] > month_start:
        days.insert(0, world.timeline.business_day_before(days[0]))
    return days


def trades_of(world: World, people: Customers) -> list[Trade]:
    """Every sale to a chunk of customers."""
    return [trade for place in range(len(sale_days(world))) for trade in _trades_on(world, people, place)]


def _trades_on(world: World, people: Customers, place: int) -> Iterator[Trade]:
    days = sale_days(world)
    day = days[place]
    dice, habits, numbers = world.dice, world.profile.habits, people.numbers
    buys = dice.chance("trade", habits.trade_a_night, numbers, day)
    buys &= ~people.is_fleeting & (people.opened < day)
    buyers = np.flatnonzero(buys)
    numbers = numbers[buyers]
    product = SOLD[dice.integer("trade-product", len(SOLD), numbers, day)]
    is_service = IS_SERVICE[product]
    size = (1_000 + 499_000 * dice.uniform("trade-size", numbers, day) ** 4) * habits.trade_size
    amount = np.where(is_service, 0, np.rint(size * CENTS).astype(np.int64))
    low, high = SALES_FEES[product].T
    asked = low + (high - low) * dice.integer("trade-fee", 1_000, numbers, day) // 1_000
    fee = np.where(is_service, SERVICE_FEE, amount * asked // PPM)
    elsewhere = (people.home[buyers] + 1) % (world.outlets - 1)
    outlet = np.where(dice.chance("trade-away", 0.15, numbers, day), elsewhere, people.home[buyers])
    outlet = np.where(outlet == world.merged, world.merged - 1, outlet)
    columns = (
        numbers,
        product,
        amount,
        fee,
        outlet,
        dice.pick("trade-scenario", tuple(share for _, share in SCENARIOS), numbers, day),
        dice.chance("trade-no-teller", 0.12, numbers, day),
        dice.integer("trade-seat", len(SELLERS), numbers, day),
        dice.integer("trade-delay", 4, numbers, day),
        is_service,
    )
    for values in zip(*(column.tolist() for column in columns), strict=True):
        customer, code, cents, income, at, scenario, no_teller, seat, delay, service = values
        name = SCENARIOS[scenario][0]
        yield Trade(
            number=place,
            customer=customer,
            has_account=not service,
            product=code,
            day=day,
            amount=cents,
            fee=income,
            outlet=at,
            teller=None if no_teller else world.staff(at, SELLERS[seat % 2]),
            cancelled=_later(days, place, delay + 1) if name == "cancelled" else NEVER,
            registrations=tuple(_registrations(world, name, days, place, at, seat, delay)),
        )


def _later(days: list[int], place: int, offset: int) -> int:
    """The sale day so many places later; :data:`NEVER` past the last night."""
    return days[place + offset] if place + offset < len(days) else NEVER


def _registrations(
    world: World, scenario: str, days: list[int], place: int, outlet: int, seat: int, delay: int
) -> Iterator[Registration]:
    def staff(turn: int) -> int:
        return world.staff(outlet, SELLERS[(seat + turn) % len(SELLERS)])

    day = _later(days, place, delay // 2)
    if day == NEVER:
        return
    manager = world.staff(outlet, MANAGER)

    def seller(serial: int, turn: int, ratio: int | None = None, revoked: int = NEVER) -> Registration:
        return Registration(serial, staff(turn), True, ratio, day, staff(turn), False, revoked)

    def referrer(serial: int, ratio: int | None = None) -> Registration:
        return Registration(serial, staff(2), False, ratio, day, staff(0), False)

    def managed(first: int, shares: Sequence[int], on: int) -> Iterator[Registration]:
        for turn, share in enumerate(shares):
            yield Registration(first + turn, staff(turn), True, share, on, manager, True)

    match scenario:
        case "seller":
            yield seller(1, 0)
        case "two_sellers":
            yield from (seller(1, 0), seller(2, 1))
        case "two_sellers_with_ratios":
            yield from (seller(1, 0, 60_000), seller(2, 1, 40_000))
        case "seller_revoked":
            yield seller(1, 0, revoked=_later(days, place, delay // 2 + 1))
        case "referrer":
            yield referrer(1)
        case "seller_and_referrer":
            yield from (seller(1, 0), referrer(2))
        case "seller_and_referrer_with_ratios":
            yield from (seller(1, 0, 75_000), referrer(2, 25_000))
        case "manager":
            yield from managed(1, (60_000, 40_000), day)
        case "manager_three":
            yield from managed(1, (33_333, 33_333, 33_334), day)
        case "manager_twice":
            yield from managed(1, (60_000, 40_000), day)
            again = _later(days, place, delay // 2 + 1)
            if again < NEVER:
                yield from managed(3, (20_000, 80_000), again)
        case "registered_elsewhere":
            other = world.staff((outlet + 1) % (world.outlets - 1), SELLERS[0])
            yield Registration(1, other, True, None, day, other, False)
        case "registered_by_mover":
            mover = world.staff(outlet, MOVER)
            yield Registration(1, mover, True, None, day, mover, False)


def trade_rows(world: World, trades: Sequence[Trade], day: int, after: int) -> pl.DataFrame:
    """Sales and cancellations of the days after ``after`` up to ``day``."""
    sold = [(trade, False) for trade in trades if after < trade.day <= day]
    sold += [(trade, True) for trade in trades if after < trade.cancelled <= day]
    chosen = [trade for trade, _ in sold]
    cancels = [is_cancel for _, is_cancel in sold]
    tellers = [None if t.teller is None else world.employee_id(t.teller) for t in chosen]
    ids = [trade.trade_id for trade in chosen]
    numbers = _array(chosen, "customer") + 1
    accounts = digits("account_id", numbers * 100 + 1, 12)
    without = pl.Series([not trade.has_account for trade in chosen], dtype=pl.Boolean)
    return pl.DataFrame(
        {
            "trade_id": pl.Series([i + "C" * c for i, c in zip(ids, cancels, strict=True)], dtype=pl.String),
            "customer_id": digits("customer_id", numbers, 10),
            "account_id": accounts.set(without, None),
            "product_code": CODES.gather(_array(chosen, "product")),
            "trade_date": pl.Series([as_date(t.cancelled if c else t.day) for t, c in sold], dtype=pl.Date),
            "amount": money("amount", _array(chosen, "amount")),
            "fee_income": money("fee_income", _array(chosen, "fee")),
            "org_id": world.org_ids("org_id", _array(chosen, "outlet")),
            "teller_id": pl.Series(tellers, dtype=pl.String),
            "channel_code": pl.Series(
                ["mobile" if t is None else "counter" for t in tellers], dtype=pl.String
            ),
            "status": pl.Series(["cancelled" if c else "live" for c in cancels], dtype=pl.String),
            "related_trade_id": pl.Series(
                [i if c else None for i, c in zip(ids, cancels, strict=True)], dtype=pl.String
            ),
        }
    )


def _array(trades: Sequence[Trade], name: str) -> Ints:
    return np.array([getattr(trade, name) for trade in trades], dtype=np.int64)


def registration_rows(world: World, trades: Sequence[Trade], day: int, after: int) -> pl.DataFrame:
    """Registrations and revocations of the days after ``after`` up to ``day``."""
    found = [
        (trade, entry)
        for trade in trades
        for entry in trade.registrations
        if after < entry.day <= day or after < entry.revoked <= day
    ]
    entries = [entry for _, entry in found]
    ids = [trade.trade_id for trade, _ in found]
    customers = np.array([trade.customer for trade, _ in found], dtype=np.int64)
    minutes = 10 * 60 + world.dice.integer("registered", 6 * 60, customers)
    registered = np.array([entry.day for entry in entries], dtype=np.int64) * 1440 + minutes
    revoked = np.array([e.revoked if e.revoked <= day else NEVER for e in entries], dtype=np.int64)
    no_ratio = pl.Series([entry.ratio is None for entry in entries], dtype=pl.Boolean)
    shares = ratios("ratio", np.array([entry.ratio or 0 for entry in entries], dtype=np.int64))
    return pl.DataFrame(
        {
            "registration_id": pl.Series(
                [f"R{i[1:]}{e.serial}" for i, e in zip(ids, entries, strict=True)], dtype=pl.String
            ),
            "trade_id": pl.Series(ids, dtype=pl.String),
            "actor_id": pl.Series([world.employee_id(e.employee) for e in entries], dtype=pl.String),
            "actor_role": pl.Series(
                ["seller" if e.is_seller else "referrer" for e in entries], dtype=pl.String
            ),
            "ratio": shares.set(no_ratio, None),
            "registered_at": minutes_series("registered_at", registered),
            "registered_by": pl.Series([world.employee_id(e.by) for e in entries], dtype=pl.String),
            "source": pl.Series(["manager" if e.is_manager else "manual" for e in entries], dtype=pl.String),
            "revoked_at": minutes_series("revoked_at", revoked * 1440 + 17 * 60),
        }
    )
