"""Channels, and where new customers come from (6.5), from the extracts."""

from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.payments import counted
from tests.reference.hostile.screen import age
from tests.reference.hostile.told import Row, Told, rate, rounded
from tests.support.timeline import month_start

COUNTER = "counter"
CHANNEL_OF = {
    "walk_in": "counter", "agency": "counter", "staff": "counter", "mobile": "mobile", "internet": "internet",
    "phone": "phone",
}  # fmt: skip
AGES = [(18, "under_18"), (30, "18_29"), (40, "30_39"), (50, "40_49"), (60, "50_59")]


def won(told: Told) -> dict[date, list[Row]]:
    """New customers by month: who is a customer at its end and was none at the end of the month before.

    The first month has those who were first opened in it.
    """
    found: dict[date, list[Row]] = {}
    before: set[str] = set()
    for place, (month, day) in enumerate(told.months()):
        now = {row["customer_id"]: row for row in told.rows("customer", day) if row["status"] != "closed"}
        if place == 0:
            found[month] = [row for row in now.values() if row["first_open_date"] >= month]
        else:
            found[month] = [row for number, row in now.items() if number not in before]
        before = now.keys() | set()
    return found


def used(told: Told) -> list[tuple[date, Row]]:
    """Use of channels with the month that counts it: that of the night where its own was over."""
    found: list[tuple[date, Row]] = []
    for place, night in enumerate(told.nights):
        for row in night.events["channel_usage"]:
            own = month_start(row["usage_date"])
            found.append((own if place == 0 else max(own, month_start(night.day)), row))
    return found


def with_months(told: Told) -> list[tuple[date, Row]]:
    """Transactions with the month that counts them: the next one, if it did not know the account."""
    found = []
    for month, known, row in counted(told, "transaction", "txn_date"):
        if row["account_id"] not in told.by_key("account", known):
            month = month_start(next(night.day for night in told.nights if night.day > known))
        found.append((month, row))
    return found


def channels(told: Told) -> dict[tuple[str, date], dict[str, Any]]:
    """Rows of ``rpt_channel_monthly`` by channel and month."""
    found: dict[tuple[str, date], dict[str, Any]] = {}
    new, moved = won(told), with_months(told)
    for month, day in told.months():
        own: dict[str, dict[str, Any]] = defaultdict(
            lambda: {
                "contracted": set(),
                "active": set(),
                "login_cnt": 0,
                "usage_txn_cnt": 0,
                "txn": 0,
                "won": 0,
                "cost": Decimal(0),
            }
        )
        for row in told.rows("channel_contract", day):
            if row["sign_date"] <= day and not (row["cancel_date"] and row["cancel_date"] <= day):
                own[row["channel_code"]]["contracted"].add(row["customer_id"])
        for at, row in used(told):
            if at == month:
                of = own[row["channel_code"]]
                of["login_cnt"] += row["logins"]
                of["usage_txn_cnt"] += row["txns"]
                if row["logins"] or row["txns"]:
                    of["active"].add(row["customer_id"])
        # what is taken back in the same month counts nowhere
        known = [row for at, row in moved if at == month]
        gone = {row["reversed_txn_id"] for row in known}
        for row in known:
            is_counted = not row["reversed_txn_id"] and row["txn_id"] not in gone
            if is_counted and row["channel_code"]:
                own[row["channel_code"]]["txn"] += 1
        for row in new[month]:
            channel = CHANNEL_OF.get(row["acquisition_source"] or "")
            if channel:
                own[channel]["won"] += 1
        for row in told.rows("campaign", told.last):
            if row["channel_code"] and month_start(row["start_date"]) == month and row["start_date"] <= day:
                own[row["channel_code"]]["cost"] += row["cost"]
        whole = sum(of["txn"] for of in own.values())
        off = sum(of["txn"] for channel, of in own.items() if channel != COUNTER)
        for channel, of in own.items():
            found[channel, month] = {
                "contracted_customer_cnt": len(of["contracted"]),
                "active_customer_cnt": len(of["active"]),
                "active_rate": rate(len(of["active"]), len(of["contracted"])),
                "login_cnt": of["login_cnt"],
                "usage_txn_cnt": of["usage_txn_cnt"],
                "txn_cnt": of["txn"],
                "txn_share": rate(of["txn"], whole),
                "off_counter_share": rate(off, whole),
                "won_customer_cnt": of["won"],
                "cost_amt": of["cost"],
                "cost_per_won_amt": rounded(Fraction(of["cost"]) / of["won"]) if of["won"] else None,
            }
    return found


def acquisitions(told: Told) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``rpt_acquisition_monthly`` by dimension, value and month."""
    found = {}
    ends = dict(told.months())
    for month, rows in won(told).items():
        counts: Counter[tuple[str, str]] = Counter()
        for row in rows:
            values = {
                "acquisition_source": row["acquisition_source"],
                "customer_type": row["customer_type"],
            }
            if row["customer_type"] == "P":
                values |= {
                    "age_band": band(row, ends[month]),
                    "gender": row["gender"],
                    "occupation": row["occupation_code"],
                    "education": row["education_code"],
                    "income_band": row["income_band"],
                    "region": row["region_code"],
                }
            counts.update((dimension, value or "unknown") for dimension, value in values.items())
        for (dimension, value), count in counts.items():
            whole = sum(other for of, other in counts.items() if of[0] == dimension)
            found[dimension, value, month] = {
                "new_customer_cnt": count,
                "new_customer_share": rate(count, whole),
            }
    return found


def band(row: Row, day: date) -> str | None:
    """Band of a person's age."""
    if row["birth_date"] is None:
        return None
    years = age(row["birth_date"], day)
    return next((code for below, code in AGES if years < below), "60_up")
