"""Recommendations by rule and by similarity (6.5), from the extracts and the events as published."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from math import isqrt
from typing import Any

from tests.reference.hostile.cohorts import lines_on
from tests.reference.hostile.holdings import parts
from tests.reference.hostile.segments import in_arrears
from tests.reference.hostile.told import Row, Told, bank_day, rounded
from tests.support.timeline import month_start

RISK = {"wealth_management": 2, "fund": 3, "insurance": 2, "bond": 1, "gold": 3, "trust": 4, "wealth": 2}
LIST, DECLINED = 3, timedelta(90)
SQUEEZE = timedelta(30)
SCORES = {"balance_below": Decimal("0.85"), "funds_moved_away": Decimal("0.8")}
SQUEEZES = {Decimal("0.85"): "squeeze_balance", Decimal("0.8"): "squeeze_moved"}
Key = tuple[str, str]


def recommendations(told: Told, support: int, events: Iterable[Row]) -> dict[Key, dict[str, Any]]:
    """Source, rule, score and rank of ``fct_recommendation`` by customer and product line."""
    day = told.last
    held, month_end_held = lines_on(told, day), lines_on(told, month_start(day) - timedelta(1))
    active = {
        row["customer_id"]: row
        for row in told.rows("customer", month_start(day) - timedelta(1))
        if row["status"] != "closed" and row["customer_type"] == "P"
    }
    holders: dict[str, set[str]] = defaultdict(set)
    for customer, lines in month_end_held.items():
        for line in lines if customer in active else []:
            holders[line].add(customer)
    deposits: dict[str, Decimal] = defaultdict(Decimal)
    credit = set()
    for customer, _, kind, _, row, amount in parts(told, day):
        if kind == "deposit":
            deposits[customer] += rounded(amount)
        # nobody pays by instalments with a card that is frozen
        if kind == "card" and row["card_kind"] == "credit" and row["status"] == "valid":
            credit.add(customer)
    agreed = {
        row["customer_id"]
        for row in told.rows("consent", day)
        if row["purpose"] == "marketing"
        and not (row["withdrawn_at"] and bank_day(row["withdrawn_at"]) <= day)
    }  # fmt: skip
    no, squeezed = declined(told, day), in_a_squeeze(told, events)
    found: dict[Key, dict[str, Any]] = {}
    for row in told.rows("customer", day):
        customer = row["customer_id"]
        if row["status"] == "closed" or row["customer_type"] != "P" or customer not in agreed:
            continue
        offers = by_rule(row, deposits[customer], customer in credit)
        if customer in squeezed:
            offers["consumer"] = (squeezed[customer], "rule", SQUEEZES[squeezed[customer]])
        for line, score in similar(held[customer], holders, support).items():
            offers.setdefault(line, (score, "similarity", None))
        level = int(row["risk_level"]) if row["risk_level"] else None
        allowed = [
            (-score, line, source, rule)
            for line, (score, source, rule) in offers.items()
            if line not in held[customer]
            and line not in no[customer]
            and not (line in RISK and (level is None or RISK[line] > level))
        ]
        for place, (score, line, source, rule) in enumerate(sorted(allowed)[:LIST], 1):
            found[customer, line] = {
                "source_code": source,
                "rule_code": rule,
                "score": -score,
                "rank_number": place,
            }
    return found


def in_a_squeeze(told: Told, events: Iterable[Row]) -> dict[str, Decimal]:
    """Score for who was short of money in the last 30 days, and not in arrears for a year."""
    last: dict[str, Row] = {}
    for row in events:
        if told.last - SQUEEZE < row["business_date"] <= told.last:
            last[row["event_id"]] = row
    bad = in_arrears(told, told.last, months=12)
    found: dict[str, Decimal] = {}
    for row in last.values():
        score = SCORES.get(row["event_code"])
        if score and row["entry_type_code"] == "event" and row["customer_id"] not in bad:
            found[row["customer_id"]] = max(score, found.get(row["customer_id"], score))
    return found


def declined(told: Told, day: date) -> dict[str, set[str]]:
    """Lines that customers have declined within 90 days."""
    lines = {code: row["product_line"] for code, row in told.by_key("product", day).items()}
    found: dict[str, set[str]] = defaultdict(set)
    for row in told.brought("campaign_response"):
        when = bank_day(row["event_at"])
        if row["event_type"] == "declined" and day - DECLINED < when <= day:
            products = [row["product_code"]] if row["product_code"] else [
                one["product_code"] for one in told.rows("campaign_product", day)
                if one["campaign_id"] == row["campaign_id"]
            ]  # fmt: skip
            found[row["customer_id"]] |= {lines[product] for product in products}
    return found


def by_rule(row: Row, deposit: Decimal, has_credit_card: bool) -> dict[str, tuple[Decimal, str, str | None]]:
    """Lines that a rule offers, with the highest score of a line."""
    offers: dict[str, tuple[Decimal, str, str | None]] = {}
    if deposit > 1_000_000:
        offers["wealth_management"] = (Decimal("0.9"), "rule", "large_deposit_wealth")
        offers["consumer"] = (Decimal("0.6"), "rule", "large_deposit_loan")
    if deposit > 500_000 and row["risk_level"] == "2":
        offers["wealth_management"] = (Decimal("0.95"), "rule", "steady_deposit")
    if has_credit_card:
        offers["instalment"] = (Decimal("0.7"), "rule", "card_instalment")
    return offers


def similar(held: dict[str, Decimal], holders: dict[str, set[str]], support: int) -> dict[str, Decimal]:
    """Cosine of each line to the line held that is nearest to it."""
    found: dict[str, Decimal] = {}
    for line, others in holders.items():
        for own in held:
            both = len(others & holders[own])
            if own != line and both >= support:
                score = cosine(both, len(others) * len(holders[own]))
                found[line] = max(found.get(line, Decimal(0)), score)
    return found


def cosine(both: int, product: int) -> Decimal:
    """both / sqrt(product), half up to six places, in whole numbers."""
    scaled = isqrt(both * both * 10**14 // product)
    return Decimal((scaled + 5) // 10).scaleb(-6)
