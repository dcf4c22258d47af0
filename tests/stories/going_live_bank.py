"""A bank that goes live on 26 January: what the days before, a move, a merger and new shares do.

The initial load tells the days of January before it, of deposits and of loans; fees are recorded from the
first night on. On 10 February accounts move from outlet O1 to O2, outlet O4 is merged into O2, and shares
change. The night of 20 March ends February.
"""

from datetime import date

from tests.support.bank import Bank

JAN_26, FEB_10, MAR_20 = NIGHTS = [date(2026, 1, 26), date(2026, 2, 10), date(2026, 3, 20)]
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
LONG_AGO = date(2025, 12, 1)


def going_live_bank() -> Bank:
    """Everybody of the story."""
    bank = Bank(list(NIGHTS), with_loan_history=True)
    books = bank.books
    # no curve of before 10 January was ever delivered
    books.quote("C1", date(2026, 1, 10), d0="0.01", d30="0.012", d365="0.02", d3650="0.03")
    books.quote("C1", date(2026, 1, 20), d0="0.011", d30="0.013", d365="0.021", d3650="0.031")
    books.quote("C1", date(2026, 2, 18), d0="0.009", d30="0.013", d365="0.021", d3650="0.031")
    books.quote("USD", date(2026, 1, 1), d0="0.04", d180="0.044")
    bank.rate("USD", "7.0", on=date(2025, 12, 31))
    bank.rate("USD", "7.2", on=FEB_10)
    books.product("TERM", "deposit", day_count=365)
    books.product("LEND", "loan", day_count=360)
    books.product("DOLLAR", "deposit", day_count=360, currency="USD", ftp_curve_id="USD")
    books.product("SMS", "channel", ftp_curve_id=None)
    books.orgs.append({"org_id": "O4", "org_name": "O4", "org_level": "outlet", "parent_org_id": "HQ"})
    books.merge_org("O4", "O2", on=FEB_10)
    _accounts(bank)
    _loans(bank)
    _costs(bank)
    books.fee("ada", "SMS", "O1", FEB_10, "12.34", "1.00")
    return bank


def _accounts(bank: Bank) -> None:
    ada, ben = (bank.customer(name, opened=LONG_AGO, org="O1") for name in ("ada", "ben"))
    opened = date(2025, 6, 1)
    ada.account(product="TERM", opened=opened).holds(10_000_000, since=opened).bears(
        "0.015", until=date(2026, 6, 1)
    )
    opened = date(2026, 1, 15)
    ben.account(product="TERM", opened=opened).holds(20_000, since=opened).bears(
        "0.012", until=date(2026, 7, 14)
    )
    cleo, eve = bank.customer("cleo", opened=LONG_AGO), bank.customer("eve", opened=LONG_AGO, org="O2")
    for name in ("dan", "fay", "max"):
        bank.customer(name, opened=LONG_AGO)
    moved = cleo.account().holds("100000.01", since=LONG_AGO).holds("70000.10", since=JAN_26).bears("0.0035")
    moved.shared({"cleo": "0.7", "dan": "0.3"}, since=LONG_AGO)
    moved.shared({"cleo": "0.2", "dan": "0.8"}, since=FEB_10).moves_to("O2", on=FEB_10)
    halves = (
        eve.account(org="O2").holds(50_000, since=LONG_AGO).holds("150000.55", since=FEB_10).bears("0.002")
    )
    halves.shared({"eve": "0.5", "fay": "0.5"}, since=LONG_AGO).shared(
        {"eve": "0.1", "fay": "0.9"}, since=FEB_10
    )
    lu = bank.customer("lu", opened=LONG_AGO, org="O2")
    dollars = lu.account(product="DOLLAR", currency="USD").holds("20000.77", since=LONG_AGO).bears("0.001")
    dollars.shared({"lu": "0.333333", "max": "0.666667"}, since=LONG_AGO)
    dollars.shared({"lu": "0.5", "max": "0.5"}, since=FEB_10)
    # one account of two products, and one whose positions are not told
    hal, ivo = (bank.customer(name, opened=LONG_AGO, org="O2") for name in ("hal", "ivo"))
    hal.account(product="FUND").holds(5_000, since=LONG_AGO).holds(300, since=LONG_AGO, product="HALF")
    ivo.account(product="FUND")
    kim = bank.customer("kim", opened=LONG_AGO, org="O4")
    kim.account().holds(9_000, since=LONG_AGO).bears("0.003").moves_to("O2", on=FEB_10)
    # opened between two nights, closed between two others
    ned = bank.customer("ned", opened=date(2026, 2, 4), org="O2")
    ned.holds(700, since=FEB_10).bears("0.003").closes(date(2026, 2, 25))


def _loans(bank: Bank) -> None:
    gil, jo = bank.customer("gil", opened=LONG_AGO), bank.customer("jo", opened=LONG_AGO)
    since = date(2025, 3, 1)
    lent = gil.borrows(1_000_000, since=since).bears("0.06", until=date(2035, 2, 27), product="LEND")
    lent.moves_to("O2", on=FEB_10)
    # never drawn, and yet it has its risk at both orgs
    undrawn = jo.borrows(0, since=since).bears("0.06", until=date(2035, 2, 27), product="LEND")
    undrawn.moves_to("O2", on=FEB_10)
    # a maturity that means none is no tenor
    pat = bank.customer("pat", opened=LONG_AGO, org="O2")
    pat.borrows(5_000, since=since, org="O2").bears("0.05", until=date(9999, 12, 31), product="LEND")
    pat.holds(6_000).bears("0.002", until=date(9999, 12, 31))
    for loan in (lent, undrawn):
        bank.books.risk(loan.loan_id, JANUARY, "0.01", "0.45", "1000000", on=JAN_26)


def _costs(bank: Bank) -> None:
    books = bank.books
    books.pool("P1", "O1", JANUARY, "31.00", "accounts", on=JAN_26)
    books.pool("P1", "O1", FEBRUARY, "100.00", "accounts", on=FEB_10)
    books.pool("P2", "O2", FEBRUARY, "50.00", "transactions", on=FEB_10)
    books.pool("P3", "O2", FEBRUARY, "33.33", "balances", on=FEB_10)
    books.pool("P4", "O2", FEBRUARY, "10.00", "customers", on=FEB_10)
    books.pool("PM", "O4", FEBRUARY, "213082.00", "accounts", on=FEB_10)
    books.move("cleo-A1", date(2026, 2, 5))
    books.move("cleo-A1", date(2026, 2, 12), 2)
    books.move("hal-A1", date(2026, 2, 12), 3)
    books.move("ivo-A1", date(2026, 2, 11), 2)
