"""Customers who are merged are one: nearly every table is as if they had never had two numbers.

The bank is that of the month's seam, in which everything there is happens. Its joint account is of two who
are merged, a company is merged with the one that owns and pays it, and a borrower with a depositor.
"""

from datetime import date
from typing import Any

import pytest

from tests.stories.seam_bank import FEBRUARY, FRIDAY, MONDAY, THURSDAY, seam_bank
from tests.stories.test_month_seam import MARTS
from tests.support.bank import Delivery
from tests.support.merging import as_one, told
from tests.support.whole_nights import WholeNights

MERGED = {"other": "one", "debtor": "mover", "daughter": "holding"}
LOGS = {"fct_assignment", "fct_assignment_version", "fct_campaign_target", "rpt_campaign_effect"}
"""What was said of whom, and whom a campaign chose: both numbers stay."""

OF_JANUARY = {
    # of each number, as the month that was over then said it
    "rpt_concentration_growth", "rpt_private_bank_stock_detail", "rpt_private_bank_stock_loss",
    "rpt_segment_migration_monthly", "rpt_tier_migration_monthly", "rpt_plan_variance",
}  # fmt: skip
"""Reports that compare February with January, which was over when the merge was told."""

Rows = dict[str, list[tuple[Any, ...]]]


def _built(deliveries: list[Delivery], months: tuple[date, ...]) -> Rows:
    nights = WholeNights(MARTS)
    nights.run_deliveries(deliveries)
    return {
        mart: nights.connection.execute(
            f"select * from {nights.models.relation(mart)}"
            " where list_contains($months, month_start_date) order by all",
            {"months": list(months)},
        ).fetchall()
        for mart in MARTS
    }


def _batches() -> list[Delivery]:
    return [each for each in seam_bank(with_saturday=True).deliveries() if each.business_date < MONDAY]


@pytest.fixture(scope="module")
def one_number() -> Rows:
    return _built(as_one(_batches(), MERGED), (date(2026, 1, 1), FEBRUARY))


def _different(found: Rows, expected: Rows) -> set[str]:
    return {mart for mart in MARTS if found[mart] != expected[mart]}


def test_merged_from_the_first_night_they_have_one_history(one_number: Rows) -> None:
    merged = _built(told(_batches(), MERGED, on=THURSDAY), (date(2026, 1, 1), FEBRUARY))
    # until then the company had a manager of its own
    assert _different(merged, one_number) <= LOGS | {"rpt_rm_workload"}


def test_told_within_a_month_all_of_the_month_is_the_one_who_goes_on(one_number: Rows) -> None:
    merged = _built(told(_batches(), MERGED, on=FRIDAY), (FEBRUARY,))
    february = {
        mart: [row for row in rows if FEBRUARY in row or date(2026, 1, 1) not in row]
        for mart, rows in one_number.items()
    }
    assert _different(merged, february) <= LOGS | OF_JANUARY
