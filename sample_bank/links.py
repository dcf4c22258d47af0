"""Who has to do with whom: households, groups, supply chains, guarantors and employers.

Customers have to do with each other only within a block of neighbours by number. No chunk divides a block,
so what is told of them does not depend on the size of the chunks. Everybody here stays with the bank.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.accounts import Accounts
from sample_bank.columns import PPM, rates
from sample_bank.loans import GUARANTEED, Loans
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, date_series, falls_on
from sample_bank.world import World

BLOCK = 200
KINDS = ("household", "spouse", "group_parent", "supplier", "buyer", "guarantor")
HOUSEHOLD, SPOUSE, PARENT, SUPPLIER, BUYER, GUARANTOR = range(len(KINDS))
NO_SHARE = -1
NOBODY = -1
SPOUSES, COUPLES, FAMILIES = 0.6, 0.5, 0.8
"""Shares of the pairs and of the four neighbours in question that are related."""
EMPLOYED = 0.6
"""Persons with a salary whom a corporate of the bank pays it."""
HELD = (510_000, 600_000, 800_000, 1_000_000)
PAYS_A_NIGHT = 0.12
GROUP_SIZE = 5
LATE, ENDS = 0.05, 0.03
"""Relations that begin in a night, and that end in one."""


@dataclass(frozen=True)
class Relations:
    """Relations of a chunk, one array element each; customers by their place.

    Attributes:
        related: What ``kind`` says the other is to the customer.
        share: Millionths, or :data:`NO_SHARE`.
        begins: First day; ``ends`` the first day no longer valid.
        told: First day on which the bank tells of it.
    """

    customer: Ints
    related: Ints
    kind: Ints
    share: Ints
    begins: Ints
    ends: Ints
    told: Ints

    def valid(self, day: int) -> Bools:
        """Whether each relation is known and holds on a day."""
        holds: Bools = (self.told <= day) & (self.begins <= day) & (self.ends > day)
        return holds


@dataclass(frozen=True)
class Links:
    """Relations of a chunk, and the employer of each customer: a place, or :data:`NOBODY`."""

    relations: Relations
    employers: Ints

    def chains(self) -> set[tuple[int, int]]:
        """Payers and payees, by place, of all supply chains that are declared at some time."""
        found = self.relations
        places = np.flatnonzero((found.kind == SUPPLIER) | (found.kind == BUYER))
        is_buyer = found.kind[places] == BUYER
        customer, related = found.customer[places], found.related[places]
        payers, payees = np.where(is_buyer, related, customer), np.where(is_buyer, customer, related)
        return set(zip(payers.tolist(), payees.tolist(), strict=True))

    def payments(self, world: World, people: Customers, day: int) -> tuple[Ints, Ints]:
        """Who pays whom for what was supplied on a day."""
        found = self.relations
        chain = (found.kind == SUPPLIER) | (found.kind == BUYER)
        pays = world.dice.chance(
            "supply-pays", PAYS_A_NIGHT, people.numbers[found.customer], people.numbers[found.related], day
        )
        places = np.flatnonzero(chain & found.valid(day) & pays)
        customer, related = found.customer[places], found.related[places]
        is_buyer = found.kind[places] == BUYER
        return np.where(is_buyer, related, customer), np.where(is_buyer, customer, related)


Row = tuple[int, int, int, int, int, int]
"""Customer, related, kind, share, day it begins (or −1: long ago) and day it ends."""


def links_of(world: World, people: Customers, accounts: Accounts, loans: Loans) -> Links:
    """All links of a chunk of customers that begins where a block begins."""
    stays = ~people.is_fleeting
    rows: list[Row] = []
    employers = np.full(len(people), NOBODY)
    is_paid = accounts.swing[: len(people)] > 0
    is_paid &= stays & world.dice.chance("employed", EMPLOYED, people.numbers)
    pick = world.dice.integer("employer", 10**6, people.numbers)
    firms = stays & people.is_corporate & (people.opened < world.timeline.month_starts[0])
    for first in range(0, len(people), BLOCK):
        block = slice(first, min(first + BLOCK, len(people)))
        corporates = first + np.flatnonzero(firms[block])
        if not len(corporates):
            continue
        paid = first + np.flatnonzero(is_paid[block])
        employers[paid] = corporates[pick[paid] % len(corporates)]
        rows += _groups(world, people, corporates.tolist())
        rows += _chains(world, people, corporates.tolist())
    rows += _guarantors(people, loans, {row[0]: row[1] for row in rows if row[2] == PARENT})
    table = np.array(rows, dtype=np.int64).reshape(-1, 6).T
    homes = _homes(world, people, stays & ~people.is_corporate)
    customer, related, kind, share, begins, ends = np.concatenate([homes, table], axis=1)
    known = np.maximum(people.opened[customer], people.opened[related])
    begins = np.maximum(np.where(begins < 0, known, begins), known)
    ends = np.where(ends > begins, ends, NEVER)
    return Links(Relations(customer, related, kind, share, begins, ends, begins), employers)


def _homes(world: World, people: Customers, persons: Bools) -> Ints:
    """Spouses, couples and families of four, as columns of :data:`Row`."""
    dice, numbers, nights = world.dice, people.numbers, world.timeline.night_days
    places = np.arange(len(people))
    other = people.partner(places)
    pair = persons & persons[other] & (other > places)
    is_family = numbers % 100 == 64
    spouses = np.flatnonzero(pair & (numbers % 10 == 0) & dice.chance("spouses", SPOUSES, numbers))
    couples = np.flatnonzero(
        pair & (numbers % 10 == 4) & ~is_family & dice.chance("couples", COUPLES, numbers)
    )
    heads = np.flatnonzero(is_family & persons & dice.chance("families", FAMILIES, numbers))
    heads = heads[heads + 3 < len(people)]
    heads = heads[persons[heads + 1] & persons[heads + 2] & persons[heads + 3]]
    customer = np.concatenate([spouses, couples, heads, heads, heads])
    related = np.concatenate([other[spouses], other[couples], heads + 1, heads + 2, heads + 3])
    kind = np.full(len(customer), HOUSEHOLD)
    kind[: len(spouses)] = SPOUSE
    begins, ends = np.full(len(customer), -1), np.full(len(customer), NEVER)
    if len(nights) > 2:
        number = numbers[customer]
        night = nights[1 + dice.integer("home-night", len(nights) - 1, number)]
        draw = dice.uniform("home-change", number)
        begins = np.where(draw < LATE, night, begins)
        ends = np.where(draw > 1 - ENDS, night, ends)
    return np.stack([customer, related, kind, np.full(len(customer), NO_SHARE), begins, ends])


def _night(world: World, index: int) -> int:
    nights = world.timeline.night_days
    return int(nights[min(index, len(nights) - 1)])


def _groups(world: World, people: Customers, corporates: list[int]) -> Iterator[Row]:
    """Trees of parents; of four blocks one has a circle, and in one a member leaves."""
    turn = int(people.numbers[corporates[0]]) // BLOCK % 4
    for start in range(0, len(corporates), GROUP_SIZE):
        members = corporates[start : start + GROUP_SIZE]
        is_first = start == 0 and len(members) > 2
        for place, member in enumerate(members[1:], start=1):
            number = int(people.numbers[member])
            share = HELD[world.dice.one("group-share", len(HELD), number)]
            leaves = is_first and turn == 1 and place == len(members) - 1
            ends = _night(world, 2) if leaves else NEVER
            yield member, members[(place - 1) // 2], PARENT, share, -1, ends
        if is_first and turn == 0:
            yield members[0], members[-1], PARENT, 100_000, _night(world, 1), NEVER


def _chains(world: World, people: Customers, corporates: list[int]) -> Iterator[Row]:
    """Every second corporate buys from the next one, every third sells to the next but one."""
    count = len(corporates)
    for place, customer in enumerate(corporates):
        share = 100_000 + 10_000 * world.dice.one("supply-share", 50, int(people.numbers[customer]))
        if place % 2 == 0 and count > 1:
            yield customer, corporates[(place + 1) % count], SUPPLIER, share, -1, NEVER
        if place % 3 == 0 and count > 2:
            yield customer, corporates[(place + 2) % count], BUYER, share, -1, NEVER


def _guarantors(people: Customers, loans: Loans, parents: dict[int, int]) -> Iterator[Row]:
    """Guaranteed loans have the parent, else the neighbour, as guarantor."""
    for place in np.flatnonzero(loans.kind == GUARANTEED).tolist():
        holder = int(loans.holder[place])
        guarantor = parents.get(holder, int(people.partner(np.array([holder]))[0]))
        if guarantor != holder and not people.is_fleeting[guarantor]:
            yield holder, guarantor, GUARANTOR, NO_SHARE, int(loans.start[place]), NEVER


def relation_rows(people: Customers, found: Relations, day: int, previous: int) -> pl.DataFrame:
    """The customer_relation extract: what is new or has ended since the last batch."""
    is_new = falls_on(found.told, day, previous)
    ended = falls_on(found.ends, day, previous) & (found.told <= day)
    places = np.flatnonzero(is_new | ended)
    shares = found.share[places]
    return pl.DataFrame(
        {
            "customer_id": customer_ids("customer_id", people.numbers[found.customer[places]]),
            "related_id": customer_ids("related_id", people.numbers[found.related[places]]),
            "relation_type": pl.Series(KINDS).gather(found.kind[places]),
            "share": rates("share", np.clip(shares, 0, PPM)).set(pl.Series(shares == NO_SHARE), None),
            "valid_from": date_series("valid_from", found.begins[places]),
            "valid_to": date_series("valid_to", np.where(found.ends <= day, found.ends, NEVER)[places]),
            "op": pl.Series(np.where(is_new[places], "I", "U"), dtype=pl.String),
        }
    )
