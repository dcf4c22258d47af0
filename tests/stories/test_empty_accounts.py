"""Accounts without a balance all month are not carried, and yet bear costs where an org spreads some."""

from datetime import date
from decimal import Decimal

from tests.conftest import MakeInMemory
from tests.support.bank import Bank
from tests.support.published import hashed

FIRST, LAST = NIGHTS = [date(2026, 1, 1), date(2026, 2, 27)]
FEBRUARY = date(2026, 2, 1)


def test_an_empty_account_bears_its_part_of_a_cost_and_an_undrawn_loan_its_risk(
    built_in_memory: MakeInMemory,
) -> None:
    bank = Bank(list(NIGHTS))
    bank.books.quote("C1", date(2025, 12, 31), d0="0.01", d365="0.02")
    bank.books.product("LEND", "loan", day_count=360)
    full = bank.customer("full").account().holds(10_000, since=FIRST).bears("0.0035")
    empty = bank.customer("empty").account().holds(0, since=FIRST).bears("0.0035")
    elsewhere = bank.customer("elsewhere", org="O2").account(org="O2").holds(0, since=FIRST).bears("0.0035")
    undrawn = bank.customer("undrawn", org="O2").borrows(0, since=FIRST, org="O2")
    undrawn.bears("0.06", until=date(2028, 1, 30), product="LEND")
    bank.books.pool("P1", "O1", FEBRUARY, "100.01", "accounts", on=LAST)
    bank.books.risk(undrawn.loan_id, FEBRUARY, "0.01", "0.45", "1000000.00", on=LAST)

    warehouse = built_in_memory("empty-accounts", bank, ["fct_account_contribution_monthly"])

    rows = warehouse.query(
        "select account_id, allocated_cost_amt, expected_loss_amt"
        " from contribution.fct_account_contribution_monthly where month_start_date = ?",
        FEBRUARY,
    )
    found = {row["account_id"]: (row["allocated_cost_amt"], row["expected_loss_amt"]) for row in rows}
    assert set(found) == {hashed(full.account_id), hashed(empty.account_id), hashed(undrawn.loan_id)}
    assert sorted(found[hashed(each.account_id)][0] for each in (full, empty)) == [
        Decimal("-50.01"), Decimal("-50.00")
    ]  # fmt: skip
    assert found[hashed(undrawn.loan_id)] == (0, Decimal("-375.00"))
    assert hashed(elsewhere.account_id) not in found
