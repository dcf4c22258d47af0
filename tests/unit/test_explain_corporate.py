"""``acrm explain CUSTOMER --corporate``: group, chain, funds, share of the plan, events on one page."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.console import out
from orchestration.errors import NotFoundError
from orchestration.explain import print_corporate, read_corporate
from orchestration.explain.corporate_page import sentences
from orchestration.settings import Settings
from tests.support.small_release import NIGHT, filled, publish

D = Decimal
OVERVIEW, MEMBER, GROUP = (
    f"corporate.{name}" for name in ("dim_corporate_360", "fct_group_member", "fct_group_monthly")
)
LINK, FUNDS = "corporate.fct_supply_chain_link_monthly", "corporate.fct_counterparty_flow_monthly"
PLAN, OPPORTUNITY, EVENT = "corporate.fct_plan_actual", "corporate.fct_opportunity", "monitoring.fct_event"
AUM, SEGMENT = "customer_value.fct_customer_aum_monthly", "corporate.fct_corporate_segment_monthly"
BRIDGE, ORG = "monitoring.fct_aum_bridge_monthly", "reference.dim_org"
DECEMBER, JANUARY = date(2025, 12, 1), date(2026, 1, 1)


def member(number: str, parent: str | None, path: str, until: date | None = None) -> dict[str, object]:
    return filled(
        MEMBER, customer_id=number, ultimate_parent_customer_id=path.split("/")[0],
        parent_customer_id=parent, path=path, depth=path.count("/"),
        share=None if parent is None else D("0.6"),
        valid_from_date=date(2025, 1, 1), valid_to_date=until,
    )  # fmt: skip


def plan(org: str, indicator: str, actual: str, first: date = JANUARY, **values: object) -> dict[str, object]:
    return filled(
        PLAN,
        **(
            {
                "month_start_date": JANUARY, "scope_type": "org", "scope_id": org, "version": 1,
                "indicator_code": indicator, "period": "2026", "period_start_date": first,
                "target": D(1000), "actual": D(actual), "is_current_version": True,
            }
            | values
        ),
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """C2, in the middle of a group, at an outlet whose plans are the branch's."""
    settings = Settings.load(tmp_path)
    publish(
        settings,
        {
            OVERVIEW: [
                filled(OVERVIEW, customer_id="C2", owning_org_id="outlet", as_of_date=NIGHT,
                       main_employee_id="E[/b]1", held_lines="deposit,loan", missing_lines="fund",
                       deposit_end_amt=D("250.00"), counterparty_cnt=3, inside_counterparty_cnt=1),
                filled(OVERVIEW, customer_id="C9", owning_org_id="loop", as_of_date=NIGHT),
            ],
            MEMBER: [
                member("C1", None, "C1"),
                member("C2", "C1", "C1/C2"),
                member("C3", "C2", "C1/C2/C3"),
                # left yesterday; another group
                member("C4", "C1", "C1/C4", until=NIGHT),
                member("C8", None, "C8"),
            ],
            GROUP: [
                filled(GROUP, ultimate_parent_customer_id="C1", month_start_date=JANUARY, member_cnt=3,
                       deposit_end_amt=D("900.00")),
                filled(GROUP, ultimate_parent_customer_id="C1", month_start_date=DECEMBER, member_cnt=4,
                       deposit_end_amt=D("1.00")),
            ],
            LINK: [
                filled(LINK, payer_customer_id="C2", payee_customer_id="S1", month_start_date=JANUARY,
                       paid_amt=D("10.00"), payer_out_share=D("0.1")),
                filled(LINK, payer_customer_id="B1", payee_customer_id="C2", month_start_date=JANUARY,
                       paid_amt=D("20.00"), payer_out_share=None),
                filled(LINK, payer_customer_id="B2", payee_customer_id="C2", month_start_date=JANUARY),
                filled(LINK, payer_customer_id="B3", payee_customer_id="C2", month_start_date=DECEMBER),
            ],
            FUNDS: [
                filled(FUNDS, customer_id="C2", counterparty_key=f"K{n}", counterparty_customer_id=None,
                       counter_name=f"某{n}**", month_start_date=JANUARY, in_amt=D(n), out_amt=D(-n))
                for n in range(1, 26)
            ],
            ORG: [
                filled(ORG, org_id="outlet", parent_org_id="branch"),
                filled(ORG, org_id="branch", parent_org_id="head"),
                filled(ORG, org_id="head", parent_org_id=None),
                filled(ORG, org_id="loop", parent_org_id="pool"),
                filled(ORG, org_id="pool", parent_org_id="loop"),
            ],
            PLAN: [
                plan("branch", "corporate_deposit_avg", "1000"),
                plan("branch", "loan_balance", "400"),
                plan("branch", "net_new_money", "60", DECEMBER),
                plan("branch", "visits", "7"),
                plan("branch", "contribution", "0"),
                plan("branch", "corporate_deposit_avg", "1", version=0, is_current_version=False),
                plan("head", "corporate_deposit_avg", "9999"),
            ],
            AUM: [
                filled(AUM, customer_id="C2", month_start_date=JANUARY, deposit_month_avg_amt=D("250.00")),
                filled(AUM, customer_id="C2", month_start_date=DECEMBER, deposit_month_avg_amt=D("99.00")),
            ],
            SEGMENT: [filled(SEGMENT, customer_id="C2", month_start_date=JANUARY, loan_amt=D("100.00"))],
            BRIDGE: [
                # a flow adds over the period, from December on
                filled(BRIDGE, customer_id="C2", month_start_date=month, net_new_money_amt=D(amount))
                for month, amount in ((date(2025, 11, 1), "500"), (DECEMBER, "10"), (JANUARY, "20"))
            ],
            OPPORTUNITY: [
                filled(OPPORTUNITY, opportunity_id=f"OP-{outcome}", customer_id="C2", outcome_code=outcome,
                       opened_date=NIGHT, since_date=NIGHT)
                for outcome in ("open", "won", "lost")
            ],
            EVENT: [
                filled(EVENT, entry_id=number, event_id=event_id, entry_type_code=kind, customer_id="C2",
                       event_code="large_inflow", event_date=NIGHT, business_date=NIGHT)
                for number, event_id, kind in (
                    (1, "kept", "event"), (2, "gone", "event"), (3, "gone", "withdrawal"),
                    (4, "back", "event"), (5, "back", "withdrawal"), (6, "back", "event"),
                )
            ],
        },
    )  # fmt: skip
    return settings


def test_the_page_shows_all_its_parts(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    print_corporate(out, read_corporate(settings, "C2"))
    printed = capsys.readouterr().out

    assert "Corporate customer C2 on 2026-01-30" in printed
    assert "manager E[/b]1" in printed
    for title in (
        "Group of C1",
        "Chain, 12 months",
        "Funds, 2026-01",
        "Plans of org branch",
        "Open opportunities",
    ):
        assert title in printed
    # a title may be broken where its table is narrow
    assert "the first 20 of 25" in " ".join(printed.split())
    # the largest first: 25 in and 25 out
    assert printed.index("某25**") < printed.index("某24**") and "某5**" not in printed
    assert "OP-open" in printed and "OP-won" not in printed


def test_the_group_is_the_one_that_holds_on_the_day(settings: Settings) -> None:
    story = read_corporate(settings, "C2")

    assert [row.customer_id for row in story.members] == ["C1", "C2", "C3"]
    assert story.group is not None and story.group.member_cnt == 3
    told = " ".join(sentences(story))
    assert "In the group of C1: 1 below the ultimate parent, under C1, which holds 60.00 %." in told
    assert "3 members keep 900.00" in told


def test_the_chain_is_the_months_in_both_directions(settings: Settings) -> None:
    story = read_corporate(settings, "C2")

    assert "Chain: supplied by 1 customers, supplies 2." in " ".join(sentences(story))
    assert [link.payer_customer_id for link in story.links] == ["B1", "C2", "B2"]


def test_a_share_of_the_plan_is_the_customers_own_figure(settings: Settings) -> None:
    shares = {row.plan.indicator_code: row for row in read_corporate(settings, "C2").shares}

    assert {row.org_id for row in shares.values()} == {"branch"}
    # 250 of 1,000 on average of the month; 100 of 400 lent; 10 + 20 of 60 since December
    assert shares["corporate_deposit_avg"].share == D("0.25")
    assert (shares["loan_balance"].customer_amt, shares["loan_balance"].share) == (D("100.00"), D("0.25"))
    assert (shares["net_new_money"].customer_amt, shares["net_new_money"].share) == (D("30.00"), D("0.5"))
    # visits are counted, and nothing can be a part of nothing
    assert shares["visits"].customer_amt is None
    assert shares["contribution"].share is None


def test_events_that_were_withdrawn_are_left_out(settings: Settings) -> None:
    assert [row.event_id for row in read_corporate(settings, "C2").events] == ["back", "kept"]


def test_orgs_that_go_round_in_a_circle_and_a_customer_with_nothing_are_told(settings: Settings) -> None:
    told = " ".join(sentences(read_corporate(settings, "C9")))

    assert "In no group." in told and "No plan of org loop, nor of an org above it." in told


def test_a_customer_who_is_no_corporate_is_refused_in_one_line(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="no such corporate customer") as refused:
        read_corporate(settings, "P12345")
    assert len(str(refused.value).splitlines()) == 1 and "P12345" not in str(refused.value)
