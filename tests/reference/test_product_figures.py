"""Product figures of section 6.4 once more in plain Python, over small random banks."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights
from tests.support.people import Customer
from tests.support.timeline import add_months

NIGHTS = [date(2026, 1, 31), date(2026, 2, 15), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
START = date(2025, 10, 1)
INVESTED = {"FUND", "HALF", "OUTSIDE"}
MARTS = [
    "rpt_cross_sell_monthly",
    "rpt_product_penetration_monthly",
    "rpt_customer_kpi_monthly",
    "rpt_vintage_monthly",
    "rpt_line_org_matrix_monthly",
]


def random_bank(seed: int) -> Bank:
    """Customers who come, go, buy, sell and borrow at random."""
    dice = random.Random(seed)
    bank = Bank(NIGHTS, with_loan_history=True)
    months = [add_months(START, n) for n in range(7)]
    for number in range(14):
        opened = dice.choice(months[:6])
        customer = bank.customer(f"C{number:02}", opened=opened, org=dice.choice(["O1", "O2"]))
        for product in dice.sample(["CURRENT", "FUND", "HALF", "OUTSIDE", "OVERDRAFT"], dice.randint(0, 3)):
            account = customer.account(product=product, opened=opened)
            for month in [m for m in months if m >= opened]:
                if dice.random() < 0.6:
                    low = -500 if product == "OVERDRAFT" else 0
                    account.holds(dice.choice([0, 0, low, dice.randint(1, 900_000)]), since=month)
            if account.lines == {}:
                account.holds(0, since=opened)
        if dice.random() < 0.3:
            loan = customer.borrows(dice.randint(1, 99_999), since=opened)
            if dice.random() < 0.5:
                loan.repaid(dice.choice([m for m in months if m >= opened]) + timedelta(10))
        if dice.random() < 0.4:
            card = customer.card(issued=opened, expires=dice.choice([date(2026, 3, 10), date(2030, 1, 1)]))
            if dice.random() < 0.3:
                card.becomes("cancelled", on=date(2026, 3, 5))
        if dice.random() < 0.2:
            leaves = date(2026, 3, 20)
            if customer.first_open_date < leaves:
                customer.leaves(leaves)
    return bank


def month_end(month: date) -> date:
    return add_months(month, 1) - timedelta(1)


def balances(customer: Customer, day: date) -> dict[tuple[str, str], Decimal]:
    """What is held or owed by line and org, where it is above 0."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for account in customer.accounts:
        for line in account.lines.values():
            amount = line.at(day) or Decimal(0)
            if amount > 0:
                found["wealth" if account.product_code in INVESTED else "deposit", account.org_id] += amount
    for loan in customer.loans:
        if (owed := loan.owed.at(day) or Decimal(0)) > 0:
            found["loan", loan.org_id] += owed
    return found


def lines_held(customer: Customer, day: date) -> set[str]:
    """Product lines held on a day; a card's state of before the first night is not told."""
    lines = {line for line, _ in balances(customer, day)}
    for card in customer.cards:
        if card.issued <= day <= card.expires and card.status.at(max(day, NIGHTS[0])) == "valid":
            lines.add("card")
    return lines


def is_customer(customer: Customer, day: date) -> bool:
    return customer.first_open_date <= day and customer.status.at(max(day, NIGHTS[0])) == "active"


MONTHS = [add_months(START, n) for n in range(7)]


@pytest.fixture(scope="module", params=[3, 11])
def bank_and_nights(request: pytest.FixtureRequest) -> tuple[Bank, MemoryNights]:
    bank = random_bank(request.param)
    return bank, MemoryNights(MARTS).run_all(bank)


def recorded(bank: Bank) -> list[date]:
    """Months from the first one of which the initial load tells a balance, of an empty account, too."""
    first = min(line.first.replace(day=1) for a in bank.accounts for line in a.lines.values() if line.first)
    return [month for month in MONTHS if month >= first]


def test_lines_held_by_active_customers(bank_and_nights: tuple[Bank, MemoryNights]) -> None:
    bank, nights = bank_and_nights
    expected: dict[date, list[int]] = {}
    for month in recorded(bank):
        day = month_end(month)
        active = [c for c in bank.customers if is_customer(c, day) and (balances(c, day))]
        expected[month] = [len(active), sum(len(lines_held(c, day)) for c in active)]
    rows = nights.query(
        "select month_start_date as m, sum(active_customer_cnt) as a, sum(held_line_cnt) as l,"
        " sum(line_1_customer_cnt + 2 * line_2_customer_cnt + 3 * line_3_customer_cnt"
        " + 4 * line_4_plus_customer_cnt) as s"
        " from customer.rpt_cross_sell_monthly group by all"
    )  # fmt: skip
    found = {row["m"]: [row["a"], row["l"]] for row in rows}
    assert found == {month: values for month, values in expected.items() if values[0]}
    assert all(row["s"] == row["l"] for row in rows)


def test_holders_new_lost_and_won_back(bank_and_nights: tuple[Bank, MemoryNights]) -> None:
    bank, nights = bank_and_nights
    expected = []
    for line in ("card", "deposit", "loan", "wealth"):
        known = [
            m for m in recorded(bank) if any(line in lines_held(c, month_end(m)) for c in bank.customers)
        ]
        for month in [m for m in MONTHS if known and m >= known[0]]:
            counts = Counter[str]()
            for customer in bank.customers:
                now = line in lines_held(customer, month_end(month))
                earlier = [
                    m for m in MONTHS if known[0] <= m < month and line in lines_held(customer, month_end(m))
                ]
                # of the months before the records only openings are told
                if month == known[0] and month <= NIGHTS[0]:
                    before = ever = now and since(customer, line) < month
                else:
                    before, ever = add_months(month, -1) in earlier, bool(earlier)
                counts["holder"] += now
                counts["opening"] += before
                counts["new"] += now and not ever
                counts["won_back"] += now and ever and not before
                counts["lost"] += before and not now
            if counts["holder"] or counts["opening"]:
                names = ("holder", "opening", "new", "won_back", "lost")
                expected.append((line, month, *(counts[name] for name in names)))
    rows = nights.query(
        "select product_line_code, month_start_date, sum(holder_cnt) as h, sum(opening_holder_cnt) as o,"
        " sum(new_holder_cnt) as n, sum(won_back_cnt) as w, sum(lost_holder_cnt) as l"
        " from customer.rpt_product_penetration_monthly group by all order by 1, 2"
    )
    assert [tuple(row.values()) for row in rows] == expected
    # nobody is lost on the way
    assert all(row["o"] + row["n"] + row["w"] - row["l"] == row["h"] for row in rows)


def since(customer: Customer, line: str) -> date:
    """The opening of what is held of a line: a customer's all opened on one day."""
    return customer.first_open_date


def test_customers_add_up(bank_and_nights: tuple[Bank, MemoryNights]) -> None:
    bank, nights = bank_and_nights
    for month in [m for m in MONTHS if m >= date(2026, 1, 1)]:
        for org in ("O1", "O2"):
            rows = nights.query(
                "select * from customer.rpt_customer_kpi_monthly where month_start_date = ? and org_id = ?",
                month,
                org,
            )
            for row in rows:
                assert row["closing_customer_cnt"] == (
                    row["opening_customer_cnt"] + row["new_customer_cnt"] + row["moved_in_customer_cnt"]
                    - row["lost_customer_cnt"] - row["moved_out_customer_cnt"]
                )  # fmt: skip
        (total,) = nights.query(
            "select sum(closing_customer_cnt) as closing, sum(new_customer_cnt) as new,"
            " sum(lost_customer_cnt) as lost"
            " from customer.rpt_customer_kpi_monthly where month_start_date = ?",
            month,
        )
        day, before = month_end(month), month - timedelta(1)
        now = {c.customer_id for c in bank.customers if is_customer(c, day)}
        then = {c.customer_id for c in bank.customers if is_customer(c, before)}
        assert (total["closing"], total["new"], total["lost"]) == (len(now), len(now - then), len(then - now))


def test_cohorts_and_balances(bank_and_nights: tuple[Bank, MemoryNights]) -> None:
    bank, nights = bank_and_nights
    first = recorded(bank)[0]
    expected = {
        (cohort, month): (
            sum(1 for c in bank.customers if c.first_open_date == cohort),
            sum(
                1 for c in bank.customers if c.first_open_date == cohort and is_customer(c, month_end(month))
            ),
        )
        for cohort in MONTHS
        for month in MONTHS
        if first <= cohort <= month and any(c.first_open_date == cohort for c in bank.customers)
    }
    rows = nights.query("select * from customer.rpt_vintage_monthly")
    assert {
        (row["cohort_month_date"], row["month_start_date"]): (row["opened_cnt"], row["retained_cnt"])
        for row in rows
    } == expected

    kept: dict[tuple[str, str, date], Decimal] = defaultdict(Decimal)
    for month in recorded(bank):
        for customer in bank.customers:
            for (line, org), amount in balances(customer, month_end(month)).items():
                kept[line, org, month] += amount
    found = {
        (row["product_line_code"], row["org_id"], row["month_start_date"]): row["balance_amt"]
        for row in nights.query("select * from customer.rpt_line_org_matrix_monthly where balance_amt <> 0")
    }
    assert found == dict(kept)
