"""Segments, RFM and the labels that need other tables (6.3), from the extracts.

Contribution, AUM and tiers are read as published: they have references of their own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.labels import paid
from tests.reference.hostile.of_year import of_year
from tests.reference.hostile.payments import counted
from tests.reference.hostile.screen import age, initiated
from tests.reference.hostile.told import Row, Told, rounded
from tests.reference.segments import cut_offs, lifecycle
from tests.support.timeline import add_months, month_end, month_start

Key = tuple[str, date]
MEASURES = ("recency", "frequency", "monetary")
CLEAN_MONTHS = 24
Lived = Collection[Key]
"""Customers and months of which AUM is told."""


def persons_of(told: Told, month: date, day: date, lived: Lived) -> dict[str, Row]:
    """Personal customers of a month: those who close leave with it, but for what they still hold."""
    return {
        row["customer_id"]: row
        for row in told.rows("customer", day)
        if row["customer_type"] == "P" and (row["customer_id"], month) in lived
    }


def measures(told: Told, month: date, day: date) -> dict[str, tuple[int, int, Decimal]]:
    """Days since the last transaction, transactions and their amount in 12 calendar months."""
    found = {}
    since = add_months(month, -11)
    for customer, moved in initiated(told, day).items():
        year = [one for one in moved if one[0] >= since]
        if year:
            found[customer] = (
                (day - max(when for when, _ in year)).days,
                len(year),
                sum((amount for _, amount in year), Decimal(0)),
            )
    return found


def rfm_cut_offs(told: Told, lived: Lived) -> dict[date, dict[str, list[Decimal]]]:
    """Cut-offs by which the next month's provisional rows are scored, by month and measure."""
    found: dict[date, dict[str, list[Decimal]]] = {}
    for month, day in told.months():
        persons = persons_of(told, month, day, lived)
        own = [one for who, one in measures(told, month, day).items() if who in persons]
        if own:
            found[month] = {
                name: cut_offs([Decimal(one[place]) for one in own]) for place, name in enumerate(MEASURES)
            }
    return found


def scores(told: Told, lived: Lived) -> dict[Key, dict[str, Any]]:
    """RFM columns by customer and month."""
    cuts, found = rfm_cut_offs(told, lived), {}
    for month, day in told.months():
        known = measures(told, month, day)
        is_provisional = day != month_end(month)
        used = cuts.get(add_months(month, -1)) if is_provisional else None
        used = used or cuts.get(month)
        for customer in persons_of(told, month, day, lived):
            one = known.get(customer)
            if one is None or used is None:
                found[customer, month] = {
                    "recency_days": None, "frequency_cnt": 0, "monetary_amt": Decimal(0),
                    "recency_score": 0, "frequency_score": 0, "monetary_score": 0, "rfm_code": "inactive",
                }  # fmt: skip
                continue
            above = [
                sum(cut < value for cut in used[name]) for name, value in zip(MEASURES, one, strict=True)
            ]
            marks = (5 - above[0], 1 + above[1], 1 + above[2])
            found[customer, month] = {
                "recency_days": one[0],
                "frequency_cnt": one[1],
                "monetary_amt": one[2],
                "recency_score": marks[0],
                "frequency_score": marks[1],
                "monetary_score": marks[2],
                "rfm_code": group_of(*marks),
            }
    return found


INCOME_POINTS = {"C": 1, "D": 2}
LABELS_WITH_POINTS = {
    "rising_to_next_tier", "large_maturing", "payroll", "loan_without_deposit", "deposit_without_loan",
    "single_channel",
}  # fmt: skip


def potentials(told: Told, lived: Lived, labels: Iterable[Row]) -> dict[Key, dict[str, Any]]:
    """Points of the labels that speak of potential, one each, and of the income band, by customer and month.

    Args:
        labels: Rows of ``fct_customer_label``.
    """
    found = {}
    counts: dict[Key, int] = defaultdict(int)
    for row in labels:
        counts[row["customer_id"], row["month_start_date"]] += row["label_code"] in LABELS_WITH_POINTS
    for month, day in told.months():
        for customer, row in persons_of(told, month, day, lived).items():
            points = counts[customer, month] + INCOME_POINTS.get(row["income_band"], 0)
            found[customer, month] = {
                "potential_points": points,
                "potential_code": band(points, (1, "low"), (3, "middle"), last="high"),
            }
    return found


def group_of(recency: int, frequency: int, monetary: int) -> str:
    """Name of three scores: the first group that they fit."""
    if recency >= 4 and frequency >= 4 and monetary >= 4:
        return "champion"
    if recency >= 3 and frequency >= 4:
        return "loyal"
    if recency >= 3 and monetary == 5:
        return "big_spender"
    if recency >= 4:
        return "promising"
    if recency == 3:
        return "needs_attention"
    return "at_risk" if frequency >= 3 else "hibernating"


def in_arrears(told: Told, day: date, months: int = CLEAN_MONTHS) -> set[str]:
    """Who was past due on a night of the last months, two years by default, as far as recorded."""
    found = set()
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    since = date(year, month + 1, min(day.day, 28))
    for night in told.nights:
        if since <= night.day <= day:
            loans = told.by_key("loan", night.day)
            found |= {
                loans[row["loan_id"]]["customer_id"]
                for row in told.rows("loan_balance", night.day)
                if row["days_past_due"] > 0 or row["overdue_principal"] > 0 or row["overdue_interest"] > 0
            }
    return found


def segments(told: Told, contributions: Iterable[Row], assets: Iterable[Row]) -> dict[Key, dict[str, Any]]:
    """Columns of ``fct_customer_segment_monthly`` by customer and month, but for points of labels."""
    years = of_year(contributions)
    held = {(row["customer_id"], row["month_start_date"]): row for row in assets}
    found = {}
    marks = scores(told, held)
    for month, day in told.months():
        moved, salaries, bad = initiated(told, day), paid(told, day), in_arrears(told, day)
        foreign = in_foreign_currency(told, month, day)
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for customer, _, kind, _, _, amount in parts(told, day):
            sums[customer, kind] += rounded(amount)
        for customer, row in persons_of(told, month, day, held).items():
            half = [one for one in moved[customer] if one[0] >= add_months(month, -5)]
            year = [one for one in moved[customer] if one[0] >= add_months(month, -11)]
            wealth = sums[customer, "deposit"] + sums[customer, "investment"]
            aum = held[customer, month]["aum_end_amt"]
            is_paid = len({month_start(when) for when, _ in salaries.get(customer, [])}) >= 3
            found[customer, month] = marks[customer, month] | {
                "lifecycle_code": lifecycle(row["first_open_date"], day),
                "activity_code": "sleeping" if not year
                else "high" if len(half) >= 30
                else "medium" if len(half) >= 6
                else "low" if half
                else "dormant",
                "service_class_code": band(aum, (10_000, "D"), (50_000, "C"), (200_000, "B"), (500_000, "A2"),
                                           last="A1"),
                "asset_layer_code": "private" if aum > 5_000_000 else "wealth" if aum >= 100_000 else "mass",
                "coarse_class_code": band(aum, (50_000, "ordinary"), (Decimal("1000000.01"), "potential"),
                                          last="high_net_worth"),
                "wealth_style_code": style(row, day, len(half)),
                "is_credit_need": sums[customer, "loan"] > 0 or sums[customer, "card"] > 0,
                "is_payment_need": len(half) >= 30 or is_paid,
                "is_wealth_need": sums[customer, "investment"] > 0 or wealth >= 50_000,
                "is_cross_border_need": customer in foreign,
                "is_key_customer": (wealth > 500_000 or sums[customer, "loan"] > 1_000_000)
                and customer not in bad,
                "is_closed": row["status"] == "closed",
            }  # fmt: skip
            worth = years.get((customer, month))
            if worth and worth.average is not None:
                found[customer, month]["value_code"] = band(worth.average, (100, "low"), (1000, "middle"),
                                                            last="high")  # fmt: skip
    return found


def band(amount: Decimal, *below: tuple[Decimal | int, str], last: str) -> str:
    """Code of the first band whose upper bound an amount does not reach."""
    return next((code for bound, code in below if amount < bound), last)


def style(row: Row, day: date, half_year_cnt: int) -> str:
    """Wealth style by trading, age and risk level; the first that fits."""
    if half_year_cnt >= 60:
        return "frequent_trader"
    years = age(row["birth_date"], day) if row["birth_date"] else None
    level = int(row["risk_level"]) if row["risk_level"] else None
    if years is not None and level is not None:
        if 18 <= years < 35 and level >= 3:
            return "young_professional"
        if 35 <= years < 60 and level >= 3:
            return "capital_oriented"
        if years >= 60 and level <= 2:
            return "steady_senior"
    return "other"


def in_foreign_currency(told: Told, month: date, day: date) -> set[str]:
    """Who holds, or in 12 calendar months moved, another currency than the bank's."""
    accounts = told.by_key("account", day)
    found = {
        customer
        for customer, _, kind, _, account, amount in parts(told, day)
        if kind in ("deposit", "investment") and account["currency"] != "CNY" and amount > 0
    }
    known = [(at, row) for _, at, row in counted(told, "transaction", "txn_date") if at <= day]
    gone = {row["reversed_txn_id"] for _, row in known}
    for _, row in known:
        is_own = row["txn_type"] not in ("interest", "fee") and not row["reversed_txn_id"]
        is_known = row["account_id"] in accounts and row["txn_id"] not in gone
        if is_own and is_known and row["currency"] != "CNY" and row["txn_date"] >= add_months(month, -11):
            found |= told.shares(accounts[row["account_id"]], day).keys()
    return found
