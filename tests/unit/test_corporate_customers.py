"""Corporate customers: segments, peers, 360, prospects, policies, diligence, scores, on small banks."""

from datetime import date
from decimal import Decimal

import pytest

from tests.support.bank import Bank
from tests.support.front_office import EVENTS, SALES, change, deliveries, target, visit
from tests.support.memory_nights import MemoryNights
from tests.unit.test_supply_chain import outside, pay

D = Decimal
NIGHT = date(2026, 1, 30)


def manage(bank: Bank, customer: str, employee: str = "E1", *, since: date = date(2025, 1, 1)) -> None:
    """Let an employee be a customer's main manager."""
    bank.books.assignments.append(
        {"assignment_id": f"M{customer}", "customer_id": customer, "employee_id": employee, "org_id": "O1",
         "role": "main", "participation": D(1), "valid_from": since, "valid_to": None,
         "change_reason": "assign", "recorded_at": "2025-01-01 00:00:00"}
    )  # fmt: skip


def run(bank: Bank, brought: dict, *marts: str) -> MemoryNights:
    memory = MemoryNights(marts, given=SALES | EVENTS)
    for delivery in deliveries(bank, brought):
        memory.run(delivery)
    return memory


def test_vd1_a_loan_above_the_line_asks_for_a_visit_with_a_place():
    bank = Bank([NIGHT])
    for name, owed in (("C1", "1000000.01"), ("C2", "1000000.00")):
        bank.customer(name, kind="C").borrows(owed, since=NIGHT)
        manage(bank, name)
    visits = [
        visit(1, "2026-01-05", located=False),
        visit(2, "2026-01-06", located=False),
        visit(3, "2026-01-07"),
    ]
    memory = run(bank, {NIGHT: {"visit": visits}}, "rpt_rm_diligence_monthly")

    (row,) = memory.query(
        "select * from corporate.rpt_rm_diligence_monthly where month_start_date = '2026-01-01'"
    )
    # two without a place, one with: the duty of one is met; a loan of exactly the line asks for none
    assert (row["duty_customer_cnt"], row["duty_met_cnt"], row["duty_met_rate"]) == (1, 1, D(1))
    assert (row["visit_cnt"], row["located_visit_cnt"]) == (3, 1)
    assert (row["assigned_customer_cnt"], row["visited_customer_cnt"], row["visited_rate"]) == (
        2,
        1,
        D("0.5"),
    )


def test_visits_without_a_place_meet_no_duty():
    bank = Bank([NIGHT])
    bank.customer("C1", kind="C").borrows("1000000.01", since=NIGHT)
    manage(bank, "C1")
    visits = [visit(n, "2026-01-05", located=False) for n in range(2)]
    memory = run(bank, {NIGHT: {"visit": visits}}, "rpt_rm_diligence_monthly")

    (row,) = memory.query(
        "select * from corporate.rpt_rm_diligence_monthly where month_start_date = '2026-01-01'"
    )
    assert (row["duty_customer_cnt"], row["duty_met_cnt"]) == (1, 0)


def test_nobody_looks_after_a_customer_who_has_left():
    bank = Bank([date(2026, 1, 20), NIGHT])
    for name in ("C1", "C2"):
        bank.customer(name, kind="C").borrows("2000000.00", since=date(2026, 1, 20))
        manage(bank, name)
    bank.customers[0].leaves(NIGHT)
    memory = run(bank, {NIGHT: {"visit": [visit(1, "2026-01-25")]}}, "rpt_rm_diligence_monthly")

    (row,) = memory.query(
        "select * from corporate.rpt_rm_diligence_monthly where month_start_date = '2026-01-01'"
    )
    # the visit to C1 was made, and is no duty any more; that to C2 is owed
    assert (row["assigned_customer_cnt"], row["visited_customer_cnt"], row["visit_cnt"]) == (1, 0, 1)
    assert (row["duty_customer_cnt"], row["duty_met_cnt"]) == (1, 0)


def test_reminders_are_answered_by_whatever_reaches_the_customer():
    bank = Bank([NIGHT])
    bank.customer("C1", kind="C").holds(1)
    bank.customer("C2", kind="C").holds(1)
    manage(bank, "C1")
    memory = MemoryNights(["rpt_rm_diligence_monthly", "dim_corporate_360"], given=SALES | EVENTS)
    memory.connection.execute(
        """
        insert into stg.fct_event values
            (1, 'V1', 'event', 'large_inflow', 'C1', 'E1', '2026-01-05'),
            (2, 'V2', 'event', 'large_outflow', 'C1', 'E1', '2026-01-08'),
            (3, 'V3', 'event', 'large_inflow', 'C2', 'E1', '2026-01-06'),
            (4, 'V4', 'event', 'large_inflow', 'C1', 'E1', '2026-01-07'),
            (5, 'V4', 'withdrawal', 'large_inflow', 'C1', 'E1', '2026-01-09'),
            (6, 'V5', 'event', 'large_inflow', 'C2', 'UNASSIGNED', '2026-01-06'),
            (7, 'V6', 'event', 'large_inflow', 'C1', 'E1', '2026-01-02'),
            (8, 'V6', 'withdrawal', 'large_inflow', 'C1', 'E1', '2026-01-02'),
            (9, 'V6', 'event', 'large_inflow', 'C1', 'E1', '2026-01-02')
        """
    )
    for delivery in deliveries(bank, {NIGHT: {"visit": [visit(1, "2026-01-11")]}}):
        memory.run(delivery)

    rows = memory.query(
        "select * from corporate.rpt_rm_diligence_monthly where month_start_date = '2026-01-01'"
    )
    # V1 after 6 days, V2 after 3, V6, which came back, after 9; V3 not at all, V4 was withdrawn, V5 is
    # nobody's
    assert [(r["reminder_cnt"], r["answered_cnt"], r["median_answer_days"]) for r in rows] == [(4, 3, D(6))]
    (told, *_) = memory.query("select * from corporate.dim_corporate_360 order by customer_id")
    assert (told["event_30d_cnt"], told["last_event_code"], told["last_event_date"]) == (
        3, "large_outflow", date(2026, 1, 8),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("opened", "lifecycle"),
    [
        (date(2025, 10, 30), "new"),  # + 3 months = 30 January
        (date(2025, 10, 29), "growth"),
        (date(2025, 1, 29), "mature"),  # + 12 months = 29 January
        (date(2021, 1, 29), "senior"),  # + 60 months = 29 January
    ],
)
def test_lifecycle_goes_by_calendar_months(opened: date, lifecycle: str):
    bank = Bank([NIGHT])
    bank.customer("C1", kind="C", opened=opened).holds(100, since=opened)
    memory = run(bank, {}, "fct_corporate_segment_monthly")

    (row,) = memory.query(
        "select * from corporate.fct_corporate_segment_monthly where month_start_date = '2026-01-01'"
    )
    assert row["lifecycle_code"] == lifecycle


def test_size_value_activity_and_only_corporate_customers():
    bank = Bank([NIGHT])
    bank.customer("A", kind="C").holds(999_999)
    bank.customer("B", kind="C").holds(1)
    bank.customers[1].borrows(9_999_999, since=NIGHT)
    bank.customer("P").holds(5)
    for n in range(6):
        pay(bank, f"T{n}", NIGHT, "A", "B", "1.00")
    memory = run(bank, {}, "fct_corporate_segment_monthly")

    rows = memory.query("select * from corporate.fct_corporate_segment_monthly order by customer_id")
    # the deposit's average is of the one recorded day; B keeps 1 and owes 9,999,999
    assert [(r["customer_id"], r["size_band_code"], r["activity_code"], r["line_cnt"]) for r in rows] == [
        ("A", "micro", "medium", 1), ("B", "medium", "medium", 2),
    ]  # fmt: skip
    assert [row["settlement_12m_amt"] for row in rows] == [D(6), D(6)]


def test_peers_are_those_of_the_industry_and_size_where_they_are_enough():
    bank = Bank([NIGHT])
    for n in range(10):
        bank.customer(f"C{n}", kind="C").holds(100 * (n + 1))
    bank.customer("D", kind="C").holds(5_000_000)
    memory = run(bank, {}, "rpt_peer_comparison_monthly")

    rows = {r["customer_id"]: r for r in memory.query("select * from corporate.rpt_peer_comparison_monthly")}
    # 100 to 1,000: the median is 550; C9 has nine of nine others below
    assert (rows["C9"]["peer_basis_code"], rows["C9"]["peer_cnt"]) == ("industry_size", 10)
    assert (rows["C9"]["deposit_percentile"], rows["C9"]["deposit_median"], rows["C9"]["deposit_gap"]) == (
        D(1), D(550), D(450),
    )  # fmt: skip
    assert rows["C0"]["deposit_percentile"] == 0
    # D is alone in its size: the industry counts, eleven, of whom the sixth has 600
    assert (rows["D"]["peer_basis_code"], rows["D"]["deposit_median"]) == ("industry", D(600))


def test_a_customer_won_is_expected_to_bring_what_earlier_ones_did():
    nights = [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 12, 31), date(2026, 1, 31)]
    bank = Bank(nights)
    bank.customer("OLD", kind="C", opened=date(2025, 1, 31)).holds(360_000)
    bank.customer("NEW", kind="C", opened=date(2026, 1, 31)).holds(100)
    for night in nights:
        bank.books.fee("OLD", "CURRENT", "O1", night, "10.00")
    bank.books.fee("NEW", "CURRENT", "O1", nights[-1], "7.00")
    memory = run(bank, {}, "rpt_expected_contribution")

    rows = memory.query("select * from corporate.rpt_expected_contribution")
    assert [row["customer_id"] for row in rows] == ["NEW"]
    (row,) = rows
    curve = memory.query(
        "select tenure_months, contribution_amt from corporate.fct_corporate_segment_monthly"
        " where customer_id = 'OLD' and tenure_months between 1 and 11 order by 1"
    )
    known = memory.query(
        "select contribution_amt from corporate.fct_corporate_segment_monthly where customer_id = 'NEW'"
    )
    assert row["known_amt"] == known[0]["contribution_amt"]
    assert row["remaining_amt"] == sum(month["contribution_amt"] for month in curve)
    assert row["expected_12m_amt"] == row["known_amt"] + row["remaining_amt"]
    assert (row["known_months"], row["expected_months"], row["curve_customer_cnt"]) == (1, len(curve), 1)


def test_the_360_names_lines_group_payroll_and_what_is_under_way():
    bank = Bank([NIGHT])
    bank.customer("A", kind="C").holds(1000)
    bank.customer("B", kind="C").holds(1)
    bank.customer("P").holds(1)
    manage(bank, "A")
    pay(bank, "S", NIGHT, "A", "P", "8.00", txn_type="salary")
    pay(bank, "T", NIGHT, "A", "B", "2.00")
    outside(bank, "X", NIGHT, "A", "X1", "90.00")
    brought = {
        NIGHT: {
            "opportunity": [change("P1", "2026-01-05", "lead", customer="A", amount="55.00")],
            "visit": [visit(1, "2026-01-06", customer="A")],
            "channel_usage": [
                {"customer_id": "A", "channel_code": code, "usage_date": NIGHT, "logins": logins, "txns": 1}
                for code, logins in (("web", 2), ("app", 1))
            ],
        }
    }
    memory = run(bank, brought, "dim_corporate_360")

    rows = {row["customer_id"]: row for row in memory.query("select * from corporate.dim_corporate_360")}
    assert set(rows) == {"A", "B"}
    a = rows["A"]
    assert (a["held_lines"], a["missing_lines"]) == ("deposit", "loan,wealth")
    assert (a["payroll_person_cnt"], a["payroll_12m_amt"], a["counterparty_cnt"]) == (1, D(8), 3)
    assert (a["main_employee_id"], a["team_employees"]) == ("E1", "E1")
    assert (a["open_opportunity_cnt"], a["open_opportunity_amt"]) == (1, D(55))
    assert (a["last_visit_date"], a["preferred_channel_code"]) == (date(2026, 1, 6), "web")
    assert (a["deposit_end_amt"], a["settlement_12m_amt"], a["is_in_group"]) == (D(1000), D(100), False)


def test_prospects_are_ranked_by_what_they_pay_and_say_why():
    bank = Bank([NIGHT])
    for name in "ABCT":
        bank.customer(name, kind="C").holds(1000)
    for n, (own, amount) in enumerate((("A", "500000.00"), ("B", "300000.00"), ("C", "200000.00"))):
        outside(bank, f"X{n}", NIGHT, own, "X1", amount, "in")
    outside(bank, "Y", NIGHT, "A", "Y1", "1.00", "in")
    outside(bank, "Z", NIGHT, "A", "Z1", "1.00", "out")
    # T pays A 20 and an outsider 80 of 100: enough to be thin
    pay(bank, "T", NIGHT, "T", "A", "20.00")
    outside(bank, "O", NIGHT, "T", "Z2", "80.00", "out")
    memory = run(bank, {}, "rpt_prospect")

    rows = memory.query("select * from corporate.rpt_prospect order by score desc, counterparty_key")
    # an outsider who is only paid is none; A, B and C have all or nearly all of their flow elsewhere
    assert [row["counterparty_key"] for row in rows] == [
        "account|X1|B9", "customer|T", "account|Y1|B9", "customer|A", "customer|B", "customer|C",
    ]  # fmt: skip
    x, thin, *_ = rows
    assert [x[f"partner_{n}_customer_id"] for n in (1, 2, 3)] == ["A", "B", "C"]
    # 1,000,000 of 10,000,000 × 40 + 1 of 12 months × 30 + 3 of 5 × 20 + rising × 10
    assert x["score"] == D("28.5000")
    assert (x["partner_cnt"], x["in_amt"], x["trend_code"], x["org_rank_no"]) == (
        3,
        D(1_000_000),
        "rising",
        1,
    )
    assert (thin["prospect_type_code"], thin["prospect_customer_id"], thin["partner_1_customer_id"]) == (
        "thin_customer", "T", "A",
    )  # fmt: skip


def test_a_policy_is_met_by_whom_it_was_done_for():
    bank = Bank([NIGHT])
    for name in ("C1", "C2"):
        bank.customer(name, kind="C").holds(200_000_000)
    visits = [visit(n, f"2026-01-0{n}") for n in (5, 6, 7)] + [visit(8, "2026-01-08", customer="C2")]
    memory = run(bank, {NIGHT: {"visit": visits}}, "rpt_segment_policy_monthly")

    rows = memory.query(
        "select * from corporate.rpt_segment_policy_monthly where policy_code = 'visit_large'"
    )
    # three visits a quarter: C1 has them, C2 one
    assert [
        (r["customer_cnt"], r["met_customer_cnt"], r["execution_rate"], r["action_cnt"]) for r in rows
    ] == [(2, 1, D("0.5"), 4)]


def test_a_score_is_of_the_indicators_that_have_a_target():
    bank = Bank([NIGHT])
    bank.customer("C1", kind="C").holds(100)
    manage(bank, "C1")
    plan = [
        target("4", indicator="visits", period="2026-01", scope="employee", scope_id="E1"),
        target("50", indicator="aum_month_avg", period="2026-01", scope="employee", scope_id="E1"),
        # of the year: not the month's
        target("1", indicator="contribution", period="2026", scope="employee", scope_id="E1"),
    ]
    visits = [visit(n, "2026-01-05") for n in range(3)]
    memory = run(bank, {NIGHT: {"visit": visits, "plan_target": plan}}, "rpt_scorecard_monthly")

    rows = {
        row["indicator_code"]: row
        for row in memory.query("select * from corporate.rpt_scorecard_monthly where scope_id = 'E1'")
    }
    assert (rows["visits"]["attainment_rate"], rows["visits"]["score"]) == (D("0.75"), D(75))
    # 100 of 50 is capped at 120 points
    assert (rows["aum_month_avg"]["attainment_rate"], rows["aum_month_avg"]["score"]) == (D(2), D(120))
    assert rows["contribution"]["score"] is None
    # (75 × 0.1 + 120 × 0.3) / 0.4
    assert (rows["total"]["score"], rows["total"]["weight_share"], rows["total"]["rank_no"]) == (
        D("108.75"), D("0.4"), 1,
    )  # fmt: skip


def test_a_thin_customer_whom_nobody_of_ours_pays_is_a_prospect_too():
    """T pays an outsider 100, and nobody else: all of it is at other banks."""
    bank = Bank([NIGHT])
    for name, org in (("A", "O1"), ("T", "O2")):
        bank.customer(name, kind="C", org=org).holds(1000)
    outside(bank, "O", NIGHT, "T", "Z2", "100.00", "out")
    memory = run(bank, {}, "rpt_prospect")

    (row,) = memory.query("select * from corporate.rpt_prospect")
    assert (row["prospect_customer_id"], row["prospect_type_code"], row["org_id"]) == (
        "T",
        "thin_customer",
        "O2",
    )
    # no partner and no month; a trend that is steady has half of 10 points
    assert (row["partner_cnt"], row["in_amt"], row["score"], row["partner_1_customer_id"]) == (
        0, D(0), D("5.0000"), None,
    )  # fmt: skip


def test_a_visit_that_is_told_of_after_its_quarter_counts_in_the_next():
    nights = [date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)]
    bank = Bank(nights)
    bank.customer("C1", kind="C").holds(200_000_000)
    brought = {
        nights[0]: {"visit": [visit(1, "2026-03-10")]},
        nights[2]: {"visit": [visit(2, "2026-03-20")]},
    }
    memory = run(bank, brought, "rpt_segment_policy_monthly")

    rows = memory.query(
        "select * from corporate.rpt_segment_policy_monthly where policy_code = 'visit_large'"
        " order by month_start_date"
    )
    assert [(r["month_start_date"].month, r["action_cnt"]) for r in rows] == [(3, 1), (4, 1)]


def test_who_was_won_at_the_end_of_a_month_a_year_ago_was_won_in_the_last_twelve_months():
    """31 January 2025 is within the 12 months before 30 January 2026, 30 January is not."""
    bank = Bank([NIGHT])
    bank.customer("C1", kind="C", opened=date(2025, 1, 31)).holds(100, since=date(2025, 1, 31))
    bank.customer("C2", kind="C", opened=date(2025, 1, 30)).holds(100, since=date(2025, 1, 30))
    memory = run(bank, {}, "rpt_expected_contribution")

    (row,) = memory.query("select * from corporate.rpt_expected_contribution")
    # of what both brought in the months before the records nothing is known
    assert (row["customer_id"], row["known_months"], row["remaining_months"]) == ("C1", 0, 12)
    assert (row["known_amt"], row["remaining_amt"], row["is_complete"]) == (D(0), D(0), False)


def test_the_main_manager_of_the_360_is_the_one_of_all_tables():
    """Of two main managers alike the one who began later counts, E2."""
    bank = Bank([NIGHT])
    bank.customer("C1", kind="C").holds(100)
    bank.books.employees.append(
        {"employee_id": "E2", "employee_name": "Two", "org_id": "O1", "post": "relationship_manager",
         "status": "active", "hired_on": date(2015, 1, 1), "left_on": None}
    )  # fmt: skip
    manage(bank, "C1", "E1")
    manage(bank, "C1", "E2", since=date(2025, 6, 1))
    for n, row in enumerate(bank.books.assignments):
        row |= {"assignment_id": f"M{n}", "participation": D("0.5")}
    memory = run(bank, {}, "dim_corporate_360")

    (row,) = memory.query("select * from corporate.dim_corporate_360")
    assert (row["main_employee_id"], row["team_employees"]) == ("E2", "E1,E2")


def test_whom_everything_was_taken_back_from_is_no_counterparty():
    """A pays X1 and the wages of P; both are taken back in the next month."""
    nights = [NIGHT, date(2026, 1, 31), date(2026, 2, 2)]
    bank = Bank(nights)
    bank.customer("A", kind="C").holds(1000)
    bank.customer("P").holds(1)
    outside(bank, "X", NIGHT, "A", "X1", "90.00")
    pay(bank, "S", NIGHT, "A", "P", "8.00", txn_type="salary")
    outside(bank, "Y", nights[2], "A", "X1", "90.00", reversed_txn_id="X")
    pay(bank, "T", nights[2], "A", "P", "8.00", txn_type="salary", reversed_txn_id="S-out")
    memory = run(bank, {}, "dim_corporate_360")

    (row,) = memory.query("select * from corporate.dim_corporate_360")
    assert (row["counterparty_cnt"], row["inside_counterparty_cnt"], row["payroll_person_cnt"]) == (0, 0, 0)
    assert row["payroll_12m_amt"] == 0


def test_a_prospect_counts_for_the_org_of_a_partner_who_has_left():
    nights = [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 31)]
    bank = Bank(nights)
    gone = bank.customer("A", kind="C", org="O2")
    gone.holds(1000).closes(date(2026, 2, 20))
    gone.leaves(date(2026, 2, 20))
    bank.customer("B", kind="C", org="O1").holds(1000)
    outside(bank, "X", nights[0], "A", "X1", "900.00", "in")
    outside(bank, "Y", nights[0], "B", "X1", "100.00", "in")
    memory = run(bank, {}, "rpt_prospect")

    (row,) = memory.query("select * from corporate.rpt_prospect where prospect_type_code = 'outside'")
    # 900 of 1,000 were paid to the customer of O2
    assert (row["org_id"], row["partner_1_customer_id"], row["org_rank_no"]) == ("O2", "A", 1)


def test_a_month_that_is_not_recorded_whole_is_not_known():
    """Fees of the first month are told from the 30th on: of its contribution one day is recorded."""
    nights = [NIGHT, date(2026, 2, 27)]
    bank = Bank(nights)
    bank.customer("NEW", kind="C", opened=date(2026, 1, 5)).holds(100, since=date(2026, 1, 5))
    for night in nights:
        bank.books.fee("NEW", "CURRENT", "O1", night, "7.00")
    memory = run(bank, {}, "rpt_expected_contribution", "fct_customer_contribution_monthly")

    months = memory.query(
        "select * from contribution.fct_customer_contribution_monthly order by month_start_date"
    )
    assert [row["is_partial_month"] for row in months] == [True, False]
    (row,) = memory.query("select * from corporate.rpt_expected_contribution")
    assert row["known_amt"] == months[1]["contribution_amt"]
    assert (row["known_months"], row["remaining_months"], row["is_complete"]) == (1, 11, False)


def test_what_a_company_is_paid_is_no_payroll():
    bank = Bank([NIGHT])
    for name, kind in (("A", "C"), ("B", "C"), ("P", "P")):
        bank.customer(name, kind=kind).holds(1000)
    pay(bank, "S", NIGHT, "A", "P", "8.00", txn_type="salary")
    pay(bank, "T", NIGHT, "A", "B", "2.00", txn_type="salary")
    memory = run(bank, {}, "dim_corporate_360")
    rows = {row["customer_id"]: row for row in memory.query("select * from corporate.dim_corporate_360")}
    found = tuple(rows["A"][name] for name in ("payroll_person_cnt", "payroll_12m_amt", "counterparty_cnt"))
    assert found == (1, D(8), 2)
