"""Investment results, rates, delinquency and maturities over small banks, with the arithmetic beside them."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

Row = dict[str, Any]
D = Decimal


def positions(bank: Bank, told: dict[date, tuple[str, str | None, str | None]]) -> MemoryNights:
    """Nights on which C1's one position is told as (value, units, cost)."""
    bank.customer("C1", opened=date(2026, 1, 1)).invests(1, since=date(2026, 1, 1))
    nights = MemoryNights(["rpt_investment_result_monthly"])
    for delivery in bank.deliveries():
        rows = delivery.tables["investment_position"]
        value, units, cost = told.get(delivery.business_date, (None, None, None))
        if value is None:
            rows.clear()
        for row in rows:
            row |= {
                "market_value": D(value or 0),
                "units": D(units) if units else None,
                "cost_amount": D(cost) if cost else None,
            }
        nights.run(delivery)
    return nights


def result(nights: MemoryNights, month: int) -> Row:
    (row,) = nights.query(
        "select * from customer.rpt_investment_result_monthly where month(month_start_date) = ?", month
    )
    return row


def test_what_was_bought_is_no_result_and_counts_for_its_days() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 7), date(2026, 2, 28)])
    told = {
        date(2026, 1, 31): ("1000", None, "900"),
        date(2026, 2, 7): ("1500", None, "1380"),
        date(2026, 2, 28): ("1530", None, "1380"),
    }
    row = result(positions(bank, told), 2)

    assert (row["opening_amt"], row["bought_amt"], row["sold_amt"]) == (D("1000.00"), D("480.00"), D("0.00"))
    assert (row["closing_amt"], row["result_amt"], row["day_cnt"]) == (D("1530.00"), D("50.00"), 28)
    # 50 / (1000 + 480 × 21 / 28) = 50 / 1360
    assert row["return_rate"] == D("0.036765")
    assert row["allocation_share"] == D("1.000000")


def test_without_costs_units_at_their_last_value_tell_what_was_sold() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 14), date(2026, 2, 28)])
    told = {
        date(2026, 1, 31): ("1000", "100", None),
        # 40 of 100 units at 10.00 sold; the other 60 are worth 11.00
        date(2026, 2, 14): ("660", "60", None),
        date(2026, 2, 28): ("720", "60", None),
    }
    row = result(positions(bank, told), 2)

    assert (row["bought_amt"], row["sold_amt"], row["result_amt"]) == (D("0.00"), D("400.00"), D("120.00"))
    # 120 / (1000 − 400 × 14 / 28)
    assert row["return_rate"] == D("0.150000")


def test_without_costs_and_units_the_result_is_not_known() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 28)])
    told = {date(2026, 1, 31): ("1000", None, None), date(2026, 2, 28): ("1100", None, None)}
    row = result(positions(bank, told), 2)
    assert [row[f"{name}_amt"] for name in ("opening", "closing")] == [D("1000.00"), D("1100.00")]
    assert [row[name] for name in ("bought_amt", "sold_amt", "result_amt", "return_rate")] == [None] * 4


def test_a_position_that_is_sold_and_bought_again_begins_at_nothing() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 16), date(2026, 3, 31)])
    told = {date(2026, 1, 31): ("1000", None, "800"), date(2026, 3, 16): ("500", None, "490")}
    nights = positions(bank, told | {date(2026, 3, 31): ("510", None, "490")})
    february, march = result(nights, 2), result(nights, 3)
    # sold at its cost: what it had earned before shows as a loss of 200 in the month
    assert (february["sold_amt"], february["closing_amt"], february["result_amt"]) == (D(800), D(0), D(-200))
    # 20 / (490 × 15 / 31)
    assert (march["opening_amt"], march["bought_amt"], march["result_amt"]) == (D(0), D(490), D(20))
    assert march["return_rate"] == D("0.084354")


def test_a_foreign_position_that_is_gone_was_sold_at_the_rate_of_its_night() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 14), date(2026, 2, 28)])
    for day, rate in ((date(2026, 1, 31), "7"), (date(2026, 2, 14), "8"), (date(2026, 2, 28), "9")):
        bank.rate("USD", rate, on=day)
    customer = bank.customer("C1", opened=date(2026, 1, 1))
    account = customer.account(product="FUND", currency="USD", opened=date(2026, 1, 1))
    account.holds(100, since=date(2026, 1, 1)).closes(date(2026, 2, 14))
    nights = MemoryNights(["rpt_investment_result_monthly"])
    for delivery in bank.deliveries():
        for row in delivery.tables["investment_position"]:
            row["cost_amount"] = D(100)
        nights.run(delivery)

    row = result(nights, 2)
    # 100 dollars were worth 700, and were sold at 8 each
    assert (row["opening_amt"], row["sold_amt"], row["closing_amt"]) == (D(700), D(800), D(0))
    assert row["result_amt"] == D(100)


def test_concessions_are_interest_above_the_list_on_deposits_and_below_it_on_loans() -> None:
    bank = Bank([date(2026, 1, 31)])
    bank.books.product("1102", "deposit", day_count=365)
    bank.books.product("4001", "loan", day_count=360)
    account = bank.customer("C1", opened=date(2026, 1, 1)).account(product="1102", opened=date(2026, 1, 1))
    account.holds(365_000, since=date(2026, 1, 1)).bears("0.025")
    loan = bank.customer("C2", opened=date(2026, 1, 1)).borrows(360_000, since=date(2026, 1, 1))
    loan.bears("0.04", until=date(2046, 1, 1), product="4001")

    nights = MemoryNights(["rpt_rate_concession_monthly"]).run_all(bank)

    rows = {
        row["product_code"]: row for row in nights.query("select * from customer.rpt_rate_concession_monthly")
    }
    deposit, lent = rows["1102"], rows["4001"]
    assert (deposit["customer_rate"], deposit["list_rate"]) == (D("0.025"), D("0.022"))
    # 365,000 × 0.003 / 365 on 31 days; the loan is told on the last day alone: 360,000 × 0.003 / 360
    assert deposit["concession_amt"] == 31 * 3
    assert (lent["customer_rate"], lent["list_rate"]) == (D("0.04"), D("0.043"))
    assert lent["concession_amt"] == 3


def test_loans_roll_from_stage_to_stage() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 28)])
    past_due = {"A": (10, 40), "B": (15, 0), "C": (20, None), "D": (0, 5), "E": (0, 0)}
    for name in past_due:
        loan = bank.customer(name, opened=date(2025, 1, 1)).borrows(100, since=date(2025, 1, 1))
        if name == "C":
            loan.repaid(date(2026, 2, 20))
    nights = MemoryNights(["rpt_delinquency_monthly"])
    for index, delivery in enumerate(bank.deliveries()):
        for row in delivery.tables["loan_balance"]:
            row["days_past_due"] = past_due[row["loan_id"][0]][index]
            row["overdue_principal"] = D(row["days_past_due"])
        nights.run(delivery)

    rows = nights.query(
        "select * from customer.rpt_delinquency_monthly"
        " where month_start_date = '2026-02-01' order by stage_code"
    )
    # of three in the first stage one rolled on, one was cured, one repaid; of two without arrears one rolled
    assert [
        (
            row["stage_code"],
            row["loan_cnt"],
            row["rolled_cnt"],
            row["roll_base_cnt"],
            row["roll_rate"],
            row["cured_cnt"],
        )
        for row in rows
    ] == [
        ("current", 2, 0, 0, None, 1),
        ("m1", 1, 1, 2, D("0.500000"), 0),
        ("m2", 1, 1, 3, D("0.333333"), 0),
    ]
    assert [row["overdue_principal_amt"] for row in rows] == [D(0), D(5), D(40)]


def test_what_falls_due_is_told_by_week_and_what_is_left_of_it_afterwards() -> None:
    # a Wednesday, a Thursday and the Monday after
    bank = Bank([date(2026, 1, 28), date(2026, 1, 29), date(2026, 2, 2)])
    keeps = bank.customer("KEEPS", opened=date(2025, 1, 1))
    keeps.account(opened=date(2025, 1, 1)).holds(100, since=date(2025, 1, 1)).holds(
        1100, since=date(2026, 1, 29)
    )
    term = keeps.account(opened=date(2025, 1, 1)).holds(1000, since=date(2025, 1, 1))
    term.bears("0.02", until=date(2026, 1, 29)).closes(date(2026, 1, 29))
    takes = bank.customer("TAKES", opened=date(2025, 1, 1))
    takes.account(opened=date(2025, 1, 1)).holds(50, since=date(2025, 1, 1)).holds(
        350, since=date(2026, 1, 29)
    )
    other = takes.account(opened=date(2025, 1, 1)).holds(400, since=date(2025, 1, 1))
    other.bears("0.02", until=date(2026, 1, 29)).closes(date(2026, 1, 29))
    later = keeps.account(opened=date(2025, 1, 1)).holds(7, since=date(2025, 1, 1))
    later.bears("0.02", until=date(2026, 2, 4))
    far = keeps.account(opened=date(2025, 1, 1)).holds(7, since=date(2025, 1, 1))
    far.bears("0.02", until=date(2026, 6, 1))
    nights = MemoryNights(["rpt_maturity_calendar"])
    seen = []
    for delivery in bank.deliveries():
        nights.run(delivery)
        seen.append(nights.query("select * from customer.rpt_maturity_calendar order by due_week_date"))

    names = ("account_cnt", "due_amt", "customer_cnt", "matured_amt", "retained_amt", "retention_rate")
    first, _, last = (
        [(row["due_week_date"], *(row[name] for name in names)) for row in rows] for rows in seen
    )
    this_week, next_week = date(2026, 1, 26), date(2026, 2, 2)
    assert first == [
        (this_week, 2, D("1400.00"), 2, D(0), D(0), None),
        (next_week, 1, D("7.00"), 1, D(0), D(0), None),
    ]
    # KEEPS has all of 1,000.00 still, TAKES 300.00 of 400.00
    assert last == [
        (this_week, 0, D(0), 0, D("1400.00"), D("1300.00"), D("0.928571")),
        (next_week, 1, D("7.00"), 1, D(0), D(0), None),
    ]


def test_the_first_month_begins_with_the_first_night_for_what_is_bought_later_too() -> None:
    bank = Bank([date(2026, 3, 10), date(2026, 3, 20), date(2026, 3, 31)])
    customer = bank.customer("C1", opened=date(2026, 1, 1))
    customer.invests(1000, since=date(2026, 1, 1))
    bought = customer.invests(1000, since=date(2026, 3, 20)).holds(1100, since=date(2026, 3, 31))
    nights = MemoryNights(["rpt_investment_result_monthly"])
    for delivery in bank.deliveries():
        for row in delivery.tables["investment_position"]:
            row |= {"units": None, "cost_amount": D(1000)}
            assert row["account_id"] == bought.account_id or row["market_value"] == 1000
        nights.run(delivery)

    row = result(nights, 3)
    assert (row["opening_date"], row["day_cnt"]) == (date(2026, 3, 10), 21)
    assert (row["opening_amt"], row["bought_amt"], row["result_amt"]) == (D(1000), D(1000), D(100))
    # 100 / (1000 + 1000 × (21 − 10) / 21) = 2100 / 32000
    assert row["return_rate"] == D("0.065625")


def test_of_what_falls_due_on_one_night_each_owner_keeps_what_is_left_once() -> None:
    bank = Bank([date(2026, 1, 28), date(2026, 1, 29)])
    last = date(2026, 1, 29)
    joint = bank.customer("A", opened=date(2025, 1, 1)).account(opened=date(2025, 1, 1))
    bank.customer("B", opened=date(2025, 1, 1))
    joint.holds("1000.01", since=date(2025, 1, 1)).holds(0, since=last).bears("0.02", until=last)
    joint.shared({"A": "0.5", "B": "0.5"}, since=date(2025, 1, 1))
    keeps = bank.customer("KEEPS", opened=date(2025, 1, 1))
    for org, left in (("O1", 150), ("O2", 0)):
        account = keeps.account(opened=date(2025, 1, 1)).moves_to(org, on=date(2025, 1, 1))
        account.holds(100, since=date(2025, 1, 1)).holds(left, since=last).bears("0.02", until=last)

    first, second = bank.deliveries()
    nights = MemoryNights(["rpt_maturity_calendar"])
    nights.run(first)
    rows = nights.query("select * from customer.rpt_maturity_calendar order by org_id")
    # the joint account is one of O1's two, and due to both its owners
    assert [(row["account_cnt"], row["customer_cnt"], row["due_amt"]) for row in rows] == [
        (2, 3, D("1100.01")),
        (1, 1, D(100)),
    ]
    nights.run(second)
    rows = nights.query("select * from customer.rpt_maturity_calendar order by org_id")
    # nothing is left of the joint 1,000.01; of the 200.00 of KEEPS 150.00 are, half of it of each deposit
    names = ("org_id", "matured_account_cnt", "matured_amt", "retained_amt")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("O1", 2, D("1100.01"), D(75)),
        ("O2", 1, D(100), D(75)),
    ]


def test_a_loan_that_is_due_in_some_days_is_current() -> None:
    bank = Bank([date(2026, 1, 31)])
    bank.customer("C1", opened=date(2025, 1, 1)).borrows(1000, since=date(2025, 2, 1))
    delivery = bank.deliveries()[0]
    delivery.tables["loan_balance"][0]["days_past_due"] = -3
    nights = MemoryNights(["rpt_delinquency_monthly"])
    nights.run(delivery)
    (row,) = nights.query("select * from customer.rpt_delinquency_monthly")
    assert (row["stage_code"], row["loan_cnt"], row["balance_amt"]) == ("current", 1, D(1000))


def test_what_is_owed_in_a_foreign_currency_is_rounded_once() -> None:
    bank = Bank([date(2026, 1, 31)])
    bank.rate("USD", "1.5", on=date(2026, 1, 31))
    customer = bank.customer("C1", opened=date(2025, 1, 1))
    for loan_class in ("mortgage", "mortgage", "unsecured"):
        customer.borrows("0.01", since=date(2026, 1, 31), loan_class=loan_class, currency="USD")
    nights = MemoryNights(["int_customer__liability", "fct_customer_assets"]).run_all(bank)

    (row,) = nights.query("select * from intermediate.int_customer__liability")
    # 0.045 in all, 0.03 of them mortgages: not 0.02 for each loan
    assert (row["loan_amt"], row["mortgage_amt"]) == (D("0.05"), D("0.03"))
    (assets,) = nights.query("select * from monitoring.fct_customer_assets")
    assert assets["loan_amt"] == row["loan_amt"]
