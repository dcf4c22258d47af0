"""Contact pressure, channels, acquisition and files over small banks, with the arithmetic beside them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.bank import Bank, Delivery
from tests.support.memory_nights import MemoryNights

Row = dict[str, Any]
DECEMBER, JANUARY, FEBRUARY = date(2025, 12, 31), date(2026, 1, 30), date(2026, 2, 27)


def with_rows(delivery: Delivery, **tables: list[Row]) -> Delivery:
    """The batch with rows of optional tables, too."""
    deltas = ("campaign", "channel_contract")
    loads = {name: "delta" if name in deltas else "append" for name in tables}
    return replace(delivery, tables={**delivery.tables, **tables}, loads={**delivery.loads, **loads})


def contacts(customer: str, times: int, on: date, channel: str = "sms", campaign: str = "K1") -> list[Row]:
    return [
        {
            "contact_id": f"{customer}{on}{channel}{n}",
            "customer_id": customer,
            "channel": channel,
            "campaign_id": campaign,
            "batch_id": f"B{n}",
            "sent_at": f"{on} 02:00",
            "delivered": True,
        }
        for n in range(times)
    ]


def test_contact_pressure_counts_by_customer_month_and_year() -> None:
    bank = Bank([DECEMBER, JANUARY, FEBRUARY])
    for name in ("A", "B", "C", "D"):
        bank.customer(name, opened=date(2025, 1, 1))
    nights = MemoryNights(["rpt_contact_pressure_monthly", "rpt_contact_pressure_yearly"])
    december, january, february = bank.deliveries()
    nights.run(with_rows(december, contact_log=contacts("A", 9, DECEMBER)))
    nights.run(
        with_rows(
            january,
            contact_log=[
                *contacts("A", 12, JANUARY), *contacts("B", 4, JANUARY), *contacts("C", 1, JANUARY),
                *contacts("C", 1, JANUARY, "call", "K2"),
            ],
        )
    )  # fmt: skip
    nights.run(with_rows(february, contact_log=contacts("D", 2, FEBRUARY)))

    def of(table: str, channel: str, month: int) -> Row:
        (row,) = nights.query(
            f"select * from customer.{table} where channel_code = ? and month(month_start_date) = ?",
            channel,
            month,
        )
        return row

    sms = of("rpt_contact_pressure_monthly", "sms", 1)
    # 12, 4 and 1 contacts: 17 of 3 customers
    assert (sms["contact_cnt"], sms["customer_cnt"], sms["contact_avg_cnt"]) == (17, 3, Decimal("5.666667"))
    assert (sms["contact_max_cnt"], sms["contact_p50_cnt"], sms["contact_p75_cnt"]) == (12, 4, 12)
    # above 3: 9 and 1; above 5: 7; above 10: 2
    assert [sms[f"dropped_{cap}_cnt"] for cap in (3, 5, 10)] == [10, 7, 2]
    assert [sms[f"over_{cap}_customer_cnt"] for cap in (3, 5, 10)] == [2, 1, 1]
    assert (sms["campaign_cnt"], sms["batch_cnt"]) == (1, 12)
    everything = of("rpt_contact_pressure_monthly", "all", 1)
    assert (everything["contact_cnt"], everything["customer_cnt"], everything["campaign_cnt"]) == (18, 3, 2)
    year = of("rpt_contact_pressure_yearly", "sms", 2)
    # January's and February's; December was of another year
    assert (year["contact_cnt"], year["customer_cnt"], year["contact_max_cnt"]) == (19, 4, 12)
    assert of("rpt_contact_pressure_yearly", "sms", 12)["contact_cnt"] == 9


def test_a_channel_has_contracts_use_transactions_and_customers_won() -> None:
    bank = Bank([DECEMBER, JANUARY])
    for name in ("A", "B"):
        bank.customer(name, opened=date(2025, 1, 1)).holds(10, since=date(2025, 1, 1))
    bank.customer("NEW", opened=date(2026, 1, 5))
    first, second = bank.deliveries()
    for row in second.tables["customer"]:
        row["acquisition_source"] = "mobile"
    for number, channel in enumerate(("counter", "mobile", "mobile", "atm")):
        bank.books.move("A-A1", JANUARY)
        second.tables["transaction"].append(
            bank.books.events["transaction"][-1][1] | {"channel_code": channel, "txn_id": f"X{number}"}
        )
    nights = MemoryNights(["rpt_channel_monthly"])
    contract = {"channel_code": "mobile", "sign_date": date(2025, 5, 1), "org_id": "O1", "op": "I"}
    nights.run(
        with_rows(
            first,
            channel_contract=[
                contract | {"customer_id": "A"},
                contract | {"customer_id": "B", "cancel_date": date(2026, 1, 20)},
            ],
        )
    )
    usage = {"customer_id": "A", "channel_code": "mobile", "usage_date": JANUARY, "logins": 3, "txns": 2}
    campaign = {
        "campaign_id": "K", "campaign_type": "x", "start_date": date(2026, 1, 2), "end_date": JANUARY,
        "cost": Decimal("90.00"), "org_id": "O1", "channel_code": "mobile", "op": "I",
    }  # fmt: skip
    nights.run(with_rows(second, channel_usage=[usage], campaign=[campaign]))

    rows = {
        row["channel_code"]: row
        for row in nights.query(
            "select * from customer.rpt_channel_monthly where month_start_date = '2026-01-01'"
        )
    }
    mobile = rows["mobile"]
    assert (mobile["contracted_customer_cnt"], mobile["active_customer_cnt"]) == (1, 1)
    assert (mobile["login_cnt"], mobile["usage_txn_cnt"], mobile["txn_cnt"]) == (3, 2, 2)
    assert (mobile["txn_share"], rows["counter"]["txn_share"]) == (Decimal("0.5"), Decimal("0.25"))
    # three of four transactions left the counter
    assert {row["off_counter_share"] for row in rows.values()} == {Decimal("0.75")}
    assert (mobile["won_customer_cnt"], mobile["cost_per_won_amt"]) == (1, Decimal("90.00"))


def test_a_channel_counts_use_of_before_the_first_night_and_reversed_transactions_nowhere_else() -> None:
    bank = Bank([date(2026, 1, 29), JANUARY, date(2026, 2, 2)])
    bank.customer("A", opened=date(2025, 1, 1)).holds(10, since=date(2025, 1, 1))
    bank.books.move("A-A1", date(2026, 1, 29), 2)
    bank.books.move("A-A1", JANUARY)
    bank.books.move("A-A1", date(2026, 2, 2), 2)
    rows = [row for _, row in bank.books.events["transaction"]]
    for row, channel in zip(rows, ("mobile", "atm", "counter", "counter", "counter"), strict=True):
        row["channel_code"] = channel
    # the counter takes back what was done by mobile; in February, what January counted
    rows[2]["reversed_txn_id"] = rows[0]["txn_id"]
    rows[3]["reversed_txn_id"] = rows[1]["txn_id"]
    usage = {
        "customer_id": "A",
        "channel_code": "mobile",
        "usage_date": date(2025, 11, 3),
        "logins": 3,
        "txns": 2,
    }
    first, second, third = bank.deliveries()
    nights = MemoryNights(["rpt_channel_monthly"])

    def counts(month: date) -> dict[str, tuple[int, int]]:
        found = nights.query("select * from customer.rpt_channel_monthly where month_start_date = ?", month)
        return {
            row["channel_code"]: (row["txn_cnt"], row["active_customer_cnt"])
            for row in found
            if row["txn_cnt"] or row["active_customer_cnt"]
        }

    nights.run(with_rows(first, channel_usage=[usage]))
    assert counts(date(2026, 1, 1)) == {"mobile": (1, 0), "atm": (1, 0)}
    nights.run(second)
    assert counts(date(2026, 1, 1)) == {"atm": (1, 0)}
    nights.run(third)
    assert counts(date(2026, 2, 1)) == {"counter": (1, 0)}


def test_contacts_of_before_the_night_that_first_tells_of_any_count_in_no_later_month() -> None:
    bank = Bank([DECEMBER, date(2026, 1, 31), FEBRUARY])
    bank.customer("A", opened=date(2025, 1, 1))
    december, january, february = bank.deliveries()
    nights = MemoryNights(["rpt_contact_pressure_monthly", "rpt_contact_pressure_yearly"])
    nights.run(december)
    nights.run(january)
    # the bank begins to deliver contacts: a year of them
    older = contacts("A", 20, date(2025, 6, 1)) + contacts("A", 5, date(2026, 1, 5))
    nights.run(with_rows(february, contact_log=older + contacts("A", 2, FEBRUARY)))

    def of(table: str) -> list[tuple[int, int]]:
        rows = nights.query(f"select * from customer.{table} where channel_code = 'sms'")
        return [(row["month_start_date"].month, row["contact_cnt"]) for row in rows]

    assert of("rpt_contact_pressure_monthly") == [(2, 2)]
    # of the year so far: January's and February's
    assert of("rpt_contact_pressure_yearly") == [(2, 7)]


def test_new_customers_are_told_by_source_and_person() -> None:
    bank = Bank([DECEMBER, JANUARY])
    bank.customer("OLD", opened=date(2025, 1, 1))
    for name in ("N1", "N2", "N3"):
        bank.customer(name, opened=date(2026, 1, 5))
    bank.customer("FIRM", opened=date(2026, 1, 5), kind="C")
    first, second = bank.deliveries()
    told = {"N1": ("walk_in", date(1990, 1, 31)), "N2": ("walk_in", date(1990, 2, 1)), "N3": (None, None)}
    for row in second.tables["customer"]:
        source, born = told.get(row["customer_id"], ("agency", None))
        row |= {"acquisition_source": source, "birth_date": born}
    nights = MemoryNights(["rpt_acquisition_monthly"])
    nights.run(first)
    nights.run(second)

    rows = nights.query(
        "select dimension_code, dimension_value, new_customer_cnt, new_customer_share"
        " from customer.rpt_acquisition_monthly where month_start_date = '2026-01-01'"
        " and dimension_code in ('acquisition_source', 'age_band') order by 1, 2"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("acquisition_source", "agency", 1, Decimal("0.25")),
        ("acquisition_source", "unknown", 1, Decimal("0.25")),
        ("acquisition_source", "walk_in", 2, Decimal("0.5")),
        # 36 and 35 on the month's last day
        ("age_band", "30_39", 2, Decimal("0.666667")),
        ("age_band", "unknown", 1, Decimal("0.333333")),
    ]


def test_files_are_filled_shared_and_stale() -> None:
    bank = Bank([date(2023, 12, 29), JANUARY])
    bank.customer("A", opened=date(2023, 1, 1), cert_no="1")
    bank.customer("B", opened=date(2023, 1, 1), cert_no="1")
    bank.customer("C", opened=date(2026, 1, 1))
    bank.customer("GONE", opened=date(2023, 1, 1), cert_no="1").leaves(date(2023, 6, 1))

    nights = MemoryNights(["rpt_file_completeness"]).run_all(bank)

    (row,) = nights.query("select * from customer.rpt_file_completeness where field_code = 'cert_no'")
    assert (row["customer_cnt"], row["filled_cnt"], row["filled_share"]) == (3, 2, Decimal("0.666667"))
    # A and B have the same; nothing was said of them for 763 days
    assert (row["duplicate_cnt"], row["stale_cnt"], row["stale_days"]) == (2, 2, 730)
    (mobile,) = nights.query("select * from customer.rpt_file_completeness where field_code = 'mobile'")
    assert (mobile["filled_cnt"], mobile["duplicate_cnt"]) == (0, 0)


def test_a_campaign_that_is_told_late_costs_in_the_month_that_tells_it() -> None:
    bank = Bank([DECEMBER, JANUARY, date(2026, 2, 28)])
    bank.customer("A", opened=date(2025, 1, 1)).holds(10, since=date(2025, 1, 1))
    campaign = {
        "campaign_type": "x", "end_date": date(2026, 3, 31), "org_id": "O1", "channel_code": "mobile",
        "op": "I",
    }  # fmt: skip
    told = [
        # the first night that tells of any tells history
        {"campaign_id": "K1", "start_date": date(2025, 11, 1), "cost": Decimal(1)},
        {"campaign_id": "K2", "start_date": date(2026, 1, 31), "cost": Decimal(20)},
        {"campaign_id": "K3", "start_date": date(2026, 1, 31), "cost": Decimal(300)},
    ]
    nights = MemoryNights(["rpt_channel_monthly"])
    for delivery, row in zip(bank.deliveries(), told, strict=True):
        nights.run(with_rows(delivery, campaign=[campaign | row]))

    rows = nights.query(
        "select month_start_date, cost_amt from customer.rpt_channel_monthly where cost_amt > 0 order by 1"
    )
    assert [(row["month_start_date"].month, row["cost_amt"]) for row in rows if row["cost_amt"] != 1] == [
        (1, Decimal(20)),
        (2, Decimal(300)),
    ]
