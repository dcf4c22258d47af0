"""Gate 2 shuts when chapters 5 and 6 count somebody twice or lose somebody, on a bank of two months."""

from datetime import date
from decimal import Decimal

import pytest

from expectations.check import FailingRows
from expectations.suites.bridge import opening_is_the_closing
from expectations.suites.customers import customer_suites, ways_are_the_segments
from expectations.suites.holders import holder_suites
from expectations.suites.marts import months_in
from expectations.suites.reminders import reminder_suites
from tests.reference.test_product_figures import random_bank
from tests.support.bank import Bank
from tests.support.event_bank import EventBank
from tests.support.memory_nights import MemoryNights

JANUARY, TONIGHT = date(2026, 1, 31), date(2026, 2, 27)
HOLDERS = ("fct_customer_holding", "fct_customer_assets", "rpt_cross_sell_monthly",
           "rpt_product_penetration_monthly")  # fmt: skip
MARTS = (*HOLDERS, "rpt_customer_kpi_monthly", "rpt_segment_migration_monthly", "fct_household_monthly",
         "fct_event_response")  # fmt: skip


def failing(
    nights: MemoryNights, day: date, *, holders_only: bool = False, looks: bool = True
) -> dict[tuple[str, str], int]:
    """Checks that do not pass, with the rows that fail.

    Args:
        looks: Whether every check has to find rows to look at.
    """
    found = {}
    suites = holder_suites(day, [day.replace(day=1)])
    if not holders_only:
        suites += [*customer_suites(day, [day.replace(day=1)]), *reminder_suites(day)]
    for suite in suites:
        for check in suite.checks:
            assert isinstance(check, FailingRows)
            assert check.rule.remedy
            row = nights.connection.execute(check.query).fetchone()
            assert row is not None
            assert row[0] > 0 or not looks, f"{check.check_code} of {check.table} looked at nothing"
            if row[1] > 0:
                found[check.table, check.check_code] = found.get((check.table, check.check_code), 0) + row[1]
    return found


@pytest.fixture(scope="module")
def nights() -> MemoryNights:
    """Persons of a household and outside of one, corporates, one who leaves and one who comes; two inflows.

    The second inflow is gone from a batch that came again.
    """
    bank = EventBank(Bank([date(2026, 1, 30), JANUARY, TONIGHT]))
    account = bank.bank.customer("C1").holds("100.01")
    account.shared({"C1": "0.5", "C2": "0.5"}, since=date(2026, 1, 30))
    bank.bank.customer("C2").invests("33.33")
    for name in ("C1", "C2"):
        bank.says("customer", name, since=date(2026, 1, 30), household_id="H1", mobile="1")
    leaver = bank.bank.customer("LEAVES", org="O2")
    leaver.holds(5).holds(0, since=date(2026, 2, 10))
    leaver.leaves(date(2026, 2, 10))
    moves = bank.bank.customer("MOVES").holds(1000)
    bank.bank.customer("COMES", opened=date(2026, 2, 3)).holds(7, since=date(2026, 2, 3))
    cards = bank.bank.customer("CARDS")
    cards.card(issued=date(2026, 1, 5)).owes("20.00", since=date(2026, 1, 30))
    cards.borrows(300, since=date(2026, 1, 5))
    bank.bank.customer("FIRM", kind="C", org="O2").borrows(5000, since=date(2026, 1, 5))
    bank.bank.customer("SHOP", kind="C").holds(50)
    bank.moves(account, 60_000, on=TONIGHT)
    gone = bank.moves(moves, 60_000, on=TONIGHT)
    made = bank.run(MemoryNights(MARTS))
    made.run(bank.delivery(TONIGHT, sequence=2, without=[gone]))
    made.connection.execute(
        """
        create schema rules;
        create view rules.event_response_rules as from stg.event_response_rules;
        """
    )
    return made


def test_a_bank_that_adds_up_passes(nights: MemoryNights) -> None:
    assert failing(nights, TONIGHT) == {}
    entries = nights.query(
        "select entry_type_code, count(*) as n from monitoring.fct_event group by 1 order by 1"
    )
    assert [(row["entry_type_code"], row["n"] > 0) for row in entries] == [
        ("event", True),
        ("withdrawal", True),
    ]


MIGRATION, HOUSEHOLD, HOLDING = (
    "rpt_segment_migration_monthly", "fct_household_monthly", "fct_customer_holding",
)  # fmt: skip
CROSS_SELL, PENETRATION, KPI = (
    "rpt_cross_sell_monthly", "rpt_product_penetration_monthly", "rpt_customer_kpi_monthly",
)  # fmt: skip
EVENT, RESPONSE = "fct_event", "fct_event_response"


@pytest.mark.parametrize(
    ("spoil", "table", "code"),
    [
        (
            f"update customer.{MIGRATION} set closing_cnt = closing_cnt + 1 where scheme_code = 'rfm'",
            MIGRATION, "segments_not_conserved",
        ),
        (
            f"update customer.{MIGRATION} set opening_cnt = opening_cnt - 1"
            " where scheme_code = 'corporate_size' and opening_cnt > 0",
            MIGRATION, "segments_not_conserved",
        ),
        (f"delete from customer.{MIGRATION}", MIGRATION, "segments_not_conserved"),
        (
            f"update customer.{MIGRATION} set org_id = 'O2' where scheme_code = 'value' and org_id = 'O1'",
            MIGRATION, "segments_not_conserved",
        ),
        (f"update customer.{HOUSEHOLD} set aum_amt = aum_amt + 0.01", HOUSEHOLD, "households_not_conserved"),
        (f"delete from customer.{HOUSEHOLD}", HOUSEHOLD, "households_not_conserved"),
        (
            "insert into intermediate.int_household__member (customer_id, household_id, source_code)"
            " values ('C1', 'H2', 'relation')",
            HOUSEHOLD, "households_not_conserved",
        ),
        # one account of half a cent and one for the total: 0.01 may differ, 0.02 not
        (
            f"update customer.{HOLDING} set balance_amt = balance_amt + 0.02 where customer_id = 'SHOP'",
            HOLDING, "holdings_not_conserved",
        ),
        (
            f"delete from customer.{HOLDING} where holding_code = 'investment'",
            HOLDING, "holdings_not_conserved",
        ),
        (
            f"update customer.{HOLDING} set balance_amt = balance_amt + 1 where holding_code = 'loan'",
            HOLDING, "debts_not_conserved",
        ),
        (
            f"update customer.{HOLDING} set balance_amt = 0 where holding_code = 'card'",
            HOLDING, "debts_not_conserved",
        ),
        (
            f"update customer.{CROSS_SELL} set line_1_customer_cnt = line_1_customer_cnt + 1",
            CROSS_SELL, "holders_not_conserved",
        ),
        (
            f"update customer.{CROSS_SELL} set held_line_cnt = held_line_cnt + 1",
            CROSS_SELL, "holders_not_conserved",
        ),
        (
            f"update customer.{PENETRATION} set lost_holder_cnt = lost_holder_cnt + 1",
            PENETRATION, "holders_not_conserved",
        ),
        (
            f"update customer.{PENETRATION}"
            " set holder_cnt = holder_cnt + 1, new_holder_cnt = new_holder_cnt + 1",
            PENETRATION, "holders_not_conserved",
        ),
        (
            f"update customer.{KPI} set lost_customer_cnt = lost_customer_cnt + 1",
            KPI, "customers_not_conserved",
        ),
        (
            f"update customer.{KPI} set active_customer_cnt = active_customer_cnt + 1",
            KPI, "customers_not_conserved",
        ),
        (
            f"delete from monitoring.{EVENT} where entry_type_code = 'event' and event_id in"
            f" (select event_id from monitoring.{EVENT} where entry_type_code = 'withdrawal')",
            EVENT, "withdrawal_without_event",
        ),
        (
            f"insert into monitoring.{EVENT} select * replace (entry_id + 100 as entry_id)"
            f" from monitoring.{EVENT} where entry_type_code = 'event' and event_id not in"
            f" (select event_id from monitoring.{EVENT} where entry_type_code = 'withdrawal')",
            EVENT, "withdrawal_without_event",
        ),
        (
            f"delete from monitoring.{RESPONSE} where status_code = 'to_send'",
            RESPONSE, "responses_not_conserved",
        ),
        (f"update monitoring.{RESPONSE} set status_code = 'planned'", RESPONSE, "responses_not_conserved"),
        (
            f"update monitoring.{RESPONSE} set reason_code = null where status_code = 'suppressed'",
            RESPONSE, "responses_not_conserved",
        ),
        (f"update monitoring.{RESPONSE} set customer_id = 'SHOP'", RESPONSE, "responses_not_conserved"),
        (
            f"update monitoring.{RESPONSE} set reason_code = 'withdrawn', status_code = 'suppressed'"
            " where customer_id in ('C1', 'C2')",
            RESPONSE, "responses_not_conserved",
        ),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_found(nights: MemoryNights, spoil: str, table: str, code: str) -> None:
    nights.connection.execute("begin")
    try:
        nights.connection.execute(spoil)
        assert (table, code) in failing(nights, TONIGHT, looks=False)
    finally:
        nights.connection.execute("rollback")


@pytest.mark.parametrize("seed", range(3))
def test_random_banks_add_up_on_every_night(seed: int) -> None:
    nights = MemoryNights(HOLDERS)
    for delivery in random_bank(seed).deliveries():
        nights.run(delivery)
        assert failing(nights, delivery.business_date, holders_only=True) == {}


def test_half_a_cent_of_each_account_is_let_through() -> None:
    """Two accounts of 0.01 in halves: 0.005 is 0.01 when rounded, twice; both together are 0.01."""
    bank = Bank([TONIGHT])
    for _ in range(2):
        bank.customers or bank.customer("C1")
        bank.customers[0].holds("0.01").shared({"C1": "0.5", "C2": "0.5"}, since=TONIGHT)
    bank.customer("C2")
    nights = MemoryNights(HOLDERS).run_all(bank)

    held = nights.query(
        "select sum(balance_amt) as amt from customer.fct_customer_holding where customer_id = 'C1'"
    )
    kept = nights.query(
        "select total_assets_amt from monitoring.fct_customer_assets where customer_id = 'C1'"
    )
    assert (held[0]["amt"], kept[0]["total_assets_amt"]) == (Decimal("0.02"), Decimal("0.01"))
    assert failing(nights, TONIGHT, holders_only=True) == {}


@pytest.fixture(scope="module")
def merged_before_the_close() -> MemoryNights:
    """February's last batch is of the 26th: B is merged with A and A with C by then, E with D till March."""
    bank = Bank([date(2026, 1, 30), JANUARY, date(2026, 2, 16), date(2026, 2, 26), date(2026, 3, 2)])
    made = {name: bank.customer(name) for name in "ABCDEF"}
    for customer in made.values():
        customer.holds(1000, since=date(2026, 1, 1))
    made["B"].merges_into("A", on=date(2026, 2, 16))
    made["A"].merges_into("C", on=date(2026, 2, 26))
    made["E"].merges_into("D", on=date(2026, 2, 26))
    made["E"].parts(date(2026, 3, 2))
    made["F"].merges_into("D", on=date(2026, 3, 2))
    nights = MemoryNights([MIGRATION, "fct_aum_bridge_monthly"])
    *earlier, last = bank.deliveries()
    for delivery in earlier:
        nights.run(delivery)
    nights.close(date(2026, 2, 28), before=last.business_date)
    nights.run(last)
    return nights


def failing_of_closed(nights: MemoryNights, table: str) -> int:
    """Rows that fail of the migration of segments or of the bridge, in February and March."""
    months = [date(2026, 2, 1), date(2026, 3, 1)]
    checks = (
        [ways_are_the_segments(date(2026, 3, 2), months, is_corporate=False)]
        if table == MIGRATION
        else [opening_is_the_closing(months_in(months))]
    )
    found = 0
    for check in checks:
        row = nights.connection.execute(check.query).fetchone()
        assert row is not None and row[0] > 0
        found += row[1]
    return found


@pytest.mark.parametrize(
    ("table", "spoil"),
    [
        (f"customer.{MIGRATION}", "opening_cnt = opening_cnt + 1"),
        (f"customer.{MIGRATION}", "closing_cnt = closing_cnt - 1"),
        ("monitoring.fct_aum_bridge_monthly", "opening_amt = opening_amt + 0.01"),
    ],
)
def test_months_of_merges_that_are_closed_tonight_are_compared(
    merged_before_the_close: MemoryNights, table: str, spoil: str
) -> None:
    nights, name = merged_before_the_close, table.split(".")[1]
    assert failing_of_closed(nights, name) == 0

    nights.connection.execute("begin")
    nights.connection.execute(f"update {table} set {spoil} where month_start_date = '2026-02-01'")
    found = failing_of_closed(nights, name)
    nights.connection.execute("rollback")

    assert found > 0
