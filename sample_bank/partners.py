"""Who pays the bank's corporates month by month though no relation is told: companies outside, neighbours.

Put here: what payments alone can tell, and what is true of it. Keep out: declared supply chains (``links``).
As relations do, all of it lies within a block of neighbours by number. Beside every kind that is to be found
there is noise: who pays as much but once, as regularly but little, one customer alone, or no longer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from sample_bank.flows import COMPANY, company_account, company_bank
from sample_bank.links import BLOCK, NOBODY
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import as_date
from sample_bank.wealth import CENTS
from sample_bank.world import World

PAYS_A_MONTH = 0.93
"""Chance that who pays month by month pays in a month."""
YEAR, PAYDAYS = 12, 28
ENDED = (4, 9)
"""Least and most months since who pays no longer paid last."""
COMPANIES_A_BLOCK = 100


class Kind(NamedTuple):
    """How somebody pays.

    Attributes:
        a_block: How many of them a block has.
        partners: Least and most customers that are paid.
        sizes: Least and greatest payment to one of them: yuan where the payer is outside, else thousandths of
            what the payer's account holds and companies outside pay into it in a month. As many lie below
            their geometric mean as above it.
        months: Months of the last twelve with a payment; none: month by month.
        is_over: Whether it ended some months ago.
    """

    code: str
    a_block: int
    partners: tuple[int, int]
    sizes: tuple[int, int]
    months: int | None = None
    is_over: bool = False


OUTSIDE = (
    Kind("strong", 4, (3, 6), (20_000, 500_000)),
    Kind("single", 2, (1, 1), (20_000, 500_000)),
    Kind("small", 4, (3, 6), (200, 5_000)),
    Kind("stopped", 2, (3, 6), (20_000, 500_000), is_over=True),
    Kind("once", 4, (1, 1), (100_000, 3_000_000), months=1),
)
"""Companies with an account at another bank; the strong ones are those to win."""
INSIDE = (
    Kind("supplier", 4, (1, 1), (40, 400)),
    Kind("small", 3, (1, 1), (2, 15)),
    Kind("seldom", 3, (1, 1), (100, 500), months=2),
)
"""Corporates that pay another one of the bank; with a supplier, a supply chain that nobody declared."""

Row = tuple[int, int, int, int, int, int, int, int]
"""A row of :class:`Partners`."""


@dataclass(frozen=True)
class Partners:
    """Payments of a chunk that come again, one array element for each payer, payee and stretch of months.

    Attributes:
        company: Number of a company outside, or :data:`NOBODY` where the payer is a customer.
        payer: Place of a customer, or :data:`NOBODY`.
        payee: Place of a customer.
        kind: Index into :data:`OUTSIDE` or :data:`INSIDE`.
        payday: Day of the month.
        size: Cents where the payer is outside, else thousandths; payments are a little more or less.
        first: First month with a payment, by the timeline; ``last`` the last one.
        turnover: What companies pay each customer of the chunk in a month while all of them do, cents.
    """

    company: Ints
    payer: Ints
    payee: Ints
    kind: Ints
    payday: Ints
    size: Ints
    first: Ints
    last: Ints
    turnover: Ints

    def due(self, world: World, people: Customers, day: int, before: int) -> tuple[Ints, Ints]:
        """Which of them pay on the days after ``before`` up to a day, and their sizes."""
        places, sizes = [], []
        for at in range(before + 1, day + 1):
            month = world.timeline.month_of(at)
            today = (self.payday == as_date(at).day) & (self.first <= month) & (month <= self.last)
            found = np.flatnonzero(today)
            keys = (people.numbers[self.payee[found]], self._payers(people)[found], month)
            always = self.first[found] == self.last[found]
            pays = always | world.dice.chance("partner-pays", PAYS_A_MONTH, *keys)
            percent = world.dice.between("partner-varies", 70, 130, *keys)
            places.append(found[pays])
            sizes.append((self.size[found] * percent // 100)[pays])
        return np.concatenate(places), np.concatenate(sizes)

    def _payers(self, people: Customers) -> Ints:
        customers = people.numbers[np.maximum(self.payer, 0)]
        return np.where(self.company == NOBODY, customers, COMPANY + self.company)


def partners_of(world: World, people: Customers, declared: set[tuple[int, int]]) -> Partners:
    """All of them of a chunk of customers that begins where a block begins.

    Args:
        declared: Payers and payees, by place, of the supply chains that the bank is told of.
    """
    rows: list[Row] = []
    firms = ~people.is_fleeting & people.is_corporate & (people.opened < world.timeline.month_starts[0])
    for first in range(0, len(people), BLOCK):
        corporates = (first + np.flatnonzero(firms[first : first + BLOCK])).tolist()
        if len(corporates) > 1:
            block = int(people.numbers[first]) // BLOCK
            rows += _outside(world, block, corporates)
            rows += _inside(world, block, corporates, declared)
    company, payer, payee, kind, payday, size, began, ended = np.array(rows, dtype=np.int64).reshape(-1, 8).T
    again = (company != NOBODY) & (began < ended)
    turnover = np.zeros(len(people), dtype=np.int64)
    np.add.at(turnover, payee[again], size[again])
    return Partners(company, payer, payee, kind, payday, size, began, ended, turnover)


def _outside(world: World, block: int, corporates: list[int]) -> Iterator[Row]:
    company = block * COMPANIES_A_BLOCK
    for number, kind in enumerate(OUTSIDE):
        for _ in range(kind.a_block):
            company += 1
            count = min(_between(world, "count", kind.partners, company), len(corporates))
            order = np.argsort(world.dice.uniform("partner-of", company, np.arange(len(corporates))))
            spans = list(_spans(world, kind, company))
            for place in order[:count].tolist():
                payee = corporates[place]
                payday = 1 + world.dice.one("partner-payday", PAYDAYS, company, place)
                size = _size(world, kind, "size", company, place) * CENTS
                for first, last in spans:
                    yield company, NOBODY, payee, number, payday, size, first, last


def _inside(world: World, block: int, corporates: list[int], declared: set[tuple[int, int]]) -> Iterator[Row]:
    """Each corporate pays one of the others at most, until all there are of a kind have been found."""
    kinds = [number for number, kind in enumerate(INSIDE) for _ in range(kind.a_block)]
    order = np.argsort(world.dice.uniform("partner-payer", block, np.arange(len(corporates)))).tolist()
    for turn, (place, number) in enumerate(zip(order, kinds, strict=False)):
        payer, key = corporates[place], block * COMPANIES_A_BLOCK + turn
        others = [other for other in corporates if other != payer and (payer, other) not in declared]
        if others:
            kind = INSIDE[number]
            payee = others[world.dice.one("partner-payee", len(others), key)]
            payday = 1 + world.dice.one("partner-payday-inside", PAYDAYS, key)
            size = _size(world, kind, "size-inside", key)
            for first, last in _spans(world, kind, COMPANY + key):
                yield NOBODY, payer, payee, number, payday, size, first, last


def _between(world: World, what: str, bounds: tuple[int, int], *keys: int) -> int:
    return bounds[0] + world.dice.one(f"partner-{what}", bounds[1] - bounds[0] + 1, *keys)


def _size(world: World, kind: Kind, what: str, *keys: int) -> int:
    least, most = kind.sizes
    place = float(world.dice.uniform(f"partner-{what}", *keys)[0])
    return round(least * float((most / least) ** place))


def _spans(world: World, kind: Kind, key: int) -> Iterator[tuple[int, int]]:
    """First and last months in which somebody pays."""
    last = len(world.timeline.months) - 1
    if kind.months is not None:
        order = np.argsort(world.dice.uniform("partner-months", key, np.arange(YEAR)))
        for back in sorted(order[: kind.months].tolist()):
            yield last - back, last - back
    elif kind.is_over:
        yield 0, last - _between(world, "over", ENDED, key)
    else:
        yield 0, last


def prospect_answers(partners: Partners) -> pl.DataFrame:
    """The companies outside: account, bank, kind, how many customers each pays, and how much at a time."""
    rows = partners.company != NOBODY
    company = partners.company[rows]
    return (
        pl.DataFrame(
            {
                "counter_account": company_account("counter_account", company),
                "counter_bank_code": company_bank("counter_bank_code", company),
                "kind_code": pl.Series([kind.code for kind in OUTSIDE]).gather(partners.kind[rows]),
                "partner": partners.payee[rows],
                "size": partners.size[rows],
            }
        )
        .group_by("counter_account", "counter_bank_code", "kind_code")
        .agg(
            pl.col("partner").n_unique().cast(pl.Int64).alias("partner_cnt"),
            pl.col("size").sum().alias("size_cents"),
        )
        .sort("counter_account")
    )


def payer_answers(people: Customers, partners: Partners) -> pl.DataFrame:
    """The corporates that pay another one without any relation: payer, payee, kind and thousandths."""
    rows = partners.company == NOBODY
    return (
        pl.DataFrame(
            {
                "customer_id": customer_ids("customer_id", people.numbers[partners.payer[rows]]),
                "other_id": customer_ids("other_id", people.numbers[partners.payee[rows]]),
                "kind_code": pl.Series([kind.code for kind in INSIDE]).gather(partners.kind[rows]),
                "size": partners.size[rows],
            }
        )
        .unique()
        .sort("customer_id", "other_id")
    )
