"""Segments and labels of personal customers, with the golden cases of the chapter."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

SEGMENTS = "customer.fct_customer_segment_monthly"
D = Decimal


def transact(bank: Bank, customer: str, on: date, amount: str = "10.00", **more: object) -> str:
    """Book an outgoing transfer to another bank."""
    txn_id = f"T{len(bank.books.events.get('transaction', [])) + 1}"
    usual: dict[str, Any] = {
        "txn_id": txn_id, "account_id": f"{customer}-A1", "txn_date": on, "amount": D(amount),
        "direction": "out",
        "currency": "CNY", "is_in_bank": False, "txn_type": "transfer",
    }  # fmt: skip
    arrives = more.pop("arrives", on)
    assert isinstance(arrives, date)
    bank.books.book("transaction", arrives, **usual | more)
    return txn_id


def run(bank: Bank, *marts: str) -> MemoryNights:
    return MemoryNights(marts or ["fct_customer_segment_monthly"]).run_all(bank)


def by_customer(nights: MemoryNights, month: date, column: str) -> dict[str, Any]:
    rows = nights.query(f"select * from {SEGMENTS} where month_start_date = ?", month)
    return {row["customer_id"]: row[column] for row in rows}


@pytest.mark.parametrize(
    ("opened", "month_end", "lifecycle"),
    [
        (date(2026, 1, 31), date(2026, 4, 30), "new"),  # L1: 31 January + 3 months = 30 April
        (date(2026, 1, 31), date(2026, 5, 31), "growth"),
        (date(2025, 10, 31), date(2026, 10, 31), "growth"),  # L2: 12 months
        (date(2025, 10, 31), date(2026, 11, 30), "mature"),
        (date(2021, 10, 31), date(2026, 10, 31), "mature"),  # 60 months
        (date(2021, 10, 31), date(2026, 11, 30), "senior"),
        (date(2024, 2, 29), date(2024, 5, 31), "growth"),  # 29 February + 3 months = 29 May
    ],
)
def test_lifecycle(opened: date, month_end: date, lifecycle: str) -> None:
    bank = Bank([month_end])
    bank.customer("C1", opened=opened).holds(100)
    nights = run(bank)
    assert by_customer(nights, month_end.replace(day=1), "lifecycle_code") == {"C1": lifecycle}


def test_five_frequencies_have_five_scores() -> None:
    """R1: cut-offs 1, 2, 3, 4, scores 1 to 5."""
    bank = Bank([date(2026, 1, 31)])
    for number in range(1, 6):
        bank.customer(f"C{number}").holds(100)
        for day in range(number):
            transact(bank, f"C{number}", date(2026, 1, 10 + day), "7.00")
    bank.customer("C6").holds(100)
    nights = run(bank)

    cuts = nights.query(
        "select * from customer.rpt_rfm_cut_off where measure_code = 'frequency' order by cut_order"
    )
    assert [row["cut_off_value"] for row in cuts] == [1, 2, 3, 4]
    assert {row["customer_cnt"] for row in cuts} == {5}
    month = date(2026, 1, 1)
    assert by_customer(nights, month, "frequency_score") == {f"C{n}": n for n in range(1, 6)} | {"C6": 0}
    # the more days, the later the last one: 21, 20, 19, 18, 17 days before the 31st
    assert by_customer(nights, month, "recency_days")["C5"] == 17
    assert by_customer(nights, month, "recency_score") == {f"C{n}": n for n in range(1, 6)} | {"C6": 0}
    assert by_customer(nights, month, "monetary_amt")["C3"] == D("21.00")
    codes = by_customer(nights, month, "rfm_code")
    assert (codes["C5"], codes["C6"]) == ("champion", "inactive")


def test_a_provisional_month_is_scored_by_the_cut_offs_of_the_month_before() -> None:
    bank = Bank([date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 2), date(2026, 2, 28)])
    for number in range(1, 6):
        bank.customer(f"C{number}").holds(100)
        for _ in range(number):
            transact(bank, f"C{number}", date(2026, 1, 30))
    for _ in range(9):
        transact(bank, "C1", date(2026, 2, 2))
    nights = MemoryNights(["fct_customer_segment_monthly"])
    months: list[set[date]] = []
    for delivery in bank.deliveries():
        nights.run(delivery)
        rows = nights.query("select distinct month_start_date as m from customer.rpt_rfm_cut_off")
        months.append({row["m"] for row in rows})
        if delivery.business_date == date(2026, 2, 2):
            # 10 transactions now: above every cut-off of January
            assert by_customer(nights, date(2026, 2, 1), "frequency_score")["C1"] == 5
            assert by_customer(nights, date(2026, 2, 1), "frequency_score")["C5"] == 5
    january, february = date(2026, 1, 1), date(2026, 2, 1)
    assert months == [{january}, {january}, {january}, {january, february}]
    # at the close by its own: 2, 3, 4, 5, 10
    assert by_customer(nights, february, "frequency_score") == {"C2": 1, "C3": 2, "C4": 3, "C5": 4, "C1": 5}


def test_interest_fees_and_reversed_pairs_are_not_the_customers_doing() -> None:
    nights_of = [date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 2)]
    bank = Bank(nights_of)
    bank.customer("C1").holds(100)
    transact(bank, "C1", date(2026, 1, 28), "100.00", arrives=date(2026, 1, 29))
    last = transact(bank, "C1", date(2026, 1, 29), "50.00")
    transact(bank, "C1", date(2026, 1, 30), "1.00", txn_type="interest", direction="in")
    transact(bank, "C1", date(2026, 1, 30), "1.00", txn_type="fee")
    transact(bank, "C1", date(2026, 2, 2), "50.00", direction="in", reversed_txn_id=last)
    nights = run(bank)

    rows = nights.query(f"select * from {SEGMENTS} order by month_start_date")
    assert [(row["frequency_cnt"], row["monetary_amt"], row["recency_days"]) for row in rows] == [
        (2, D("150.00"), 2),  # January was over before the reversal: it stays
        (1, D("100.00"), 5),  # the 28th to the 2nd
    ]


def test_activity_is_of_six_calendar_months_and_sleep_of_twelve() -> None:
    bank = Bank([date(2026, 6, 30)])
    days = {
        "HIGH": [date(2026, 1 + n % 6, 3) for n in range(30)],
        "MEDIUM": [date(2026, 1 + n % 6, 3) for n in range(29)],
        "LOW": [date(2026, 1, 1)],
        "DORMANT": [date(2025, 12, 31), date(2025, 7, 1)],
        "SLEEPING": [date(2025, 6, 30)],
    }
    for customer, booked in days.items():
        bank.customer(customer, opened=date(2024, 1, 1)).holds(100)
        for on in booked:
            transact(bank, customer, on, arrives=date(2026, 6, 30))
    nights = run(bank)
    month = date(2026, 6, 1)
    assert by_customer(nights, month, "activity_code") == {name: name.lower() for name in days}
    assert by_customer(nights, month, "frequency_cnt")["DORMANT"] == 2


@pytest.mark.parametrize(
    ("assets", "months_ago", "is_key"),
    [
        ("500000.00", None, False),  # K1: more than
        ("500000.01", None, True),
        ("500000.01", 23, False),
        ("500000.01", 25, True),
    ],
)
def test_key_customers(assets: str, months_ago: int | None, is_key: bool) -> None:
    bank = Bank([date(2026, 6, 30)])
    customer = bank.customer("C1", opened=date(2020, 1, 1))
    customer.holds(assets)
    customer.borrows(1000, since=date(2021, 1, 1))
    delivery = bank.delivery(date(2026, 6, 30))
    if months_ago:
        index = 2026 * 12 + 5 - months_ago
        delivery.tables["monthly_loan_history"] = [
            {
                "loan_id": "C1-L1", "balance_month": date(index // 12, index % 12 + 1, 1),
                "month_end_balance": D(1000), "balance_sum": D(28000), "day_count": 28,
                "worst_days_past_due": 5,
                "worst_five_class": "normal",
            }
        ]  # fmt: skip
        delivery.loads["monthly_loan_history"] = "append"
    nights = MemoryNights(["fct_customer_segment_monthly"])
    nights.run(delivery)
    assert by_customer(nights, date(2026, 6, 1), "is_key_customer") == {"C1": is_key}


def test_arrears_of_a_night_are_remembered() -> None:
    bank = Bank([date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)])
    customer = bank.customer("C1", opened=date(2020, 1, 1))
    customer.holds("600000")
    customer.borrows(1000, since=date(2021, 1, 1))
    nights = MemoryNights(["fct_customer_segment_monthly"])
    seen = []
    for delivery in bank.deliveries():
        if delivery.business_date == date(2026, 6, 30):
            delivery.tables["loan_balance"][0] |= {"days_past_due": 1}
        nights.run(delivery)
        seen.append(by_customer(nights, delivery.business_date.replace(day=1), "is_key_customer")["C1"])
    assert seen == [True, False, False]


def labels(nights: MemoryNights, month: date) -> dict[tuple[str, str], Any]:
    rows = nights.query("select * from customer.fct_customer_label where month_start_date = ?", month)
    return {
        (row["customer_id"], row["label_code"]): (row["evidence_amt"], row["evidence_date"]) for row in rows
    }


def test_labels_with_their_evidence() -> None:
    night = date(2026, 6, 30)
    bank = Bank([night])
    # month averages of 30,000, 35,000, 40,000 and 45,000:
    # 5,000 below the tier potential, a tenth of its 50,000
    bank.customer("RISING", opened=date(2025, 1, 1)).account(opened=date(2025, 1, 1)).months(
        "3", "3.5", "4", "4.5", to=date(2026, 6, 1)
    )
    bank.customer("FLAT", opened=date(2025, 1, 1)).account(opened=date(2025, 1, 1)).months(
        "3", "4", "4", "4.5", to=date(2026, 6, 1)
    )
    due = bank.customer("DUE", opened=date(2025, 1, 1))
    due.holds(30000).bears("0.02", until=night + timedelta(10))
    due.holds(20000).bears("0.02", until=night + timedelta(30))
    due.holds(9000).bears("0.02", until=night + timedelta(31))
    bank.customer("PAID", opened=date(2025, 1, 1)).holds(100)
    for month in (3, 5, 6):
        transact(
            bank, "PAID", date(2026, month, 5), "8000.00", txn_type="salary", direction="in", arrives=night
        )
    bank.customer("LEAVING", opened=date(2025, 1, 1)).holds(100000)
    transact(bank, "LEAVING", date(2026, 4, 1), "30000.00", arrives=night)
    transact(bank, "LEAVING", date(2026, 6, 5), "20000.00", arrives=night)
    bank.customer("STAYING", opened=date(2025, 1, 1)).holds(100000)
    transact(bank, "STAYING", date(2026, 3, 31), "30000.00", arrives=night)
    transact(bank, "STAYING", date(2026, 6, 5), "49999.99", arrives=night)
    bank.customer("OWES", opened=date(2025, 1, 1)).borrows(1000, since=date(2025, 2, 1))
    bank.customer("CARD", opened=date(2025, 1, 1)).card(issued=date(2025, 2, 1))
    gone = bank.customer("GONE", opened=date(2025, 1, 1))
    gone.holds(100)
    gone.leaves(night)
    found = labels(run(bank, "fct_customer_label"), date(2026, 6, 1))

    deposits = {key for key in found if key[1] == "deposit_without_loan"}
    assert {customer for customer, _ in deposits} == {"RISING", "FLAT", "DUE", "PAID", "LEAVING", "STAYING"}
    assert {key: value for key, value in found.items() if key not in deposits} == {
        ("RISING", "rising_to_next_tier"): (D("5000.00"), night),
        ("DUE", "large_maturing"): (D("50000.00"), night + timedelta(10)),
        ("PAID", "payroll"): (D("24000.00"), date(2026, 6, 5)),
        ("LEAVING", "money_leaving"): (D("50000.00"), night),
        ("OWES", "loan_without_deposit"): (D("1000.00"), night),
        ("CARD", "single_channel"): (None, night),
    }


def test_ways_between_segments_add_up_to_both_months() -> None:
    bank = Bank([date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)])
    bank.customer("GROWN", opened=date(2025, 11, 15)).holds(100)
    bank.customer("OLD", opened=date(2010, 1, 1)).holds(100)
    gone = bank.customer("GONE", opened=date(2010, 1, 1))
    gone.holds(100).closes(date(2026, 2, 10))
    gone.leaves(date(2026, 2, 10))
    bank.customer("LATE", opened=date(2026, 2, 10)).holds(100)
    nights = run(bank, "rpt_segment_migration_monthly")

    rows = nights.query(
        "select * from customer.rpt_segment_migration_monthly where scheme_code = 'lifecycle'"
        " order by month_start_date, from_segment_code, to_segment_code"
    )
    ways = [
        (row["month_start_date"].month, row["from_segment_code"], row["to_segment_code"], row["customer_cnt"])
        for row in rows
    ]
    assert ways == [
        (1, "new", "new", 1),
        (1, "new", "senior", 2),
        (2, "new", "growth", 1),
        (2, "new", "new", 1),
        (2, "senior", "senior", 2),  # closed in the month, and still on record
        (3, "growth", "growth", 1),
        (3, "new", "new", 1),
        (3, "senior", "closed", 1),
        (3, "senior", "senior", 1),
    ]
    needs = nights.query(
        "select scheme_code, to_segment_code, customer_cnt from customer.rpt_segment_migration_monthly"
        " where scheme_code like '%need' and month(month_start_date) = 3 and to_segment_code <> 'closed'"
        " order by 1"
    )
    # three customers with 100 each and no transaction
    assert [tuple(row.values()) for row in needs] == [
        (f"{need}_need", "no_need", 3) for need in ("credit", "cross_border", "payment", "wealth")
    ]
    for scheme in nights.query("select distinct scheme_code from customer.rpt_segment_migration_monthly"):
        for month in (2, 3):
            sums = nights.query(
                "select sum(customer_cnt) as c, sum(opening_cnt) as o, sum(closing_cnt) as e"
                " from customer.rpt_segment_migration_monthly"
                " where scheme_code = ? and month(month_start_date) = ?",
                scheme["scheme_code"],
                month,
            )[0]
            assert (sums["c"], sums["o"], sums["e"]) == (4, 3 if month == 2 else 4, 4 if month == 2 else 3)


def test_corporate_segments_migrate_under_schemes_of_their_own() -> None:
    """Sizes are judged by month averages: (27 × 500,000 + 20,000,000) / 28 = 1,196,428.57 is small."""
    january, february = date(2026, 1, 31), date(2026, 2, 28)
    bank = Bank([january, february])
    bank.customer("GROWS", kind="C").holds(500_000).holds(20_000_000, since=february)
    gone = bank.customer("GONE", kind="C", org="O2")
    gone.holds(10)
    gone.leaves(date(2026, 2, 10))
    bank.customer("COMES", kind="C", opened=date(2026, 2, 2)).holds(10, since=date(2026, 2, 2))
    bank.customer("PERSON").holds(500_000)
    nights = run(bank, "rpt_segment_migration_monthly")

    rows = nights.query(
        "select * from customer.rpt_segment_migration_monthly where scheme_code = 'corporate_size'"
        " order by month_start_date, from_segment_code, to_segment_code"
    )
    assert [
        (
            row["month_start_date"].month,
            row["org_id"],
            row["from_segment_code"],
            row["to_segment_code"],
            row["customer_cnt"],
            row["opening_cnt"],
            row["closing_cnt"],
        )
        for row in rows
    ] == [
        (1, "O1", "new", "micro", 1, 0, 1),
        (1, "O2", "new", "micro", 1, 0, 1),
        (2, "O2", "micro", "closed", 1, 1, 0),
        (2, "O1", "micro", "small", 1, 1, 1),
        (2, "O1", "new", "micro", 1, 0, 1),
    ]
    # 2 open and 2 close under every scheme of corporates; the one person under every other
    sums = nights.query(
        "select scheme_code, sum(opening_cnt) as o, sum(closing_cnt) as c"
        " from customer.rpt_segment_migration_monthly where month_start_date = '2026-02-01' group by 1"
    )
    found = {row["scheme_code"]: (row["o"], row["c"]) for row in sums}
    assert {scheme for scheme in found if scheme.startswith("corporate_")} == {
        "corporate_size",
        "corporate_lifecycle",
        "corporate_activity",
        "corporate_value",
        "corporate_potential",
    }
    for scheme, counts in found.items():
        assert counts == ((2, 2) if scheme.startswith("corporate_") else (1, 1)), scheme


@pytest.mark.parametrize(
    ("amount", "layer", "coarse"),
    [
        ("49999.99", "mass", "ordinary"),
        ("50000.00", "mass", "potential"),
        ("99999.99", "mass", "potential"),
        ("100000.00", "wealth", "potential"),
        ("1000000.00", "wealth", "potential"),
        ("1000000.01", "wealth", "high_net_worth"),
        ("5000000.00", "wealth", "high_net_worth"),
        # C-140: more than five million
        ("5000000.01", "private", "high_net_worth"),
    ],
)
def test_layers_and_coarse_classes_go_by_assets(amount: str, layer: str, coarse: str) -> None:
    bank = Bank([date(2026, 6, 30)])
    bank.customer("C1", opened=date(2026, 6, 1)).holds(amount, since=date(2026, 6, 1))
    (row,) = run(bank).query(f"select * from {SEGMENTS}")
    assert (row["asset_layer_code"], row["coarse_class_code"]) == (layer, coarse)


def test_a_month_that_is_not_recorded_whole_is_no_step_of_a_rise() -> None:
    nights = [date(2026, 1, 15), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]
    bank = Bank(nights)
    account = bank.customer("C1", opened=date(2026, 1, 15)).holds(30_000, since=date(2026, 1, 15))
    for month, amount in ((2, 33_000), (3, 36_000), (4, 42_000), (5, 45_000)):
        account.holds(amount, since=date(2026, month, 1))
    # a customer of before the records: of January only the days from the 15th on are recorded
    bank.customer("OLD", opened=date(2020, 1, 1)).holds(1)
    found = run(bank, "fct_customer_label").query(
        "select month_start_date from customer.fct_customer_label where label_code = 'rising_to_next_tier'"
    )
    # February to May rise three times; of February to April January would be the first step
    assert [row["month_start_date"] for row in found] == [date(2026, 5, 1)]
