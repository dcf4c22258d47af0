"""AUM and tiers of random banks in which customers are merged, part again and are merged once more."""

import random
from datetime import date

import pytest

from tests.reference.merged import MergedMonth, merged_months, survivor
from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights
from tests.support.people import WAN
from tests.support.timeline import add_months

FIRST = date(2026, 1, 1)
NIGHTS = [
    date(2026, 6, 30), date(2026, 7, 10), date(2026, 7, 20), date(2026, 7, 31), date(2026, 8, 14),
    date(2026, 8, 31), date(2026, 9, 11), date(2026, 9, 21), date(2026, 9, 30), date(2026, 10, 15),
]  # fmt: skip


def random_bank(seed: int) -> Bank:
    """Circles of customers who are merged with one another at random, but never round in a circle."""
    chance = random.Random(seed)
    bank = Bank(list(NIGHTS))
    for circle in range(12):
        names = [f"{seed}-{circle}-{n}" for n in range(chance.choice([2, 3, 4]))]
        members = [bank.customer(name, opened=date(2015, 1, 1)) for name in names]
        for member in members:
            for _ in range(chance.choice([1, 1, 2])):
                account = member.account(opened=FIRST)
                for month in range(10):
                    if month == 0 or chance.random() < 0.4:
                        amount = chance.choice([0, 1, 3, 6, 12, 19, 21, 45, 55, 300, 600])
                        account.holds(amount * WAN + chance.randint(0, 99), since=add_months(FIRST, month))
                if chance.random() < 0.3:
                    other = chance.choice(names)
                    shares = (
                        {member.customer_id: "0.4", other: "0.6"}
                        if other != member.customer_id
                        else {other: "1"}
                    )
                    account.shared(shares, since=FIRST)
        for night in NIGHTS:
            if chance.random() < 0.5:
                merged, golden = chance.sample(members, 2)
                if chance.random() < 0.3:
                    merged.parts(night)
                elif survivor(bank, golden.customer_id, night) != merged.customer_id:
                    merged.merges_into(golden.customer_id, on=night)
    return bank


@pytest.mark.parametrize("seed", [1, 2])
def test_merged_customers_agree_with_brute_force(seed: int) -> None:
    bank = random_bank(seed)
    nights = MemoryNights(["fct_customer_aum_monthly", "fct_customer_tier_monthly"]).run_all(bank)
    rows = nights.query(
        "select aum.customer_id, aum.month_start_date, aum.aum_end_amt, aum.aum_month_avg_amt,"
        " aum.aum_avg_12m_amt, aum.aum_max_12m_amt, tiers.tier_code, tiers.status_code, tiers.below_months"
        " from customer_value.fct_customer_aum_monthly as aum"
        " inner join customer_value.fct_customer_tier_monthly as tiers using (customer_id, month_start_date)"
    )
    found = {
        (row["customer_id"], row["month_start_date"]): MergedMonth(*list(row.values())[2:]) for row in rows
    }
    expected = merged_months(bank, FIRST)
    assert len({customer for customer, _ in expected}) > 20
    wrong = {
        key: (found.get(key), expected.get(key))
        for key in found | expected
        if found.get(key) != expected.get(key)
    }
    assert not wrong, f"{len(wrong)} of {len(expected)}: {dict(list(wrong.items())[:5])}"
