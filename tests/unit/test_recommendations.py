"""Product lines that are recommended, and what became of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.support.bank import Bank, Delivery
from tests.support.memory_nights import MemoryNights

DECEMBER, JANUARY, FEBRUARY = date(2025, 12, 31), date(2026, 1, 30), date(2026, 2, 27)
MARTS = ["fct_recommendation", "rpt_recommendation_quality"]


def lines(bank: Bank) -> None:
    """Product lines called like those of the rules."""
    for product, line in {"FUND": "wealth_management", "HALF": "fund"}.items():
        bank.books.change_product(product, date(2000, 1, 1), product_line=line)


def with_risk(deliveries: list[Delivery], levels: dict[str, str]) -> Iterator[Delivery]:
    for delivery in deliveries:
        customers = [
            row | {"risk_level": levels.get(row["customer_id"])} for row in delivery.tables["customer"]
        ]
        yield replace(delivery, tables=delivery.tables | {"customer": customers})


def recommended(nights: MemoryNights, customer: str) -> list[tuple[str, str, str | None]]:
    rows = nights.query(
        "select * from customer.fct_recommendation where customer_id = ? order by rank_number", customer
    )
    assert [row["rank_number"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["product_line_code"], row["source_code"], row["rule_code"]) for row in rows]


def test_rules_name_who_is_offered_what_and_why() -> None:
    bank = Bank([JANUARY])
    lines(bank)
    for name, amount in {
        "STEADY": "500000.01",
        "EXACT": 500_000,
        "BOLD": "500000.01",
        "LARGE": 1_000_001,
        "BOTH": 1_000_001,
    }.items():
        bank.customer(name, opened=date(2025, 12, 1)).holds(amount, since=date(2025, 12, 1))
    bank.customer("CARD", opened=date(2025, 12, 1)).card(issued=date(2025, 12, 1))
    nights = MemoryNights(MARTS)
    risks = {"STEADY": "2", "EXACT": "2", "BOLD": "5", "LARGE": "1", "BOTH": "2"}
    for delivery in with_risk(bank.deliveries(), risks):
        nights.run(delivery)

    assert recommended(nights, "STEADY") == [("wealth_management", "rule", "steady_deposit")]
    assert recommended(nights, "EXACT") == []
    assert recommended(nights, "BOLD") == []
    # what is above the risk level is not offered
    assert recommended(nights, "LARGE") == [("consumer", "rule", "large_deposit_loan")]
    # of a line by the rule of the higher score, and lines in the order of their scores
    assert recommended(nights, "BOTH") == [
        ("wealth_management", "rule", "steady_deposit"),
        ("consumer", "rule", "large_deposit_loan"),
    ]
    assert recommended(nights, "CARD") == [("instalment", "rule", "card_instalment")]
    (row,) = nights.query("select reason from customer.fct_recommendation where customer_id = 'STEADY'")
    assert row["reason"] == "deposit_amt 500000.01 > 500000.00; risk_level_code 2"


def test_nothing_held_or_declined_is_offered_and_nobody_without_consent() -> None:
    bank = Bank([JANUARY])
    lines(bank)
    for name in ("HOLDS", "DECLINED", "LONG AGO", "SILENT", "GONE"):
        customer = bank.customer(name, opened=date(2025, 8, 1))
        customer.holds(600_000, since=date(2025, 8, 1))
        if name == "HOLDS":
            customer.invests(1, since=date(2025, 12, 1))
        if name == "GONE":
            customer.leaves(date(2026, 1, 29))
    (delivery,) = with_risk(
        bank.deliveries(), dict.fromkeys(("HOLDS", "DECLINED", "LONG AGO", "SILENT", "GONE"), "2")
    )
    said = {"campaign_id": "K", "event_type": "declined", "product_code": "FUND", "amount": None}
    consents = [
        {"customer_id": name, "purpose": "marketing", "granted_at": "2025-09-01 02:00", "op": "I"}
        for name in ("HOLDS", "DECLINED", "LONG AGO", "GONE")
    ]
    more = {
        "campaign_response": [
            said | {"response_id": "1", "customer_id": "DECLINED", "event_at": "2025-11-02 02:00"},
            # 90 days before 30 January
            said | {"response_id": "2", "customer_id": "LONG AGO", "event_at": "2025-11-01 02:00"},
        ],
        "consent": consents,
    }
    nights = MemoryNights(MARTS)
    whole = replace(
        delivery,
        tables=delivery.tables | more,
        loads=delivery.loads | {"campaign_response": "append", "consent": "delta"},
    )
    nights.run(whole)
    found = "select customer_id, product_line_code from customer.fct_recommendation"
    assert [tuple(row.values()) for row in nights.query(found)] == [("LONG AGO", "wealth_management")]
    nights.connection.execute("insert into pipeline.erased_customer values ('LONG AGO')")
    nights.run(whole)
    assert nights.query(found) == []


def test_a_list_is_as_long_as_it_can_be_whatever_was_declined() -> None:
    bank = Bank([JANUARY])
    similar = ["bond", "fund", "gold", "insurance", "trust"]
    since = date(2025, 10, 1)
    for line in similar:
        bank.books.product(f"{line} 1", "deposit", product_line=line)
    for number in range(12):
        customer = bank.customer(f"C{number:02}", opened=since)
        customer.holds(100, since=since)
        for line in similar:
            account = customer.account(product=f"{line} 1", opened=since)
            account.holds(10, since=since, product=f"{line} 1")
    # all five are as similar to a deposit: they stand in the order of their names
    for name in ("ALL", "NOT TWO", "NOT FOUR", "CAREFUL"):
        bank.customer(name, opened=since).holds(100, since=since)
    (delivery,) = with_risk(bank.deliveries(), {"ALL": "5", "NOT TWO": "5", "NOT FOUR": "5", "CAREFUL": "2"})
    declined = {"NOT TWO": ["bond", "gold"], "NOT FOUR": ["bond", "fund", "gold", "insurance"]}
    said = [
        {
            "response_id": f"{name}-{line}", "campaign_id": "K", "customer_id": name,
            "event_type": "declined", "event_at": "2026-01-15 02:00", "product_code": f"{line} 1",
            "amount": None,
        }
        for name, lines_declined in declined.items() for line in lines_declined
    ]  # fmt: skip
    nights = MemoryNights(MARTS)
    nights.run(
        replace(
            delivery,
            tables=delivery.tables | {"campaign_response": said},
            loads=delivery.loads | {"campaign_response": "append"},
        )
    )

    for name, offered in {
        "ALL": ["bond", "fund", "gold"],
        "NOT TWO": ["fund", "insurance", "trust"],
        "NOT FOUR": ["trust"],
        # of those that are within the risk level
        "CAREFUL": ["bond", "insurance"],
    }.items():
        assert recommended(nights, name) == [(line, "similarity", None) for line in offered]


def test_similar_lines_are_offered_and_the_month_after_tells_what_was_bought() -> None:
    bank = Bank([DECEMBER, JANUARY, FEBRUARY])
    lines(bank)
    since = date(2025, 10, 1)
    # at the end of December 12 hold deposit and wealth, 4 of them fund, too; 10 others only a deposit
    for number in range(22):
        customer = bank.customer(f"C{number:02}", opened=since)
        customer.holds(100, since=since)
        if number < 12:
            customer.invests(10, since=since)
        if number < 4:
            customer.invests(10, since=since, product="HALF")
    bank.customers[20].invests(5, since=date(2026, 2, 10))
    bank.customers[21].invests(5, since=date(2026, 2, 10), product="HALF")
    nights = MemoryNights(MARTS)
    for delivery in with_risk(bank.deliveries(), {f"C{n:02}": "5" for n in range(22)}):
        nights.run(delivery)
        if delivery.business_date == JANUARY:
            # 12 of 22 holders of a deposit hold both; fund has too few holders to count
            assert recommended(nights, "C21") == [("wealth_management", "similarity", None)]
            (row,) = nights.query(
                "select score, reason from customer.fct_recommendation where customer_id = 'C21'"
            )
            # 12 / sqrt(22 × 12)
            assert row["score"] == Decimal("0.738549")
            assert row["reason"] == "similar to deposit: 12 of 22 holders hold both"

    (quality,) = nights.query(
        "select * from customer.rpt_recommendation_quality where month_start_date = '2026-02-01'"
    )
    # ten had a list; C20 bought what it said, C21 something else
    assert (quality["customer_cnt"], quality["buyer_cnt"], quality["hit_at_1_cnt"]) == (10, 2, 1)
    assert (quality["hit_at_1_rate"], quality["hit_at_3_rate"]) == (Decimal("0.1"), Decimal("0.1"))
    # wealth is the most popular line that they lacked, fund the second
    assert (quality["popular_at_1_cnt"], quality["popular_at_3_cnt"]) == (1, 2)
