"""The feed of events against the reference: random banks, whose batches come once, again and changed."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from tests.reference.events import Limits, feed
from tests.support.bank import Delivery
from tests.support.event_bank import FEED, EventBank
from tests.support.memory_nights import MemoryNights

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 27)
# as seed event_rules has them for the group mass, of which everybody here is
LIMITS = Limits(Decimal(50000), Decimal(20000), Decimal(50000), Decimal(50000))
COMPARED = (
    "large_inflow", "large_outflow", "borrower_outflow", "frequent_outside_transfers", "funds_moved_away",
    "balance_below", "loan_overdue", "interest_arrears", "class_downgrade", "birthday", "account_maturing",
    "inflow_then_purchase_gap",
)  # fmt: skip
KINDS = (
    ("transfer", False), ("transfer", False), ("transfer", True), ("cash", True), ("purchase", True),
    ("fee", True), ("salary", False),
)  # fmt: skip
AMOUNTS = ("1000.00", "3000.00", "19999.99", "20000.00", "49999.99", "50000.00", "75000.00")


def random_bank(luck: Random) -> tuple[EventBank, list[str]]:
    """A bank of a few customers, and its transactions."""
    bank = EventBank.of(FIRST, LAST)
    nights, transactions = bank.bank.nights, []
    for number in range(6):
        name = f"C{number}"
        customer = bank.bank.customer(name)
        account = customer.holds(luck.choice((0, 40_000, 60_000, 100_000)))
        for night in luck.sample(nights, 4):
            account.holds(luck.choice(("49999.99", "50000.00", "80000.00", "0.00")), since=night)
        if luck.random() < 0.5:
            account.matures = FIRST + timedelta(luck.randrange(60))
        bank.says("customer", name, since=FIRST, birth_date=date(1990, 10, luck.randrange(1, 31)))
        if luck.random() < 0.5:
            customer.borrows(1000, since=date(2026, 1, 5))
            for night in luck.sample(nights, 6):
                bank.says(
                    "loan_balance",
                    f"{name}-L1",
                    since=night,
                    days_past_due=luck.choice((0, 1, 2, 29, 30, 61)),
                    overdue_interest=Decimal(luck.choice(("0.00", "5.00"))),
                    five_class=luck.choice(("normal", "special_mention", "substandard")),
                )
        for _ in range(12):
            on = luck.choice(nights)
            kind, in_bank = luck.choice(KINDS)
            sign = luck.choice(("", "-", "-"))
            transactions.append(
                bank.moves(
                    account,
                    sign + luck.choice(AMOUNTS),
                    on=on,
                    kind=kind,
                    in_bank=in_bank,
                    arrives=min(on + timedelta(luck.choice((0, 0, 0, 1, 9))), nights[-1]),
                    counter_customer_id=luck.choice((name, "C0", None)) if in_bank else None,
                )
            )
    return bank, transactions


def run(batches: list[tuple[Delivery, bool]]) -> MemoryNights:
    nights = MemoryNights(FEED)
    for batch, is_published in batches:
        nights.run(batch, is_published=is_published)
    return nights


def live(nights: MemoryNights) -> Counter[tuple[object, ...]]:
    """What is told and not withdrawn, of the events that are compared."""
    codes = ", ".join(f"'{code}'" for code in COMPARED)
    rows = nights.query(
        f"""
        select event_id, event_code, customer_id, event_date, amount_amt, event_cnt
        from monitoring.fct_event
        where event_code in ({codes})
        qualify row_number() over (partition by event_id order by entry_id desc) = 1
            and entry_type_code = 'event'
        """
    )
    return Counter(
        (row["event_code"], row["customer_id"], row["event_date"], row["amount_amt"], row["event_cnt"])
        for row in rows
    )


@pytest.mark.parametrize("seed", [1])
def test_the_feed_is_that_of_the_reference_however_batches_come(seed: int):
    luck = Random(seed)
    bank, transactions = random_bank(luck)
    nights = bank.bank.nights
    final = {night: bank.delivery(night) for night in nights}
    told = feed(list(final.values()), LIMITS)
    expected = Counter(event.said for event in told)

    straight = run([(batch, True) for batch in final.values()])
    assert live(straight) == expected

    # batches first come without some of their transactions, and again later: the nights since are replayed
    lacking = set(luck.sample(transactions, 20))
    batches = [(bank.delivery(night, without=lacking), True) for night in nights[:12]]
    again = nights[luck.randrange(3, 9)]
    batches += [(final[night], night == nights[11]) for night in nights[:12] if night >= again]
    batches += [(final[night], night == nights[11]) for night in nights[:12]]
    batches += [(final[night], True) for night in nights[12:]]
    replayed = run(batches)

    assert live(replayed) == expected
    assert_told_once(straight)
    assert_told_once(replayed)


def assert_told_once(nights: MemoryNights) -> None:
    """Of one event, telling and withdrawal follow one another, and telling comes first."""
    rows = nights.query("select event_id, entry_type_code from monitoring.fct_event order by entry_id")
    last: dict[str, str] = {}
    for row in rows:
        kind = row["entry_type_code"]
        assert (kind == "event") == (last.get(row["event_id"]) != "event")
        last[row["event_id"]] = kind
