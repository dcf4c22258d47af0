"""Delinquency, results of investments and what falls due (6.4), from the extracts."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import is_open, parts
from tests.reference.hostile.told import Row, Told, rate, rounded

STAGES = [
    (0, "current"),
    (1, "m1"),
    (31, "m2"),
    (61, "m3"),
    (91, "m4"),
    (121, "m5"),
    (151, "m6"),
    (181, "m7_plus"),
]
Loans = dict[str, tuple[str, str, str, int, Decimal, Row]]


def stage_of(days_past_due: int) -> int:
    """Order of the stage."""
    return sum(days_past_due >= since for since, _ in STAGES) - 1


def loans_on(told: Told, day: date) -> Loans:
    """Org, class, five-class category, stage and CNY owed of every loan that is owed."""
    loans = told.by_key("loan", day)
    found: Loans = {}
    for row in told.rows("loan_balance", day):
        loan = loans[row["loan_id"]]
        owed = rounded(Fraction(row["balance"]) * told.mid_rate(loan["currency"], day))
        if row["balance"] > 0 or row["overdue_principal"] or row["overdue_interest"]:
            place = (
                loan["org_id"],
                loan["loan_class"],
                row["five_class"],
                stage_of(row["days_past_due"] or 0),
            )
            found[row["loan_id"]] = (*place, owed, row | {"currency": loan["currency"]})
    return found


def exactly(told: Told, loan: tuple[str, str, str, int, Decimal, Row], day: date) -> Fraction:
    """CNY owed on a loan, not rounded: a customer's total is rounded once."""
    return Fraction(loan[5]["balance"]) * told.mid_rate(loan[5]["currency"], day)


def owed_by_customer(told: Told, day: date) -> dict[str, Fraction]:
    """CNY owed by every customer on loans, not rounded."""
    loans = told.by_key("loan", day)
    owed: dict[str, Fraction] = defaultdict(Fraction)
    for number, one in loans_on(told, day).items():
        owed[loans[number]["customer_id"]] += exactly(told, one, day)
    return owed


def delinquency(told: Told) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of ``rpt_delinquency_monthly`` by org, class, category, stage and month."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    before: Loans = {}
    for month, day in told.months():
        now = loans_on(told, day)
        base: dict[tuple[str, str, int], list[Decimal]] = defaultdict(list)
        for org, kind, _, stage, owed, _ in before.values():
            base[org, kind, stage + 1].append(owed)
        groups: dict[tuple[str, str, str, int], list[str]] = defaultdict(list)
        for number, (org, kind, five, stage, _, _) in now.items():
            groups[org, kind, five, stage].append(number)
        for (org, kind, five, stage), numbers in groups.items():
            rolled = [n for n in numbers if n in before and before[n][3] == stage - 1]
            came_from = base[org, kind, stage]
            overdue = [
                [
                    rounded(Fraction(now[n][5][part] or 0) * told.mid_rate(now[n][5]["currency"], day))
                    for n in numbers
                ]
                for part in ("overdue_principal", "overdue_interest")
            ]
            rolled_amt = sum((before[n][4] for n in rolled), Decimal(0))
            found[org, kind, five, STAGES[stage][1], month] = {
                "loan_cnt": len(numbers),
                "balance_amt": sum(now[n][4] for n in numbers),
                "overdue_principal_amt": sum(overdue[0]),
                "overdue_interest_amt": sum(overdue[1]),
                "rolled_cnt": len(rolled),
                "roll_base_cnt": len(came_from),
                "roll_rate": rate(len(rolled), len(came_from)),
                "rolled_amt": rolled_amt,
                "roll_base_amt": sum(came_from, Decimal(0)),
                "roll_amt_rate": rate(rolled_amt, sum(came_from)) if came_from else None,
                "cured_cnt": sum(n in before and before[n][3] > stage for n in numbers),
            }
        before = now
    return found


# investments

Position = tuple[str, str]


def _positions(told: Told, day: date) -> dict[Position, Row]:
    """What is told of each position of an open account, with its account."""
    accounts = told.by_key("account", day)
    return {
        (row["account_id"], row["product_code"]): row | {"account": accounts[row["account_id"]]}
        for row in told.rows("investment_position", day)
        if is_open(accounts[row["account_id"]], day)
    }


def flow(before: Row | None, now: Row | None) -> Fraction | None:
    """What was bought (above 0) or sold between two nights, in the account's currency; None if not told."""
    costs = [row["cost_amount"] if row else Decimal(0) for row in (before, now)]
    if None not in costs:
        return Fraction(costs[1]) - Fraction(costs[0])
    units = [row["units"] if row else Decimal(0) for row in (before, now)]
    if None in units:
        return None
    valued = before if before and before["units"] else now
    if valued is None or not valued["units"]:
        return Fraction(0) if units[0] == units[1] else None
    return (
        (Fraction(units[1]) - Fraction(units[0]))
        * Fraction(valued["market_value"])
        / Fraction(valued["units"])
    )


def investment_results(told: Told) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``rpt_investment_result_monthly`` by customer, line and month."""
    found = {}
    opening_day, opening = told.nights[0].day, told.nights[0].day
    for month, last in told.months():
        days = [night.day for night in told.nights if opening < night.day <= last and night.day >= month]
        if last > opening and last not in days:
            days.append(last)
        values: dict[tuple[str, str], dict[str, Any]] = defaultdict(
            lambda: {"opening": Decimal(0), "closing": Decimal(0), "flows": [], "unknown": False}
        )
        for kind, day in (("opening", opening), ("closing", last)):
            products = told.by_key("product", day)
            for customer, product, held, _, _, amount in parts(told, day):
                if held == "investment":
                    values[customer, products[product]["product_line"]][kind] += rounded(amount)
        previous = opening
        for day in days:
            old, new = _positions(told, previous), _positions(told, day)
            products = told.by_key("product", day)
            for key in old.keys() | new.keys():
                account = (new.get(key) or old[key])["account"]
                moved = flow(old.get(key), new.get(key))
                for customer, share in told.shares(account, day).items():
                    of = values[customer, products[key[1]]["product_line"]]
                    if moved is None:
                        of["unknown"] = True
                    elif moved:
                        of["flows"].append(
                            (day, rounded(moved * share * told.mid_rate(account["currency"], day)))
                        )
            previous = day
        found |= _month(month, opening_day, last, values)
        opening_day = opening = last
    return found


def _month(
    month: date, opening_day: date, last: date, values: dict[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str, date], dict[str, Any]]:
    days = (last - opening_day).days
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for (customer, _), of in values.items():
        whole[customer] += of["closing"]
    found = {}
    for (customer, line), of in values.items():
        known = not of["unknown"]
        bought = sum((amount for _, amount in of["flows"] if amount > 0), Decimal(0)) if known else None
        sold = -sum((amount for _, amount in of["flows"] if amount < 0), Decimal(0)) if known else None
        result = (
            of["closing"] - of["opening"] - bought + sold if bought is not None and sold is not None else None
        )
        # in a month of no days nothing has flowed
        capital = Fraction(of["opening"]) + sum(
            (Fraction(amount) * (days - (day - opening_day).days) / days for day, amount in of["flows"]),
            Fraction(0),
        )
        found[customer, line, month] = {
            "opening_date": opening_day,
            "opening_amt": of["opening"],
            "bought_amt": bought,
            "sold_amt": sold,
            "closing_amt": of["closing"],
            "result_amt": result,
            "return_rate": rate(result, capital) if result is not None and capital > 0 else None,
            "allocation_share": rate(of["closing"], whole[customer]),
            "day_cnt": days,
        }
    return found
