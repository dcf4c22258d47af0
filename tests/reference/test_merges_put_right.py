"""A merge that is taken back, or was with somebody else: the month is as if it had never been told.

Two runs of a hostile bank over every mart. One tells merges on a month's first night and puts some of them
right on the next; the other tells on that next night what holds in the end, and nothing before.
``make hostile`` runs other banks.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from tests.reference.hostile.front import batches
from tests.reference.hostile.seeds import SEEDS, shows
from tests.support.merging import said
from tests.support.models import PROJECT
from tests.support.whole_nights import WholeNights

NIGHTS = [date(2028, 1, 31), date(2028, 2, 11), date(2028, 2, 18), date(2028, 2, 25)]
TOLD, PUT_RIGHT, LAST = NIGHTS[1:]
FEBRUARY = date(2028, 2, 1)
MARTS = sorted(path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql"))

WRONG = {"P10": "P11", "C00": "C05", "P16": "P17", "P12": "P13", "C06": "C07", "P14": "P15"}
RIGHT = {"P10": None, "C00": None, "P16": None, "P12": "P15", "C06": "C08"}
"""Three part again, two were somebody else all along (one is the third number of one customer), one stays."""

Words = Mapping[date, Mapping[str, str | None]]
Rows = dict[str, list[dict[str, Any]]]

EVENTS = "what was told of somebody that night was told, and the next ones go by it (cool-down, sequences)"
DAYS = "days of the night between, as they were published"
WAITS = "who was looked after by the other's manager in between begins to wait anew"
STAYS = {
    "fct_event": EVENTS,
    "fct_event_response": EVENTS,
    "rpt_event_monthly": EVENTS,
    "feed_today": EVENTS,
    "rpt_rm_diligence_monthly": EVENTS,
    "dim_customer_360": EVENTS,
    "dim_corporate_360": EVENTS,
    "fct_recommendation": EVENTS,
    "feed_recommendation": EVENTS,
    "rpt_key_customer_status": EVENTS,
    "rpt_pending_assignment": WAITS,
    "rpt_rm_workload": WAITS,
    "dim_customer_merge": "the night that told of the merge",
    "agg_org_assets_daily": DAYS,
    "fct_customer_aum_daily": DAYS,
    "fct_large_transaction": DAYS,
}
"""Marts whose rows of the month may differ, and why."""


def _last_night(seed: int, words: Words) -> Rows:
    """Rows of February, or of the last night, by mart; a key that doubles on any night fails here."""
    nights = WholeNights(MARTS, accept_partial_start=True)
    nights.run_deliveries(said(batches(seed, NIGHTS), words))
    return {mart: [row for row in _rows(nights, mart) if _is_of_the_month(row)] for mart in MARTS}


def _rows(nights: WholeNights, mart: str) -> list[dict[str, Any]]:
    return nights.query(f"select * from {nights.models.relation(mart)} order by all")


def _is_of_the_month(row: Mapping[str, Any]) -> bool:
    if "month_start_date" in row:
        return bool(row["month_start_date"] in (FEBRUARY, None))
    return bool(row.get("calendar_date", FEBRUARY) >= FEBRUARY)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_month_is_as_if_a_merge_that_was_wrong_had_never_been_told(seed: int) -> None:
    put_right = _last_night(seed, {TOLD: WRONG, PUT_RIGHT: RIGHT})
    straight = _last_night(seed, {PUT_RIGHT: {"P14": "P15", "P12": "P15", "C06": "C08"}})

    different = {
        mart: [row for row in put_right[mart] if row not in straight[mart]][:2]
        + [row for row in straight[mart] if row not in put_right[mart]][:2]
        for mart in MARTS
        if put_right[mart] != straight[mart]
    }
    assert different.keys() <= STAYS.keys(), {
        mart: rows for mart, rows in different.items() if mart not in STAYS
    }
    # the bank has enough of everything to tell them apart
    assert shows(sum(bool(rows) for rows in straight.values()) > 90)
    assert {"fct_event", "fct_customer_aum_daily"} <= different.keys()
