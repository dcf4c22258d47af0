"""Contact pressure (6.5), from the extracts."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from tests.reference.hostile.told import Row, Told, bank_day, rate
from tests.support.timeline import month_start

CAPS = (3, 5, 10)
SHARES = (50, 75, 90, 95, 99)


def counted_months(told: Told) -> list[tuple[date, Row]]:
    """Each contact with the month in which it counts.

    One of a month that is over counts in that of the night that brings it; of the first batch, in its own, if
    that has begun.
    """
    found = []
    for night in told.nights:
        for row in night.events["contact_log"]:
            is_first = night is told.nights[0]
            own = month_start(bank_day(row["sent_at"]))
            found.append((min(own, month_start(night.day)) if is_first else month_start(night.day), row))
    return found


def pressure(told: Told, *, by_year: bool) -> dict[tuple[str, date], dict[str, Any]]:
    """Rows of ``rpt_contact_pressure_monthly`` or ``_yearly`` by channel and month."""
    counted = counted_months(told)
    found = {}
    for month, _ in told.months():
        first = month.replace(month=1) if by_year else month
        groups: dict[str, list[Row]] = defaultdict(list)
        for own, row in counted:
            if first <= own <= month:
                groups[row["channel"]].append(row)
                groups["all"].append(row)
        for channel, rows in groups.items():
            found[channel, month] = figures(rows)
    return found


def figures(rows: list[Row]) -> dict[str, Any]:
    """The columns of some contacts."""
    by_customer = sorted(Counter(row["customer_id"] for row in rows).values())
    told: dict[str, Any] = {
        "batch_cnt": len({row["batch_id"] for row in rows} - {None}),
        "campaign_cnt": len({row["campaign_id"] for row in rows} - {None}),
        "contact_cnt": len(rows),
        "delivered_cnt": sum(row["delivered"] for row in rows),
        "customer_cnt": len(by_customer),
        "contact_avg_cnt": rate(len(rows), len(by_customer)),
        "contact_max_cnt": by_customer[-1],
    }
    for share in SHARES:
        # the smallest count that this share of the customers does not pass
        told[f"contact_p{share}_cnt"] = next(
            count for place, count in enumerate(by_customer, 1) if place * 100 >= share * len(by_customer)
        )
    for cap in CAPS:
        told[f"over_{cap}_customer_cnt"] = sum(count > cap for count in by_customer)
        told[f"dropped_{cap}_cnt"] = sum(max(0, count - cap) for count in by_customer)
    return told
