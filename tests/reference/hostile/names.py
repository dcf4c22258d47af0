"""Names and kinds of what codes stand for (6.1), from the extracts."""

from datetime import date
from typing import Any

from tests.reference.hostile.told import Told
from tests.support.timeline import add_months, month_start


def orgs(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``dim_org``."""
    rows = told.by_key("org", told.last)

    def path(org: str) -> str:
        parent = rows[org]["parent_org_id"]
        return (f"{path(parent)} / " if parent else "") + rows[org]["org_name"]

    return {
        (org,): {
            "org_name": row["org_name"],
            "org_level_code": row["org_level"],
            "parent_org_id": row["parent_org_id"],
            "successor_org_id": row["successor_org_id"],
            "org_path_name": path(org),
            "region_code": row["region_code"],
            "open_date": row["open_date"],
            "close_date": row["close_date"],
            "is_delivered": True,
        }
        for org, row in rows.items()
    }


def employees(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``dim_employee``."""
    return {
        (employee,): {
            "employee_name": row["employee_name"],
            "org_id": row["org_id"],
            "post_code": row["post"],
            "status_code": row["status"],
            "employed_from_date": row["hired_on"],
            "employed_to_date": row["left_on"],
        }
        for employee, row in told.by_key("employee", told.last).items()
    }


def products(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``dim_product``, of what is in the catalogue."""
    return {
        (product,): {
            "product_name": row["product_name"],
            "asset_class_code": row["asset_class"],
            "product_line_code": row["product_line"],
            "sales_product_code": row["sales_product_code"],
            "currency_code": row["currency"],
            "offered_since_date": next(
                night.day for night in told.nights if (product,) in night.tables["product"]
            ),
            "aum_weight": row["aum_weight"],
            "is_in_aum": row["is_in_aum"],
            "is_offered": True,
        }
        for product, row in told.by_key("product", told.last).items()
    }


def calendar(told: Told) -> dict[tuple[date], dict[str, Any]]:
    """Rows of ``dim_calendar``."""
    found = {}
    for row in told.rows("calendar", told.last):
        day = row["calendar_date"]
        month = month_start(day)
        found[(day,)] = {
            "month_start_date": month,
            "quarter_start_date": add_months(month, -((month.month - 1) % 3)),
            "is_business_day": row["is_business_day"],
            "is_interest_settlement_day": bool(row["is_interest_settlement"]),
            "is_small_fee_day": bool(row["is_small_fee_day"]),
            "festival_code": row["festival_code"],
        }
    return found
