"""Chapter 5 recomputed from raw extracts, row by row, over banks whose batches are as odd as real ones.

The nights come late, twice, changed and again, and are killed; what is published after them is what the
straight run of the final batches gives. More seeds, longer and straight: ``make raw-extracts``.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from tests.reference import raw_assets, raw_detectors, raw_due
from tests.reference.hostile_bank import HostileBank
from tests.reference.interleaved import Step, interleaved
from tests.reference.raw_calendar import calendar_lines
from tests.reference.raw_feed import Event, Feed, Look, Tiers, event_rules
from tests.reference.raw_flows import PARTS, bridge, net_new_money
from tests.reference.raw_nights import ZERO, RawBank, Row, month_of
from tests.reference.raw_responses import responses
from tests.support.bank import Delivery
from tests.support.whole_nights import WholeNights

MARTS = (
    "fct_event",
    "fct_event_response",
    "agg_aum_bridge_monthly",
    "fct_customer_assets",
    "agg_org_assets_daily",
    "fct_large_transaction",
    "fct_customer_flow_monthly",
    "feed_calendar",
    "feed_today",
)
MANY = int(os.environ.get("ACRM_RAW_EXTRACTS", "0"))
"""Seeds of long banks; none in an ordinary run."""


@dataclass
class Run:
    """A bank that has been run, and what was published of chapter 2 on each night.

    Attributes:
        assets: Rows of fct_customer_assets by night.
    """

    batches: list[Delivery]
    nights: WholeNights
    tiers: dict[date, Tiers] = field(default_factory=dict)
    assets: dict[date, list[Row]] = field(default_factory=dict)
    is_straight: bool = True

    @property
    def bank(self) -> RawBank:
        """The bank as its final batches say it."""
        bank = RawBank()
        for batch in self.batches:
            bank.take(batch)
        return bank

    def rows(self, table: str) -> list[Row]:
        """Rows of a table after the last night."""
        return self.nights.query(f"from {table}")


def run(batches: list[Delivery], steps: Iterable[Step]) -> Run:
    done = Run(batches, WholeNights(MARTS))
    for batch, is_published in steps:
        done.nights.run(batch, is_published=is_published)
        monthly = done.rows("customer_value.fct_customer_tier_monthly")
        by_month = {(row["customer_id"], row["month_start_date"]): row for row in monthly}
        done.tiers[batch.business_date] = Tiers(
            {key: row["tier_code"] for key, row in by_month.items()},
            done.rows("customer_value.fct_tier_event"),
            by_month,
        )
        done.assets[batch.business_date] = done.rows("monitoring.fct_customer_assets")
    return done


def short(seed: int) -> Run:
    """Over the end of a January without a batch on its last day, and a leap day."""
    bank = HostileBank(seed, first=date(2024, 1, 29), last=date(2024, 3, 5), night_share=0.32)
    batches = bank.deliveries()
    done = run(batches, interleaved(batches, random.Random(seed)))
    done.is_straight = False
    return done


def long(seed: int) -> Run:
    """Three months; every other one interleaved."""
    batches = HostileBank(seed).deliveries()
    if seed % 2:
        return run(batches, [(batch, True) for batch in batches])
    done = run(batches, interleaved(batches, random.Random(seed)))
    done.is_straight = False
    return done


@pytest.fixture(
    scope="module",
    params=[("short", 0), *(("long", seed) for seed in range(1, MANY + 1))],
    ids=lambda param: f"{param[0]}-{param[1]}",
)
def done(request: pytest.FixtureRequest) -> Run:
    length, seed = request.param
    return short(seed) if length == "short" else long(seed)


def test_the_feed(done: Run) -> None:
    feed = Feed([*raw_detectors.DETECTORS, *raw_due.DETECTORS])
    for batch in done.batches:
        feed.run(batch, done.tiers[batch.business_date])
    rows = sorted(done.rows("monitoring.fct_event"), key=lambda row: row["entry_id"])
    live = told_and_live(rows)

    assert Counter(published_key(row) for row in live) == Counter(map(event_key, feed.live().values()))

    if done.is_straight:
        assert {row["entry_type_code"] for row in rows} == {"event"}
        nights = Counter((event_key(event), event.business_date) for event in feed.live().values())
        assert Counter((published_key(row), row["business_date"]) for row in live) == nights
        # what a changed batch was the first to tell would keep the amounts that it had then
        for name, column in (
            ("amount", "amount_amt"),
            ("count", "event_cnt"),
            ("threshold", "threshold_amt"),
        ):
            said = {(published_key(row), row[column]) for row in live}
            for event in feed.live().values():
                value = getattr(event, name)
                assert value is None or (event_key(event), value) in said, (name, event)


def told_and_live(rows: list[Row]) -> list[Row]:
    """Events told and not withdrawn; of one event, telling and withdrawal take turns."""
    last: dict[str, Row] = {}
    for row in rows:
        was = last.get(row["event_id"])
        is_told = was is not None and was["entry_type_code"] == "event"
        assert (row["entry_type_code"] == "event") != is_told, row
        last[row["event_id"]] = row
    return [row for row in last.values() if row["entry_type_code"] == "event"]


def event_key(event: Event) -> tuple[Any, ...]:
    day = event.reference_date if event.code in ("loan_overdue", "card_overdue") else event.event_date
    return event.code, event.customer_id, day


def published_key(row: Row) -> tuple[Any, ...]:
    # of arrears the start says which they are: a later night may have told of them first
    is_overdue = row["event_code"] in ("loan_overdue", "card_overdue")
    return row["event_code"], row["customer_id"], row["reference_date" if is_overdue else "event_date"]


def test_the_bridge(done: Run) -> None:
    published = {}
    for row in done.rows("monitoring.fct_aum_bridge_monthly"):
        names = ("opening", *PARTS, "unexplained", "closing")
        amounts = {name: row[f"{name}_amt"] for name in names}
        nnm = (row["net_new_money_amt"], row["nnm_indirect_amt"])
        published[row["customer_id"], row["month_start_date"]] = amounts, nnm
    expected = {
        key: (amounts, net_new_money(amounts, {"new_money_in", "money_out"}))
        for key, amounts in bridge(done.bank).items()
    }
    assert published == expected


def test_assets_of_customers_and_orgs(done: Run) -> None:
    for night in done.bank.nights:
        published = {
            row["customer_id"]: {name: row[f"{name}_amt"] for name in raw_assets.MEASURES}
            for row in done.assets[night.day]
        }
        # who has nothing has a row there, and none here
        assert {who: row for who, row in published.items() if any(row.values())} == {
            who: row for who, row in raw_assets.assets_of(night).items() if any(row.values())
        }

    orgs = {
        (row["business_date"], row["org_id"], row["asset_class_code"]): tuple(
            row[name] for name in ("amount_amt", "customer_cnt", "change_day_amt")
        )
        for row in done.rows("monitoring.agg_org_assets_daily")
    }
    assert orgs == {
        (night.day, *key): row
        for night in done.bank.nights
        for key, row in raw_assets.org_assets_of(night).items()
    }


CHANGED = ("total_assets", "deposit", "investment", "loan", "aum")


def test_changes_of_assets(done: Run) -> None:
    nights = done.bank.nights
    assets = {night.day: raw_assets.assets_of(night) for night in nights}
    nothing = dict.fromkeys(raw_assets.MEASURES, ZERO)
    for night in nights:
        # of the first night's month the end of the month before is in the bank's own history
        ends = [earlier.day for earlier in nights if month_of(earlier.day) < month_of(night.day)]
        since = {"day": night.previous.day if night.previous else None, "month": max(ends, default=None)}
        for row in done.assets[night.day]:
            now = assets[night.day].get(row["customer_id"], nothing)
            for name in CHANGED:
                if since["day"] is None:
                    assert row[f"{name}_change_day_amt"] is None
                for span, day in since.items():
                    if day is not None:
                        before = assets[day].get(row["customer_id"], nothing)
                        assert row[f"{name}_change_{span}_amt"] == now[name] - before[name], (day, row)


def test_feeds_of_the_front_office(done: Run) -> None:
    night = done.bank.nights[-1]
    look = Look(done.bank, {}, done.tiers[night.day], event_rules())
    greeted = {row["customer_id"] for row in look.customers() if look.rule("festival", row["customer_id"])}
    columns = ("customer_id", "calendar_line_code", "due_date", "amount_amt")
    published = Counter(tuple(row[name] for name in columns) for row in done.rows("workbench.feed_calendar"))
    assert published == calendar_lines(night, greeted)

    tonight = {
        row["response_id"]
        for row in done.rows("monitoring.fct_event_response")
        if row["business_date"] == night.day
    }
    assert Counter(row["response_id"] for row in done.rows("workbench.feed_today")) == Counter(tonight)


def test_flows_and_large_transactions(done: Run) -> None:
    rows = done.rows("monitoring.fct_customer_flow_monthly")
    recorded = min(row["balance_month"] for row in done.batches[0].tables["monthly_balance_history"])
    months = {
        (row["customer_id"], row["month_start_date"], row["flow_code"]): (row["txn_cnt"], row["amount_amt"])
        for row in rows
    }
    # months before the recorded history are left out
    assert months == {
        key: row for key, row in raw_assets.flow_months(done.bank).items() if key[1] >= recorded
    }

    columns = ("customer_id", "business_date", "rule_code", "amount_amt", "day_total_amt")
    large = {
        row["txn_id"]: tuple(row[name] for name in columns)
        for row in done.rows("monitoring.fct_large_transaction")
    }
    assert large == raw_assets.large_transactions(done.bank)


def test_responses(done: Run) -> None:
    events = [row for row in done.rows("monitoring.fct_event") if row["entry_type_code"] == "event"]
    rows = done.rows("monitoring.fct_event_response")
    answered = Counter(row["response_id"] for row in rows)
    assert set(answered.values()) == {1}
    if not done.is_straight:
        return
    published = {
        (row["event_id"], row["channel_code"], row["recipient_id"]): (
            row["business_date"],
            row["reason_code"],
        )
        for row in rows
    }
    assert len(rows) == len(published)
    assert published == responses(done.bank, events)


def test_every_oddity_is_there(done: Run) -> None:
    transactions = [row for batch in done.batches for row in batch.tables["transaction"]]
    nights = [(batch.business_date, row) for batch in done.batches for row in batch.tables["transaction"]]
    assert any(row["reversed_txn_id"] for row in transactions)
    assert any(night - row["txn_date"] > timedelta(7) for night, row in nights[len(nights) // 2 :])
    assert max(Counter(row["txn_id"] for row in transactions).values()) > 1
    assert {row["currency"] for row in transactions} == {"CNY", "USD", "JPY"}
    balances = [row for batch in done.batches for row in batch.tables["deposit_balance"]]
    assert any(row["balance"] < 0 for row in balances)
    assert any(len(night.shares(row)) > 1 for night in done.bank.nights for row in night.rows("account"))
    codes = {row["event_code"] for row in done.rows("monitoring.fct_event")}
    assert len(codes) > 15
