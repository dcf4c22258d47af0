"""Reports of section 6.4 over small banks, with the arithmetic beside them."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

JANUARY, FEBRUARY = date(2026, 1, 31), date(2026, 2, 28)


def test_cross_selling_counts_the_lines_of_active_customers() -> None:
    bank = Bank([JANUARY])
    three = bank.customer("C3")
    three.holds(100)
    three.invests(50)
    three.card(issued=date(2026, 1, 5))
    bank.customer("C1").holds(10)
    # a card alone is a line, and makes nobody active
    bank.customer("CARD").card(issued=date(2026, 1, 5))
    # a transaction alone makes active, without a line
    mover = bank.customer("MOVER").account(opened=date(2026, 1, 2)).holds(0, since=date(2026, 1, 2))
    bank.books.move(mover.account_id, date(2026, 1, 30))

    nights = MemoryNights(["rpt_cross_sell_monthly"]).run_all(bank)

    (row,) = nights.query(
        "select * from customer.rpt_cross_sell_monthly where month_start_date = '2026-01-01'"
    )
    assert (row["org_id"], row["tier_code"]) == ("O1", "ordinary")
    # C3 with 3, C1 with 1, MOVER with 0
    assert (row["active_customer_cnt"], row["held_line_cnt"]) == (3, 4)
    assert row["cross_sell_ratio"] == Decimal("1.333333")
    assert [row[f"line_{n}_customer_cnt"] for n in ("0", "1", "2", "3", "4_plus")] == [1, 1, 0, 1, 0]


def test_a_transaction_keeps_a_customer_active_for_three_months() -> None:
    nights_of = [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 31), date(2026, 4, 30)]
    bank = Bank(nights_of)
    account = bank.customer("C1", opened=date(2026, 1, 2)).account(opened=date(2026, 1, 2))
    account.holds(0, since=date(2026, 1, 2))
    bank.books.move(account.account_id, date(2026, 1, 29))

    nights = MemoryNights(["rpt_cross_sell_monthly"]).run_all(bank)

    rows = nights.query(
        "select month_start_date, active_customer_cnt from customer.rpt_cross_sell_monthly order by 1"
    )
    assert [row["month_start_date"].month for row in rows] == [1, 2, 3]


def test_a_reversed_transaction_makes_nobody_active() -> None:
    bank = Bank([date(2026, 1, 29), date(2026, 1, 30)])
    account = bank.customer("C1", opened=date(2026, 1, 2)).account(opened=date(2026, 1, 2))
    account.holds(0, since=date(2026, 1, 2))
    bank.books.move(account.account_id, date(2026, 1, 29))
    bank.books.move(account.account_id, date(2026, 1, 30))
    bank.books.events["transaction"][1][1]["reversed_txn_id"] = "T1"
    nights = MemoryNights(["rpt_cross_sell_monthly"])
    counts = []
    for night in bank.deliveries():
        nights.run(night)
        counts.append(len(nights.query("select 1 from customer.rpt_cross_sell_monthly")))
    assert counts == [1, 0]


def test_a_reversal_of_an_earlier_month_hides_no_later_transaction() -> None:
    bank = Bank([JANUARY, FEBRUARY, date(2026, 3, 31), date(2026, 4, 30)])
    for name, amount in (("EMPTY", 0), ("HOLDS", 5)):
        account = bank.customer(name, opened=date(2026, 1, 2)).account(opened=date(2026, 1, 2))
        account.holds(amount, since=date(2026, 1, 2))
        bank.books.move(account.account_id, date(2026, 1, 29))
        taken_back = bank.books.events["transaction"][-1][1]["txn_id"]
        bank.books.move(account.account_id, date(2026, 2, 10))
        bank.books.events["transaction"][-1][1]["reversed_txn_id"] = taken_back
        bank.books.move(account.account_id, date(2026, 3, 20))

    nights = MemoryNights(["rpt_customer_kpi_monthly"]).run_all(bank)

    rows = nights.query("select * from customer.rpt_customer_kpi_monthly order by month_start_date")
    # EMPTY is active by transactions alone: in January the pair is not known, in February it is; of the
    # three months to April only March has a transaction, and nothing is taken off for the pair
    assert [row["active_customer_cnt"] for row in rows] == [2, 1, 2, 2]
    assert [row["txn_cnt"] for row in rows] == [2, 0, 2, 0]


def test_a_late_transaction_counts_in_the_three_months_of_its_own_day() -> None:
    bank = Bank([JANUARY, FEBRUARY, date(2026, 3, 31), date(2026, 4, 30)])
    account = bank.customer("C1", opened=date(2026, 1, 2)).account(opened=date(2026, 1, 2))
    account.holds(0, since=date(2026, 1, 2))
    bank.books.move(account.account_id, date(2026, 3, 2))
    # brought in March, of January: January to March have it, February to April have it not
    bank.books.events["transaction"][0][1]["txn_date"] = date(2026, 1, 5)

    nights = MemoryNights(["rpt_customer_kpi_monthly"]).run_all(bank)

    rows = nights.query("select * from customer.rpt_customer_kpi_monthly order by month_start_date")
    assert [row["active_customer_cnt"] for row in rows] == [0, 0, 1, 0]


def test_penetration_tells_new_lost_and_won_back_holders() -> None:
    months = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    bank = Bank(months)
    for name, held in {
        "STAYS": (9, 9, 9),
        "LEAVES": (9, 9, 0),
        "BACK": (9, 0, 7),
        "COMES": (0, 0, 4),
    }.items():
        customer = bank.customer(name, opened=date(2025, 6, 1))
        customer.holds(100, since=date(2025, 6, 1))
        fund = customer.account(product="FUND", opened=date(2025, 6, 1))
        for day, amount in zip((date(2025, 6, 1), date(2026, 2, 1), date(2026, 3, 1)), held, strict=True):
            fund.holds(amount, since=day)

    nights = MemoryNights(["rpt_product_penetration_monthly"]).run_all(bank)

    rows = nights.query(
        "select * from customer.rpt_product_penetration_monthly"
        " where product_line_code = 'wealth' and month_start_date >= '2026-02-01' order by month_start_date"
    )
    names = ("opening_holder", "new_holder", "won_back", "lost_holder", "holder", "active_customer")
    assert [tuple(row[f"{name}_cnt"] for name in names) for row in rows] == [
        (3, 0, 0, 1, 2, 4),
        (2, 1, 1, 1, 3, 4),
    ]
    assert [(row["penetration_rate"], row["balance_amt"]) for row in rows] == [
        (Decimal("0.500000"), Decimal("18.00")),
        (Decimal("0.750000"), Decimal("20.00")),
    ]


def test_a_cohort_is_followed_month_by_month() -> None:
    bank = Bank([JANUARY, FEBRUARY, date(2026, 3, 31)])
    bank.customer("OLD", opened=date(2025, 12, 1)).holds(5, since=date(2025, 12, 1))
    bank.customer("A", opened=date(2026, 1, 10)).holds(100, since=date(2026, 1, 10))
    gone = bank.customer("B", opened=date(2026, 1, 20))
    gone.holds(50, since=date(2026, 1, 20)).closes(date(2026, 3, 10))
    gone.leaves(date(2026, 3, 10))
    bank.customer("C", opened=date(2026, 2, 20)).holds(7, since=date(2026, 2, 20))

    nights = MemoryNights(["rpt_vintage_monthly"]).run_all(bank)

    rows = nights.query(
        "select * from customer.rpt_vintage_monthly where cohort_month_date >= '2026-01-01'"
        " order by cohort_month_date, month_start_date"
    )
    assert [
        (
            row["cohort_month_date"].month,
            row["months_since"],
            row["opened_cnt"],
            row["retained_cnt"],
            row["aum_amt"],
        )
        for row in rows
    ] == [
        (1, 0, 2, 2, Decimal("150.00")),
        (1, 1, 2, 2, Decimal("150.00")),
        (1, 2, 2, 1, Decimal("100.00")),
        (2, 0, 1, 1, Decimal("7.00")),
        (2, 1, 1, 1, Decimal("7.00")),
    ]
    assert rows[2]["retention_rate"] == Decimal("0.500000")
    # who left in March contributed until then
    (march,) = nights.query(
        "select sum(contribution_amt) as contribution_amt from contribution.fct_customer_contribution_monthly"
        " where month_start_date = '2026-03-01' and customer_id in ('A', 'B')"
    )
    assert rows[2]["contribution_amt"] == march["contribution_amt"] > 0


def test_a_cohort_of_the_history_counts_once_in_the_month_of_the_first_nights() -> None:
    bank = Bank([date(2026, 1, 30), JANUARY, date(2026, 2, 2), FEBRUARY])
    bank.customer("OLD", opened=date(2025, 12, 1)).holds(5, since=date(2025, 12, 1))
    bank.customer("NEW", opened=date(2026, 1, 10)).holds(5, since=date(2026, 1, 10))
    bank.customer("LATER", opened=JANUARY).holds(5, since=JANUARY)
    nights = MemoryNights(["rpt_vintage_monthly"])
    for delivery in bank.deliveries():
        nights.run(delivery)
        late = int(delivery.business_date > date(2026, 1, 30))
        rows = nights.query(
            "select * from customer.rpt_vintage_monthly where month_start_date = ? order by 1",
            delivery.business_date.replace(day=1),
        )
        assert [(row["opened_cnt"], row["retained_cnt"]) for row in rows] == [(1, 1), (1 + late, 1 + late)]


def test_customers_who_come_go_and_move_add_up() -> None:
    bank = Bank([JANUARY, FEBRUARY])
    bank.customer("STAYS", opened=date(2025, 1, 1)).holds(100, since=date(2025, 1, 1))
    bank.customer("MOVES", opened=date(2025, 1, 1)).moves_to("O2", on=date(2026, 2, 10))
    gone = bank.customer("GOES", opened=date(2025, 1, 1))
    gone.leaves(date(2026, 2, 10))
    bank.customer("COMES", opened=date(2026, 2, 11), org="O2").holds(3, since=date(2026, 2, 11))
    bank.customer("LONG GONE", opened=date(2025, 1, 1)).leaves(date(2025, 6, 1))

    nights = MemoryNights(["rpt_customer_kpi_monthly"]).run_all(bank)

    rows = nights.query(
        "select * from customer.rpt_customer_kpi_monthly"
        " where month_start_date = '2026-02-01' order by org_id"
    )
    names = ("opening", "new", "moved_in", "lost", "moved_out", "closing", "active")
    assert [(row["org_id"], *(row[f"{name}_customer_cnt"] for name in names)) for row in rows] == [
        ("O1", 3, 0, 0, 1, 1, 1, 1),
        ("O2", 0, 1, 1, 0, 0, 2, 1),
    ]
    assert [(row["growth_rate"], row["churn_rate"], row["retention_rate"]) for row in rows] == [
        (Decimal("-0.666667"), Decimal("0.333333"), Decimal("0.666667")),
        (None, None, None),
    ]


def test_the_matrix_has_balances_contribution_sales_and_customers() -> None:
    bank = Bank([JANUARY])
    bank.customer("C1").holds(100)
    bank.customer("C2").holds("50.50")
    bank.books.fee("C1", "FUND", "O2", JANUARY, "12.00")

    nights = MemoryNights(["rpt_line_org_matrix_monthly", "rpt_income_structure_monthly"]).run_all(bank)

    rows = nights.query(
        "select * from customer.rpt_line_org_matrix_monthly"
        " where month_start_date = '2026-01-01' order by org_id"
    )
    assert [
        (row["product_line_code"], row["org_id"], row["balance_amt"], row["customer_cnt"]) for row in rows
    ] == [
        ("deposit", "O1", Decimal("150.50"), 2),
        ("wealth", "O2", Decimal("0.00"), 0),
    ]
    assert rows[1]["contribution_amt"] == Decimal("12.00")
    income = nights.query("select * from customer.rpt_income_structure_monthly where org_id = 'O2'")
    assert (income[0]["income_amt"], income[0]["fee_share"]) == (Decimal("12.00"), Decimal("1.000000"))


def sell(bank: Bank, trade: str, on: date, amount: str, *, arrives: date, cancelled: bool = False) -> None:
    """Sell a fund at O1, or take the sale back."""
    bank.books.book(
        "sales_trade", arrives, trade_id=f"{trade}X" if cancelled else trade, customer_id="C1",
        product_code="FUND", trade_date=on, amount=Decimal(amount), fee_income=Decimal(0), org_id="O1",
        status="cancelled" if cancelled else "live", related_trade_id=trade if cancelled else None,
    )  # fmt: skip


def sold(nights: MemoryNights) -> list[tuple[int, int, Decimal]]:
    """Month, number of sales and amount of the matrix, where there were any."""
    rows = nights.query(
        "select month_start_date, sum(sales_cnt) as n, sum(sales_amt) as amt"
        " from customer.rpt_line_org_matrix_monthly group by 1 having sum(sales_amt) <> 0 order by 1"
    )
    return [(row["month_start_date"].month, row["n"], row["amt"]) for row in rows]


def test_a_sale_of_a_month_that_ended_without_a_batch_counts_with_the_batch_that_brings_it() -> None:
    """30 and 31 January are Friday and Saturday; the batch of 2 February brings the sale of the 31st."""
    first, friday, monday, tuesday = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 3)
    bank = Bank([first, friday, monday, tuesday])
    bank.customer("C1").holds(100)
    # the first batch tells of the past, too: December is before the records, and January did not sell it
    sell(bank, "S0", date(2025, 12, 3), "7.00", arrives=first)
    sell(bank, "S1", first, "1000.00", arrives=first)
    sell(bank, "S2", friday, "200.00", arrives=friday)
    sell(bank, "S3", date(2026, 1, 31), "30.00", arrives=monday)
    sell(bank, "S4", monday, "4.00", arrives=monday)
    # late, and a cancellation of a sale of January
    sell(bank, "S5", date(2026, 1, 20), "0.50", arrives=tuesday)
    sell(bank, "S2", friday, "200.00", arrives=tuesday, cancelled=True)
    nights = MemoryNights(["rpt_line_org_matrix_monthly"])
    closed = {"sales_trade": [row for on, row in bank.books.events["sales_trade"] if on == monday][:1]}

    nights.run(bank.delivery(first))
    nights.run(bank.delivery(friday))
    assert sold(nights) == [(1, 2, Decimal("1200.00"))]
    nights.close(date(2026, 1, 31), before=monday, **closed)
    assert sold(nights) == [(1, 2, Decimal("1200.00"))]
    nights.run(bank.delivery(monday))
    # 30.00 + 4.00
    assert sold(nights) == [(1, 2, Decimal("1200.00")), (2, 2, Decimal("34.00"))]
    nights.run(bank.delivery(tuesday))
    # 34.00 + 0.50 − 200.00
    assert sold(nights) == [(1, 2, Decimal("1200.00")), (2, 2, Decimal("-165.50"))]


def test_a_batch_on_the_last_day_changes_nothing_of_when_a_sale_counts() -> None:
    """31 January 2026 has a batch, and is built once more with what the next batch tells of the month."""
    bank = Bank([date(2026, 1, 30), JANUARY, date(2026, 2, 2)])
    bank.customer("C1").holds(100)
    sell(bank, "S1", JANUARY, "200.00", arrives=JANUARY)
    sell(bank, "S2", JANUARY, "30.00", arrives=date(2026, 2, 2))

    nights = MemoryNights(["rpt_line_org_matrix_monthly"]).run_all(bank)
    expected = [(1, 1, Decimal("200.00")), (2, 1, Decimal("30.00"))]
    assert sold(nights) == expected

    # the last night once more: its entries stand while January is built again
    nights.run(bank.delivery(date(2026, 2, 2), sequence=2))
    assert sold(nights) == expected


def test_large_customers_are_counted_by_the_tier_with_which_they_began() -> None:
    bank = Bank([JANUARY, date(2026, 2, 1), FEBRUARY])
    grown = bank.customer("GROWN", opened=date(2025, 11, 1))
    grown.account(opened=date(2025, 11, 1)).months(1, 1, 1, 2000, to=date(2026, 2, 1))
    bank.customer("BORN", opened=date(2026, 1, 1)).account(opened=date(2026, 1, 1)).months(
        3000, 3000, to=date(2026, 2, 1)
    )

    nights = MemoryNights(["rpt_concentration_growth"]).run_all(bank)

    rows = nights.query(
        "select * from customer.rpt_concentration_growth"
        " where month_start_date = '2026-02-01' order by origin_tier_code"
    )
    assert [
        (
            row["origin_tier_code"],
            row["customer_cnt"],
            row["grown_months_avg"],
            row["at_once_cnt"],
            row["within_12m_cnt"],
        )
        for row in rows
    ] == [("core", 1, Decimal("0.000000"), 1, 0), ("ordinary", 1, Decimal("3.000000"), 0, 1)]
    assert rows[1]["customer_share"] == Decimal("0.500000")


def test_a_customer_begins_with_the_tier_at_the_end_of_their_first_month() -> None:
    nights_of = [date(2026, 1, 30), date(2026, 2, 2), FEBRUARY, date(2026, 3, 31)]
    bank = Bank(nights_of)
    bank.customer("OLD", opened=date(2026, 1, 1)).holds(1, since=date(2026, 1, 1))
    # on 2 February the month's average is 1; at its end (1 + 27 × 9,000,000) / 28
    riser = bank.customer("RISER", opened=date(2026, 2, 2))
    riser.account().holds(1, since=date(2026, 2, 2)).holds(9_000_000, since=date(2026, 2, 28))

    nights = MemoryNights(["rpt_concentration_growth", "fct_customer_tier_monthly"]).run_all(bank)

    (first,) = nights.query(
        "select tier_code from customer_value.fct_customer_tier_monthly"
        " where customer_id = 'RISER' and month_start_date = '2026-02-01'"
    )
    (row,) = nights.query(
        "select * from customer.rpt_concentration_growth where month_start_date = '2026-03-01'"
    )
    assert (row["origin_tier_code"], row["customer_cnt"]) == (first["tier_code"], 1)
    assert first["tier_code"] != "ordinary"


def _case(
    bank: Bank, number: int, opened: str, replied: str | None, closed: str | None, score: int | None
) -> None:
    day = date.fromisoformat(opened[:10])
    bank.books.book(
        "service_case", day, case_id=f"K{number}", customer_id="C1", case_type="complaint", opened_at=opened,
        first_reply_at=replied, closed_at=closed, score=score, op="I",
    )  # fmt: skip


def _service_of_one_night(bank: Bank) -> dict[str, Any]:
    """The one row of a bank whose first night brings all of its cases."""
    delivery = bank.deliveries()[0]
    delivery.tables["service_case"] = [row for _, row in bank.books.events["service_case"]]
    delivery.loads["service_case"] = "full"
    nights = MemoryNights(["rpt_service_monthly"])
    nights.run(delivery)
    (row,) = nights.query("select * from customer.rpt_service_monthly")
    return row


def test_a_month_without_a_score_has_no_mean_and_breaks_nothing() -> None:
    bank = Bank([JANUARY])
    bank.customer("C1", opened=date(2025, 1, 1))
    _case(bank, 1, "2026-01-05 01:00", "2026-01-05 01:05", "2026-01-06 01:00", None)
    row = _service_of_one_night(bank)
    assert (row["case_cnt"], row["scored_cnt"], row["score_sum"], row["csat_mean"]) == (1, 0, 0, None)


def test_net_promoters_of_10_9_8_and_6_are_25() -> None:
    """Golden case P1: (2 − 1) / 4 = 25 %."""
    bank = Bank([JANUARY])
    bank.customer("C1", opened=date(2025, 1, 1))
    # instants are UTC in the lake: 01:00 is 09:00 in Shanghai
    _case(bank, 1, "2026-01-05 01:00", "2026-01-05 01:05", "2026-01-06 01:00", 10)
    _case(bank, 2, "2026-01-05 01:00", "2026-01-05 03:00", "2026-01-06 01:01", 9)
    _case(bank, 3, "2026-01-05 01:00", "2026-01-05 03:01", None, 8)
    # the last hour of January in UTC is February in Shanghai
    _case(bank, 4, "2026-01-20 01:00", None, None, 6)
    row = _service_of_one_night(bank)
    assert (row["org_id"], row["case_cnt"], row["nps"], row["csat_mean"]) == (
        "O1", 4, Decimal("25.00"), Decimal("8.250000"),
    )  # fmt: skip
    assert (row["at_once_cnt"], row["replied_in_time_cnt"], row["solved_in_time_cnt"]) == (1, 2, 1)
    # open since the 5th and the 20th: 26 and 11 days
    assert (row["open_cnt"], row["open_age_days"], row["oldest_open_days"]) == (2, 37, 26)
    assert row["closed_loop_rate"] == Decimal("0.500000")


def test_a_case_of_who_left_before_the_month_belongs_to_his_home_org() -> None:
    bank = Bank([JANUARY])
    bank.customer("C1", opened=date(2025, 1, 1), org="O2").status.set(date(2025, 12, 1), "closed")
    _case(bank, 1, "2026-01-05 01:00", None, None, None)
    assert _service_of_one_night(bank)["org_id"] == "O2"


def test_a_case_of_the_history_that_was_closed_before_the_month_is_not_in_it() -> None:
    bank = Bank([date(2026, 1, 30), JANUARY])
    bank.customer("C1", opened=date(2025, 1, 1))
    _case(bank, 1, "2025-12-01 01:00", "2025-12-01 01:01", "2025-12-02 01:00", 8)
    nights = MemoryNights(["rpt_service_monthly"])
    for delivery, cases in zip(bank.deliveries(), (bank.books.events["service_case"], []), strict=True):
        delivery.tables["service_case"] = [row for _, row in cases]
        delivery.loads["service_case"] = "delta"
        nights.run(delivery)
        assert nights.query("select * from customer.rpt_service_monthly") == []


def test_a_case_that_is_told_after_its_month_was_closed_counts_in_the_month_that_tells_it() -> None:
    bank = Bank([JANUARY, FEBRUARY, date(2026, 3, 31)])
    bank.customer("C1", opened=date(2025, 1, 1))
    _case(bank, 1, "2022-01-01 01:00", None, None, None)
    _case(bank, 2, "2026-02-20 01:00", "2026-02-20 01:01", None, 8)
    _case(bank, 3, "2026-02-20 01:00", None, "2026-02-20 05:00", None)
    known, of_february, late = (row for _, row in bank.books.events["service_case"])
    nights = MemoryNights(["rpt_service_monthly"])
    for delivery, cases in zip(bank.deliveries(), ([known], [of_february], [late]), strict=True):
        delivery.tables["service_case"], delivery.loads["service_case"] = cases, "delta"
        nights.run(delivery)

    rows = nights.query("select * from customer.rpt_service_monthly order by month_start_date")
    assert [(row["case_cnt"], row["solved_in_time_cnt"], row["open_cnt"]) for row in rows] == [
        (0, 0, 1),
        (1, 0, 2),
        (1, 1, 2),
    ]
    # of 2022: 1491 days to 31 January 2026
    assert rows[0]["open_age_days_avg"] == Decimal(1491)


def test_an_account_with_two_products_of_a_line_falls_due_once() -> None:
    bank = Bank([JANUARY, date(2026, 2, 2), date(2026, 2, 16)])
    account = bank.customer("C1", opened=date(2025, 1, 1)).account(product="FUND", opened=date(2025, 1, 1))
    account.holds(30, since=date(2025, 1, 1)).holds(12, since=date(2025, 1, 1), product="HALF")
    account.bears("0.02", until=date(2026, 2, 10))
    nights = MemoryNights(["rpt_maturity_calendar"])
    for delivery in bank.deliveries():
        nights.run(delivery)
        (row,) = nights.query("select * from customer.rpt_maturity_calendar")
        is_over = delivery.business_date > date(2026, 2, 10)
        assert (row["account_cnt"], row["matured_account_cnt"]) == ((0, 1) if is_over else (1, 0))
        assert row["due_amt"] + row["matured_amt"] == Decimal("42.00")


def test_a_cancellation_takes_away_what_its_sale_counted_whatever_its_own_row_says() -> None:
    first, second = date(2026, 1, 30), JANUARY
    bank = Bank([first, second, FEBRUARY])
    bank.customer("C1").holds(100)
    for trade in ("S1", "S2", "S3"):
        sell(bank, trade, first, "200.00", arrives=second if trade == "S3" else first)
    sell(bank, "S1", second, "0.00", arrives=second, cancelled=True)
    # twice, by two numbers, and once before the sale comes
    sell(bank, "S2", second, "200.00", arrives=second, cancelled=True)
    sell(bank, "S2", FEBRUARY, "200.00", arrives=FEBRUARY, cancelled=True)
    sell(bank, "S3", first, "200.00", arrives=first, cancelled=True)
    sell(bank, "S9", first, "55.00", arrives=first, cancelled=True)
    for number, (_, row) in enumerate(bank.books.events["sales_trade"]):
        if row["status"] == "cancelled":
            row |= {"org_id": "O2", "trade_id": f"X{number}"}
    nights = MemoryNights(["rpt_line_org_matrix_monthly"])
    seen = []
    for night in bank.deliveries():
        nights.run(night)
        seen.append(
            [
                (row["month_start_date"].month, row["org_id"], row["sales_cnt"], row["sales_amt"])
                for row in nights.query(
                    "select * from customer.rpt_line_org_matrix_monthly where sales_cnt <> 0 order by 1"
                )
            ]
        )
    # S1 and S2; then all three are taken back, at O1, and in February nothing is left to take back
    assert seen == [[(1, "O1", 2, Decimal("400.00"))], [], []]


def test_a_score_that_is_none_stops_no_night_and_is_nobodys() -> None:
    bank = Bank([JANUARY])
    bank.customer("C1", opened=date(2025, 1, 1))
    for number, score in enumerate((8, 5000, 11, -1), start=1):
        _case(bank, number, "2026-01-05 01:00", None, None, score)
    row = _service_of_one_night(bank)
    assert (row["case_cnt"], row["scored_cnt"], row["csat_mean"]) == (4, 1, Decimal(8))
    assert (row["promoter_cnt"], row["detractor_cnt"], row["nps"]) == (0, 0, Decimal(0))
