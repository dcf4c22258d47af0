"""Opportunities: stages, the funnel and the forecast, on small front offices."""

from datetime import date
from decimal import Decimal

from tests.support.bank import Bank
from tests.support.front_office import change, deliveries
from tests.support.memory_nights import MemoryNights

FIRST, SECOND = date(2026, 1, 30), date(2026, 2, 27)
WAYS = ("passed_on_cnt", "went_back_cnt", "won_cnt", "lost_cnt", "closing_cnt")


def nights(brought: dict, *marts: str, days: tuple[date, ...] = (FIRST, SECOND)) -> MemoryNights:
    bank = Bank(list(days))
    bank.customer("C1", kind="C").holds(100)
    memory = MemoryNights(marts)
    for delivery in deliveries(bank, brought):
        memory.run(delivery)
    return memory


def test_a_bank_without_a_front_office_has_no_opportunities():
    memory = nights({}, "fct_opportunity_stage", "rpt_funnel_monthly", "rpt_pipeline_forecast")

    for table in ("fct_opportunity", "fct_opportunity_stage", "rpt_funnel_monthly", "rpt_pipeline_forecast"):
        assert memory.query(f"select * from corporate.{table}") == []


def test_an_opportunity_that_goes_back_has_been_in_the_stage_twice():
    changes = [
        change("P1", "2026-01-05", "lead"),
        change("P1", "2026-01-10", "proposal"),
        change("P1", "2026-01-20", "lead", amount="80.00"),
    ]
    memory = nights({FIRST: {"opportunity": changes}}, "fct_opportunity_stage", days=(FIRST,))

    rows = memory.query("select * from corporate.fct_opportunity_stage order by stage_code")
    # lead: 5 to 10 January and 20 to 30; proposal: 10 to 20
    assert [
        (row["stage_code"], row["days_in_stage"], row["entered_cnt"], row["exit_code"], row["amount_amt"])
        for row in rows
    ] == [("lead", 15, 2, "stays", Decimal("80.00")), ("proposal", 10, 1, "went_back", Decimal("100.00"))]
    (whole,) = memory.query("select * from corporate.fct_opportunity")
    assert (whole["stage_code"], whole["went_back_cnt"], whole["days_in_stage"], whole["age_days"]) == (
        "lead", 1, 10, 25,
    )  # fmt: skip


def test_a_change_that_comes_late_takes_its_place_among_the_others():
    brought = {
        FIRST: {"opportunity": [change("P1", "2026-01-05", "lead"), change("P1", "2026-01-20", "won")]},
        SECOND: {"opportunity": [change("P1", "2026-01-12", "proposal")]},
    }
    memory = nights(brought, "fct_opportunity_stage")

    rows = memory.query("select * from corporate.fct_opportunity_stage order by stage_order")
    assert [(row["stage_code"], row["days_in_stage"], row["exit_code"]) for row in rows] == [
        ("lead", 7, "passed_on"),
        ("proposal", 8, "won"),
        ("won", 0, "stays"),
    ]


def test_the_funnel_loses_no_opportunity_from_month_to_month():
    brought = {
        FIRST: {
            "opportunity": [
                change("P1", "2026-01-05", "lead"),
                change("P2", "2026-01-06", "lead"),
                change("P2", "2026-01-26", "proposal"),
                change("P3", "2026-01-07", "won"),
            ]
        },
        SECOND: {
            "opportunity": [
                change("P1", "2026-02-03", "lost"),
                change("P2", "2026-02-10", "lead"),
                change("P3", "2026-02-11", "negotiation"),
                change("P4", "2026-02-12", "a stage of its own"),
            ]
        },
    }
    memory = nights(brought, "rpt_funnel_monthly")

    rows = memory.query("select * from corporate.rpt_funnel_monthly order by month_start_date, stage_code")
    for row in rows:
        came = row["opening_cnt"] + row["opened_cnt"] + row["entered_cnt"]
        assert came == sum(row[way] for way in WAYS), row
    months = sorted({row["month_start_date"] for row in rows})
    closing = sum(row["closing_cnt"] for row in rows if row["month_start_date"] == months[0])
    opening = sum(
        row["opening_cnt"]
        for row in rows
        if row["month_start_date"] == months[1] and row["stage_code"] != "won"
    )
    assert closing == opening == 2
    lead = next(r for r in rows if r["stage_code"] == "lead" and r["month_start_date"] == months[0])
    # two opened, one left after 20 days to a later stage
    assert (lead["opened_cnt"], lead["passed_on_cnt"], lead["closing_cnt"]) == (2, 1, 1)
    assert (lead["conversion_rate"], lead["mean_stage_days"]) == (Decimal(1), Decimal(20))
    later = next(r for r in rows if r["stage_code"] == "lead" and r["month_start_date"] == months[1])
    assert (later["opening_cnt"], later["entered_cnt"], later["lost_cnt"], later["closing_cnt"]) == (
        1,
        1,
        1,
        1,
    )
    born = next(r for r in rows if r["stage_code"] == "won" and r["month_start_date"] == months[0])
    assert (born["opened_cnt"], born["won_cnt"], born["closing_cnt"]) == (1, 1, 0)


def closed(count: int, won: int, *, owner: str = "E1", prefix: str = "K") -> list:
    """Opportunities that were leads and closed, some of them won."""
    return [
        row
        for n in range(count)
        for row in (
            change(f"{prefix}{n}", "2025-06-01", "lead", owner=owner),
            change(f"{prefix}{n}", "2025-12-01", "won" if n < won else "lost", owner=owner),
        )
    ]


def forecast(changes: list) -> list:
    bank = Bank([FIRST])
    bank.customer("C1", kind="C").holds(100)
    bank.books.employees.append(
        {"employee_id": "E2", "employee_name": "Two", "org_id": "O2", "post": "relationship_manager",
         "status": "active", "hired_on": date(2015, 1, 1), "left_on": None}
    )  # fmt: skip
    memory = MemoryNights(["rpt_pipeline_forecast"])
    for delivery in deliveries(bank, {FIRST: {"opportunity": changes}}):
        memory.run(delivery)
    return memory.query(
        "select * from corporate.rpt_pipeline_forecast where opportunity_cnt > 0"
        " order by org_id, forecast_month_date"
    )


def test_fc1_twenty_closed_of_which_five_were_won():
    (row,) = forecast(
        [*closed(20, 5), change("P1", "2026-01-10", "lead", amount="1000.00", probability="0.4")]
    )

    # 5 of 20 = 0.25, the stated probability is 0.4
    assert (row["org_id"], row["expected_historical_amt"], row["expected_stated_amt"]) == (
        "O1", Decimal("250.00"), Decimal("400.00"),
    )  # fmt: skip
    # mean days from lead to won: 1 June to 1 December 2025 are 183, from 30 January on 1 August
    assert row["forecast_month_date"] == date(2026, 8, 1)
    assert row["org_rate_cnt"] == 1


def test_fc1_with_nineteen_closed_the_whole_bank_counts():
    changes = [
        *closed(19, 5),
        *closed(1, 1, owner="E2", prefix="M"),
        change("P1", "2026-01-10", "lead", amount="1000.00", closes=date(2026, 3, 3)),
    ]
    (row,) = forecast(changes)

    # 6 of 20 in the whole bank
    assert (row["expected_historical_amt"], row["bank_rate_cnt"]) == (Decimal("300.00"), 1)
    assert row["forecast_month_date"] == date(2026, 3, 1)


def test_fc1_with_nineteen_closed_in_the_whole_bank_the_stated_probability_counts():
    (row,) = forecast(
        [*closed(19, 5), change("P1", "2026-01-10", "lead", amount="1000.00", probability="0.4")]
    )

    assert (row["expected_historical_amt"], row["org_rate_cnt"], row["bank_rate_cnt"]) == (
        Decimal("400.00"), 0, 0,
    )  # fmt: skip


def test_what_was_forecast_for_the_month_stands_beside_what_came():
    brought = {
        FIRST: {"opportunity": [change("P1", "2026-01-10", "lead", closes=date(2026, 2, 20))]},
        SECOND: {"opportunity": [change("P1", "2026-02-20", "won", amount="90.00")]},
    }
    memory = nights(brought, "rpt_pipeline_forecast", days=(FIRST, date(2026, 1, 31), SECOND))

    rows = memory.query("select * from corporate.rpt_pipeline_forecast where month_start_date = '2026-02-01'")
    assert [(row["forecast_month_date"], row["last_stated_amt"], row["won_amt"]) for row in rows] == [
        (date(2026, 2, 1), Decimal("50.00"), Decimal("90.00"))
    ]


def test_a_night_that_runs_again_gives_the_same():
    brought = {FIRST: {"opportunity": [change("P1", "2026-01-10", "lead", closes=date(2026, 2, 20))]}}
    bank = Bank([FIRST, SECOND])
    bank.customer("C1", kind="C").holds(100)
    memory = MemoryNights(["rpt_pipeline_forecast", "rpt_funnel_monthly"])
    first, second = deliveries(bank, brought)
    memory.run(first)
    memory.run(second)
    tables = ("rpt_pipeline_forecast", "rpt_funnel_monthly")
    before = [memory.query(f"select * from corporate.{table} order by all") for table in tables]
    memory._previous = memory._previous_batch = FIRST
    memory.run(second)

    assert [memory.query(f"select * from corporate.{table} order by all") for table in tables] == before


def test_what_is_told_after_its_month_was_over_counts_on_the_night_that_tells_it():
    brought = {
        FIRST: {"opportunity": [change("P1", "2026-01-10", "lead")]},
        SECOND: {"opportunity": [change("P1", "2026-01-31", "won")]},
    }
    memory = nights(
        brought, "rpt_funnel_monthly", "rpt_pipeline_forecast", days=(FIRST, date(2026, 1, 31), SECOND)
    )

    rows = memory.query("select * from corporate.rpt_funnel_monthly where stage_code = 'lead' order by 4")
    assert [(row["opened_cnt"], row["closing_cnt"], row["won_cnt"]) for row in rows] == [(1, 1, 0), (0, 0, 1)]
    (whole,) = memory.query("select closed_date, counted_date from corporate.fct_opportunity")
    assert list(whole.values()) == [date(2026, 1, 31), SECOND]


def test_a_stage_that_is_told_of_when_what_followed_is_counted_moves_no_month():
    """Lead in January, won on the 20th; February tells that a proposal lay between."""
    brought = {
        FIRST: {"opportunity": [change("P1", "2026-01-05", "lead"), change("P1", "2026-01-20", "won")]},
        SECOND: {"opportunity": [change("P1", "2026-01-12", "proposal")]},
    }
    memory = nights(brought, "rpt_funnel_monthly", days=(FIRST, date(2026, 1, 31), SECOND))

    rows = memory.query("select * from corporate.rpt_funnel_monthly")
    # the lead was won in January, and is in no stage in February
    assert [(r["month_start_date"], r["stage_code"], r["opened_cnt"], r["won_cnt"]) for r in rows] == [
        (date(2026, 1, 1), "lead", 1, 1)
    ]


def test_what_is_won_is_worth_what_the_winning_says():
    """A proposal of 100 is won for 90; another of 70 is lost at 60."""
    changes = [
        change("P1", "2026-01-05", "proposal"),
        change("P1", "2026-01-20", "won", amount="90.00"),
        change("P2", "2026-01-05", "proposal", amount="70.00"),
        change("P2", "2026-01-20", "lost", amount="60.00"),
    ]
    memory = nights({FIRST: {"opportunity": changes}}, "rpt_funnel_monthly", days=(FIRST,))

    (row,) = memory.query("select * from corporate.rpt_funnel_monthly")
    assert (row["opened_amt"], row["won_amt"], row["lost_amt"]) == (Decimal(170), Decimal(90), Decimal(60))


def test_an_expected_amount_is_rounded_once():
    """7 of 21 were won: a third of a million is 333,333.33, and 0.333333 of it is not."""
    (row,) = forecast([*closed(21, 7), change("P1", "2026-01-10", "lead", amount="1000000.00")])

    assert row["expected_historical_amt"] == Decimal("333333.33")


def test_what_the_first_batch_of_opportunities_tells_of_the_past_is_not_this_months():
    """The front office is connected in February, and tells of a win in January."""
    changes = [
        change("P1", "2026-01-05", "lead"),
        change("P1", "2026-01-20", "won"),
        change("P2", "2026-01-06", "lead"),
    ]
    memory = nights(
        {SECOND: {"opportunity": changes}}, "rpt_funnel_monthly", days=(FIRST, date(2026, 1, 31), SECOND)
    )

    rows = memory.query("select * from corporate.rpt_funnel_monthly")
    assert [(r["month_start_date"], r["stage_code"], r["opening_cnt"], r["opened_cnt"]) for r in rows] == [
        (date(2026, 2, 1), "lead", 1, 0)
    ]
