"""Campaigns (6.5): whom they reached, what became of it, and the statistics, from the extracts."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from tests.reference.hostile.told import Row, Told, bank_day, rate, rounded

WINDOW, LATE = timedelta(30), timedelta(31)
Z, POWER_Z = Fraction("1.959964"), Fraction("0.841621")
REACHED = {"delivered", "opened", "clicked", "declined"}
RESPONDED = {"opened", "clicked", "declined", "purchase", "account_open"}
CONVERTED = {"purchase", "account_open"}
Targets = dict[tuple[str, str], dict[str, Any]]


def targets(told: Told) -> Targets:
    """Rows of ``fct_campaign_target`` by campaign and customer."""
    found: Targets = {}
    ends = sorted({night.day for night in told.nights} | {day for _, day in told.months()})
    for campaign in told.rows("campaign", told.last):
        window_end = campaign["end_date"] + WINDOW
        # a campaign is computed until late rows have come, then stands
        computed = [day for day in ends if day <= window_end + LATE]
        known = max(computed)
        products = {
            row["product_code"]
            for row in told.rows("campaign_product", known)
            if row["campaign_id"] == campaign["campaign_id"]
        }
        for row in told.brought("campaign_target", known):
            if row["campaign_id"] == campaign["campaign_id"]:
                found[campaign["campaign_id"], row["customer_id"]] = _target(
                    told, campaign, row, products, known, window_end
                )
    return found


def _target(
    told: Told, campaign: Row, row: Row, products: set[str], known: date, window_end: date
) -> dict[str, Any]:
    def of_both(table: str) -> list[Row]:
        return [
            one
            for one in told.brought(table, known)
            if one["campaign_id"] == campaign["campaign_id"] and one["customer_id"] == row["customer_id"]
        ]

    responses = [(bank_day(one["event_at"]), one) for one in of_both("campaign_response")]
    contacts = [bank_day(one["sent_at"]) for one in of_both("contact_log") if one["delivered"]]
    reached = contacts + [day for day, one in responses if one["event_type"] in REACHED]
    first_contact = min(reached, default=None)
    counted_from = campaign["start_date"]
    if row["test_group"] == "target" and first_contact:
        counted_from = first_contact
    trades = [
        one
        for one in told.brought("sales_trade", known)
        if one["customer_id"] == row["customer_id"]
        and one["product_code"] in products
        and one["status"] == "live"
        and counted_from <= one["trade_date"] <= window_end
    ]
    bought = [
        (day, one)
        for day, one in responses
        if one["event_type"] in CONVERTED and counted_from <= day <= window_end
    ]
    days = [one["trade_date"] for one in trades] + [day for day, _ in bought]
    currency = {code: of["currency"] for code, of in told.by_key("product", known).items()}
    sold = sum(
        (
            rounded(
                Fraction(one["amount"])
                * told.mid_rate(currency[one["product_code"]], one["trade_date"], known)
            )
            for one in trades
        ),
        Decimal(0),
    )
    if not trades:
        sold = sum((one["amount"] or Decimal(0) for _, one in bought), Decimal(0))
    return {
        "test_group_code": row["test_group"],
        "selected_date": bank_day(row["selected_at"]),
        "first_contact_date": first_contact,
        "counted_from_date": counted_from,
        "window_end_date": window_end,
        "conversion_date": min(days, default=None),
        "sold_amt": sold,
        "is_reached": first_contact is not None,
        "is_responded": any(
            one["event_type"] in RESPONDED and counted_from <= day <= window_end for day, one in responses
        ),
        "is_converted": bool(days),
    }


def effects(told: Told, rows: Sequence[Row]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Rows of ``rpt_campaign_effect`` by campaign, scheme and segment, from the targets."""
    campaigns = told.by_key("campaign", told.last)
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["campaign_id"], "all", "all"].append(row)
        for scheme, column in (
            ("tier", "tier_code"),
            ("age_band", "age_band_code"),
            ("org", "owning_org_id"),
        ):
            groups[row["campaign_id"], scheme, row[column]].append(row)
    return {
        key: effect(members, campaigns[key[0]]["cost"] if key[1] == "all" else None)
        for key, members in groups.items()
    }


def effect(members: Sequence[Row], cost: Decimal | None) -> dict[str, Any]:
    """The columns of one campaign and segment."""
    target = [row for row in members if row["test_group_code"] == "target"]
    control = [row for row in members if row["test_group_code"] == "control"]
    converted, left = (sum(row["is_converted"] for row in group) for group in (target, control))
    reached, responded = (sum(row[name] for row in target) for name in ("is_reached", "is_responded"))
    sold = sum((row["sold_amt"] for row in target), Decimal(0))
    told: dict[str, Any] = {
        "target_cnt": len(target),
        "reached_cnt": reached,
        "responded_cnt": responded,
        "converted_cnt": converted,
        "reached_rate": rate(reached, len(target)),
        "responded_rate": rate(responded, len(target)),
        "converted_rate": rate(converted, len(target)),
        "sold_amt": sold,
        "cost_amt": cost,
        "cost_per_conversion": rate(cost, converted, 2) if cost is not None else None,
        "roi_rate": rate(sold - cost, cost) if cost is not None else None,
        "control_cnt": len(control),
        "control_converted_cnt": left,
        "control_converted_rate": rate(left, len(control)),
        "has_control": bool(control),
    }
    return told | uplift(converted, len(target), left, len(control)) | _aum(target, control)


def root(value: Fraction) -> Fraction:
    """Square root to 40 digits."""
    with localcontext() as context:
        context.prec = 40
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def wilson(hits: int, size: int) -> tuple[Fraction, Fraction]:
    """The score interval of a proportion."""
    p, n = Fraction(hits, size), size
    middle = p + Z * Z / (2 * n)
    half = Z * root(p * (1 - p) / n + Z * Z / (4 * n * n))
    return (middle - half) / (1 + Z * Z / n), (middle + half) / (1 + Z * Z / n)


def uplift(hits: int, size: int, other_hits: int, other_size: int) -> dict[str, Any]:
    """Difference of two proportions by Newcombe's hybrid score interval, and its two-sided pooled p-value."""
    names = (
        "uplift_rate",
        "uplift_low_rate",
        "uplift_high_rate",
        "incremental_cnt",
        "p_value",
        "detectable_rate",
    )
    if not size or not other_size:
        return dict.fromkeys(names) | {"is_conclusive": None}
    p, q = Fraction(hits, size), Fraction(other_hits, other_size)
    (low, high), (other_low, other_high) = wilson(hits, size), wilson(other_hits, other_size)
    down = p - q - root((p - low) ** 2 + (other_high - q) ** 2)
    up = p - q + root((high - p) ** 2 + (q - other_low) ** 2)
    pooled = Fraction(hits + other_hits, size + other_size)
    variance = pooled * (1 - pooled) * (Fraction(1, size) + Fraction(1, other_size))
    p_value = None
    if variance:
        p_value = rounded(Fraction(math.erfc(abs(float((p - q) / root(variance))) / math.sqrt(2))), 6)
    return {
        "uplift_rate": rounded(p - q, 6),
        "uplift_low_rate": rounded(down, 6),
        "uplift_high_rate": rounded(up, 6),
        "incremental_cnt": rounded((p - q) * size),
        "p_value": p_value,
        "detectable_rate": rounded((Z + POWER_Z) * root(variance), 6) if variance else None,
        "is_conclusive": down > 0 or up < 0,
    }


@dataclass(frozen=True)
class Sample:
    """Values of one group."""

    values: Sequence[Fraction]

    @property
    def mean(self) -> Fraction:
        return sum(self.values, Fraction(0)) / len(self.values)

    def spread(self, other: "Sample") -> Fraction:
        """Sum of products of the distances from both means."""
        return sum(
            ((a - self.mean) * (b - other.mean) for a, b in zip(self.values, other.values, strict=True)),
            Fraction(0),
        )


def _aum(target: Sequence[Row], control: Sequence[Row]) -> dict[str, Any]:
    groups = [
        [
            (Fraction(row["pre_aum_amt"]), Fraction(row["aum_change_amt"]))
            for row in group
            if row["aum_change_amt"] is not None
        ]
        for group in (target, control)
    ]
    found: dict[str, Any] = {"aum_target_cnt": len(groups[0]), "aum_control_cnt": len(groups[1])}
    names = [f"aum_effect{kind}{end}_amt" for kind in ("", "_cuped") for end in ("", "_low", "_high")]
    if not all(groups):
        return found | dict.fromkeys(names)
    pre, change = ([Sample([row[place] for row in group]) for group in groups] for place in (0, 1))
    # one slope for both groups, each around its own means
    spread = sum((one.spread(one) for one in pre), Fraction(0))
    both = sum((one.spread(other) for one, other in zip(pre, change, strict=True)), Fraction(0))
    theta = both / spread if spread else Fraction(0)
    adjusted = [
        Sample([c - theta * p for p, c in zip(pre[n].values, change[n].values, strict=True)]) for n in (0, 1)
    ]
    for kind, samples in (("", change), ("_cuped", adjusted)):
        difference = samples[0].mean - samples[1].mean
        found[f"aum_effect{kind}_amt"] = rounded(difference)
        ends: list[Decimal | None] = [None, None]
        if min(len(one.values) for one in samples) > 1:
            half = Z * root(
                sum(
                    (one.spread(one) / (len(one.values) - 1) / len(one.values) for one in samples),
                    Fraction(0),
                )
            )
            ends = [rounded(difference - half), rounded(difference + half)]
        found[f"aum_effect{kind}_low_amt"], found[f"aum_effect{kind}_high_amt"] = ends
    return found
