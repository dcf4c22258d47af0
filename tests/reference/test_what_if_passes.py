"""What-if applies the rule to some customers at a time: how many must not show."""

from datetime import date
from decimal import Decimal

import pytest

from orchestration.what_if import release as what_if
from tests.support.what_if import memory_release

ROWS = "select * from what_if order by customer_id, month_start_date"


def test_customers_judged_one_by_one_are_those_judged_together(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = memory_release().connection
    for number in range(9):
        for month in range(1, 10):
            aum = Decimal(40_000 * (number + 1) if (month + number) % 4 else 10)
            amounts = [aum] * 5
            key = [f"C{number}", date(2025, month, 1)]
            bank.execute(
                "insert into customer_value.fct_customer_aum_monthly values (?, ?, ?, ?, ?, ?, ?)",
                key + amounts,
            )
            bank.execute(
                "insert into customer_value.fct_customer_tier_monthly"
                " values (?, ?, 0, 0, 0, false, '01', 'ordinary', 0, 'normal', false)",
                key,
            )
    opened = what_if.Release(bank)
    rulebook = opened.rulebook("documents")
    opened.judge(rulebook)
    together = bank.execute(ROWS).fetchall()

    monkeypatch.setattr(what_if, "PASS_MONTHS", 1)
    opened.judge(rulebook)

    assert len(together) > 20
    assert bank.execute(ROWS).fetchall() == together
