"""Customers who are merged: the batches that say so, and those of a bank that had one number all along."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from contract.model import load_contract
from tests.support.bank import Delivery, Row

_OTHER_SIDE = "counter_customer_id"


def told(deliveries: Iterable[Delivery], merged: Mapping[str, str], *, on: date) -> list[Delivery]:
    """The batches, of which that of a day says who is merged with whom.

    Args:
        merged: Who goes on, by who is merged.
    """
    return said(deliveries, {on: merged})


def said(deliveries: Iterable[Delivery], words: Mapping[date, Mapping[str, str | None]]) -> list[Delivery]:
    """The batches, of which some say who is merged with whom, or parted again.

    Args:
        words: By day, who goes on by who is merged; nobody for who is parted.
    """
    found = []
    latest: dict[str, Row] = {}
    golden: dict[str, str | None] = {}
    for delivery in deliveries:
        rows = delivery.tables.get("customer", [])
        latest |= {row["customer_id"]: row for row in rows}
        word = words.get(delivery.business_date, {})
        golden |= word
        named = {row["customer_id"] for row in rows}
        rows = [row | {"golden_id": golden.get(row["customer_id"])} for row in rows]
        rows += [
            {**latest[customer], "golden_id": other, "op": "U"}
            for customer, other in word.items()
            if customer not in named
        ]
        found.append(replace(delivery, tables=delivery.tables | {"customer": rows}))
    return found


def as_one(deliveries: Iterable[Delivery], merged: Mapping[str, str]) -> list[Delivery]:
    """The batches of a bank in which the customers who are merged never had a number of their own.

    What the one who goes on has of a kind of which there is one for each customer stands for all of it:
    the master record, assignments, the place in a campaign.
    """
    return [
        replace(
            delivery,
            tables={table: _of_one(table, rows, merged) for table, rows in delivery.tables.items()},
        )
        for delivery in deliveries
    ]


def _of_one(table: str, rows: list[Row], merged: Mapping[str, str]) -> list[Row]:
    if table in ("customer", "assignment", "campaign_target"):
        return [row for row in rows if row["customer_id"] not in merged]
    contract = load_contract().table(table)
    columns = [
        column.name
        for column in contract.columns
        if column.references == "customer.customer_id" or column.name == _OTHER_SIDE
    ]
    renamed = [row | {c: merged.get(row[c], row[c]) for c in columns if row.get(c)} for row in rows]
    if table == "customer_relation":
        return [row for row in renamed if row["customer_id"] != row["related_id"]]
    if table == "account_owner":
        shares: dict[tuple[str, str], Row] = {}
        for row in renamed:
            key = row["account_id"], row["customer_id"]
            before = shares[key]["ownership_share"] if key in shares else Decimal(0)
            shares[key] = row | {"ownership_share": before + Decimal(row["ownership_share"])}
        return list(shares.values())
    return renamed
