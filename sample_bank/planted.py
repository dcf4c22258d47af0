"""Movements planted so that a small bank of few nights has events of every kind, and some that fall short.

Some customers in a hundred have movements before the first night that a look back needs, and on one night the
one that tells; their neighbours in kind have one a cent, a month or a transfer short of it. Whatever comes in
leaves the same night or the next, so that nobody's wealth is another than was meant.
"""

from dataclasses import dataclass

import numpy as np

from sample_bank.accounts import Accounts
from sample_bank.flows import OTHER, SALARY, TRANSFER, Flows, FlowTable
from sample_bank.people import Customers
from sample_bank.rng import Bools, Dice, Ints
from sample_bank.timeline import as_date, day_number, earlier_month, is_business_day
from sample_bank.wealth import CENTS
from sample_bank.world import World

EVERY, TURN = 25, 13
"""One customer in so many, by number."""
ROLES = (
    "large", "large_short", "unusual", "unusual_short", "frequent", "frequent_short",
    "payroll_starts", "payroll_starts_short", "payroll_stops", "payroll_stops_short",
)  # fmt: skip
PARTNER, PARTNER_SHORT = "partner", "partner_short"
"""Of some corporates besides."""
PARTNERS = (0.3, 0.15)
BANDS = np.array([200_000, 5_000_000]) * CENTS
LARGE = np.array([50_000, 200_000, 1_000_000, 5_000_000]) * CENTS
UNUSUAL = np.array([10_000, 50_000, 200_000]) * CENTS
"""By band of wealth, corporates last."""
PAID_BY_FIRMS = 1_000_000 * CENTS
SALARY_PAID = 8_000 * CENTS
TRANSFERRED, TRANSFERS_BEFORE = 2_500 * CENTS, 4
JUST_SHORT = (2_000 * CENTS, 2_000 * CENTS - 1)
BASELINE_DAYS = 101
LEAST_NIGHTS = 3
SILENT_DAYS = 40
UNEXPLAINED_SHARE = 0.001
"""Chance that a balance moves on a day and no transaction says why."""
CERTIFICATE_SHARE, CERTIFICATE_FEE = 0.002, 1_000
"""Chance that a customer pays for a certificate of deposit on a day, and its price in cents."""
ENOUGH = 1_000 * CENTS
"""Least balance for either."""
LEFT_PERCENT, LEAVES, LEAVES_SHORT = 80, 0.4, 0.15
"""What leaves of a deposit that falls due, and the shares of those that do so or fall a cent short of it."""


@dataclass(frozen=True)
class _Movement:
    """One movement of a demand account.

    Attributes:
        returns: Night on which the same amount goes the other way; else everyday movements make up for it.
    """

    day: int
    place: int
    amount: int
    kind: int
    returns: int | None = None


def baseline_start(world: World) -> int:
    """The first day with movements: a business day, long enough before the first night for a baseline."""
    day = int(world.timeline.night_days[0]) - BASELINE_DAYS
    while not is_business_day(as_date(day)):
        day += 1
    return day


class Planted:
    """The planted movements of a chunk."""

    def __init__(self, world: World, people: Customers, accounts: Accounts) -> None:
        self._world, self._people, self._accounts = world, people, accounts
        self._nights = world.timeline.night_days.tolist()
        self._first = self._nights[0]
        self._days: dict[int, list[_Movement]] = {}
        self._returning: dict[int, list[_Movement]] = {}
        for one in self._planned() if len(self._nights) >= LEAST_NIGHTS else []:
            self._days.setdefault(one.day, []).append(one)
            if one.returns is not None:
                self._returning.setdefault(one.returns, []).append(one)

    def history(self) -> list[tuple[int, FlowTable]]:
        """Movements before the first night, by day."""
        return [(day, self._flows_of(day)) for day in sorted(self._days) if day < self._first]

    def _flows_of(self, day: int) -> FlowTable:
        flows = Flows()
        flows.add(*self.night(day))
        return flows.table()

    def night(self, day: int) -> tuple[Ints, Ints, Ints]:
        """Accounts, amounts and kinds of what is planted for a day."""
        found = self._days.get(day, [])
        return tuple(  # type: ignore[return-value]
            np.array([getattr(one, name) for one in found], dtype=np.int64)
            for name in ("place", "amount", "kind")
        )

    def returning(self, day: int) -> tuple[Ints, Ints]:
        """Accounts and amounts of what leaves on a night."""
        found = self._returning.get(day, [])
        return (
            np.array([one.place for one in found], dtype=np.int64),
            np.array([-one.amount for one in found], dtype=np.int64),
        )

    def leaving(self, places: Ints, principal: Ints, day: int) -> Ints:
        """What of some deposits that fall due leaves the bank the same night, cents."""
        if day == self._nights[-1]:
            return np.zeros(len(places), dtype=np.int64)
        draw = self._world.dice.uniform("leaves", self._accounts.number[places])
        most = -(-principal * LEFT_PERCENT // 100)
        short = np.where(draw < LEAVES + LEAVES_SHORT, most - 1, 0)
        return np.where(draw < LEAVES, most, short)

    def _planned(self) -> list[_Movement]:
        people, numbers = self._people, self._people.numbers
        stays = ~people.is_fleeting & (people.opened < self._first - BASELINE_DAYS)
        chosen = np.flatnonzero(stays & (numbers % EVERY == TURN))
        found: list[_Movement] = []
        for place in chosen.tolist():
            found += self._of_role(ROLES[int(numbers[place]) // EVERY % len(ROLES)], place)
        firms = np.flatnonzero(stays & people.is_corporate)
        draw = self._world.dice.uniform("planted-partner", numbers[firms])
        for place, value in zip(firms.tolist(), draw.tolist(), strict=True):
            if value < sum(PARTNERS):
                amount = PAID_BY_FIRMS - (0 if value < PARTNERS[0] else 1)
                found += self._at_once(place, amount, TRANSFER)
        return found

    def _of_role(self, role: str, place: int) -> list[_Movement]:
        less = 1 if role.endswith("short") else 0
        band = int(np.searchsorted(BANDS, self._people.wealth[place], side="right"))
        band = 3 if self._people.is_corporate[place] else band
        match role.removesuffix("_short"):
            case "large":
                return self._at_once(place, int(LARGE[band]) - less, OTHER)
            case _ if self._people.is_corporate[place]:
                return []
            case "unusual":
                return self._baseline(place) + self._through(place, int(UNUSUAL[band]) - less, OTHER)
            case "frequent":
                return self._frequent(place, less)
            case "payroll_starts":
                return self._begins(place, 1 - less) if not self._is_paid(place) else []
            case "payroll_stops":
                return self._stops(place, less) if not self._is_paid(place) else []
        raise ValueError(role)

    def _is_paid(self, place: int) -> bool:
        return bool(self._accounts.swing[place] > 0)

    def _night(self, place: int, among: int | None = None) -> int:
        """Place of a customer's night: neither the first nor the last."""
        nights = len(self._nights) - 2
        number = int(self._people.numbers[place])
        return 1 + self._world.dice.one("planted-night", min(nights, among or nights), number)

    def _at_once(self, place: int, amount: int, kind: int) -> list[_Movement]:
        """Comes in and leaves on the same night."""
        night = self._nights[self._night(place)]
        return [_Movement(night, place, amount, kind), _Movement(night, place, -amount, kind)]

    def _through(self, place: int, amount: int, kind: int) -> list[_Movement]:
        """Comes in on a night and leaves on the next."""
        at = self._night(place)
        return [_Movement(self._nights[at], place, amount, kind, returns=self._nights[at + 1])]

    def _baseline(self, place: int) -> list[_Movement]:
        """Small movements on every second business day."""
        days = [d for d in range(baseline_start(self._world), self._first) if is_business_day(as_date(d))]
        number = int(self._people.numbers[place])
        sizes = self._world.dice.between("planted-size", 10_000, 90_000, number, np.array(days)).tolist()
        return [
            _Movement(day, place, -size if turn % 2 else size, OTHER)
            for turn, (day, size) in enumerate(zip(days[::2], sizes[::2], strict=True))
        ]

    def _frequent(self, place: int, less: int) -> list[_Movement]:
        """Transfers to other banks before the first night, and the one that makes them many."""
        amount, last = JUST_SHORT if less else (TRANSFERRED, TRANSFERRED)
        before: list[_Movement] = []
        day = self._first
        while len(before) < TRANSFERS_BEFORE:
            day = self._world.timeline.business_day_before(day - 1)
            before.append(_Movement(day, place, -amount, TRANSFER))
        night = self._nights[self._night(place, among=2)]
        return [*before, _Movement(night, place, -last, TRANSFER)]

    def _begins(self, place: int, months_before: int) -> list[_Movement]:
        """A salary on a night, and in the months before."""
        night = self._nights[self._night(place, among=10)]
        month = as_date(night).replace(day=1)
        paid = [day_number(earlier_month(month, back)) + 1 for back in range(1, 2 + months_before)]
        if max(paid) >= self._first:
            return []
        movements = [_Movement(day, place, SALARY_PAID, SALARY) for day in paid]
        return [*movements, _Movement(night, place, SALARY_PAID, SALARY)]

    def _stops(self, place: int, less: int) -> list[_Movement]:
        """Salaries of some months, the last so long before a night that it tells of the silence."""
        last = as_date(self._nights[self._night(place, among=10)] - SILENT_DAYS)
        months = [earlier_month(last.replace(day=1), back) for back in range(3 - less)]
        paid = [day_number(month.replace(day=min(last.day, 28))) for month in months[1:]]
        days = [day_number(last), *paid]
        if max(days) >= self._first:
            return []
        return [_Movement(day, place, SALARY_PAID, SALARY) for day in days]


def unexplained(dice: Dice, people: Customers, balances: Ints, day: int) -> Ints:
    """By how much the balance of each customer moves on a day and no transaction says why, cents."""
    is_moved = dice.chance("unexplained", UNEXPLAINED_SHARE, people.numbers, day) & (balances >= ENOUGH)
    size = dice.between("unexplained-size", -20_000, 20_000, people.numbers, day)
    return np.where(is_moved, size, 0)


def buys_certificate(dice: Dice, people: Customers, balances: Ints, day: int) -> Bools:
    """Which customers pay for a certificate of deposit on a day."""
    buys = dice.chance("certificate", CERTIFICATE_SHARE, people.numbers, day)
    enough: Bools = balances >= ENOUGH
    return buys & enough
