"""Campaigns: who converts, and what a campaign did beside those left out to compare."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from statistics import NormalDist, covariance, mean, variance
from typing import Any

import pytest

from tests.support.bank import Bank, Delivery
from tests.support.memory_nights import MemoryNights

Row = dict[str, Any]
MARTS = ["rpt_campaign_effect"]
START, END = date(2026, 1, 10), date(2026, 1, 20)
WINDOW_END = date(2026, 2, 19)
CAMPAIGN = {
    "campaign_id": "K1", "campaign_type": "fund", "start_date": START, "end_date": END, "org_id": "O1",
    "cost": Decimal("280.00"), "channel_code": "sms", "op": "I",
}  # fmt: skip


def with_rows(delivery: Delivery, **tables: list[Row]) -> Delivery:
    """The batch with rows of campaigns, too."""
    loads = {name: "delta" if name in ("campaign", "campaign_product") else "append" for name in tables}
    return replace(delivery, tables={**delivery.tables, **tables}, loads={**delivery.loads, **loads})


def target(customer: str, group: str = "target", campaign: str = "K1") -> Row:
    return {
        "campaign_id": campaign,
        "customer_id": customer,
        "test_group": group,
        "selected_at": "2026-01-08 02:00",
    }


def response(customer: str, event: str, at: str, amount: str | None = None) -> Row:
    return {
        "response_id": f"{customer}-{event}-{at}", "campaign_id": "K1", "customer_id": customer,
        "event_type": event, "event_at": at, "product_code": "FUND" if amount else None,
        "amount": Decimal(amount) if amount else None,
    }  # fmt: skip


def trade(customer: str, on: date, amount: str, **more: object) -> Row:
    row: Row = {
        "trade_id": f"{customer}-{on}", "customer_id": customer, "product_code": "FUND", "trade_date": on,
        "amount": Decimal(amount), "fee_income": Decimal(0), "org_id": "O1", "status": "live",
        "currency": "CNY",
    }  # fmt: skip
    return row | more


def effect(nights: MemoryNights, scheme: str = "all") -> Row:
    (row,) = nights.query("select * from customer.rpt_campaign_effect where segment_scheme_code = ?", scheme)
    return row


def compared(converted: int, chosen: int, control_converted: int, control: int) -> Row:
    """The effect of a campaign of which so many were converted."""
    bank = Bank([date(2026, 1, 31)])
    names = [f"T{n:02}" for n in range(chosen)] + [f"C{n:02}" for n in range(control)]
    for name in names:
        bank.customer(name, opened=date(2026, 1, 1))
    buyers = names[:converted] + names[chosen : chosen + control_converted]
    nights = MemoryNights(MARTS)
    nights.run(
        with_rows(
            bank.deliveries()[0],
            campaign=[CAMPAIGN],
            campaign_target=[target(name, "target" if name[0] == "T" else "control") for name in names],
            campaign_response=[response(name, "account_open", "2026-01-15 02:00") for name in buyers],
        )
    )
    return effect(nights)


def test_the_check_values_of_the_specification() -> None:
    row = compared(56, 70, 48, 80)

    assert row["uplift_rate"] == Decimal("0.200000")
    assert (row["uplift_low_rate"], row["uplift_high_rate"]) == (Decimal("0.052431"), Decimal("0.333873"))
    assert row["is_conclusive"]
    # pooled 104 / 150; z = 0.2 / sqrt(0.693333 × 0.306667 × (1 / 70 + 1 / 80)) = 2.650057
    pooled = 104 / 150
    z = 0.2 / (pooled * (1 - pooled) * (1 / 70 + 1 / 80)) ** 0.5
    assert float(row["p_value"]) == pytest.approx(2 * NormalDist().cdf(-z), abs=5e-7)
    assert float(row["detectable_rate"]) == pytest.approx((1.959964 + 0.841621) * 0.2 / z, abs=5e-7)
    # 56 − 70 × 0.6, and 280.00 / 56
    assert (row["incremental_cnt"], row["cost_per_conversion"]) == (Decimal("14.00"), Decimal("5.00"))


def test_customers_won_are_exact_and_rounded_half_up() -> None:
    # 43 − 100 × 69 / 160 = −0.125
    assert compared(43, 100, 69, 160)["incremental_cnt"] == Decimal("-0.13")
    # nobody to be reached, somebody to compare
    assert compared(0, 0, 1, 2)["incremental_cnt"] is None


def test_equal_groups_of_nobody_are_no_error() -> None:
    row = compared(0, 10, 0, 10)

    assert (row["uplift_rate"], row["p_value"], row["is_conclusive"]) == (Decimal(0), None, False)
    assert row["uplift_low_rate"] < 0 < row["uplift_high_rate"]
    assert (row["cost_per_conversion"], row["detectable_rate"]) == (None, None)


def test_a_campaign_without_a_group_to_compare_shows_no_effect() -> None:
    row = compared(3, 10, 0, 0)

    assert (row["has_control"], row["control_cnt"]) == (False, 0)
    names = ("uplift_rate", "uplift_low_rate", "uplift_high_rate", "p_value", "is_conclusive",
             "detectable_rate", "incremental_cnt", "aum_effect_amt", "aum_effect_low_amt",
             "aum_effect_cuped_amt")  # fmt: skip
    assert [row[name] for name in names] == [None] * len(names)
    assert row["converted_rate"] == Decimal("0.300000")


def test_everybody_converted_is_no_error() -> None:
    row = compared(5, 5, 5, 5)
    assert (row["uplift_rate"], row["p_value"], row["uplift_high_rate"] > 0) == (Decimal(0), None, True)


CASES = {
    # customer: group, delivered contact, day of the trade, converted
    "LAST": ("target", "2026-01-12 02:00", WINDOW_END, True),
    "AFTER": ("target", "2026-01-12 02:00", date(2026, 2, 20), False),
    "BEFORE": ("target", "2026-01-12 02:00", date(2026, 1, 11), False),
    "UNREACHED": ("target", None, date(2026, 1, 10), True),
    "EARLY": ("control", None, date(2026, 1, 9), False),
    "CONTROL": ("control", None, date(2026, 1, 10), True),
}


def test_a_conversion_counts_from_the_first_contact_to_the_last_day_of_the_window() -> None:
    """Golden case C1."""
    bank = Bank([date(2026, 1, 31), date(2026, 2, 27)])
    for name in CASES:
        bank.customer(name, opened=date(2025, 12, 1))
    first, second = bank.deliveries()
    contacts = [
        {"contact_id": name, "customer_id": name, "channel": "sms", "campaign_id": "K1", "sent_at": at,
         "delivered": True}
        for name, (_, at, _, _) in CASES.items()
        if at
    ]  # fmt: skip
    nights = MemoryNights(MARTS)
    nights.run(
        with_rows(
            first,
            campaign=[CAMPAIGN],
            campaign_product=[{"campaign_id": "K1", "product_code": "FUND", "op": "I"}],
            campaign_target=[target(name, group) for name, (group, *_) in CASES.items()],
            contact_log=contacts,
            sales_trade=[
                trade(name, day, "100.00") for name, (*_, day, _) in CASES.items() if day <= date(2026, 1, 31)
            ],
        )
    )
    nights.run(
        with_rows(
            second,
            sales_trade=[
                trade(name, day, "100.00") for name, (*_, day, _) in CASES.items() if day > date(2026, 1, 31)
            ],
        )
    )
    rows = nights.query("select * from customer.fct_campaign_target order by customer_id")
    assert {row["customer_id"]: row["is_converted"] for row in rows} == {
        name: converted for name, (*_, converted) in CASES.items()
    }
    assert {row["customer_id"]: row["is_reached"] for row in rows if row["is_reached"]} == dict.fromkeys(
        ("LAST", "AFTER", "BEFORE"), True
    )
    row = effect(nights)
    # two of four, one of two; LAST and UNREACHED bought for 100.00 each
    assert (row["target_cnt"], row["reached_cnt"], row["converted_cnt"]) == (4, 3, 2)
    assert (row["control_cnt"], row["control_converted_cnt"], row["sold_amt"]) == (2, 1, Decimal("200.00"))
    assert row["roi_rate"] == Decimal("-0.285714")


@pytest.mark.parametrize(
    ("end", "window_end"),
    [(date(9999, 12, 31), date(9999, 12, 31)), (date(2999, 12, 31), date(3000, 1, 30)), (END, WINDOW_END)],
)
def test_a_campaign_without_an_end_has_a_window_that_readers_can_read(end: date, window_end: date) -> None:
    bank = Bank([date(2026, 1, 31)])
    bank.customer("T1", opened=date(2026, 1, 1))
    nights = MemoryNights(MARTS)
    nights.run(
        with_rows(
            bank.deliveries()[0],
            campaign=[CAMPAIGN | {"end_date": end}],
            campaign_target=[target("T1")],
            campaign_response=[response("T1", "account_open", "2026-01-15 02:00")],
        )
    )

    (row,) = nights.query("select window_end_date, is_converted from customer.fct_campaign_target")
    assert row == {"window_end_date": window_end, "is_converted": True}


def test_a_cancelled_sale_is_no_conversion() -> None:
    bank = Bank([date(2026, 1, 29), date(2026, 1, 30)])
    bank.customer("C1", opened=date(2025, 12, 1))
    first, second = bank.deliveries()
    sale = trade("C1", date(2026, 1, 15), "50.00")
    nights = MemoryNights(MARTS)
    nights.run(
        with_rows(
            first,
            campaign=[CAMPAIGN],
            campaign_product=[{"campaign_id": "K1", "product_code": "FUND", "op": "I"}],
            campaign_target=[target("C1")],
            sales_trade=[sale],
        )
    )
    assert effect(nights)["converted_cnt"] == 1
    undone = sale | {"trade_id": "X", "status": "cancelled", "related_trade_id": sale["trade_id"]}
    nights.run(with_rows(second, sales_trade=[undone]))
    assert (effect(nights)["converted_cnt"], effect(nights)["sold_amt"]) == (0, Decimal("0.00"))


def test_a_campaign_that_is_over_stands() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 3, 22), date(2026, 3, 23)])
    bank.customer("C1", opened=date(2025, 12, 1))
    first, last, late = bank.deliveries()
    nights = MemoryNights(MARTS)
    nights.run(with_rows(first, campaign=[CAMPAIGN], campaign_target=[target("C1")]))
    # 19 February and 31 days: 22 March is the last night that computes it
    nights.run(with_rows(last, campaign_response=[response("C1", "opened", "2026-01-15 02:00")]))
    assert (effect(nights)["responded_cnt"], effect(nights)["is_provisional"]) == (1, False)
    nights.run(with_rows(late, campaign_response=[response("C1", "account_open", "2026-01-16 02:00")]))
    assert (effect(nights)["converted_cnt"], effect(nights)["knowledge_date"]) == (0, date(2026, 3, 22))


def test_the_effect_on_aum_is_that_of_the_reference() -> None:
    """Plain difference of means, and CUPED with one slope for both groups, in plain Python."""
    pre = {"T1": 100, "T2": 250, "T3": 900, "C1": 120, "C2": 300, "C3": 700, "C4": 10}
    post = {"T1": 180, "T2": 300, "T3": 1000, "C1": 110, "C2": 350, "C3": 690, "C4": 15}
    bank = Bank([date(2026, 1, 31), date(2026, 2, 28)])
    for name, amount in pre.items():
        customer = bank.customer(name, opened=date(2025, 11, 1))
        customer.holds(amount, since=date(2025, 11, 1)).holds(post[name], since=date(2026, 2, 1))
    first, second = bank.deliveries()
    nights = MemoryNights(MARTS)
    chosen = [target(name, "target" if name[0] == "T" else "control") for name in pre]
    nights.run(with_rows(first, campaign=[CAMPAIGN], campaign_target=chosen))
    nights.run(second)
    row = effect(nights)

    x, y = ({group: [float(amounts[n] - base.get(n, 0)) for n in pre if n[0] == group] for group in "TC"}
            for amounts, base in ((pre, {}), (post, pre)))  # fmt: skip
    plain = mean(y["T"]) - mean(y["C"])
    slope = sum(covariance(x[g], y[g]) * (len(x[g]) - 1) for g in "TC") / sum(
        variance(x[g]) * (len(x[g]) - 1) for g in "TC"
    )
    adjusted = {g: [b - slope * a for a, b in zip(x[g], y[g], strict=True)] for g in "TC"}
    assert float(row["aum_effect_amt"]) == pytest.approx(plain, abs=0.005)
    for values, column in ((y, "aum_effect"), (adjusted, "aum_effect_cuped")):
        difference = mean(values["T"]) - mean(values["C"])
        half = 1.959964 * sum(variance(values[g]) / len(values[g]) for g in "TC") ** 0.5
        assert float(row[f"{column}_amt"]) == pytest.approx(difference, abs=0.0051)
        assert float(row[f"{column}_low_amt"]) == pytest.approx(difference - half, abs=0.0051)
        assert float(row[f"{column}_high_amt"]) == pytest.approx(difference + half, abs=0.0051)


def test_segments_add_to_the_whole() -> None:
    bank = Bank([date(2026, 1, 31)])
    for name, amount in {"A": 10, "B": 300_000, "C": 400_000}.items():
        bank.customer(name, opened=date(2025, 11, 1)).holds(amount, since=date(2025, 11, 1))
    nights = MemoryNights(MARTS)
    nights.run(
        with_rows(
            bank.deliveries()[0], campaign=[CAMPAIGN], campaign_target=[target(n) for n in "ABC"],
            campaign_response=[response("B", "purchase", "2026-01-15 02:00", "77.00")],
        )
    )  # fmt: skip
    rows = nights.query(
        "select segment_scheme_code, segment_code, target_cnt, converted_cnt, sold_amt, cost_amt"
        " from customer.rpt_campaign_effect order by 1, 2"
    )
    assert [tuple(row.values())[:5] for row in rows] == [
        ("age_band", "unknown", 3, 1, Decimal("77.00")),
        ("all", "all", 3, 1, Decimal("77.00")),
        ("org", "O1", 3, 1, Decimal("77.00")),
        ("tier", "gold", 2, 1, Decimal("77.00")),
        ("tier", "ordinary", 1, 0, Decimal("0.00")),
    ]
    assert [row["cost_amt"] for row in rows if row["segment_scheme_code"] != "all"] == [None] * 4


def test_the_effect_on_aum_counts_who_came_and_who_left() -> None:
    nights_of = [date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 28)]
    bank = Bank(nights_of)
    for name in ("LEFT", "STAYS", "C1", "C2"):
        bank.customer(name, opened=date(2025, 11, 1)).holds(100, since=date(2025, 11, 1))
    left = bank.customers[0]
    left.accounts[0].closes(date(2026, 1, 31))
    left.leaves(date(2026, 1, 31))
    bank.customer("CAME", opened=date(2026, 1, 5)).holds(40, since=date(2026, 1, 5))
    first, *others = bank.deliveries()
    nights = MemoryNights(MARTS)
    chosen = [
        target(customer.customer_id, "control" if customer.customer_id in ("C1", "C2") else "target")
        for customer in bank.customers
    ]
    campaign = CAMPAIGN | {"cost": Decimal("0.01")}
    answer = response("STAYS", "purchase", "2026-01-15 02:00", "20000000000.00")
    nights.run(with_rows(first, campaign=[campaign], campaign_target=chosen, campaign_response=[answer]))
    for delivery in others:
        nights.run(delivery)

    row = effect(nights)
    assert (row["aum_target_cnt"], row["aum_control_cnt"]) == (3, 2)
    # (−100 + 0 + 40) / 3, and nothing beside it
    assert row["aum_effect_amt"] == Decimal("-20.00")
    # 20,000,000,000 for a cent: no column holds that, and no night stops
    assert (row["sold_amt"], row["roi_rate"]) == (Decimal("20000000000.00"), None)
