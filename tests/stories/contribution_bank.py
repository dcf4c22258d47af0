"""The bank of contribution: a dozen accounts to be computed by hand, a flood of deposits, a random crowd.

Six nights, months apart: 1 January 2026 (initial load), the 15th of February, May, August and November, and
31 December. The calendar calls the days between holidays, so each balance holds until the next night.
"""

from datetime import date, timedelta
from random import Random

from tests.support.bank import Bank

JAN_1, FEB_15, MAY_15, AUG_15, NOV_15, DEC_31 = (
    date(2026, 1, 1), date(2026, 2, 15), date(2026, 5, 15), date(2026, 8, 15), date(2026, 11, 15),
    date(2026, 12, 31),
)  # fmt: skip
NIGHTS = [JAN_1, FEB_15, MAY_15, AUG_15, NOV_15, DEC_31]
MONTHS = [date(2026, month, 1) for month in range(1, 13)]
JANUARY, FEBRUARY, MARCH = MONTHS[:3]
BILLION = 1_000_000_000
CROWD = 30


def contribution_bank() -> Bank:
    """Everybody of the stories in one bank."""
    bank = Bank(list(NIGHTS))
    _prices(bank)
    _dozen(bank)
    _costs_and_fees(bank)
    _managers(bank)
    _flood(bank)
    _crowd(bank, Random(6))
    return bank


def _prices(bank: Bank) -> None:
    books = bank.books
    quoted = date(2025, 12, 31)
    books.quote("C1", quoted, d0="0.01", d30="0.012", d365="0.02", d3650="0.03")
    books.quote("C1", FEB_15, d0="0.011", d30="0.013", d365="0.021", d3650="0.031")
    books.quote("USD", quoted, d0="0.04", d180="0.044")
    books.quote("FLAT", quoted, d0="0.025")
    bank.rate("USD", "7.0", on=JAN_1)
    bank.rate("USD", "7.2", on=FEB_15)
    books.product("TERM", "deposit", day_count=365)
    books.product("LEND", "loan", day_count=360)
    books.product("DOLLAR", "deposit", day_count=360, currency="USD", ftp_curve_id="USD")
    books.product("FREE", "deposit", ftp_curve_id=None)
    books.product("FLOOD", "deposit", ftp_curve_id="FLAT")
    books.product("CARD", "loan", sales_product_code="credit_card")
    books.product("SMS", "channel", ftp_curve_id=None)
    for org, level, parent in (("O3", "outlet", "HQ"), ("B9", "branch", "HQ"), ("O9", "outlet", "B9")):
        books.orgs.append(
            {"org_id": org, "org_name": org, "org_level": level, "parent_org_id": parent}
        )  # fmt: skip
    for employee, org in (("E2", "O2"), ("E3", "O2")):
        books.employees.append(
            {"employee_id": employee, "employee_name": employee, "org_id": org,
             "post": "relationship_manager", "status": "active"}
        )  # fmt: skip


def _dozen(bank: Bank) -> None:
    an = bank.customer("an", org="O1")
    an.account(product="TERM").holds(10_000_000, since=JAN_1).bears("0.015", until=date(2027, 1, 1))
    bo = bank.customer("bo", org="O2")
    bo.borrows(10_000_000, since=JAN_1, org="O2").bears("0.06", until=JAN_1 + timedelta(3650), product="LEND")
    cui = bank.customer("cui", org="O1")
    cui.account().holds(100_000, since=JAN_1).holds(250_000, since=FEB_15).bears("0.0035")
    dan = bank.customer("dan", org="O2")
    dan.account(product="DOLLAR", currency="USD").holds(20_000, since=JAN_1).bears("0.001")
    eva = bank.customer("eva", org="O9")
    eva.account(product="TERM", opened=FEB_15).holds(30_000, since=FEB_15).bears(
        "0.014", until=FEB_15 + timedelta(180)
    )
    fei = bank.customer("fei", org="O9")
    fei.account(product="FREE").holds(50_000, since=JAN_1).bears("0.02")
    gu, hong = bank.customer("gu", org="O1"), bank.customer("hong", org="O1")
    gu.holds("33333.33").bears("0.0035").shared({"gu": "0.7", "hong": "0.3"}, since=JAN_1)
    funds = hong.account(product="FUND")
    funds.holds(5_000, since=JAN_1).holds(300, since=JAN_1, product="HALF")
    ivy = bank.customer("ivy", org="O1")
    ivy.card(issued=JAN_1, org="O1").owes(8_000, since=JAN_1)
    jun = bank.customer("jun", org="O9")
    jun.holds(70_000).bears("0.0035").closes(date(2026, 2, 20))
    bank.customer("ko", org="O1")


def _costs_and_fees(bank: Bank) -> None:
    books = bank.books
    books.pool("P1", "O1", FEBRUARY, "100.00", "accounts", on=FEB_15)
    books.pool("P2", "O2", FEBRUARY, "50.00", "balances", on=FEB_15)
    books.pool("P9", "B9", FEBRUARY, "77.77", "customers", on=FEB_15)
    # nothing moves in March: spread over accounts
    books.pool("P1", "O1", MARCH, "9.99", "transactions", on=MAY_15)
    books.pool("P3", "O3", FEBRUARY, "12345.67", "transactions", on=FEB_15)
    books.pool("P4", "O3", FEBRUARY, "543.21", "customers", on=FEB_15)
    # December's costs come in December; those of January too late for January
    books.pool("P3", "O3", JANUARY, "1000.01", "balances", on=MAY_15)
    books.pool("P3", "O3", date(2026, 12, 1), "2000.00", "balances", on=DEC_31)
    books.fee("ko", "SMS", "O1", FEB_15, "12.00", "2.00")
    books.fee("ko", "SMS", "O2", FEB_15, "5.00", "0.50")
    # of a day in January, which was closed before: it counts in the month that is running when it comes
    books.fee("an", "SMS", "O1", date(2026, 1, 10), "3.00")
    books.events["fee_income"][-1] = (MAY_15, books.events["fee_income"][-1][1])
    books.risk("bo-L1", JANUARY, "0.01", "0.45", "10000000", "0.08", on=FEB_15)
    books.risk("bo-L1", MARCH, "0.02", "0.45", "10000000", on=MAY_15)


def _managers(bank: Bank) -> None:
    books = bank.books
    books.assign("an", "E1", "O1", "1", JAN_1)
    books.assign("bo", "E1", "O1", "1", JAN_1, date(2026, 2, 11))
    books.assign("bo", "E2", "O2", "0.6", date(2026, 2, 11))
    books.assign("bo", "E3", "O2", "0.4", date(2026, 2, 11))
    books.assign("cui", "E1", "O1", "0.5", FEB_15)
    books.assign("cui", "E3", "O2", "0.5", FEB_15)


def _flood(bank: Bank) -> None:
    """60 billion that are there all year, and 60 billion that arrive evenly through it."""
    lake = bank.customer("lake", org="O3")
    lake.account(product="FLOOD").holds(60 * BILLION, since=JAN_1).bears("0.0125")
    river = bank.customer("river", org="O3")
    account = river.account(product="FLOOD").holds(0, since=JAN_1).bears("0.0125")
    for quarter, night in enumerate((FEB_15, MAY_15, AUG_15, NOV_15), 1):
        account.holds(15 * quarter * BILLION, since=night)


def _crowd(bank: Bank, dice: Random) -> None:
    """Customers whose accounts, loans, fees and managers are drawn: what nobody thought of."""
    for number in range(CROWD):
        customer = bank.customer(f"x{number:02}", org="O3")
        for _ in range(dice.randint(0, 2)):
            opened = dice.choice(NIGHTS[:4])
            account = customer.account(product=dice.choice(["CURRENT", "TERM"]), opened=opened)
            account.bears(
                f"0.0{dice.randint(10, 299):03}",
                until=opened + timedelta(dice.randint(10, 2000)) if dice.random() < 0.5 else None,
            )
            for night in NIGHTS:
                if night >= opened and dice.random() < 0.6:
                    account.holds(f"{dice.randint(0, 10**9)}e-2", since=night)
            if dice.random() < 0.2:
                account.closes(opened + timedelta(dice.randint(1, 200)))
            for night in NIGHTS[1:]:
                bank.books.move(account.account_id, night, dice.randint(0, 3)) if night >= opened else None
            if dice.random() < 0.3:
                account.shared({customer.customer_id: "0.333333", "gu": "0.666667"}, since=JAN_1)
        if dice.random() < 0.4:
            loan = customer.borrows(f"{dice.randint(1, 10**9)}e-2", since=JAN_1, org="O3")
            loan.bears("0.0475", until=JAN_1 + timedelta(dice.randint(30, 5000)), product="LEND")
            bank.books.risk(
                loan.loan_id, JANUARY, f"0.00{dice.randint(1, 99):02}", "0.45",
                f"{dice.randint(1, 10**9)}e-2", on=JAN_1,
            )  # fmt: skip
        if dice.random() < 0.5:
            night = dice.choice(NIGHTS)
            bank.books.fee(
                customer.customer_id, "SMS", dice.choice(["O1", "O3"]), night, f"{dice.randint(1, 9999)}e-2"
            )
        if dice.random() < 0.5:
            since, share = dice.choice(NIGHTS), dice.randint(1, 99)
            bank.books.assign(customer.customer_id, "E2", "O2", f"0.{share:02}", since)
            bank.books.assign(customer.customer_id, "E3", "O2", f"0.{100 - share:02}", since)
