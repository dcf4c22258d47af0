"""The golden cases of chapter 5.3: events, told once. Business dates are Monday to Friday."""

from datetime import date
from typing import Any

from tests.support.event_bank import FEED, EventBank, cents, told, weekdays
from tests.support.memory_nights import MemoryNights

FIRST = date(2026, 10, 1)


def october(day: int) -> date:
    return date(2026, 10, day)


def feed(nights: MemoryNights, code: str) -> list[dict[str, Any]]:
    return nights.query("select * from monitoring.fct_event where event_code = ? order by entry_id", code)


def test_e1_an_inflow_at_the_threshold_is_told_and_a_cent_less_is_not():
    bank = EventBank.of(FIRST, october(8))
    bank.moves(bank.bank.customer("C1").holds(1000), "50000.00", on=october(8))
    bank.moves(bank.bank.customer("C2").holds(1000), "49999.99", on=october(8))

    (event,) = feed(bank.run(), "large_inflow")

    assert (event["customer_id"], event["amount_amt"]) == ("C1", cents("50000.00"))
    assert (event["business_date"], event["event_date"]) == (october(8), october(8))
    assert (event["threshold_amt"], event["customer_group_code"]) == (cents("50000.00"), "mass")


def test_e2_a_batch_that_comes_again_tells_nothing_again():
    bank = EventBank.of(FIRST, october(8))
    bank.moves(bank.bank.customer("C1").holds(1000), "50000.00", on=october(8))
    nights = bank.run()
    before = nights.query("select * from monitoring.fct_event order by entry_id")

    nights.run(bank.delivery(october(8), sequence=2))

    assert nights.query("select * from monitoring.fct_event order by entry_id") == before
    assert len(feed(nights, "large_inflow")) == 1


def test_e3_an_event_whose_cause_a_batch_takes_away_is_withdrawn():
    bank = EventBank.of(FIRST, october(8))
    txn = bank.moves(bank.bank.customer("C1").holds(1000), "50000.00", on=october(8))
    nights = bank.run()

    nights.run(bank.delivery(october(8), sequence=2, without=[txn]))
    event, withdrawal = feed(nights, "large_inflow")
    assert (event["entry_type_code"], withdrawal["entry_type_code"]) == ("event", "withdrawal")
    assert event["event_id"] == withdrawal["event_id"]
    assert withdrawal["amount_amt"] == cents("50000.00")

    # the cause comes back: the same event again
    nights.run(bank.delivery(october(8), sequence=3))
    rows = feed(nights, "large_inflow")
    assert [row["entry_type_code"] for row in rows] == ["event", "withdrawal", "event"]
    assert len({row["event_id"] for row in rows}) == 1


def test_e4_the_fifth_transfer_tells_and_the_next_fifth_after_the_cool_down():
    bank = EventBank.of(FIRST, date(2026, 11, 12))
    account = bank.bank.customer("C1").holds(500_000)
    for day in (5, 6, 7, 8, 12, 13):
        bank.moves(account, -3000, on=october(day))
    # 12 October + 30 days = 11 November: from then on; in its 30 days, from 13 October on, there are five
    for day in (date(2026, 11, 5), date(2026, 11, 6), date(2026, 11, 9), date(2026, 11, 11)):
        bank.moves(account, -3000, on=day)

    rows = feed(bank.run(), "frequent_outside_transfers")

    assert [(row["business_date"], row["event_cnt"], row["amount_amt"]) for row in rows] == [
        (october(12), 5, cents("15000.00")),
        (date(2026, 11, 11), 5, cents("15000.00")),
    ]


def test_e5_stages_past_due_are_told_once_with_one_start_of_the_arrears():
    bank = EventBank.of(FIRST, date(2026, 11, 5))
    bank.bank.customer("C1").borrows(100_000, since=date(2026, 9, 1))
    for day in bank.bank.nights:
        past_due = (day - october(6)).days + 1
        if past_due > 0:
            bank.says(
                "loan_balance", "C1-L1", since=day, days_past_due=past_due, overdue_principal=cents("100.00")
            )

    rows = feed(bank.run(), "loan_overdue")

    # 6 October is the first day past due, so the 30th is 4 November
    assert [(row["business_date"], row["event_cnt"], row["reference_date"]) for row in rows] == [
        (october(6), 1, october(6)),
        (date(2026, 11, 4), 30, october(6)),
    ]


def test_e6_a_loan_that_was_paid_and_is_overdue_again_is_told_again():
    bank = EventBank.of(FIRST, october(14))
    bank.bank.customer("C1").borrows(100_000, since=date(2026, 9, 1))
    for day, past_due in ((6, 1), (7, 2), (8, 0), (12, 1), (13, 2)):
        bank.says("loan_balance", "C1-L1", since=october(day), days_past_due=past_due)

    rows = feed(bank.run(), "loan_overdue")

    assert [(row["business_date"], row["reference_date"]) for row in rows] == [
        (october(6), october(6)),
        (october(12), october(12)),
    ]
    assert len({row["event_id"] for row in rows}) == 2


def test_e7_a_birthday_of_29_february_is_told_for_the_28th():
    bank = EventBank.of(date(2026, 2, 2), date(2026, 3, 3))
    bank.bank.customer("C1").holds(1000)
    bank.says("customer", "C1", since=date(2026, 2, 2), birth_date=date(2000, 2, 29))

    assert told(bank.run(), "birthday") == [
        (date(2026, 2, 25), "birthday", "C1", date(2026, 2, 28), "event"),
    ]


def test_e8_a_friday_tells_what_falls_due_up_to_monday_and_monday_nothing_twice():
    bank = EventBank.of(FIRST, october(13))
    for name, day in (("C1", 12), ("C2", 14), ("C3", 15), ("C4", 16)):
        bank.bank.customer(name).holds(1000)
        bank.says("customer", name, since=FIRST, birth_date=date(1990, 10, day))

    # three days ahead: Thursday 8 October tells up to the 11th, Friday 9 up to Sunday 11 + 3 = the 14th,
    # Monday 12 up to the 15th, Tuesday 13 up to the 16th
    assert sorted((night, customer) for night, _, customer, _, _ in told(bank.run(), "birthday")) == [
        (october(9), "C1"),
        (october(9), "C2"),
        (october(12), "C3"),
        (october(13), "C4"),
    ]


def test_e9_attention_is_told_when_the_month_is_complete():
    bank = EventBank.of(FIRST, date(2026, 11, 3))
    # 200,000 in June, less from July on: gold under attention (four months below) in October
    account = bank.bank.customer("C1", opened=date(2026, 1, 5)).holds(300_000)
    account.holds(100_000, since=date(2026, 7, 1))
    nights = MemoryNights(FEED)
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))
        if night.month == 10:
            assert feed(nights, "tier_attention") == []

    (event,) = feed(nights, "tier_attention")
    assert (event["business_date"], event["event_date"]) == (date(2026, 11, 2), october(31))


def test_e10_a_transfer_between_accounts_of_one_owner_is_not_told():
    bank = EventBank.of(FIRST, october(8))
    customer = bank.bank.customer("C1")
    one, other = customer.holds(20_000_000), customer.holds(0)
    bank.moves(one, -10_000_000, on=october(8), in_bank=True, counter_customer_id="C1")
    bank.moves(other, 10_000_000, on=october(8), in_bank=True, counter_customer_id="C1")

    assert told(bank.run(), "large_inflow", "large_outflow", "unusual_inflow", "unusual_outflow") == []


def test_e11_a_lower_threshold_holds_for_the_transactions_of_its_first_night_on():
    bank = EventBank.of(FIRST, october(9))
    account = bank.bank.customer("C1").holds(1000)
    for day in (7, 8, 9):
        bank.moves(account, 30_000, on=october(day))
    nights = MemoryNights(FEED)
    nights.connection.execute(
        "update stg.event_rules set valid_to_date = date '2026-10-07'"
        " where event_code = 'large_inflow' and customer_group_code = 'mass'"
    )
    nights.connection.execute(
        "insert into stg.event_rules select * replace ('ev-2' as rule_version,"
        " date '2026-10-08' as valid_from_date, null as valid_to_date, 30000.00 as threshold_amt)"
        " from stg.event_rules"
        " where event_code = 'large_inflow' and customer_group_code = 'mass'"
    )

    rows = feed(bank.run(nights), "large_inflow")

    assert [(row["business_date"], row["rule_version"]) for row in rows] == [
        (october(8), "ev-2"),
        (october(9), "ev-2"),
    ]


def test_e12_a_night_that_comes_late_ends_with_the_same_feed():
    bank = EventBank.of(FIRST, october(14))
    account = bank.bank.customer("C1").holds(100_000)
    for day in (6, 7, 8, 9, 12, 13):
        bank.moves(account, -12_000, on=october(day))
    bank.says("customer", "C1", since=FIRST, birth_date=date(1990, 10, 13))
    straight = bank.run()

    late = MemoryNights(FEED)
    for night in bank.bank.nights:
        if night <= october(9):
            late.run(bank.delivery(night))
    # what is in hand is run once more from the 7th on, and then the nights that follow
    for night in (october(7), october(8)):
        late.run(bank.delivery(night), is_published=False)
    for night in (day for day in bank.bank.nights if day >= october(9)):
        late.run(bank.delivery(night))

    columns = "event_id, event_code, customer_id, event_date, business_date, event_cnt, amount_amt"
    query = f"select {columns} from monitoring.fct_event order by event_id"
    assert late.query(query) == straight.query(query)
    assert len(straight.query(query)) == len({row["event_id"] for row in straight.query(query)})


def test_a_tier_regained_is_told_on_the_first_night_that_reaches_it_again():
    """Gold from a month average of 200,000 on: March to September are 7 months below it, so it is lost."""
    bank = EventBank.of(FIRST, october(30))
    account = bank.bank.customer("C1", opened=date(2026, 1, 5)).holds(300_000)
    account.holds(100_000, since=date(2026, 3, 1)).holds(400_000, since=october(12))
    nights = MemoryNights(FEED)
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))
        # (11 × 100,000 + 5 × 400,000) / 16 = 193,750.00
        if night == october(16):
            assert feed(nights, "tier_regained") == []

    # (11 × 100,000 + 8 × 400,000) / 19 = 4,300,000 / 19
    (event,) = feed(nights, "tier_regained")
    assert (event["customer_id"], event["business_date"], event["event_date"]) == (
        "C1",
        october(19),
        october(19),
    )
    assert (event["amount_amt"], event["reference_amt"]) == (cents("226315.79"), cents("100000.00"))
    assert event["reference_date"] == FIRST


def test_a_tier_lost_and_the_lower_one_are_told_when_the_month_is_complete():
    """April to October are 7 months below gold: lost in October, with potential from 50,000 on left."""
    bank = EventBank.of(october(28), date(2026, 11, 3))
    account = bank.bank.customer("C1", opened=date(2026, 1, 5)).holds(300_000)
    account.holds(100_000, since=date(2026, 4, 1))
    # a month less: attention
    bank.bank.customer("C2", opened=date(2026, 1, 5)).holds(300_000).holds(100_000, since=date(2026, 5, 1))
    nights = MemoryNights(FEED)
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))
        if night.month == 10:
            assert told(nights, "tier_lost", "tier_downgrade") == []

    for code, tier in (("tier_lost", "gold"), ("tier_downgrade", "potential")):
        (event,) = feed(nights, code)
        assert (event["customer_id"], event["business_date"], event["event_date"]) == (
            "C1",
            date(2026, 11, 2),
            october(31),
        ), tier
        assert (event["amount_amt"], event["reference_amt"]) == (cents("100000.00"), cents("100000.00"))


def test_an_unusual_outflow_is_beyond_four_standard_deviations_of_90_days():
    """25 days of 10,000 out: S = −250,000, Q = 2,500,000,000, 16 × (90 Q − S²) = 2,600,000,000,000.

    So |90 x + 250,000| has to be more than 1,612,451.55, and x below −20,693.906.
    """
    bank = EventBank.of(FIRST, october(9))
    # the 90 days before 9 October begin on 11 July
    days = [date(2026, 7, 11), *weekdays(date(2026, 8, 3), date(2026, 9, 3))]
    assert len(days) == 25
    cases = {"BEYOND": (days, "-20693.91"), "WITHIN": (days, "-20693.90"), "FEW": (days[:19], "-1000000.00")}
    for name, (moved, last) in cases.items():
        account = bank.bank.customer(name).holds(1000)
        for day in moved:
            bank.moves(account, -10_000, on=day, kind="cash", in_bank=True)
        bank.moves(account, last, on=october(9), kind="cash", in_bank=True)

    (event,) = feed(bank.run(), "unusual_outflow")

    assert (event["customer_id"], event["business_date"], event["event_cnt"]) == ("BEYOND", october(9), 25)
    # −250,000.00 / 90
    assert (event["amount_amt"], event["reference_amt"]) == (cents("20693.91"), cents("-2777.78"))
