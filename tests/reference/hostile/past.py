"""The hostile bank with a past, with plans for every indicator, and with an org tree and staff that change.

It changes batches that are made, from dice of its own, so that the bank of the other references stays what
it is.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from contract.model import load_contract
from tests.reference.hostile.bank import EMPLOYEES, ORGS
from tests.reference.hostile.front import PERIODS
from tests.reference.hostile.world import Row
from tests.support.bank import Delivery
from tests.support.timeline import add_months, days, month_end, month_start

D = Decimal
INDICATORS = [
    "aum_end", "aum_month_avg", "deposit_month_avg", "loan_balance", "new_customers",
    "tier_gold_up_customers", "lost_customers", "sales_amount", "fee_income", "contribution",
    "net_new_money", "corporate_deposit_avg", "opportunities_won_amt", "visits",
]  # fmt: skip
PAST_MONTHS = 40
"""Whole months before the running one that are told: three years, and some more."""

RICH_UNTIL = {1: date(2028, 1, 1), 2: date(2027, 10, 1)}

SOLD_AS = {
    "FUND": "fund", "EUROFUND": "fund", "TERM": "deposit", "HALF": "wealth_product", "SIGNED": "mobile_bank",
}  # fmt: skip

TURNED = date(2028, 3, 17)
"""The night that tells of another tree and of an employee at another org."""

LEFT = date(2028, 4, 6)
"""The night that tells that an employee has left."""


def with_a_past(deliveries: Iterable[Delivery], seed: int) -> list[Delivery]:
    """The batches of a bank that told months before it went live, and more plans."""
    dice = Random(seed + 2000)
    found = []
    for delivery in sorted(deliveries, key=lambda one: one.business_date):
        tables = {name: [dict(row) for row in rows] for name, rows in delivery.tables.items()}
        for row in tables["deposit_balance"]:
            row["balance"] *= size(row["account_id"])
        for row in tables["investment_position"]:
            row["market_value"] *= size(row["account_id"])
        loads = dict(delivery.loads)
        if not found:
            tables["monthly_balance_history"] = list(history(tables, delivery.business_date, dice))
            loads["monthly_balance_history"] = "append"
            tables["plan_target"] = list(plans(dice))
        elif delivery.business_date == date(2028, 2, 29):
            told = found[0].tables["plan_target"]
            tables["plan_target"] = [
                row | {"version": 2, "target_value": row["target_value"] + 100}
                for row in told
                if dice.random() < 0.3
            ]
        for row in tables["org"]:
            if row["org_id"] == "O3" and delivery.business_date >= TURNED:
                row["parent_org_id"] = "O2"
        for row in tables["product"]:
            row["sales_product_code"] = SOLD_AS.get(row["product_code"])
        for row in tables["sales_trade"]:
            number = int(row["trade_id"][2:])
            if number % 5 == 0:
                row |= {"product_code": "SIGNED", "amount": D(0)}
            if number % 2:
                row["teller_id"] = sorted(EMPLOYEES)[number // 2 % len(EMPLOYEES)]
        for row in tables["employee"]:
            if row["employee_id"] == "E2" and delivery.business_date >= TURNED:
                row["org_id"] = "O3"
            if row["employee_id"] == "E4" and delivery.business_date >= LEFT:
                row |= {"status": "left", "left_on": date(2028, 3, 30)}
        found.append(replace(delivery, tables=tables, loads=loads))
    return found


def size(account: str) -> int:
    """By how much what an account holds is more than at the other hostile bank."""
    return 20 if int(account[1:]) % 4 == 0 else 1


def history(tables: dict[str, list[Row]], night: date, dice: Random) -> Iterable[Row]:
    """Months before the first night, of every account that is there on it."""
    running = month_start(night)
    opened = {row["account_id"]: row["open_date"] for row in tables["account"]}
    held = [(row["account_id"], row["product_code"]) for row in tables["investment_position"]]
    products = {row["account_id"]: row["product_code"] for row in tables["account"]}
    held += [(row["account_id"], products[row["account_id"]]) for row in tables["deposit_balance"]]
    for account, product in sorted(held):
        amount = D(0)
        for back in range(PAST_MONTHS, -1, -1):
            month = add_months(running, -back)
            first = max(month, opened[account])
            last = month_end(month) if back else night - timedelta(1)
            if first > last:
                continue
            if dice.random() < 0.25 or not amount:
                amount = (
                    D(dice.choice([0, 4_000_000, 25_000_000, 60_000_000, dice.randint(1, 90_000_000)])) / 100
                )
            count = len(days(month, last))
            # many held more in autumn or summer: tiers under attention, and tiers lost
            more = 20 if month < RICH_UNTIL.get(int(account[1:]) % 3, month) else 1
            share = dice.choice([1, 1, 1, D("0.5")])
            yield {
                "account_id": account, "product_code": product, "balance_month": month,
                "month_end_balance": amount * more * size(account),
                "balance_sum": (amount * more * size(account) * count * share).quantize(D("0.01")),
                "day_count": count,
            }  # fmt: skip


def plans(dice: Random) -> Iterable[Row]:
    """Targets of all indicators, of the bank, its orgs and people, some of nothing and less."""
    columns = [column.name for column in load_contract().table("plan_target").columns]
    for scope, scope_id in [
        ("bank", "bank"),
        ("org", "HQ"),
        *(("org", org) for org in ORGS),
        *(("employee", employee) for employee in EMPLOYEES),
    ]:
        for indicator in INDICATORS:
            for period in PERIODS:
                if dice.random() < 0.55:
                    row: dict[str, Any] = dict.fromkeys(columns)
                    yield row | {
                        "scope_type": scope, "scope_id": scope_id, "indicator_code": indicator,
                        "period": period, "version": 1,
                        "target_value": dice.choice([
                            D(0), D(-5), D(dice.randint(100, 900)) / 100, D(dice.randint(1, 9_000_000)) / 100,
                            D(dice.randint(1, 9_000_000_000)) / 100,
                        ]),
                    }  # fmt: skip


def wrong(delivery: Delivery) -> Delivery:
    """A batch as it comes first: half of the balances, of what happened, and of the plans; other managers."""
    tables = {name: [dict(row) for row in rows] for name, rows in delivery.tables.items()}
    for row in tables["deposit_balance"]:
        row["balance"] = (row["balance"] / 2).quantize(D("0.01"))
    for name in ("visit", "opportunity", "plan_target", "sales_trade", "fee_income"):
        tables[name] = tables[name][::2]
    for row in tables["assignment"]:
        row["employee_id"] = "E2"
    return replace(delivery, tables=tables)
