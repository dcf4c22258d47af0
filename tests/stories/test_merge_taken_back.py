"""What a merge does to two customers, night by night: who has which figures, who is told of nothing."""

from datetime import date
from decimal import Decimal

import pytest

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
FIRST, MIDDLE, LAST = date(2026, 9, 30), date(2026, 10, 15), date(2026, 10, 31)
THEN, LATER = date(2026, 11, 10), date(2026, 11, 20)
LONG_AGO, START = date(2015, 1, 1), date(2026, 1, 1)
MARTS = ("fct_customer_aum_monthly", "fct_tier_event", "rpt_tier_migration_monthly", "dim_customer_merge")


def _run(bank: Bank) -> MemoryNights:
    return MemoryNights(MARTS).run_all(bank)


def _pair() -> Bank:
    """A has 100,000 and B, who is gold, 250,000."""
    bank = Bank([FIRST, MIDDLE, LAST, THEN, LATER])
    bank.customer("A", opened=LONG_AGO).holds(100_000, since=START)
    bank.customer("B", opened=LONG_AGO).holds(250_000, since=START)
    return bank


def _aum(nights: MemoryNights, month: date) -> dict[str, Decimal]:
    rows = nights.query(
        "select customer_id, aum_month_avg_amt from customer_value.fct_customer_aum_monthly"
        " where month_start_date = ? order by customer_id",
        month,
    )
    return {row["customer_id"]: row["aum_month_avg_amt"] for row in rows}


def _tiers(nights: MemoryNights, month: date) -> dict[str, str]:
    rows = nights.query(
        "select customer_id, tier_code from customer_value.fct_customer_tier_monthly"
        " where month_start_date = ? order by customer_id",
        month,
    )
    return {row["customer_id"]: row["tier_code"] for row in rows}


def _merges(nights: MemoryNights) -> dict[str, tuple[str, date, int]]:
    rows = nights.query("select * from reference.dim_customer_merge order by merged_customer_id")
    return {
        row["merged_customer_id"]: (row["customer_id"], row["merged_from_date"], row["step_cnt"])
        for row in rows
    }


def test_the_running_month_is_the_survivors_and_the_closed_one_stays() -> None:
    bank = _pair()
    bank.customers[1].merges_into("A", on=MIDDLE)
    nights = _run(bank)
    assert _aum(nights, SEPTEMBER) == {"A": 100_000, "B": 250_000}
    assert _aum(nights, OCTOBER) == _aum(nights, NOVEMBER) == {"A": 350_000}
    assert _merges(nights) == {"B": ("A", MIDDLE, 1)}


def test_nobody_is_lost_closed_or_new() -> None:
    bank = _pair()
    bank.customers[1].merges_into("A", on=MIDDLE)
    nights = _run(bank)
    assert _tiers(nights, SEPTEMBER) == {"A": "potential", "B": "gold"}
    assert _tiers(nights, OCTOBER) == {"A": "gold"}
    # what B held is A's: no tier was won
    assert not nights.query(
        "select * from customer_value.fct_tier_event where month_start_date >= ?", OCTOBER
    )
    ways = nights.query(
        "select from_tier_code, to_tier_code, customer_cnt from customer_value.rpt_tier_migration_monthly"
        " where month_start_date = ?",
        OCTOBER,
    )
    assert [tuple(way.values()) for way in ways] == [("gold", "gold", 1)]


def test_a_reached_tier_is_counted_from_the_last_month_of_either() -> None:
    bank = _pair()
    b = bank.customers[1].merges_into("A", on=MIDDLE)
    b.accounts[0].holds(0, since=SEPTEMBER)
    nights = _run(bank)
    (row,) = nights.query(
        "select tier_code, status_code, below_months from customer_value.fct_customer_tier_monthly"
        " where customer_id = 'A' and month_start_date = ?",
        OCTOBER,
    )
    # B reached gold in August
    assert tuple(row.values()) == ("gold", "observe", 2)


def test_taken_back_both_are_there_again() -> None:
    bank = _pair()
    bank.customers[1].merges_into("A", on=MIDDLE).parts(THEN)
    nights = _run(bank)
    assert _aum(nights, OCTOBER) == {"A": 350_000}
    # all of the month that is not over, also the days on which B was A
    assert _aum(nights, NOVEMBER) == {"A": 100_000, "B": 250_000}
    assert _merges(nights) == {}
    assert _tiers(nights, NOVEMBER) == {"A": "gold", "B": "gold"}


def test_taken_back_each_has_the_tiers_that_were_told_of_its_number() -> None:
    bank = _pair()
    b = bank.customers[1].merges_into("A", on=MIDDLE).parts(THEN)
    b.accounts[0].holds(0, since=NOVEMBER)
    nights = _run(bank)
    rows = nights.query(
        "select customer_id, tier_code, below_months from customer_value.fct_customer_tier_monthly"
        " where month_start_date = ? order by customer_id",
        NOVEMBER,
    )
    # October, which was over, said it of A alone
    assert [tuple(row.values()) for row in rows] == [("A", "gold", 1), ("B", "gold", 2)]


def test_a_chain_ends_with_the_last() -> None:
    bank = _pair()
    bank.customer("C", opened=LONG_AGO).holds(1_000, since=START)
    bank.customers[1].merges_into("A", on=MIDDLE)
    bank.customers[0].merges_into("C", on=LAST)
    nights = _run(bank)
    assert _aum(nights, OCTOBER) == {"C": 351_000}
    assert _merges(nights) == {"A": ("C", LAST, 1), "B": ("C", MIDDLE, 2)}


def test_a_new_number_for_two_has_their_history() -> None:
    bank = _pair()
    bank.customer("N", opened=MIDDLE)
    for customer in bank.customers[:2]:
        customer.merges_into("N", on=MIDDLE)
    nights = _run(bank)
    assert _aum(nights, OCTOBER) == {"N": 350_000}
    assert _tiers(nights, OCTOBER) == {"N": "gold"}
    assert not nights.query(
        "select * from customer_value.fct_tier_event where month_start_date >= ?", OCTOBER
    )
    (row,) = nights.query(
        "select aum_avg_12m_amt, months_12m_cnt from customer_value.fct_customer_aum_monthly"
        " where customer_id = 'N' and month_start_date = ?",
        OCTOBER,
    )
    assert tuple(row.values()) == (350_000, 10)


def test_a_joint_account_of_both_is_wholly_the_survivors() -> None:
    bank = _pair()
    bank.customers[0].holds(1_000, since=START).shared({"A": "0.333333", "B": "0.666667"}, since=START)
    bank.customers[1].merges_into("A", on=MIDDLE)
    nights = _run(bank)
    assert _aum(nights, OCTOBER) == {"A": 351_000}


@pytest.mark.parametrize("golden", ["nobody", "firm"])
def test_what_is_no_customer_of_the_kind_is_not_followed(golden: str) -> None:
    bank = _pair()
    bank.customer("firm", opened=LONG_AGO, kind="C")
    bank.customers[1].merges_into(golden, on=MIDDLE)
    nights = _run(bank)
    assert _aum(nights, OCTOBER) == {"A": 100_000, "B": 250_000, "firm": 0}


def test_a_circle_is_not_followed() -> None:
    bank = _pair()
    bank.customers[1].merges_into("A", on=MIDDLE)
    bank.customers[0].merges_into("B", on=MIDDLE)
    assert _aum(_run(bank), OCTOBER) == {"A": 100_000, "B": 250_000}


def test_a_closed_survivor_keeps_what_is_merged_into_it() -> None:
    bank = _pair()
    bank.customers[0].leaves(MIDDLE)
    bank.customers[1].merges_into("A", on=MIDDLE)
    assert _aum(_run(bank), OCTOBER) == {"A": 350_000}


def test_a_restated_merge_counts_from_its_earlier_night_up_to_the_one_that_told_it() -> None:
    bank = _pair()
    bank.customers[1].merges_into("A", on=THEN)
    nights = _run(bank)
    assert _aum(nights, OCTOBER) == {"A": 100_000, "B": 250_000}
    nights.connection.execute("insert into pipeline.restated_merge values ('B', 'A', ?, ?)", [MIDDLE, THEN])
    for night in bank.nights[1:]:
        nights.run(bank.delivery(night))
    assert _aum(nights, SEPTEMBER) == {"A": 100_000, "B": 250_000}
    assert _aum(nights, OCTOBER) == _aum(nights, NOVEMBER) == {"A": 350_000}
    assert _merges(nights) == {"B": ("A", THEN, 1)}
