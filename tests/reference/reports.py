"""The reports recomputed in plain Python from the published customer-level tables.

Shares are fractions, months are walked one by one, nothing is shared with the models. A report is a dict
from its key to the columns that can be told from the customers.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.support.timeline import add_months
from tests.support.warehouse import PROJECT, Warehouse

Row = dict[str, Any]
Report = dict[tuple[Any, ...], Row]
CustomerMonth = tuple[str, date]

RULES = PROJECT / "seeds" / "rules"
MILLION = 1_000_000
RANKS = {"core": 5, "growth": 4, "platinum": 3, "gold": 2, "potential": 1, "ordinary": 0}
FROM = {
    "core": Decimal(10_000_000),
    "growth": Decimal(5_000_000),
    "platinum": Decimal(500_000),
    "gold": Decimal(200_000),
    "potential": Decimal(50_000),
}


@dataclass(frozen=True)
class Customers:
    """The published customer-level tables by customer and month."""

    tiers: dict[CustomerMonth, Row]
    aum: dict[CustomerMonth, Row]
    statuses: dict[tuple[str, str, date], Row]
    events: list[Row]
    judged: dict[date, set[str]]

    @property
    def months(self) -> list[date]:
        """All months with a tier."""
        return sorted({month for _, month in self.tiers})

    def pairs(self, month: date) -> Iterable[tuple[str, Row | None, Row | None]]:
        """Customers of a month or the month before, with both rows."""
        before = add_months(month, -1)
        for customer in sorted({who for who, when in self.tiers if when in (month, before)}):
            yield customer, self.tiers.get((customer, before)), self.tiers.get((customer, month))


def read_customers(warehouse: Warehouse) -> Customers:
    """Read the tables of the current release."""

    def rows(table: str) -> list[Row]:
        return warehouse.query(f"from customer_value.{table}")

    def keyed(table: str) -> dict[CustomerMonth, Row]:
        return {(row["customer_id"], row["month_start_date"]): row for row in rows(table)}

    recorded = rows("fct_month_recorded")
    return Customers(
        keyed("fct_customer_tier_monthly"),
        keyed("fct_customer_aum_monthly"),
        {
            (row["customer_id"], row["tier_code"], row["month_start_date"]): row
            for row in rows("fct_customer_tier_status_monthly")
        },
        rows("fct_tier_event"),
        {
            month: {
                row["factor_code"]
                for row in recorded
                if row["month_start_date"] == month and row["is_judged"]
            }
            for month in {row["month_start_date"] for row in recorded}
        },
    )


def seed(name: str) -> list[dict[str, str]]:
    """Rows of a rule table as text."""
    with Path(RULES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def share(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """A ratio with six decimals, rounded half up."""
    if not whole:
        return None
    exact = Fraction(part) / Fraction(whole)
    scaled = Decimal(exact.numerator * 10**12 // exact.denominator) / Decimal(10**12)
    half = exact * 2 * MILLION
    if half.denominator == 1 and half.numerator % 2:
        return (Decimal(half.numerator + 1) / 2 / MILLION).quantize(Decimal("0.000001"))
    return scaled.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def shares(parts: list[int] | list[Decimal]) -> list[Decimal | None]:
    """Shares that add to 1: the largest rests get the millionths that are left, the first of equal ones."""
    whole = Fraction(sum(parts))
    if not whole:
        return [None] * len(parts)
    exact = [Fraction(part) / whole * MILLION for part in parts]
    units = [value.numerator // value.denominator for value in exact]
    left = MILLION - sum(units)
    by_rest = sorted(range(len(parts)), key=lambda n: (units[n] - exact[n], n))
    for n in by_rest[:left]:
        units[n] += 1
    return [Decimal(unit) / MILLION for unit in units]


def tier_migration(customers: Customers) -> Report:
    """``rpt_tier_migration_monthly``."""
    report: Report = defaultdict(
        lambda: {
            "customer_cnt": 0,
            "opening_cnt": 0,
            "closing_cnt": 0,
            "first_recorded_cnt": 0,
            "aum_amt": Decimal(0),
            "opening_aum_amt": Decimal(0),
        }
    )
    begun = {
        (row["customer_id"], row["month_start_date"])
        for row in customers.events
        if row["cause_code"] == "first_recorded" and row["event_code"] in ("new", "upgrade")
    }
    for month in customers.months:
        for customer, before, now in customers.pairs(month):
            way = (before["tier_code"] if before else "new", now["tier_code"] if now else "closed")
            counted_at = (now or before or {})["owning_org_id"]
            row = report[month, counted_at, *way]
            row["customer_cnt"] += 1
            if now:
                row["closing_cnt"] += 1
                row["first_recorded_cnt"] += (customer, month) in begun
                row["aum_amt"] += now["assessment_aum_amt"]
            if before:
                opened_at = report[month, before["owning_org_id"], *way]
                opened_at["opening_cnt"] += 1
                opened_at["opening_aum_amt"] += before["assessment_aum_amt"]
    return dict(report)


def balance_bands(customers: Customers) -> Report:
    """``rpt_balance_band``."""
    report: Report = {}
    for month in customers.months:
        held = amounts(customers, month)
        for scheme in seed("balance_band_schemes"):
            bands = [
                row for row in seed("balance_band_rules") if row["scheme_version"] == scheme["scheme_version"]
            ]
            inside = [
                [
                    amount
                    for amount in held
                    if Decimal(band["lower_amt"]) <= amount
                    and (not band["upper_amt"] or amount < Decimal(band["upper_amt"]))
                ]
                for band in bands
            ]
            by_count = shares([len(members) for members in inside])
            by_amount = shares([sum(members, Decimal(0)) for members in inside])
            for n, band in enumerate(bands):
                report[month, scheme["scheme_code"], band["band_code"]] = {
                    "customer_cnt": len(inside[n]),
                    "aum_amt": sum(inside[n], Decimal(0)),
                    "customer_share": by_count[n],
                    "aum_share": by_amount[n],
                }
    return report


def amounts(customers: Customers, month: date) -> list[Decimal]:
    """AUM of the personal customers at the end of a month, largest first."""
    found = [customers.aum[key]["aum_end_amt"] for key in customers.tiers if key[1] == month]
    return sorted(found, reverse=True)


def concentration(customers: Customers) -> Report:
    """``rpt_aum_concentration``."""
    report: Report = {}
    for month in customers.months:
        held = amounts(customers, month)
        total, count = sum(held, Decimal(0)), len(held)
        for cut in seed("concentration_rules"):
            wanted = Fraction(cut["cut_share"])
            if cut["cut_kind_code"] == "largest_customers":
                taken = -(-wanted.numerator * count // wanted.denominator)
            else:
                taken, so_far = 0, Decimal(0)
                while total and so_far < Decimal(cut["cut_share"]) * total:
                    so_far += held[taken]
                    taken += 1
            aum = sum(held[:taken], Decimal(0))
            report[month, cut["cut_code"]] = {
                "customer_cnt": taken,
                "aum_amt": aum,
                "customer_share": share(taken, count),
                "aum_share": share(aum, total),
                "gini_rate": gini(held),
                "all_customer_cnt": count,
                "all_aum_amt": total,
            }
    return report


def gini(held: list[Decimal]) -> Decimal | None:
    """Half the mean difference of all pairs by the mean, as a sum over ranks."""
    if not sum(held):
        return None
    weighted = sum(
        (
            Fraction(2 * rank - len(held) - 1) * Fraction(amount)
            for rank, amount in enumerate(sorted(held), 1)
        ),
        Fraction(0),
    )
    exact = weighted / (len(held) * Fraction(sum(held)))
    return share(Decimal(exact.numerator), Decimal(exact.denominator))


def flags(row: Row | None) -> Mapping[str, str]:
    """The tiers of a customer's month that are at attention or lost."""
    found = {} if row is None or row["status_code"] != "attention" else {"attention": row["tier_code"]}
    return found | ({"lost": row["lost_tier_code"]} if row and row["lost_tier_code"] else {})


def closed_after_a_loss(customers: Customers) -> Counter[tuple[Any, ...]]:
    """Of ``rpt_attention_lost_by_manager``: who lost a tier and closed in the month, without managers."""
    return Counter(
        (month, now["owning_org_id"], flags(now)["lost"])
        for month in customers.months
        for _, before, now in customers.pairs(month)
        if now and now["is_closed"] and not (before and before["is_closed"]) and "lost" in flags(now)
    )


def attention_and_lost(customers: Customers) -> Report:
    """``rpt_attention_lost_customer``, without managers."""
    report: Report = {}
    for month in customers.months:
        for customer, before, now in customers.pairs(month):
            for status, tier in flags(now).items():
                assert now is not None
                if now["is_closed"]:
                    continue
                own = customers.statuses[customer, tier, month]
                report[month, customer, status] = {
                    "org_id": now["owning_org_id"],
                    "tier_code": tier,
                    "held_tier_code": now["tier_code"],
                    "below_months": own["below_months"],
                    "lost_since_date": own["lost_since_date"] if status == "lost" else None,
                    "aum_amt": now["assessment_aum_amt"],
                    "threshold_amt": FROM[tier],
                    "missing_amt": FROM[tier] - now["assessment_aum_amt"],
                    "is_first_month": flags(before).get(status) != tier,
                }
    return report


def by_manager(listed: list[Row]) -> Report:
    """``rpt_attention_lost_by_manager`` from the published list, without who closed."""
    report: Report = defaultdict(
        lambda: {"customer_cnt": 0, "first_month_cnt": 0, "aum_amt": Decimal(0), "missing_amt": Decimal(0)}
    )
    for row in listed:
        group = ("month_start_date", "org_id", "employee_id", "status_code", "tier_code")
        counted = report[tuple(row[column] for column in group)]
        counted["customer_cnt"] += 1
        counted["first_month_cnt"] += row["is_first_month"]
        counted["aum_amt"] += row["aum_amt"]
        counted["missing_amt"] += row["missing_amt"]
    return dict(report)


def tier_changes(customers: Customers) -> Report:
    """``rpt_tier_change_customer``, from the tiers of two months and not from the events."""
    report: Report = {}
    was_tiered: set[str] = set()
    for month in customers.months:
        for customer, before, now in customers.pairs(month):
            if now is None:
                continue
            rank, rank_before = now["tier_rank"], before["tier_rank"] if before else None
            if rank > 0 and customer not in was_tiered:
                event = "new"
            elif rank_before is None or rank == rank_before:
                continue
            else:
                event = "upgrade" if rank > rank_before else "downgrade"
            report[month, customer] = {
                "org_id": now["owning_org_id"],
                "event_code": event,
                "from_tier_code": before["tier_code"] if before else "none",
                "to_tier_code": now["tier_code"],
                "aum_amt": now["assessment_aum_amt"],
                "previous_aum_amt": before["assessment_aum_amt"] if before else None,
                "aum_change_amt": now["assessment_aum_amt"] - (before["assessment_aum_amt"] if before else 0),
            }
        was_tiered |= {
            who for (who, when), row in customers.tiers.items() if when == month and row["tier_rank"]
        }
    return report
