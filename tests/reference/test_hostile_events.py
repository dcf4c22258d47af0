"""What came of the events of a hostile bank, and the lists that managers work by, against plain Python.

``make hostile`` runs other banks, with all their nights.
"""

import pytest

from orchestration.segments.condition import condition_sql, kind_of_type
from tests.reference.hostile.answers import (
    event_months,
    key_customers,
    main_managers,
    recommendation_lines,
    work_log,
)
from tests.reference.hostile.frames import frames
from tests.reference.hostile.front import batches
from tests.reference.hostile.lists import reminders
from tests.reference.hostile.recommendations import recommendations
from tests.reference.hostile.screen_rest import belonging, repeated, stays
from tests.reference.hostile.seeds import SEEDS, drawn_nights, shows
from tests.reference.hostile.told import Row, Told
from tests.reference.hostile.views import corporate_view
from tests.reference.test_hostile_bank import FEW, SUPPORT, differences
from tests.support.models import columns_of
from tests.support.whole_nights import WholeNights

MARTS = [
    "rpt_event_monthly", "rpt_key_customer_status", "feed_lost_warning", "feed_recommendation",
    "feed_work_log", "dim_corporate_360", "dim_customer_360", "fct_segment_member",
    "rpt_rm_diligence_monthly",
]  # fmt: skip


class Bank:
    """What a bank told, and what the warehouse made of it."""

    def __init__(self, seed: int) -> None:
        told = batches(seed, drawn_nights(FEW))
        self.batches, self.told = told, Told(told)
        self.nights = WholeNights(MARTS, accept_partial_start=True)
        self.nights.connection.execute(f"update stg.recommendation_settings set min_support_cnt = {SUPPORT}")
        kinds = {name: kind_of_type(of["data_type"]) for name, of in columns_of("dim_customer_360").items()}
        condition = condition_sql("holds('fund') or deposit_amt >= 1000", kinds)
        self.nights._variables["saved_segments"] = [{"code": "holders", "condition": condition}]  # type: ignore[assignment]
        self.nights.run_deliveries(told)
        self.events = self.rows("monitoring.fct_event")
        self.main = main_managers(self.told)

    def rows(self, table: str, condition: str = "true") -> list[Row]:
        """Rows of a mart."""
        return self.nights.query(f"select * from {table} where {condition}")


@pytest.fixture(scope="module", params=SEEDS)
def bank(request: pytest.FixtureRequest) -> Bank:
    return Bank(request.param)


def test_what_came_of_events(bank: Bank) -> None:
    expected = event_months(bank.told, bank.events)
    assert shows(any(row["won_amt"] for row in expected.values()))
    rows = bank.rows("monitoring.rpt_event_monthly")
    assert differences(expected, rows, "org_id", "event_code", "month_start_date") == []


def test_whose_events_they_are_and_how_urgent(bank: Bank) -> None:
    expected = frames(bank.told, bank.rows("customer_value.fct_customer_tier_monthly"), bank.events)
    assert differences(expected, bank.events, "entry_id") == []


def test_key_customers(bank: Bank) -> None:
    segments = bank.rows("customer.fct_customer_segment_monthly")
    tiers = bank.rows("customer_value.fct_customer_tier_monthly")
    expected = key_customers(bank.told, segments, tiers, bank.events, bank.main)
    rows = bank.rows("monitoring.rpt_key_customer_status")
    if expected or rows:
        assert differences(expected, rows, "customer_id") == []


def test_the_work_log(bank: Bank) -> None:
    rows = bank.rows("workbench.feed_work_log")
    assert differences(work_log(bank.told, bank.main), rows, "work_type_code", "work_id") == []


def test_recommendations_follow_a_cash_squeeze(bank: Bank) -> None:
    expected = recommendations(bank.told, SUPPORT, bank.events)
    rows = bank.rows("customer.fct_recommendation")
    assert differences(expected, rows, "customer_id", "product_line_code") == []
    lines = bank.rows("workbench.feed_recommendation")
    found = recommendation_lines(bank.told, rows, bank.main)
    assert differences(found, lines, "customer_id", "product_line_code") == []


def test_events_of_corporate_customers(bank: Bank) -> None:
    expected = corporate_view(
        bank.told,
        bank.rows("corporate.fct_counterparty_flow_monthly"),
        bank.rows("corporate.fct_corporate_segment_monthly"),
        bank.events,
        bank.rows("contribution.fct_customer_contribution_monthly"),
    )
    assert differences(expected, bank.rows("corporate.dim_corporate_360"), "customer_id") == []


def test_what_managers_answered(bank: Bank) -> None:
    expected = reminders(bank.told, bank.events)
    assert shows(any(row["answered_cnt"] for row in expected.values()))
    rows = bank.rows("corporate.rpt_rm_diligence_monthly")
    assert differences(expected, rows, "employee_id", "month_start_date") == []


def test_what_the_screen_repeats(bank: Bank) -> None:
    rows = bank.rows("customer.dim_customer_360")
    open_ones = {
        row["customer_id"] for row in bank.told.rows("customer", bank.told.last) if row["status"] != "closed"
    }
    own = {key: of for key, of in belonging(bank.told).items() if key[0] in open_ones}
    said = repeated(bank.told, bank.rows)
    assert shows(any(of.get("last_event_code") for of in said.values()))
    for expected in (own, said):
        found = [row for row in rows if (row["customer_id"],) in expected]
        assert differences(expected, found, "customer_id") == []


def test_who_entered_and_left_a_saved_segment(bank: Bank) -> None:
    expected = stays(bank.batches)
    assert shows({of["is_member"] for of in expected.values()} == {True, False})
    assert (
        differences(expected, bank.rows("customer.fct_segment_member"), "customer_id", "entered_date") == []
    )
