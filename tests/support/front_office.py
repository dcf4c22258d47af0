"""What a front office delivers beside the core-banking system: opportunities, visits, plans, relations."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from contract.model import load_contract
from tests.support.bank import Bank, Delivery

Row = dict[str, Any]
SALES = {
    "agg_sales_performance_daily": "employee_id varchar, org_id varchar, sales_product_code varchar,"
    " calendar_date date, credit_amt decimal(18, 2)"
}
"""Sales, which no night in memory computes: see ``MemoryNights``."""

EVENTS = {
    "fct_event": "entry_id bigint, event_id varchar, entry_type_code varchar, event_code varchar,"
    " customer_id varchar, employee_id varchar, business_date date"
}
"""The feed of events, which goes on from the newest release."""

Brought = Mapping[date, Mapping[str, list[Row]]]
"""Rows by night and table."""


def deliveries(bank: Bank, brought: Brought) -> Iterable[Delivery]:
    """The bank's batches, with the rows that some nights bring besides."""
    for delivery in bank.deliveries():
        yield with_more(delivery, brought.get(delivery.business_date, {}))


def with_more(delivery: Delivery, more: Mapping[str, list[Row]]) -> Delivery:
    """A batch with rows of its front office; a delta table comes whole with the initial load."""
    delta = "full" if delivery.is_initial else "delta"
    loads = {name: delta if load_contract().table(name).kind == "D" else "append" for name in more}
    tables = dict(delivery.tables)
    for name, rows in more.items():
        tables[name] = [*tables.get(name, []), *rows]
    return replace(delivery, tables=tables, loads=delivery.loads | loads)


def change(
    opportunity: str,
    at: str,
    stage: str,
    *,
    amount: str = "100.00",
    probability: str = "0.500000",
    owner: str = "E1",
    customer: str = "C1",
    closes: date | None = None,
) -> Row:
    """A change of an opportunity, at noon UTC of the day."""
    return {
        "opportunity_id": opportunity,
        "changed_at": f"{at} 04:00:00" if len(at) == 10 else at,
        "customer_id": customer,
        "stage": stage,
        "amount": Decimal(amount),
        "probability": Decimal(probability),
        "owner_id": owner,
        "source_event_id": None,
        "expected_close_date": closes,
    }


def visit(number: int, at: str, *, customer: str = "C1", employee: str = "E1", located: bool = True) -> Row:
    """A visit, at noon of the bank's day."""
    return {
        "visit_id": f"V{number}",
        "customer_id": customer,
        "employee_id": employee,
        "visited_at": f"{at} 04:00:00",
        "purpose": None,
        "has_location": located,
    }


def target(
    value: str, *, indicator: str, period: str, scope: str = "bank", scope_id: str = "bank", version: int = 1
) -> Row:
    """A target of a plan."""
    return {
        "scope_type": scope,
        "scope_id": scope_id,
        "indicator_code": indicator,
        "period": period,
        "version": version,
        "target_value": Decimal(value),
    }


def relation(
    customer: str,
    related: str,
    kind: str = "group_parent",
    *,
    since: date = date(2020, 1, 1),
    until: date | None = None,
    share: str | None = None,
    op: str = "I",
) -> Row:
    """What another customer is to a customer."""
    return {
        "customer_id": customer,
        "related_id": related,
        "relation_type": kind,
        "share": None if share is None else Decimal(share),
        "valid_from": since,
        "valid_to": until,
        "op": op,
    }


def named_paths(members: Iterable[Mapping[str, Any]]) -> list[str]:
    """The paths of ``fct_group_member`` with customer numbers in place of their hashes.

    The last part of a path is the member's own; who has left the bank has no row, and stays a hash.
    """
    rows = list(members)
    names = {row["path"].split("/")[-1]: row["customer_id"] for row in rows}
    return ["/".join(names.get(part, part) for part in row["path"].split("/")) for row in rows]
