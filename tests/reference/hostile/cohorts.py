"""Cross-selling, penetration, key figures and cohorts by tier and org (6.4), from the extracts.

Tiers, owning orgs, AUM and contribution are read as published: they have references of their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.of_year import of_year
from tests.reference.hostile.screen import initiated
from tests.reference.hostile.told import Row, Told, rate, rounded
from tests.support.timeline import add_months, month_end, month_start, months_between

STAY, DISCOUNT = Fraction("0.85"), Fraction("0.1")
Place = dict[tuple[str, date], tuple[str, str]]
"""Owning org and tier by customer and month."""


def owning_orgs(told: Told, day: date) -> dict[str, str]:
    """Org of the largest loan, else credit card, else deposit of a customer, else the one of the file.

    Of equal ones it is that of the earliest opening, then the smallest.
    """
    ranked: dict[str, list[tuple[int, Fraction, date, str]]] = defaultdict(list)
    for customer, _, kind, _, row, amount in parts(told, day):
        place = {"loan": 0, "deposit": 2}.get(kind)
        if place is not None and amount > 0:
            opened = row.get("open_date") or row["start_date"]
            ranked[customer].append((place, -amount, opened, row["org_id"]))
    cards = told.by_key("card", day)
    for balance in told.rows("card_balance", day):
        # whatever became of the card
        card = cards[balance["card_id"]]
        if card["card_kind"] == "credit" and balance["balance"] > 0:
            ranked[card["customer_id"]].append(
                (1, -Fraction(balance["balance"]), card["issue_date"], card["org_id"])
            )
    return {
        row["customer_id"]: min(ranked[row["customer_id"]])[3]
        if row["customer_id"] in ranked
        else row["home_org_id"]
        for row in told.rows("customer", day)
    }


def places(told: Told, tiers: Iterable[Row]) -> Place:
    """Owning org and tier of every customer and month; ``none`` for who has no tier."""
    found: Place = {}
    for month, day in told.months():
        for customer, org in owning_orgs(told, day).items():
            found[customer, month] = (org, "none")
    for row in tiers:
        key = (row["customer_id"], row["month_start_date"])
        if key in found:
            found[key] = (found[key][0], row["tier_code"])
    return found


def active(told: Told, day: date) -> set[str]:
    """Customers with any balance, any loan, or a transaction of their own in three months."""
    first = add_months(month_start(day), -2)
    found = {customer for customer, _, _, _, _, amount in parts(told, day) if amount > 0}
    found |= {
        customer
        for customer, moved in initiated(told, day).items()
        if any(when >= first for when, _ in moved)
    }
    return found & {row["customer_id"] for row in told.rows("customer", day) if row["status"] != "closed"}


def lines_on(told: Told, day: date) -> dict[str, dict[str, Decimal]]:
    """Product lines held, with what is held of them, by customer."""
    lines = {code: row["product_line"] for code, row in told.by_key("product", day).items()}
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for customer, product, _, _, _, amount in parts(told, day):
        found[customer][lines.get(product, "card")] += rounded(amount)
    return found


def cross_sales(told: Told, place: Place) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``rpt_cross_sell_monthly`` by org, tier and month."""
    found: dict[tuple[str, str, date], dict[str, Any]] = {}
    for month, day in told.months():
        held = lines_on(told, day)
        for customer in active(told, day):
            count = len(held[customer])
            of = found.setdefault(
                (*place[customer, month], month),
                {
                    "active_customer_cnt": 0,
                    "held_line_cnt": 0,
                    **{f"line_{n}_customer_cnt": 0 for n in range(4)},
                    "line_4_plus_customer_cnt": 0,
                },
            )
            of["active_customer_cnt"] += 1
            of["held_line_cnt"] += count
            of[f"line_{count}_customer_cnt" if count < 4 else "line_4_plus_customer_cnt"] += 1
    for of in found.values():
        of["cross_sell_ratio"] = rate(of["held_line_cnt"], of["active_customer_cnt"])
    return found


def penetration(told: Told, place: Place) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Holders, active customers and balances of ``rpt_product_penetration_monthly``."""
    found = {}
    before: dict[str, set[str]] = {}
    ever: dict[str, set[str]] = defaultdict(set)
    for customer, lines in lines_on(told, told.nights[0].day).items():
        for line in lines:
            ever[line].add(customer)
    for number, (month, day) in enumerate(told.months()):
        busy, held = active(told, day), lines_on(told, day)
        tiers: dict[str, set[str]] = defaultdict(set)
        for customer in busy:
            tiers[place[customer, month][1]].add(customer)
        now: dict[str, set[str]] = defaultdict(set)
        for customer, lines in held.items():
            for line in lines:
                now[line].add(customer)
        for line in now.keys() | before.keys():
            sums: dict[str, dict[str, Any]] = defaultdict(
                lambda: {
                    "holder_cnt": 0,
                    "active_holder_cnt": 0,
                    "balance_amt": Decimal(0),
                    "new_holder_cnt": 0,
                    "won_back_cnt": 0,
                    "lost_holder_cnt": 0,
                }
            )
            for customer in now[line]:
                of = sums[place[customer, month][1]]
                of["holder_cnt"] += 1
                of["active_holder_cnt"] += customer in busy
                of["balance_amt"] += held[customer][line]
                if number and customer not in before.get(line, set()):
                    of["won_back_cnt" if customer in ever[line] else "new_holder_cnt"] += 1
            for customer in before.get(line, set()) - now[line]:
                sums[place[customer, month][1]]["lost_holder_cnt"] += 1
            for tier, of in sums.items():
                if not number:
                    # of the months before the records only openings are told
                    del of["new_holder_cnt"], of["won_back_cnt"], of["lost_holder_cnt"]
                of["active_customer_cnt"] = len(tiers[tier])
                of["penetration_rate"] = rate(of["holder_cnt"], len(tiers[tier]))
                found[line, tier, month] = of
        before = dict(now)
        for line, customers in now.items():
            ever[line] |= customers
    return found


def vintages(told: Told, assets: Iterable[Row], earned: Iterable[Row]) -> dict[tuple[date, date], Any]:
    """Rows of ``rpt_vintage_monthly`` by cohort and month, of cohorts of the months lived through."""
    aum = {(row["customer_id"], row["month_start_date"]): row["aum_end_amt"] for row in assets}
    contribution = {(row["customer_id"], row["month_start_date"]): row["contribution_amt"] for row in earned}
    first = told.months()[0][0]
    found = {}
    for month, day in told.months():
        held = lines_on(told, day)
        cohorts: dict[date, list[Row]] = defaultdict(list)
        for row in told.rows("customer", day):
            if row["first_open_date"] >= first:
                cohorts[month_start(row["first_open_date"])].append(row)
        for cohort, rows in cohorts.items():
            stayed = [row["customer_id"] for row in rows if row["status"] != "closed"]
            found[cohort, month] = {
                "months_since": months_between(cohort, month),
                "opened_cnt": len(rows),
                "retained_cnt": len(stayed),
                "retention_rate": rate(len(stayed), len(rows)),
                "aum_amt": sum((aum.get((one, month), Decimal(0)) for one in stayed), Decimal(0)),
                "contribution_amt": sum(
                    (contribution.get((row["customer_id"], month), Decimal(0)) for row in rows), Decimal(0)
                ),
                "held_line_cnt": sum(len(held[one]) for one in stayed),
            }
    return found


def key_figures(told: Told, place: Place, earned: Iterable[Row]) -> dict[tuple[str, date], dict[str, Any]]:
    """Customers, transactions and worth of ``rpt_customer_kpi_monthly`` by org and month."""
    years = of_year(earned)
    found: dict[tuple[str, date], dict[str, Any]] = {}
    before: dict[str, str] = {}
    for number, (month, day) in enumerate(told.months()):
        now = {
            row["customer_id"]: place[row["customer_id"], month][0]
            for row in told.rows("customer", day)
            if row["status"] != "closed"
        }
        moved, busy = initiated(told, day), active(told, day)
        for org in set(now.values()) | set(before.values()):
            own = {one for one, at in now.items() if at == org}
            then = {one for one, at in before.items() if at == org}
            came = [
                amount for one in own & busy for when, amount in moved[one] if month <= when <= month_end(day)
            ]
            worth = sum((years[one, month].total for one in own if (one, month) in years), Decimal(0))
            of: dict[str, Any] = {
                "closing_customer_cnt": len(own),
                "active_customer_cnt": len(own & busy),
                "active_share": rate(len(own & busy), len(own)),
                "txn_cnt": len(came),
                "txn_per_active_cnt": rate(len(came), len(own & busy)),
                "txn_avg_amt": rounded(Fraction(sum(came)) / len(came)) if came else None,
                "contribution_12m_amt": worth,
                "clv_amt": rounded(Fraction(worth) * STAY / (1 + DISCOUNT - STAY)),
            }  # fmt: skip
            if number:
                gone = then - now.keys()
                of |= {
                    "opening_customer_cnt": len(then),
                    "new_customer_cnt": len(own - before.keys()),
                    "moved_in_customer_cnt": len((own & before.keys()) - then),
                    "lost_customer_cnt": len(gone),
                    "moved_out_customer_cnt": len((then & now.keys()) - own),
                    "growth_rate": rate(len(own) - len(then), len(then)),
                    "churn_rate": rate(len(gone), len(then)),
                    "retention_rate": rate(len(then) - len(gone), len(then)),
                }
            found[org, month] = of
        before = now
    return found
