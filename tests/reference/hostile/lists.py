"""Lists by which managers work, and what became of large customers and of recommendations, in plain Python.

Tiers, assets and the sales ledger are read as published: they have references of their own.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.reference.hostile.answers import WINDOW as ANSWERED
from tests.reference.hostile.answers import live, median, reached
from tests.reference.hostile.cohorts import lines_on, owning_orgs
from tests.reference.hostile.indicators import managers
from tests.reference.hostile.pipeline import changes, counted_dates
from tests.reference.hostile.recommendations import recommendations
from tests.reference.hostile.told import Row, Told, bank_day, rate
from tests.support.timeline import add_months, month_end, month_start

THRESHOLDS = {
    "core": 10_000_000,
    "growth": 5_000_000,
    "platinum": 500_000,
    "gold": 200_000,
    "potential": 50_000,
}
WINDOW = {"core": 12, "growth": 12, "platinum": 6, "gold": 6, "potential": 6}
LARGE = {"core", "growth"}
COUNTED = {"cts_signup", "internet_bank", "mobile_bank", "sms_service", "phone_bank", "wealth_card",
           "private_bank_card", "licai_card", "credit_card"}  # fmt: skip
"""Sales products that rank by count: sign-ups, channels and cards."""


def lost_warnings(
    told: Told, tiers: Iterable[Row], assets: Iterable[Row]
) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``feed_lost_warning`` by customer: who is under attention in the running month."""
    day, month = told.last, month_start(told.last)
    closed = {row["customer_id"] for row in told.rows("customer", day) if row["status"] == "closed"}
    orgs, mine, seen = owning_orgs(told, day), managers(told, day, day), reached(told)
    sums = {row["customer_id"]: row for row in assets if row["month_start_date"] == month}
    found = {}
    for row in tiers:
        customer, tier = row["customer_id"], row["tier_code"]
        if row["month_start_date"] != month or row["status_code"] != "attention" or customer in closed:
            continue
        below, window = row["below_months"], WINDOW[tier]
        line, aum = Decimal(THRESHOLDS[tier]), row["assessment_aum_amt"]
        left = (month_end(month) - day).days
        asset = sums[customer]
        missing = line * (left + day.day) - asset["balance_sum_amt"] - asset["aum_end_amt"] * left
        top_up = None
        if left:
            exact = max(Fraction(0), Fraction(missing) / left)
            top_up = Decimal(-(-exact.numerator * 100 // exact.denominator)).scaleb(-2)
        found[(customer,)] = {
            "employee_id": mine.get(customer),
            "org_id": orgs[customer],
            "warning_code": "last_month" if below == window else "attention",
            "tier_code": tier,
            "business_date": day,
            "months_left": window + 1 - below,
            "loss_month_date": add_months(month, window + 1 - below),
            "last_contact_date": max((one for one in seen.get(customer, []) if one <= day), default=None),
            "below_months": below,
            "aum_amt": aum,
            "threshold_amt": line,
            "missing_amt": line - aum,
            "top_up_amt": top_up,
        }
    return found


def rankings(told: Told, ledger: Iterable[Row]) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of ``feed_ranking`` by employee and sales product, ``all`` for the sum."""
    month = month_start(told.last)
    staff = told.by_key("employee", told.last)
    sold: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for row in ledger:
        if month <= row["calendar_date"] <= told.last:
            amounts = [row[name] for name in ("sales_cnt", "credit_amt", "credit_fee_income_amt")]
            for product in (row["sales_product_code"], "all"):
                key = (row["employee_id"], product)
                sold[key] = [one + other for one, other in zip(sold[key], amounts, strict=True)]
    measure = {key: of[0] if key[1] in COUNTED else of[1] for key, of in sold.items()}

    def place(key: tuple[str, str], org: str | None) -> int:
        return 1 + sum(
            value > measure[key]
            for other, value in measure.items()
            if other[1] == key[1] and org in (None, staff[other[0]]["org_id"])
        )

    return {
        key: {
            "org_id": staff[key[0]]["org_id"],
            "measure_code": "count" if key[1] in COUNTED else "amount",
            "business_date": told.last,
            "month_start_date": month,
            "sales_cnt": of[0],
            "credit_amt": of[1],
            "credit_fee_income_amt": of[2],
            "rank_number": place(key, None),
            "rank_in_org_number": place(key, staff[key[0]]["org_id"]),
        }
        for key, of in sold.items()
    }


def growth(told: Told, tiers: Iterable[Row], assets: Iterable[Row]) -> dict[tuple[date, str], dict[str, Any]]:
    """Rows of ``rpt_concentration_growth`` by month and the tier of a large customer's first month."""
    rows = sorted(tiers, key=lambda row: row["month_start_date"])
    worth = {(row["customer_id"], row["month_start_date"]): row["aum_end_amt"] for row in assets}
    began: dict[str, Row] = {}
    reached_in: dict[str, date] = {}
    for row in rows:
        began.setdefault(row["customer_id"], row)
        if row["tier_code"] in LARGE:
            reached_in.setdefault(row["customer_id"], row["month_start_date"])
    found: dict[tuple[date, str], dict[str, Any]] = {}
    lived = dict(told.months())
    for month in sorted({row["month_start_date"] for row in rows}):
        day = lived.get(month, month_end(month))
        gone = (
            {row["customer_id"] for row in told.rows("customer", day) if row["status"] == "closed"}
            if month in lived
            else set()
        )
        large = {
            row["customer_id"] for row in rows
            if row["month_start_date"] == month
            and row["tier_code"] in LARGE
            and row["customer_id"] not in gone
        }  # fmt: skip
        groups: dict[str, list[str]] = defaultdict(list)
        for customer in large:
            groups[began[customer]["tier_code"]].append(customer)
        for tier, members in groups.items():
            took = [months_from(began[one]["month_start_date"], reached_in[one]) for one in members]
            found[month, tier] = {
                "first_reached_month_date": min(reached_in[one] for one in members),
                "last_reached_month_date": max(reached_in[one] for one in members),
                "customer_cnt": len(members),
                "customer_share": rate(len(members), len(large)),
                "aum_amt": sum((worth[one, month] for one in members), Decimal(0)),
                "grown_months_avg": rate(sum(took), len(took)),
                "at_once_cnt": sum(one == 0 for one in took),
                "within_12m_cnt": sum(0 < one <= 12 for one in took),
                "within_36m_cnt": sum(12 < one <= 36 for one in took),
                "later_cnt": sum(one > 36 for one in took),
                "is_provisional": day != month_end(month),
            }
    return found


def months_from(first: date, last: date) -> int:
    """Calendar months from one to another."""
    return (last.year - first.year) * 12 + last.month - first.month


def quality(batches: Iterable[Any], support: int, events: Iterable[Row]) -> dict[tuple[date], dict[str, Any]]:
    """Rows of ``rpt_recommendation_quality`` by the month in which something was bought.

    The lists of the first month are left out: what was held before the first night is in no extract.
    """
    batches, events = list(batches), list(events)
    told = Told(batches)
    months = told.months()
    found = {}
    for (_, before), (month, day) in pairwise(months[1:]):
        then = Told([one for one in batches if one.business_date <= before])
        lists: dict[str, list[str]] = defaultdict(list)
        known = [row for row in events if row["business_date"] <= then.last]
        for (customer, line), of in sorted(
            recommendations(then, support, known).items(), key=lambda one: one[1]["rank_number"]
        ):
            lists[customer].append(line)
            assert len(lists[customer]) == of["rank_number"]
        held, now = lines_on(told, before), lines_on(told, day)
        persons = {
            row["customer_id"] for row in told.rows("customer", before)
            if row["status"] != "closed" and row["customer_type"] == "P"
        }  # fmt: skip
        holders: dict[str, int] = defaultdict(int)
        for customer in persons:
            for line in held[customer]:
                holders[line] += 1
        popular = sorted(holders, key=lambda line: (-holders[line], line))
        bought = {customer: set(now[customer]) - set(held[customer]) for customer in lists}
        offered = {
            customer: [line for line in popular if line not in held[customer]][:3] for customer in lists
        }
        counts = {
            "buyer_cnt": sum(bool(bought[customer]) for customer in lists),
            **{
                f"{name}_at_{length}_cnt": sum(
                    bool(bought[customer] & set(of[customer][:length])) for customer in lists
                )
                for name, of in (("hit", lists), ("popular", offered))
                for length in (1, 3)
            },
        }
        if not lists:
            continue
        found[(month,)] = {
            "list_month_date": add_months(month, -1),
            "customer_cnt": len(lists),
            **counts,
            **{
                name.replace("_cnt", "_rate"): rate(count, len(lists))
                for name, count in counts.items()
                if "_at_" in name
            },
            "is_provisional": day != month_end(month),
        }
    return found


def diligence_of_office(told: Told) -> dict[tuple[str, date], dict[str, Any]]:
    """Contacts and opportunities of ``rpt_rm_diligence_monthly`` by employee and month."""
    found = {}
    contacts = counted_dates(told, "contact_log", "sent_at")
    ways = changes(told, told.last).values()
    for month, day in told.months():
        mine = managers(told, day, day)
        active = {row["customer_id"] for row in told.rows("customer", day) if row["status"] != "closed"}
        for employee, row in told.by_key("employee", day).items():
            opened = [way for way in ways if way[0][2]["owner_id"] == employee and month <= way[0][1] <= day]
            won = [
                way[-1][2] for way in ways
                if way[-1][2]["owner_id"] == employee
                and way[-1][2]["stage"] == "won"
                and month <= way[-1][1] <= day
            ]  # fmt: skip
            found[employee, month] = {
                "org_id": row["org_id"],
                "contact_cnt": sum(
                    one["delivered"]
                    and one["channel"] != "sms"
                    and month <= counted <= day
                    and mine.get(one["customer_id"]) == employee
                    and one["customer_id"] in active
                    for _, counted, one in contacts
                ),
                "opened_opportunity_cnt": len(opened),
                "won_opportunity_cnt": len(won),
                "won_opportunity_amt": sum((one["amount"] for one in won), Decimal(0)),
                "is_provisional": day != month_end(month),
            }
    return found


def reminders(told: Told, events: Iterable[Row]) -> dict[tuple[str, date], dict[str, Any]]:
    """Reminders of ``rpt_rm_diligence_monthly`` and what came of them within 14 days and the month.

    A month that is over stays as its own batches knew it.
    """
    standing = [row for row in live(events) if row["employee_id"]]
    found = {}
    for month, last in told.months():
        ways = changes(told, last)
        touched: dict[str, list[date]] = defaultdict(list)
        for table, column in (("contact_log", "sent_at"), ("visit", "visited_at")):
            for row in told.brought(table, last):
                if row.get("delivered", True):
                    touched[row["customer_id"]].append(bank_day(row[column]))
        for employee in told.by_key("employee", last):
            waits, own = [], []
            for event in standing:
                since = event["business_date"]
                if event["employee_id"] != employee or not month <= since <= last:
                    continue
                own.append(event)
                until = min(since + ANSWERED, last)
                days = [day for day in touched.get(event["customer_id"], []) if since <= day <= until]
                days += [
                    way[0][0] for way in ways.values()
                    if way[-1][2]["customer_id"] == event["customer_id"] and since <= way[0][0] <= until
                ]  # fmt: skip
                waits += [(min(days) - since).days] if days else []
            found[employee, month] = {
                "reminder_cnt": len(own),
                "answered_cnt": len(waits),
                "median_answer_days": median(waits),
            }
    return found
