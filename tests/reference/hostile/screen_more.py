"""More columns of ``dim_customer_360`` (6.2): channels, arrears, spending, payments outside, other tables."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.channels import band
from tests.reference.hostile.holdings import is_open
from tests.reference.hostile.labels import paid
from tests.reference.hostile.of_year import of_year
from tests.reference.hostile.products import loans_on
from tests.reference.hostile.screen import codes, standing
from tests.reference.hostile.told import Row, Told, rate, rounded
from tests.support.timeline import add_months, month_start

USED = timedelta(30)


def more(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """The columns by customer, from the extracts alone."""
    day = told.last
    salaries, spent, passed = paid(told, day), spending(told, day), outside(told, day)
    found = {}
    for row in told.rows("customer", day):
        customer = row["customer_id"]
        is_person = row["customer_type"] == "P"
        of = (
            {
                "gender_code": row["gender"],
                "age_band_code": band(row, day) if is_person else None,
                "region_code": row["region_code"],
                "occupation_code": row["occupation_code"],
                "education_code": row["education_code"],
                "income_band_code": row["income_band"],
                "industry_code": row["industry_code"],
                "acquisition_source_code": row["acquisition_source"],
                "risk_level_code": row["risk_level"],
                "is_payroll": len({month_start(when) for when, _ in salaries.get(customer, [])}) >= 3,
                "outside_in_3m_amt": passed[customer, "in"],
                "outside_out_3m_amt": passed[customer, "out"],
                "card_spend_3m_amt": spent[customer, 3],
                "card_spend_12m_amt": spent[customer, 12],
                "largest_line_share": largest(told, customer, day),
            }
            | _owed(told, customer, day)
            | _channels(told, customer, day)
        )
        found[(customer,)] = of
    return found


def _owed(told: Told, customer: str, day: date) -> dict[str, Any]:
    of_all = told.by_key("loan", day)
    own = {
        number: one
        for number, one in loans_on(told, day).items()
        if of_all[number]["customer_id"] == customer
    }
    overdue = sum(
        (
            (Fraction(one[5]["overdue_principal"] or 0) + Fraction(one[5]["overdue_interest"] or 0))
            * told.mid_rate(one[5]["currency"], day)
            for one in own.values()
        ),
        Fraction(0),
    )
    due = [
        (row["due_date"], (Fraction(row["due_principal"]) + Fraction(row["due_interest"]))
         * told.mid_rate(of_all[row["loan_id"]]["currency"], day))
        for row in told.rows("repayment_schedule", day)
        if row["loan_id"] in own and row["paid_date"] is None and row["due_date"] >= day
    ]  # fmt: skip
    first = min((when for when, _ in due), default=None)
    balances = told.by_key("card_balance", day)
    usable = [
        card
        for card in told.rows("card", day)
        if card["customer_id"] == customer
        and card["card_kind"] == "credit"
        and card["status"] != "cancelled"
        and card["expiry_date"] >= day
    ]
    used = sum((max(Decimal(0), balances[one["card_id"]]["balance"]) for one in usable), Decimal(0))
    limit = sum((one["credit_limit"] or Decimal(0) for one in usable), Decimal(0))
    late = [one[5]["days_past_due"] for one in own.values()]
    return {
        "overdue_amt": rounded(overdue),
        "past_due_days": max(late, default=0),
        "next_instalment_date": first,
        "next_instalment_amt": rounded(sum((a for when, a in due if when == first), Fraction(0)))
        if due
        else None,
        "card_limit_use_rate": rate(used, limit),
    }


def _channels(told: Told, customer: str, day: date) -> dict[str, Any]:
    signed = {
        row["channel_code"]
        for row in told.rows("channel_contract", day)
        if row["customer_id"] == customer
        and row["sign_date"] <= day
        and not (row["cancel_date"] and row["cancel_date"] <= day)
    }
    used = {
        row["channel_code"]
        for row in told.brought("channel_usage")
        if row["customer_id"] == customer
        and (row["logins"] or row["txns"])
        and day - USED < row["usage_date"] <= day
    }
    return {"contracted_channel_codes": codes(signed), "used_channel_codes": codes(used)}


def spending(told: Told, day: date) -> dict[tuple[str, int], Decimal]:
    """Consumption of credit cards in calendar months, by customer and months; reversals are taken off."""
    cards = told.by_key("card", day)
    rows = {row["txn_id"]: row for row in told.events("card_txn", day)}
    gone = {row["reversed_txn_id"] for row in rows.values() if row["reversed_txn_id"]}
    found: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for number, row in rows.items():
        card = cards[row["card_id"]]
        if card["card_kind"] != "credit" or not row["is_consumption"] or row["reversed_txn_id"]:
            continue
        for months in (3, 12):
            if number not in gone and row["txn_date"] >= add_months(month_start(day), 1 - months):
                found[card["customer_id"], months] += row["amount"]
    return found


def outside(told: Told, day: date) -> dict[tuple[str, str], Decimal]:
    """Payments from and to other banks of three calendar months, by customer and direction.

    Flow ``outside``: what is neither interest, fee, loan, bought, sold, cash, salary nor in the bank.
    A reversed pair counts nothing once the reversal is known.
    """
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    accounts = told.by_key("account", day)
    for known, row in standing(told, day):
        is_outside = not row["is_in_bank"] and row["txn_type"] in ("transfer", "other")
        if not is_outside or row["txn_date"] < add_months(month_start(day), -2):
            continue
        value = Fraction(row["amount"]) * told.mid_rate(row["currency"], known)
        for customer, share in told.shares(accounts[row["account_id"]], day).items():
            found[customer, row["direction"]] += rounded(value * share)
    return found


def largest(told: Told, customer: str, day: date) -> Decimal | None:
    """Share of AUM in the line with most of it."""
    accounts, products = told.by_key("account", day), told.by_key("product", day)
    lines: dict[str, Fraction] = defaultdict(Fraction)
    for table, column in (("deposit_balance", "balance"), ("investment_position", "market_value")):
        for row in told.rows(table, day):
            account = accounts[row["account_id"]]
            product = products[row.get("product_code", account["product_code"])]
            share = told.shares(account, day).get(customer)
            if share is None or not is_open(account, day) or not product["is_in_aum"] or row[column] <= 0:
                continue
            value = Fraction(row[column]) * told.mid_rate(account["currency"], day)
            weight = Fraction(product["aum_weight"]) if table == "investment_position" else Fraction(1)
            lines[product["product_line"]] += value * share * weight
    amounts = [rounded(amount) for amount in lines.values()]
    return rate(max(amounts), sum(amounts)) if sum(amounts) else None


def of_tables(
    told: Told, tiers: Iterable[Row], assets: Iterable[Row], bridge: Iterable[Row], earned: Iterable[Row]
) -> dict[tuple[str], dict[str, Any]]:
    """Columns that repeat what other tables say of a customer."""
    month = month_start(told.last)
    found: dict[tuple[str], dict[str, Any]] = defaultdict(dict)
    for row in tiers:
        if row["month_start_date"] == month:
            found[(row["customer_id"],)] |= {
                name: row[name]
                for name in (
                    "tier_code", "tier_rank", "status_code", "deciding_factor_code", "below_months",
                    "lost_tier_code",
                )
            }  # fmt: skip
    for row in assets:
        found[(row["customer_id"],)] |= {
            name: row[name]
            for name in ("aum_amt", "aum_change_day_amt", "aum_change_month_amt", "aum_change_year_amt")
        }
    for row in bridge:
        of = found[(row["customer_id"],)]
        if row["month_start_date"].year == month.year:
            of["net_new_money_year_amt"] = (
                of.get("net_new_money_year_amt", Decimal(0)) + row["net_new_money_amt"]
            )
        if row["month_start_date"] == month:
            of["net_new_money_month_amt"] = row["net_new_money_amt"]
    for (customer, one), worth in of_year(earned).items():
        if one == month:
            found[(customer,)] |= {
                "contribution_12m_amt": worth.total,
                "is_cost_centre": worth.total < 0,
            }
    return found
