"""Tables of chapters 6 and 7 of a hostile bank against plain Python, written from the text.

Every row of each table is compared. ``make hostile`` runs other banks, with all their nights.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import pytest

from tests.reference.hostile.campaigns import effects, targets
from tests.reference.hostile.channels import acquisitions, channels
from tests.reference.hostile.cohorts import (
    Place,
    cross_sales,
    key_figures,
    owning_orgs,
    penetration,
    places,
    vintages,
)
from tests.reference.hostile.contacts import pressure
from tests.reference.hostile.corporates import guarantees, links, policies
from tests.reference.hostile.corporates import segments as corporate_segments
from tests.reference.hostile.files import completeness, service_by_kind
from tests.reference.hostile.front import batches
from tests.reference.hostile.funnel import funnel, stages
from tests.reference.hostile.groups import group_months, members, peers
from tests.reference.hostile.holdings import holdings
from tests.reference.hostile.households import household_figures, households_on
from tests.reference.hostile.labels import labels, leaving, rising
from tests.reference.hostile.lines import activity, matrix, migration
from tests.reference.hostile.lists import diligence_of_office
from tests.reference.hostile.maturity import maturity_calendar
from tests.reference.hostile.payments import flows, prospects
from tests.reference.hostile.pipeline import diligence, forecasts, opportunities, won
from tests.reference.hostile.plans import breakdown, gaps, plan_rows, scores
from tests.reference.hostile.prices import concessions
from tests.reference.hostile.products import delinquency, investment_results
from tests.reference.hostile.prospects import listed
from tests.reference.hostile.recommendations import recommendations
from tests.reference.hostile.repeats import before_the_bridge, bridges_of_orgs, chosen, companies
from tests.reference.hostile.screen import screen
from tests.reference.hostile.screen_more import more, of_tables, outside
from tests.reference.hostile.seeds import SEEDS, drawn_nights, shows
from tests.reference.hostile.segments import MEASURES, potentials, rfm_cut_offs, segments
from tests.reference.hostile.service import incomes, service
from tests.reference.hostile.told import Row, Told
from tests.reference.hostile.views import corporate_view, expected_contributions
from tests.support.models import columns_of
from tests.support.timeline import add_months, month_start
from tests.support.whole_nights import WholeNights

FEW = [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 17), date(2028, 4, 6)]
"""Two month ends with a batch and one without."""

MARTS = [
    "dim_customer_360", "fct_customer_holding", "fct_customer_label", "fct_household_monthly",
    "rpt_maturity_calendar", "rpt_delinquency_monthly", "rpt_investment_result_monthly",
    "rpt_contact_pressure_monthly",
    "rpt_contact_pressure_yearly", "rpt_campaign_effect", "rpt_line_org_matrix_monthly",
    "rpt_segment_migration_monthly", "rpt_cross_sell_monthly", "fct_group_monthly", "rpt_prospect",
    "fct_opportunity", "rpt_pipeline_forecast", "rpt_peer_comparison_monthly", "rpt_plan_variance",
    "rpt_plan_breakdown", "rpt_scorecard_monthly", "rpt_rm_diligence_monthly", "rpt_service_monthly",
    "rpt_income_structure_monthly", "rpt_rate_concession_monthly", "rpt_channel_monthly",
    "rpt_acquisition_monthly", "rpt_product_penetration_monthly", "rpt_vintage_monthly",
    "rpt_customer_kpi_monthly", "rpt_rfm_cut_off", "fct_recommendation", "rpt_file_completeness",
    "fct_supply_chain_link_monthly", "rpt_segment_policy_monthly", "dim_corporate_360",
    "rpt_expected_contribution", "rpt_funnel_monthly", "agg_aum_bridge_monthly",
]  # fmt: skip


STALE_DAYS = 40
"""The bank is too young for files that have not changed in two years."""

SUPPORT = 2
"""The bank is too small for the ten holders that the rules ask for."""

LIST_RATES = [
    ("CURRENT", date(1900, 1, 1), None, Fraction("0.015")),
    ("MORTGAGE", date(1900, 1, 1), date(2028, 3, 1), Fraction("0.05")),
    ("MORTGAGE", date(2028, 3, 1), None, Fraction("0.04")),
]
"""The rules' list rates are of products that the bank does not have."""

NOT_BUILT = ("fct_event", "agg_sales_performance_daily")
"""The feed of events and sales have references of their own, and cost as much as all else."""


class Bank:
    """What a bank told, and what the warehouse made of it."""

    def __init__(self, seed: int) -> None:
        told = batches(seed, drawn_nights(FEW))
        self.told = Told(told)
        self.months = [month for month, _ in self.told.months()]
        given = {
            mart: ", ".join(f"{name} {column['data_type']}" for name, column in columns_of(mart).items())
            for mart in NOT_BUILT
        }
        self.nights = WholeNights(MARTS, given=given, accept_partial_start=True)
        for product, first, after, rate in LIST_RATES:
            self.nights.connection.execute(
                "insert into stg.list_rate_rules values (?, ?, ?, ?, 'X')",
                [product, first, after and add_months(after, -1), Decimal(rate.numerator) / rate.denominator],
            )
        self.nights.connection.execute(f"update stg.recommendation_settings set min_support_cnt = {SUPPORT}")
        self.nights.connection.execute(f"update stg.file_field_rules set stale_days = {STALE_DAYS}")
        self.nights.run_deliveries(told)

    @cached_property
    def orgs(self) -> dict[tuple[str, date], str]:
        """Owning org by customer and month."""
        return {
            (customer, month): org
            for month, day in self.told.months()
            for customer, org in owning_orgs(self.told, day).items()
        }

    @cached_property
    def places(self) -> Place:
        """Owning org and tier by customer and month."""
        return places(self.told, self.rows("customer_value.fct_customer_tier_monthly"))

    def rows(self, table: str, condition: str = "true") -> list[Row]:
        """Rows of a mart."""
        return self.nights.query(f"select * from {table} where {condition}")


@pytest.fixture(scope="module", params=SEEDS)
def bank(request: pytest.FixtureRequest) -> Bank:
    return Bank(request.param)


def differences(
    expected: Mapping[tuple[Any, ...], Mapping[str, Any]], rows: Iterable[Row], *key: str
) -> list[str]:
    """What the rows say otherwise, one line for each: rows of one side alone, and columns that differ."""
    found = {tuple(row[name] for name in key): row for row in rows}
    assert shows(expected), "a bank without rows shows nothing"
    lines = [f"{one}: not published" for one in expected.keys() - found.keys()]
    lines += [f"{one}: not expected" for one in found.keys() - expected.keys()]
    for one in expected.keys() & found.keys():
        lines += [
            f"{one}: {name} is {found[one][name]}, expected {value}"
            for name, value in expected[one].items()
            if found[one][name] != value
        ]
    return sorted(lines)


def test_holdings(bank: Bank) -> None:
    rows = bank.rows("customer.fct_customer_holding")
    key = ("customer_id", "product_code", "holding_code")
    assert differences(holdings(bank.told, bank.told.last), rows, *key) == []


def test_households_count_everybody_once(bank: Bank) -> None:
    names = ("month_start_date", "source_code", "member_cnt", "total_assets_amt", "loan_amt")
    found = [tuple(row[name] for name in names) for row in bank.rows("customer.fct_household_monthly")]
    expected = household_figures(bank.told)
    assert sorted(found) == sorted(
        (*key[:2], *(of[name] for name in names[2:])) for key, of in expected.items()
    )


def test_what_customers_are_screened_by(bank: Bank) -> None:
    assert differences(screen(bank.told), bank.rows("customer.dim_customer_360"), "customer_id") == []


def test_maturities_and_what_is_kept_of_them(bank: Bank) -> None:
    rows = bank.rows("customer.rpt_maturity_calendar")
    key = ("org_id", "product_line_code", "due_week_date")
    assert differences(maturity_calendar(bank.told), rows, *key) == []


def test_delinquency_and_roll_rates(bank: Bank) -> None:
    rows = bank.rows("customer.rpt_delinquency_monthly")
    key = ("org_id", "loan_class_code", "five_class_code", "stage_code", "month_start_date")
    assert differences(delinquency(bank.told), rows, *key) == []


def test_results_of_investments(bank: Bank) -> None:
    rows = bank.rows("customer.rpt_investment_result_monthly")
    key = ("customer_id", "product_line_code", "month_start_date")
    expected = investment_results(bank.told)
    # shares are made to add to 1 by moving the last place
    shares = {one: of.pop("allocation_share") for one, of in expected.items()}
    assert differences(expected, rows, *key) == []
    whole: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for row in rows:
        wanted = shares[tuple(row[name] for name in key)]
        if wanted is None:
            assert row["allocation_share"] is None
            continue
        assert abs(row["allocation_share"] - wanted) <= Decimal("0.000001")
        whole[row["customer_id"], row["month_start_date"]] += row["allocation_share"]
    assert set(whole.values()) <= {Decimal(1)}


@pytest.mark.parametrize("span", ["monthly", "yearly"])
def test_contact_pressure(bank: Bank, span: str) -> None:
    rows = bank.rows(f"customer.rpt_contact_pressure_{span}")
    expected = pressure(bank.told, by_year=span == "yearly")
    assert differences(expected, rows, "channel_code", "month_start_date") == []


def test_campaigns(bank: Bank) -> None:
    rows = bank.rows("customer.fct_campaign_target")
    assert differences(targets(bank.told), rows, "campaign_id", "customer_id") == []
    found = bank.rows("customer.rpt_campaign_effect")
    key = ("campaign_id", "segment_scheme_code", "segment_code")
    assert differences(effects(bank.told, rows), found, *key) == []


def test_lines_and_orgs(bank: Bank) -> None:
    rows = bank.rows(
        "customer.rpt_line_org_matrix_monthly", "balance_amt <> 0 or sales_cnt <> 0 or customer_cnt <> 0"
    )
    key = ("org_id", "product_line_code", "month_start_date")
    assert differences(matrix(bank.told), rows, *key) == []


def test_active_customers_and_their_lines(bank: Bank) -> None:
    rows = bank.nights.query(
        "select month_start_date, sum(active_customer_cnt) as active_customer_cnt,"
        " sum(held_line_cnt) as held_line_cnt"
        " from customer.rpt_cross_sell_monthly group by month_start_date"
    )
    assert differences(activity(bank.told), rows, "month_start_date") == []


def test_segments_migrate(bank: Bank) -> None:
    segments = {
        "": bank.rows("customer.fct_customer_segment_monthly"),
        "corporate_": bank.rows("corporate.fct_corporate_segment_monthly"),
    }
    found: dict[str, dict[tuple[Any, ...], list[int]]] = defaultdict(dict)
    for row in bank.rows("customer.rpt_segment_migration_monthly"):
        key = (row["org_id"], row["from_segment_code"], row["to_segment_code"], row["month_start_date"])
        found[row["scheme_code"]][key] = [
            row[name] for name in ("customer_cnt", "opening_cnt", "closing_cnt")
        ]
    assert len(found) == 20
    for scheme, ways in found.items():
        kind = "corporate_" if scheme.startswith("corporate_") else ""
        name = scheme.removeprefix(kind)
        columns = segments[kind][0]
        column = next(one for one in (f"{name}_code", f"{name}_band_code", f"is_{name}") if one in columns)
        assert ways == migration(segments[kind], column, bank.months), scheme


def test_labels(bank: Bank) -> None:
    assets = bank.rows(AUM)
    went = {month: outside(bank.told, day) for month, day in bank.told.months()}
    expected = rising(bank.told, assets, bank.rows("customer_value.fct_tier_reason"))
    expected |= leaving(bank.told, assets, went) | labels(bank.told)
    persons = {
        (row["customer_id"], month)
        for month, day in bank.told.months()
        for row in bank.told.rows("customer", day)
        if row["customer_type"] == "P" and row["status"] != "closed"
    }
    expected = {key: of for key, of in expected.items() if (key[0], key[2]) in persons}
    rows = bank.rows("customer.fct_customer_label", "label_code <> 'single_channel'")
    assert differences(expected, rows, "customer_id", "label_code", "month_start_date") == []


def test_funnel_and_stages(bank: Bank) -> None:
    rows = bank.rows("corporate.rpt_funnel_monthly")
    assert differences(funnel(bank.told), rows, "owner_id", "stage_code", "month_start_date") == []
    rows = bank.rows("corporate.fct_opportunity_stage")
    assert differences(stages(bank.told), rows, "opportunity_id", "stage_code") == []


def test_households_have_what_their_members_have(bank: Bank) -> None:
    def by_month(table: str, column: str) -> dict[tuple[str, date], Decimal]:
        return {(row["customer_id"], row["month_start_date"]): row[column] for row in bank.rows(table)}

    of_members = [
        by_month(AUM, "aum_end_amt"),
        by_month(TIERS, "assessment_aum_amt"),
        by_month(CONTRIBUTION, "contribution_amt"),
    ]
    expected = [
        (
            month,
            source,
            len(members),
            *(sum((of.get((one, month), Decimal(0)) for one in members), Decimal(0)) for of in of_members),
        )
        for month, day in bank.told.months()
        for (source, _), members in households_on(bank.told, day).items()
    ]
    columns = (
        "month_start_date", "source_code", "member_cnt", "aum_amt", "assessment_aum_amt", "contribution_amt",
    )  # fmt: skip
    found = [tuple(row[name] for name in columns) for row in bank.rows("customer.fct_household_monthly")]
    assert sorted(found) == sorted(expected)


def test_service(bank: Bank) -> None:
    counts = (
        "case_cnt",
        "open_cnt",
        "open_age_days",
        "scored_cnt",
        "score_sum",
        "promoter_cnt",
        "detractor_cnt",
    )
    sums = ", ".join(f"sum({name}) as {name}" for name in counts)
    rows = bank.nights.query(
        f"select month_start_date, {sums}, max(oldest_open_days) as oldest_open_days"
        " from customer.rpt_service_monthly group by month_start_date"
    )
    assert differences(service(bank.told), rows, "month_start_date") == []


def test_income(bank: Bank) -> None:
    expected = incomes(bank.rows("contribution.fct_account_contribution_monthly"))
    rows = bank.rows("customer.rpt_income_structure_monthly")
    assert differences(expected, rows, "org_id", "month_start_date") == []


def test_groups(bank: Bank) -> None:
    payments = bank.rows("corporate.fct_counterparty_flow_monthly")
    rows = bank.rows("corporate.fct_group_monthly")
    key = ("ultimate_parent_customer_id", "month_start_date")
    assert differences(group_months(bank.told, payments), rows, *key) == []
    day = bank.told.last
    now = [
        row
        for row in bank.rows("corporate.fct_group_member")
        if row["valid_from_date"] <= day and (row["valid_to_date"] is None or day < row["valid_to_date"])
    ]
    assert differences(members(bank.told), now, "customer_id") == []


def test_payments_and_prospects(bank: Bank) -> None:
    rows = bank.rows("corporate.fct_counterparty_flow_monthly")
    key = ("customer_id", "counterparty_key", "month_start_date")
    paid = flows(bank.told)
    assert shows(any(of["counter_bank_name"] for of in paid.values()))
    assert differences(paid, rows, *key) == []
    found = bank.rows("corporate.rpt_prospect", "prospect_type_code = 'outside'")
    expected = {(one,): of for one, of in prospects(rows, month_start(bank.told.last)).items()}
    assert differences(expected, found, "counterparty_key") == []


def test_peers(bank: Bank) -> None:
    rows = bank.rows("corporate.rpt_peer_comparison_monthly")
    expected = peers(bank.rows("corporate.fct_corporate_segment_monthly"))
    assert differences(expected, rows, "customer_id", "month_start_date") == []


def test_opportunities_and_what_they_are_expected_to_bring(bank: Bank) -> None:
    assert (
        differences(opportunities(bank.told), bank.rows("corporate.fct_opportunity"), "opportunity_id") == []
    )
    rows = bank.nights.query(
        "select org_id, month_start_date, sum(opportunity_cnt) as opportunity_cnt,"
        " sum(amount_amt) as amount_amt, sum(expected_stated_amt) as expected_stated_amt,"
        " sum(expected_historical_amt) as expected_historical_amt,"
        " sum(org_rate_cnt) as org_rate_cnt, sum(bank_rate_cnt) as bank_rate_cnt"
        " from corporate.rpt_pipeline_forecast where opportunity_cnt > 0 group by org_id, month_start_date"
    )
    assert differences(forecasts(bank.told), rows, "org_id", "month_start_date") == []
    came = bank.rows(
        "corporate.rpt_pipeline_forecast", "month_start_date = forecast_month_date and won_cnt > 0"
    )
    assert differences(won(bank.told), came, "org_id", "month_start_date") == []


def test_managers_visits(bank: Bank) -> None:
    rows = bank.rows("corporate.rpt_rm_diligence_monthly")
    assert differences(diligence(bank.told), rows, "employee_id", "month_start_date") == []
    expected = diligence_of_office(bank.told)
    assert shows(any(row["won_opportunity_cnt"] for row in expected.values()))
    assert differences(expected, rows, "employee_id", "month_start_date") == []


def test_plans_their_parts_and_scores(bank: Bank) -> None:
    rows = bank.rows("corporate.fct_plan_actual")
    key = ("scope_type", "scope_id", "indicator_code", "period")
    by_hand = [row for row in rows if row["indicator_code"] in ("visits", "opportunities_won_amt")]
    assert differences(plan_rows(bank.told), by_hand, *key, "version", "month_start_date") == []
    assert differences(breakdown(bank.told), bank.rows("corporate.rpt_plan_breakdown"), *key) == []
    parts = bank.nights.query(
        "select scope_type, scope_id, indicator_code, period, split_code, sum(part_target) as target,"
        " sum(part_actual) as actual, sum(gap) as gap from corporate.rpt_plan_variance group by all"
    )
    expected = gaps(rows)
    assert shows(parts)
    for part in parts:
        assert [part["target"], part["actual"], part["gap"]] == expected[tuple(part[name] for name in key)], (
            part
        )
    marks = bank.rows("corporate.rpt_scorecard_monthly")
    totals = [row for row in marks if row["indicator_code"] == "total" and row["score"] is not None]
    assert differences(scores(marks), totals, "scope_type", "scope_id", "month_start_date") == []


AUM, CONTRIBUTION = (
    "customer_value.fct_customer_aum_monthly",
    "contribution.fct_customer_contribution_monthly",
)
TIERS = "customer_value.fct_customer_tier_monthly"
LIVED = "month_start_date >= '2028-01-01'"


def test_segments_and_cut_offs(bank: Bank) -> None:
    expected = segments(bank.told, bank.rows(CONTRIBUTION), bank.rows(AUM))
    rows = bank.rows("customer.fct_customer_segment_monthly")
    assert differences(expected, rows, "customer_id", "month_start_date") == []
    lived = {(row["customer_id"], row["month_start_date"]): row for row in bank.rows(AUM)}
    points = potentials(bank.told, lived, bank.rows("customer.fct_customer_label"))
    assert shows(len({of["potential_points"] for of in points.values()}) > 2)
    assert differences(points, rows, "customer_id", "month_start_date") == []
    # a month that is not over has none of its own where there are earlier ones
    published = bank.rows("customer.rpt_rfm_cut_off")
    months = {row["month_start_date"] for row in published}
    assert months == set(bank.months[:-1])
    cuts = {
        (measure, month, place): {"cut_off_value": value, "cut_share": Decimal(place) / 5}
        for month, of in rfm_cut_offs(bank.told, lived).items()
        if month in months
        for measure in MEASURES
        for place, value in enumerate(of[measure], 1)
    }
    assert differences(cuts, published, "measure_code", "month_start_date", "cut_order") == []


def test_concessions(bank: Bank) -> None:
    expected = concessions(bank.told, LIST_RATES)
    rows = {
        (row["org_id"], row["product_code"], row["month_start_date"]): row
        for row in bank.rows("customer.rpt_rate_concession_monthly", "not product_code like '%card'")
    }
    assert rows.keys() == expected.keys()
    for key, of in expected.items():
        row = rows[key]
        for name, value in of.items():
            if name.endswith("_amt") and value is not None:
                # interest is rounded by account, and balances by the day's rate
                if name == "average_balance_amt" and row["is_partial_month"]:
                    continue
                assert abs(row[name] - value) <= Decimal("0.01") * max(1, of["account_cnt"]), (key, name)
            else:
                assert row[name] == value, (key, name)


def test_channels_and_new_customers(bank: Bank) -> None:
    rows = bank.rows("customer.rpt_channel_monthly")
    assert differences(channels(bank.told), rows, "channel_code", "month_start_date") == []
    rows = bank.rows("customer.rpt_acquisition_monthly")
    key = ("dimension_code", "dimension_value", "month_start_date")
    assert differences(acquisitions(bank.told), rows, *key) == []


def test_product_figures_by_org_and_tier(bank: Bank) -> None:
    rows = bank.rows("customer.rpt_cross_sell_monthly", LIVED)
    key = ("org_id", "tier_code", "month_start_date")
    assert differences(cross_sales(bank.told, bank.places), rows, *key) == []
    # who held a line in the history alone opens the first month, and is lost in it
    holds = f"not (month_start_date = '{bank.months[0]}' and holder_cnt = 0)"
    rows = bank.rows("customer.rpt_product_penetration_monthly", f"{LIVED} and {holds}")
    key = ("product_line_code", "tier_code", "month_start_date")
    assert differences(penetration(bank.told, bank.places), rows, *key) == []
    rows = bank.rows("customer.rpt_customer_kpi_monthly", LIVED)
    expected = key_figures(bank.told, bank.places, bank.rows(CONTRIBUTION))
    assert differences(expected, rows, "org_id", "month_start_date") == []


def test_cohorts(bank: Bank) -> None:
    expected = vintages(bank.told, bank.rows(AUM), bank.rows(CONTRIBUTION))
    rows = bank.rows("customer.rpt_vintage_monthly", "cohort_month_date >= '2028-01-01'")
    assert differences(expected, rows, "cohort_month_date", "month_start_date") == []


def test_recommendations(bank: Bank) -> None:
    expected = recommendations(bank.told, SUPPORT, [])
    rows = bank.rows("customer.fct_recommendation")
    assert differences(expected, rows, "customer_id", "product_line_code") == []


def test_files_and_service_by_org(bank: Bank) -> None:
    rows = bank.rows("customer.rpt_file_completeness")
    expected = completeness(bank.told, owning_orgs(bank.told, bank.told.last), STALE_DAYS)
    assert shows(any(0 < of["stale_cnt"] < of["customer_cnt"] for of in expected.values()))
    assert differences(expected, rows, "org_id", "customer_type_code", "field_code") == []
    rows = bank.rows("customer.rpt_service_monthly")
    key = ("org_id", "case_type_code", "month_start_date")
    assert differences(service_by_kind(bank.told, bank.orgs), rows, *key) == []


def test_more_of_the_screen(bank: Bank) -> None:
    rows = bank.rows("customer.dim_customer_360")
    assert differences(more(bank.told), rows, "customer_id") == []
    said = of_tables(
        bank.told,
        bank.rows(TIERS),
        bank.rows("monitoring.fct_customer_assets"),
        bank.rows("monitoring.fct_aum_bridge_monthly"),
        bank.rows(CONTRIBUTION),
    )
    assert differences(said, rows, "customer_id") == []


def test_corporate_customers_and_their_chains(bank: Bank) -> None:
    payments = bank.rows("corporate.fct_counterparty_flow_monthly")
    own = bank.rows("corporate.fct_corporate_segment_monthly")
    expected = corporate_segments(bank.told, payments, bank.rows(CONTRIBUTION), bank.rows(AUM))
    assert differences(expected, own, "customer_id", "month_start_date") == []
    rows = bank.rows("corporate.fct_supply_chain_link_monthly")
    key = ("payer_customer_id", "payee_customer_id", "month_start_date")
    chains = links(bank.told, payments)
    assert shows({of["declared_share"] is None for of in chains.values()} == {True, False})
    assert differences(chains, rows, *key) == []
    found = policies(bank.told, own, bank.orgs)
    rows = bank.rows("corporate.rpt_segment_policy_monthly", "action_code <> 'rate_review'")
    if found or rows:
        assert differences(found, rows, "policy_code", "org_id", "month_start_date") == []
    view = corporate_view(bank.told, payments, own, [], bank.rows(CONTRIBUTION))
    assert shows(any(of["raroc_rate"] for of in view.values()))
    assert differences(view, bank.rows("corporate.dim_corporate_360"), "customer_id") == []
    (first,) = bank.nights.query("select * from intermediate.int_contribution__recorded_from")
    coming = expected_contributions(bank.told, own, first["recorded_from_date"])
    rows = bank.rows("corporate.rpt_expected_contribution")
    assert differences(coming, rows, "customer_id") == []


def test_guarantees_inside_groups(bank: Bank) -> None:
    rows = bank.rows("corporate.fct_group_monthly")
    key = ("ultimate_parent_customer_id", "month_start_date")
    assert differences(guarantees(bank.told), rows, *key) == []


def test_prospects_are_ranked_at_their_partners_org(bank: Bank) -> None:
    rows = bank.rows("corporate.rpt_prospect")
    for row in rows:
        row["who"] = row["prospect_customer_id"] or row["counterparty_key"]
    payments = bank.rows("corporate.fct_counterparty_flow_monthly")
    expected = listed(
        bank.told, payments, month_start(bank.told.last), owning_orgs(bank.told, bank.told.last)
    )
    assert differences(expected, rows, "who") == []


def test_companies_campaigns_and_orgs_repeat_what_other_tables_tell(bank: Bank) -> None:
    rows = bank.rows("corporate.dim_corporate_360")
    assert differences(companies(bank.told, bank.rows), rows, "customer_id") == []
    rows = bank.rows("customer.fct_campaign_target")
    expected = chosen(bank.told, bank.rows(TIERS), bank.rows(AUM), rows)
    assert shows(any(of["aum_change_amt"] for of in expected.values()))
    assert differences(expected, rows, "campaign_id", "customer_id") == []
    bridges = bank.rows("monitoring.fct_aum_bridge_monthly")
    before = before_the_bridge(bank.told, bank.rows(TIERS), bridges)
    assert differences(before, bridges, "customer_id", "month_start_date") == []
    rows = bank.rows("monitoring.agg_aum_bridge_monthly")
    assert differences(bridges_of_orgs(bridges), rows, "org_id", "tier_code", "month_start_date") == []
