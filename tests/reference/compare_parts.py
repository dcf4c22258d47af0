"""Differences between parts, days, roles and distances as published and the reference, one line each."""

from dataclasses import fields
from typing import Any

from tests.reference.customer_value import Expected
from tests.reference.daily import daily_aum
from tests.reference.distance import Distance, distances
from tests.reference.parts import MEASURES, published_parts
from tests.reference.roles import org_roles
from tests.support.memory_nights import MemoryNights
from tests.support.warehouse import Warehouse


def part_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_customer_aum_part_monthly`` against the reference."""
    wanted = {
        (customer, month, *part): row
        for (customer, month), parts in published_parts(expected).items()
        for part, row in parts.items()
    }
    published = {
        (row["customer_id"], row["month_start_date"], row["asset_class_code"], row["org_id"]): {
            measure: row[measure] for measure in MEASURES
        }
        for row in warehouse.query("from customer_value.fct_customer_aum_part_monthly")
    }
    return _differences("part", published, wanted)


def role_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_customer_org_role`` against the reference."""
    published = {
        (row["customer_id"], row["month_start_date"], row["org_id"]): (
            row["role_code"],
            [
                row["deposit_end_amt"],
                row["investment_end_amt"],
                row["loan_balance_amt"],
                row["card_balance_amt"],
            ],
        )
        for row in warehouse.query("from customer_value.fct_customer_org_role")
    }
    return _differences("role", published, org_roles(expected))


def daily_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_customer_aum_daily`` against the reference."""
    rows = warehouse.query("from customer_value.fct_customer_aum_daily")
    published = {(row["customer_id"], row["calendar_date"]): row["aum_end_amt"] for row in rows}
    return _differences("day", published, daily_aum(expected))


def distance_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """The distances of ``fct_tier_reason`` against the reference."""
    published = {
        (row["customer_id"], row["month_start_date"]): Distance(
            **{column.name: row[column.name] for column in fields(Distance)}
        )
        for row in warehouse.query("from customer_value.fct_tier_reason")
    }
    return _differences("distance", published, distances(expected))


def _differences(what: str, published: dict[Any, Any], wanted: dict[Any, Any]) -> list[str]:
    lines = [f"{what}: {key} is missing" for key in sorted(wanted.keys() - published.keys())]
    lines += [f"{what}: {key} is too many" for key in sorted(published.keys() - wanted.keys())]
    return lines + [
        f"{what}: {key} is {published[key]}, expected {wanted[key]}"
        for key in sorted(published.keys() & wanted.keys())
        if published[key] != wanted[key]
    ]
