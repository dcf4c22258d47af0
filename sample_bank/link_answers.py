"""Answer key of the links between customers, as of the last night, from what the generator planned."""

import numpy as np
import polars as pl

from sample_bank.links import BUYER, HOUSEHOLD, NOBODY, PARENT, SPOUSE, SUPPLIER, Links
from sample_bank.people import Customers, customer_ids

SCHEMA = {
    "link_code": pl.String(),
    "customer_id": pl.String(),
    "other_id": pl.String(),
    "depth": pl.Int64(),
    "is_circle": pl.Boolean(),
}
"""household: the smallest number of the household · group: ultimate parent · supply_chain: who is paid ·
payroll: the employer."""

Row = tuple[str, int, int, int, bool]


def link_answers(people: Customers, links: Links, last: int) -> pl.DataFrame:
    """One row per customer and link, customers by number."""
    rows = _households(links, last) + _groups(links, last) + _chains(links, last)
    paid = np.flatnonzero((links.employers != NOBODY) & (people.opened <= last)).tolist()
    rows += [("payroll", place, int(links.employers[place]), 0, False) for place in paid]
    codes = pl.Series("link_code", [row[0] for row in rows], dtype=pl.String)
    columns = [np.array([row[index] for row in rows], dtype=np.int64) for index in (1, 2)]
    return pl.DataFrame(
        {
            "link_code": codes,
            "customer_id": customer_ids("customer_id", people.numbers[columns[0]]),
            "other_id": customer_ids("other_id", people.numbers[columns[1]]),
            "depth": pl.Series("depth", [row[3] for row in rows], dtype=pl.Int64),
            "is_circle": pl.Series("is_circle", [row[4] for row in rows], dtype=pl.Boolean),
        },
        schema_overrides=SCHEMA,
    ).sort("link_code", "customer_id", "other_id")


def _valid(links: Links, last: int, kinds: tuple[int, ...]) -> list[tuple[int, int, int]]:
    found = links.relations
    places = np.flatnonzero(np.isin(found.kind, kinds) & found.valid(last))
    customers, related = found.customer[places].tolist(), found.related[places].tolist()
    return list(zip(customers, related, found.kind[places].tolist(), strict=True))


def _households(links: Links, last: int) -> list[Row]:
    """Related persons with the smallest of them; whoever is only told a household number is not here."""
    head: dict[int, int] = {}
    for one, other, _ in _valid(links, last, (HOUSEHOLD, SPOUSE)):
        smallest = min(head.get(one, one), head.get(other, other))
        head[one] = head[other] = smallest
    return [("household", place, smallest, 0, False) for place, smallest in sorted(head.items())]


def _groups(links: Links, last: int) -> list[Row]:
    parents = {child: parent for child, parent, _ in _valid(links, last, (PARENT,))}
    members = sorted({*parents, *parents.values()})
    return [("group", member, *_ultimate(member, parents)) for member in members]


def _ultimate(member: int, parents: dict[int, int]) -> tuple[int, int, bool]:
    """Ultimate parent, steps to it, and whether a circle had to be cut at its smallest number."""
    way = [member]
    while way[-1] in parents and parents[way[-1]] not in way:
        way.append(parents[way[-1]])
    again = parents.get(way[-1])
    if again is None:
        return way[-1], len(way) - 1, False
    top = min(way[way.index(again) :])
    return top, way.index(top), True


def _chains(links: Links, last: int) -> list[Row]:
    pairs = {
        (related, customer) if kind == BUYER else (customer, related)
        for customer, related, kind in _valid(links, last, (SUPPLIER, BUYER))
    }
    return [("supply_chain", payer, payee, 0, False) for payer, payee in sorted(pairs)]
