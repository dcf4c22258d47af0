"""Plans, scores, rankings and what became of large customers and of recommendations, against plain Python.

The bank is hostile and has a past: years of balances before the first night, another tree of orgs and an
employee at another org from a night on, one who leaves. A batch comes wrong at first, and once more when the
next night has run. ``make hostile`` runs other banks, with all their nights.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cached_property

import pytest

from tests.reference.hostile import names
from tests.reference.hostile.front import batches
from tests.reference.hostile.indicators import INDICATORS_OF_PLANS, Figures
from tests.reference.hostile.lists import growth, lost_warnings, quality, rankings
from tests.reference.hostile.past import TURNED, with_a_past, wrong
from tests.reference.hostile.pipeline import forecast_months
from tests.reference.hostile.plan_tables import plan_actuals, scorecards, variances
from tests.reference.hostile.plans import breakdown, scores
from tests.reference.hostile.seeds import SEEDS, drawn_nights, shows
from tests.reference.hostile.told import Row, Told
from tests.reference.test_hostile_bank import SUPPORT, differences
from tests.support.merging import as_one
from tests.support.merging import told as merged
from tests.support.timeline import add_months, month_start
from tests.support.whole_nights import WholeNights

FEW = [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 17), date(2028, 4, 28)]
"""Two month ends with a batch and one without."""

MARTS = [
    "fct_plan_actual", "rpt_plan_variance", "rpt_plan_breakdown", "rpt_scorecard_monthly",
    "rpt_pipeline_forecast", "rpt_concentration_growth", "rpt_recommendation_quality", "feed_ranking",
    "feed_lost_warning", "fct_customer_assets", "dim_org", "dim_employee", "dim_product", "dim_calendar",
]  # fmt: skip
ONE = {"P12": "P10", "P15": "P14", "C02": "C01"}
"""Who is merged, and who goes on."""

TARGET = ("scope_type", "scope_id", "indicator_code", "period")
TIERS = "customer_value.fct_customer_tier_monthly"
AUM = "customer_value.fct_customer_aum_monthly"


class Bank:
    """What a bank told, and what the warehouse made of it."""

    def __init__(self, seed: int) -> None:
        nights = drawn_nights(FEW)
        self.batches = with_a_past(batches(seed, nights), seed)
        self.told = Told(self.batches)
        self.nights = WholeNights(MARTS, accept_partial_start=True)
        self.nights.connection.execute(f"update stg.recommendation_settings set min_support_cnt = {SUPPORT}")
        for place, batch in enumerate(self.batches):
            if place == 1:
                self.nights.run(wrong(batch))
            right = replace(batch, sequence=2) if place == 1 else batch
            self.nights.run(right)
            if place == 2:
                self.nights.run(replace(self.batches[1], sequence=3), is_published=False)
                self.nights.run(right)

    @cached_property
    def figures(self) -> Figures:
        """What came of every indicator."""
        return Figures(self.told, self.rows)

    def rows(self, table: str, condition: str = "true") -> list[Row]:
        """Rows of a mart."""
        return self.nights.query(f"select * from {table} where {condition}")


@pytest.fixture(scope="module", params=SEEDS)
def bank(request: pytest.FixtureRequest) -> Bank:
    return Bank(request.param)


def test_plans_of_every_indicator(bank: Bank) -> None:
    expected = plan_actuals(bank.figures)
    rows = bank.rows("corporate.fct_plan_actual")
    assert differences(expected, rows, *TARGET, "version", "month_start_date") == []
    assert shows({row["indicator_code"] for row in rows if row["actual"]} == INDICATORS_OF_PLANS)
    assert shows({row["status"] for row in rows} == {"ahead", "on_track", "behind", None})


def test_the_parts_of_every_gap(bank: Bank) -> None:
    assert gaps_that_differ(bank.figures, bank.rows("corporate.rpt_plan_variance")) == []


def gaps_that_differ(figures: Figures, rows: Iterable[Row]) -> list[str]:
    """What the parts of gaps say otherwise than the reference."""
    expected = variances(figures)
    # what has nothing to go by is split alike, over parts that are in no text
    ways = {key[:5] for key in expected}
    found = [
        row
        for row in rows
        if (row["part_target"] or row["part_actual"])
        and (row["split_code"] == "org" or (*(row[name] for name in TARGET), row["split_code"]) in ways)
    ]
    return differences(expected, found, *TARGET, "split_code", "part_code")


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_of_customers_who_are_merged(seed: int) -> None:
    """Two pairs of persons and one of companies are one each from a night of March on."""
    deliveries = merged(with_a_past(batches(seed, FEW), seed), ONE, on=TURNED)
    nights = WholeNights(["fct_plan_actual", "rpt_plan_variance"], accept_partial_start=True)
    nights.run_deliveries(deliveries)
    figures = Figures(
        Told(deliveries), lambda table: nights.query(f"select * from {table}"),
        Told(as_one(deliveries, ONE)), ONE, month_start(TURNED),
    )  # fmt: skip
    rows = nights.query("select * from corporate.fct_plan_actual")
    assert differences(plan_actuals(figures), rows, *TARGET, "version", "month_start_date") == []
    assert gaps_that_differ(figures, nights.query("select * from corporate.rpt_plan_variance")) == []


def test_targets_of_orgs_below_and_of_people(bank: Bank) -> None:
    expected = breakdown(bank.told)
    assert differences(expected, bank.rows("corporate.rpt_plan_breakdown"), *TARGET) == []


def test_scores_of_every_indicator(bank: Bank) -> None:
    rows = bank.rows("corporate.rpt_scorecard_monthly")
    key = ("scope_type", "scope_id", "indicator_code", "month_start_date")
    of_indicators = [
        row
        for row in rows
        if row["indicator_code"] != "total" and (row["value"] or row["target"] is not None)
    ]
    assert differences(scorecards(bank.figures), of_indicators, *key) == []
    totals = [row for row in rows if row["indicator_code"] == "total" and row["score"] is not None]
    assert differences(scores(rows), totals, "scope_type", "scope_id", "month_start_date") == []


def test_months_in_which_opportunities_are_expected(bank: Bank) -> None:
    rows = bank.rows("corporate.rpt_pipeline_forecast")
    key = ("org_id", "month_start_date", "forecast_month_date")
    expected = forecast_months(bank.told)
    assert differences(expected, [row for row in rows if row["opportunity_cnt"]], *key) == []


def test_rankings_and_warnings_of_the_front_office(bank: Bank) -> None:
    expected = rankings(bank.told, bank.rows("sales.agg_sales_performance_daily"))
    rows = bank.rows("workbench.feed_ranking")
    assert differences(expected, rows, "employee_id", "sales_product_code") == []
    warnings = lost_warnings(bank.told, bank.rows(TIERS), bank.rows(AUM))
    assert differences(warnings, bank.rows("workbench.feed_lost_warning"), "customer_id") == []


def test_changes_of_assets_since_months_and_years_ended(bank: Bank) -> None:
    month = month_start(bank.told.last)
    ended = {(row["customer_id"], row["month_start_date"]): row for row in bank.rows(AUM)}
    for row in bank.rows("monitoring.fct_customer_assets"):
        for span, last in (("month", add_months(month, -1)), ("year", date(month.year - 1, 12, 1))):
            for measure in ("aum", "deposit"):
                before = ended.get((row["customer_id"], last), {}).get(f"{measure}_end_amt", 0)
                assert row[f"{measure}_change_{span}_amt"] == row[f"{measure}_amt"] - before, (span, row)
        # no extract tells what was owed then
        assert row["loan_change_year_amt"] is None


def test_how_large_customers_began(bank: Bank) -> None:
    expected = growth(bank.told, bank.rows(TIERS), bank.rows(AUM))
    rows = bank.rows("customer.rpt_concentration_growth")
    assert differences(expected, rows, "month_start_date", "origin_tier_code") == []


def test_what_was_bought_of_what_was_recommended(bank: Bank) -> None:
    expected = quality(bank.batches, SUPPORT, bank.rows("monitoring.fct_event"))
    months = [month for (month,) in expected]
    rows = [
        row
        for row in bank.rows("customer.rpt_recommendation_quality")
        if row["month_start_date"] >= min(months)
    ]
    assert differences(expected, rows, "month_start_date") == []


@pytest.mark.parametrize(
    ("dimension", "key"),
    [
        ("orgs", "org_id"),
        ("employees", "employee_id"),
        ("products", "product_code"),
        ("calendar", "calendar_date"),
    ],
)
def test_names_and_kinds(bank: Bank, dimension: str, key: str) -> None:
    table = "calendar" if dimension == "calendar" else dimension.removesuffix("s")
    expected = getattr(names, dimension)(bank.told)
    assert differences(expected, bank.rows(f"reference.dim_{table}"), key) == []
