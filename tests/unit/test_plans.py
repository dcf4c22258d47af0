"""Plans: targets against what came, forecasts, versions, breakdown and variance."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.front_office import SALES, change, deliveries, target, visit
from tests.support.memory_nights import MemoryNights

D = Decimal
PLANS = "select * from corporate.fct_plan_actual"


def run(bank: Bank, brought: dict, *marts: str) -> MemoryNights:
    memory = MemoryNights(marts or ["fct_plan_actual"], given=SALES)
    for delivery in deliveries(bank, brought):
        memory.run(delivery)
    return memory


def small_bank(*nights: date) -> Bank:
    bank = Bank(list(nights))
    bank.customer("C1", kind="C", opened=date(2025, 1, 1)).holds(100)
    return bank


def test_pl1_a_flow_goes_on_as_it_went():
    """700 visits by 1 July: 182 of 365 days."""
    night = date(2026, 7, 1)
    visits = [visit(n, str(date(2026, 1, 1) + timedelta(n % 182))) for n in range(700)]
    memory = run(
        small_bank(night),
        {night: {"visit": visits, "plan_target": [target("1200", indicator="visits", period="2026")]}},
    )

    (row,) = memory.query(f"{PLANS} where month_start_date = '2026-07-01'")
    assert (row["target"], row["actual"]) == (D(1200), D(700))
    assert row["attainment_rate"] == D("0.583333")  # 700 / 1,200
    assert row["time_elapsed_rate"] == D("0.498630")  # 182 / 365
    assert row["run_rate_forecast"] == D("1403.85")  # 700 / 182 × 365
    assert (row["forecast_attainment"], row["status"]) == (D("1.169875"), "ahead")  # 1,403.85 / 1,200


def test_pl2_a_balance_goes_on_from_where_it_began():
    """100 when the year began, 130 on 1 April: 91 of 365 days."""
    night = date(2026, 4, 1)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 12, 1)).holds(100).holds(130, since=date(2026, 3, 15))
    memory = run(bank, {night: {"plan_target": [target("200", indicator="aum_end", period="2026")]}})

    (row,) = memory.query(f"{PLANS} where month_start_date = '2026-04-01'")
    assert row["actual"] == D(130)
    assert row["run_rate_forecast"] == D("220.33")  # 130 + 30 / 91 × 274
    # as of the end of January: nothing had changed
    (january,) = memory.query(f"{PLANS} where month_start_date = '2026-01-01'")
    assert (january["actual"], january["run_rate_forecast"], january["status"]) == (D(100), D(100), "behind")


def test_a_balance_that_falls_is_rounded_once():
    """100.02 when February began, 100.00 on the 16th of 28 days: 100.00 − 0.02 / 16 × 12 = 99.985."""
    night = date(2026, 2, 16)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 12, 1)).holds(D("100.02")).holds(
        100, since=date(2026, 2, 3)
    )
    memory = run(bank, {night: {"plan_target": [target("200", indicator="aum_end", period="2026-02")]}})

    (row,) = memory.query(PLANS)
    assert (row["actual"], row["run_rate_forecast"]) == (D(100), D("99.99"))


def test_pl3_what_the_orgs_below_lack_of_the_target():
    night = date(2026, 1, 30)
    bank = small_bank(night)
    for org in ("O3", "O4"):
        bank.books.orgs.append(
            {"org_id": org, "org_name": org, "org_level": "outlet", "parent_org_id": "O2",
             "region_code": "R1", "open_date": date(1990, 1, 1), "close_date": None, "successor_org_id": None}
        )  # fmt: skip
    plan: dict[str, Any] = {"indicator": "visits", "period": "2026", "scope": "org"}
    targets = [
        target("1200", indicator="visits", period="2026"),
        target("400", **plan, scope_id="O1"),
        # O2 has no target of its own: what is below it counts
        target("500", **plan, scope_id="O3"),
        target("200", **plan, scope_id="O4"),
        target("390", indicator="visits", period="2026", scope="employee", scope_id="E1"),
    ]
    memory = run(bank, {night: {"plan_target": targets}}, "rpt_plan_breakdown")

    rows = {row["scope_id"]: row for row in memory.query("select * from corporate.rpt_plan_breakdown")}
    bank_row = rows["bank"]
    assert (bank_row["target"], bank_row["children_target"], bank_row["gap"]) == (D(1200), D(1100), D(100))
    assert (rows["O1"]["people_target"], rows["O1"]["people_gap"], rows["O1"]["gap"]) == (D(390), D(10), None)
    assert set(rows) == {"bank", "O1", "O3", "O4"}


def test_the_highest_version_counts_and_the_earlier_one_stays():
    first, second = date(2026, 1, 30), date(2026, 2, 27)
    plan: dict[str, Any] = {"indicator": "aum_end", "period": "2026"}
    memory = run(
        small_bank(first, date(2026, 1, 31), second),
        {
            first: {"plan_target": [target("200", **plan)]},
            second: {"plan_target": [target("150", **plan, version=2)]},
        },
        "rpt_plan_breakdown", "fct_plan_actual",
    )  # fmt: skip

    rows = memory.query(f"{PLANS} where month_start_date >= '2026-01-01' order by month_start_date, version")
    columns = ("version", "target", "is_current_version")
    assert [(row["month_start_date"].month, *(row[name] for name in columns)) for row in rows] == [
        (1, 1, D(200), True), (2, 1, D(200), False), (2, 2, D(150), True),
    ]  # fmt: skip
    assert [row["target"] for row in memory.query("select * from corporate.rpt_plan_breakdown")] == [D(150)]


@pytest.mark.parametrize(("wanted", "status"), [("-50", "ahead"), ("-0.01", "ahead"), ("0", "on_track")])
def test_a_target_of_nothing_or_less_has_no_ratio(wanted: str, status: str):
    night = date(2026, 1, 30)
    memory = run(
        small_bank(night), {night: {"plan_target": [target(wanted, indicator="visits", period="2026-01")]}}
    )

    (row,) = memory.query(PLANS)
    assert (row["attainment_rate"], row["forecast_attainment"], row["status"]) == (None, None, status)


def test_fewer_lost_customers_are_better():
    night = date(2026, 1, 30)
    plan = [target("10", indicator="lost_customers", period="2026-01")]
    memory = run(small_bank(night), {night: {"plan_target": plan}})

    (row,) = memory.query(PLANS)
    assert (row["actual"], row["attainment_rate"], row["status"]) == (D(0), D(0), "ahead")


def test_open_opportunities_forecast_what_they_are_to_bring():
    night = date(2026, 1, 30)
    changes = [
        change("P1", "2026-01-05", "won", amount="40.00"),
        change("P2", "2026-01-05", "lead", amount="100.00", probability="0.3", closes=date(2026, 3, 1)),
        change("P3", "2026-01-05", "lead", amount="900.00", probability="0.3", closes=date(2026, 4, 1)),
    ]
    plan: dict[str, Any] = {"indicator": "opportunities_won_amt", "period": "2026Q1"}
    targets = [target("80", **plan), target("70", **plan, scope="employee", scope_id="E1")]
    memory = run(small_bank(night), {night: {"opportunity": changes, "plan_target": targets}})

    rows = memory.query(f"{PLANS} order by scope_type")
    # 40 won and 30 % of the 100 that close in the quarter
    assert [(row["actual"], row["pipeline_forecast"], row["forecast_attainment"]) for row in rows] == [
        (D(40), D(70), D("0.875")), (D(40), D(70), D(1)),
    ]  # fmt: skip


def test_last_year_stands_beside_where_it_is_recorded_whole():
    night = date(2026, 3, 31)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 1, 1)).holds(100).holds(130, since=date(2025, 6, 1))
    targets = [target("200", indicator="aum_end", period=period) for period in ("2026", "2026Q1", "2026H1")]
    memory = run(bank, {night: {"plan_target": targets}})

    rows = memory.query(f"{PLANS} where month_start_date = '2026-03-01' order by period")
    # December 2025 130, June 2025 130, March 2025 100
    assert [(row["period"], row["baseline"], row["baseline_three_year_mean"]) for row in rows] == [
        ("2026", D(130), None), ("2026H1", D(130), None), ("2026Q1", D(100), None),
    ]  # fmt: skip
    assert rows[2]["time_elapsed_rate"] == 1
    assert rows[2]["run_rate_forecast"] == D(130)


def test_the_parts_of_a_gap_add_to_it_in_every_way_of_splitting():
    night = date(2026, 1, 30)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 1, 1)).holds("100.01")
    bank.customer("C2", opened=date(2025, 1, 1), org="O2").holds("300000.33")
    bank.customers[1].invests("7.77")
    targets = [
        target("1000000", indicator="aum_end", period="2026"),
        target("100", indicator="aum_end", period="2026", scope="org", scope_id="O1"),
        target("-5", indicator="visits", period="2026"),
    ]
    memory = run(bank, {night: {"plan_target": targets}}, "rpt_plan_variance")

    gaps = {
        (r["scope_id"], r["indicator_code"]): r["actual"] - r["target"]
        for r in memory.query(f"{PLANS} where month_start_date = '2026-01-01'")
    }
    parts = memory.query(
        "select scope_id, indicator_code, split_code, sum(gap) as gap, count(*) as parts"
        " from corporate.rpt_plan_variance group by all order by all"
    )
    assert len(parts) == 9
    for row in parts:
        assert row["gap"] == gaps[row["scope_id"], row["indicator_code"]], row
    (own,) = memory.query(
        "select * from corporate.rpt_plan_variance where scope_id = 'bank' and part_code = 'O1'"
    )
    assert own["gap"] == D("0.01")


def test_a_month_in_which_nothing_came_is_recorded_all_the_same():
    """Visits of February and June 2025; assets since January 2025, and nobody was lost."""
    night = date(2026, 2, 27)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 1, 1)).holds(100)
    visits = [visit(n, day) for n, day in enumerate(("2025-02-10", "2025-06-05", "2025-06-09", "2026-01-07"))]
    plans = [
        ("visits", "2026"), ("visits", "2026Q2"), ("visits", "2026Q1"), ("visits", "2026-02"),
        ("lost_customers", "2026"), ("opportunities_won_amt", "2026"),
    ]  # fmt: skip
    targets = [target("9", indicator=indicator, period=period) for indicator, period in plans]
    targets.append(target("9", indicator="visits", period="2026Q1", scope="org", scope_id="O2"))
    memory = run(bank, {night: {"visit": visits, "plan_target": targets}})

    rows = memory.query(f"{PLANS} where month_start_date = '2026-02-01'")
    baselines = {(r["scope_id"], r["indicator_code"], r["period"]): r["baseline"] for r in rows}
    # January 2025 is before the first visit: the year and the first quarter are not recorded whole
    assert baselines == {
        ("bank", "visits", "2026"): None, ("bank", "visits", "2026Q1"): None,
        ("O2", "visits", "2026Q1"): None, ("bank", "visits", "2026-02"): D(1),
        ("bank", "lost_customers", "2026"): D(0),
        ("bank", "opportunities_won_amt", "2026"): None,
    }  # fmt: skip


def test_a_quarter_of_last_year_with_a_month_without_visits_is_the_baseline():
    """Of April to June 2025 only June had visits: two."""
    night = date(2026, 4, 30)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 1, 1)).holds(100)
    visits = [visit(n, day) for n, day in enumerate(("2025-02-10", "2025-06-05", "2025-06-09", "2026-04-07"))]
    plan = [target("9", indicator="visits", period="2026Q2")]
    memory = run(bank, {night: {"visit": visits, "plan_target": plan}})

    (row,) = memory.query(f"{PLANS} where month_start_date = '2026-04-01'")
    assert (row["actual"], row["baseline"]) == (D(1), D(2))


def test_a_balance_at_the_end_of_its_period_needs_no_beginning():
    night = date(2026, 1, 31)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2026, 1, 5)).holds(100, since=date(2026, 1, 5))
    bank.customers[0].borrows(100, since=night)
    plan = [target("80", indicator="loan_balance", period="2026-01")]
    memory = run(bank, {night: {"plan_target": plan}})

    (row,) = memory.query(PLANS)
    # nobody knows what was owed when January began, and January is over
    assert (row["actual"], row["run_rate_forecast"], row["status"]) == (D(100), D(100), "ahead")
    assert row["forecast_attainment"] == D("1.25")


def test_who_is_told_of_after_the_month_of_the_opening_is_new_once():
    first, second = date(2026, 1, 30), date(2026, 2, 27)
    bank = small_bank(first, second)
    bank.customer("C2", opened=date(2026, 1, 31)).holds(5)
    bank.customer("C3", opened=date(2026, 1, 30)).holds(5)
    plan = [target("4", indicator="new_customers", period="2026")]
    memory = run(bank, {first: {"plan_target": plan}})

    rows = memory.query(f"{PLANS} where month_start_date >= '2026-01-01' order by month_start_date")
    # C3 in January; C2, whom February's batch tells of, in February
    assert [row["actual"] for row in rows] == [D(1), D(2)]


def test_the_parts_of_a_target_below_nothing_add_to_it():
    """−100.01 over three tiers alike: −33.34, −33.34, −33.33."""
    night = date(2026, 1, 30)
    bank = Bank([night])
    for name, held in (("C1", "10"), ("C2", "300000.33"), ("C3", "70000")):
        bank.customer(name, opened=date(2025, 1, 1)).holds(held)
    plan = [target("-100.01", indicator="aum_end", period="2026")]
    memory = run(bank, {night: {"plan_target": plan}}, "rpt_plan_variance")

    parts = memory.query("select * from corporate.rpt_plan_variance where split_code = 'tier'")
    assert len(parts) == 3
    assert sum(row["part_target"] for row in parts) == D("-100.01")
    assert all(row["gap"] == row["part_actual"] - row["part_target"] for row in parts)


def test_a_target_of_one_cent_stops_no_night():
    """90,000,000,000,000 of 0.01 are more often than a column holds."""
    night = date(2026, 1, 30)
    bank = Bank([night])
    bank.customer("C1", kind="C", opened=date(2025, 1, 1)).holds(90_000_000_000_000)
    targets = [
        target("0.01", indicator="aum_end", period="2026-01"),
        target("0.01", indicator="aum_end", period="2026-01", scope="org", scope_id="O1"),
    ]
    memory = run(bank, {night: {"plan_target": targets}}, "fct_plan_actual", "rpt_scorecard_monthly")

    for row in memory.query(f"{PLANS} where month_start_date = '2026-01-01'"):
        assert (row["attainment_rate"], row["status"]) == (D(100_000_000_000), "ahead")
    (score,) = memory.query(
        "select * from corporate.rpt_scorecard_monthly"
        " where scope_id = 'O1' and indicator_code = 'aum_end' and month_start_date = '2026-01-01'"
    )
    assert score["score"] == D(120)


def test_what_would_pass_the_largest_amount_has_no_forecast():
    """9 × 10^15 that came in two days would be 1.6 × 10^18 at the end of the year; the actual stands."""
    first, second = date(2026, 1, 1), date(2026, 1, 2)
    bank = Bank([date(2025, 12, 31), first, second])
    customer = bank.customer("C1", kind="C", opened=date(2025, 12, 31))
    customer.holds(100).holds("9000000000000000.00", since=second)
    memory = run(bank, {first: {"plan_target": [target("100", indicator="aum_end", period="2026")]}})

    (row,) = memory.query(f"{PLANS} where month_start_date = '2026-01-01'")
    assert (row["actual"], row["attainment_rate"]) == (D("9000000000000000.00"), D("100000000000"))
    assert (row["run_rate_forecast"], row["forecast_attainment"]) == (None, None)
