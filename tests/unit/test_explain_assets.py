"""``acrm explain CUSTOMER --assets``: a month as a bridge, with its flows and the assets of the day."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.console import out
from orchestration.errors import NotFoundError, PublicationError
from orchestration.explain import print_assets, read_assets
from orchestration.explain.assets_page import sentences
from orchestration.settings import Settings
from tests.support.small_release import NIGHT, filled, publish

D = Decimal
BRIDGE = "monitoring.fct_aum_bridge_monthly"
FLOW = "monitoring.fct_customer_flow_monthly"
ASSETS = "monitoring.fct_customer_assets"
DECEMBER, JANUARY = date(2025, 12, 1), date(2026, 1, 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Case B1 of the chapter in January, an unexplained movement in December, and a borrower without AUM."""
    settings = Settings.load(tmp_path)
    publish(
        settings,
        {
            BRIDGE: [
                filled(
                    BRIDGE, customer_id="C[b]1", owning_org_id="O1", opening_tier_code="gold",
                    nnm_rule_code="direct", month_start_date=DECEMBER, opening_amt=D("99993.00"),
                    unexplained_amt=D("7.00"), closing_amt=D("100000.00"), nnm_indirect_amt=D("7.00"),
                ),
                # 100,000.00 + 10,000.00 from a salary − 2,000.00 in cash = 108,000.00
                filled(
                    BRIDGE, customer_id="C[b]1", owning_org_id="O1", opening_tier_code="gold",
                    nnm_rule_code="direct", month_start_date=JANUARY, opening_amt=D("100000.00"),
                    new_money_in_amt=D("10000.00"), money_out_amt=D("-2000.00"), closing_amt=D("108000.00"),
                    net_new_money_amt=D("8000.00"), nnm_indirect_amt=D("8000.00"), is_provisional=True,
                ),
            ],
            FLOW: [
                filled(FLOW, customer_id="C[b]1", flow_code="salary", month_start_date=JANUARY, txn_cnt=1,
                       amount_amt=D("10000.00")),
                filled(FLOW, customer_id="C[b]1", flow_code="cash", month_start_date=JANUARY, txn_cnt=2,
                       amount_amt=D("-2000.00")),
                filled(FLOW, customer_id="C[b]1", flow_code="cash", month_start_date=DECEMBER, txn_cnt=9,
                       amount_amt=D("-5.55")),
            ],
            ASSETS: [
                filled(ASSETS, customer_id="C[b]1", business_date=NIGHT, deposit_amt=D("108000.00"),
                       total_assets_amt=D("108000.00"), aum_amt=D("108000.00"), net_assets_amt=D("108000.00"),
                       deposit_change_day_amt=D("-2000.00"), deposit_change_month_amt=D("8000.00"),
                       deposit_change_year_amt=None),
                filled(ASSETS, customer_id="C2", business_date=NIGHT, loan_amt=D("5000.00"),
                       net_assets_amt=D("-5000.00")),
            ],
        },
    )  # fmt: skip
    return settings


def page(
    settings: Settings, capsys: pytest.CaptureFixture[str], customer: str, month: date | None = None
) -> str:
    print_assets(out, read_assets(settings, customer, month))
    return capsys.readouterr().out


def cells(printed: str, first: str) -> list[str]:
    """Words of the line that begins with ``first``, without the drawing around them."""
    (line,) = (line for line in printed.splitlines() if line.strip("│ ").startswith(first))
    return [word for word in line.replace("│", " ").split() if set(word) != {"█"}]


def test_a_month_is_told_as_a_bridge(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    printed = page(settings, capsys, "C[b]1")

    assert "Customer C[b]1 in January 2026, provisional to 2026-01-30: assets" in printed
    assert cells(printed, "opening") == ["opening", "100,000.00"]
    assert cells(printed, "new money in") == ["new", "money", "in", "+10,000.00", "110,000.00"]
    assert cells(printed, "money out") == ["money", "out", "-2,000.00", "108,000.00"]
    assert cells(printed, "closing") == ["closing", "108,000.00"]
    assert cells(printed, "not explained") == ["not", "explained", "0.00", "108,000.00"]
    # parts that did not move are left out
    assert "interest" not in printed


def test_the_parts_are_all_columns_between_opening_and_closing(settings: Settings) -> None:
    story = read_assets(settings, "C[b]1")

    assert story.bridge is not None
    agreed = [field for field in filled(BRIDGE) if field.endswith("_amt")]
    assert {f"{code}_amt" for code in story.bridge.parts} == set(agreed) - {
        "opening_amt", "closing_amt", "net_new_money_amt", "nnm_indirect_amt",
    }  # fmt: skip
    assert story.bridge.opening_amt + sum(story.bridge.parts.values()) == story.bridge.closing_amt


def test_flows_are_those_of_the_month_with_their_sum(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = page(settings, capsys, "C[b]1")

    assert cells(printed, "cash") == ["cash", "2", "-2,000.00"]
    assert cells(printed, "salary") == ["salary", "1", "10,000.00"]
    assert cells(printed, "all") == ["all", "3", "8,000.00"]


def test_a_change_against_a_day_that_is_not_recorded_is_left_empty(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cells(page(settings, capsys, "C[b]1"), "deposits") == [
        "deposits", "108,000.00", "-2,000.00", "+8,000.00",
    ]  # fmt: skip


def test_an_earlier_month_is_told_if_it_is_named(settings: Settings) -> None:
    story = read_assets(settings, "C[b]1", DECEMBER)

    told = " ".join(sentences(story))
    assert "AUM went from 99,993.00 to 100,000.00 (+7.00)" in told
    assert "by rule direct: new money in + money out" in told
    assert "Indirectly, as what AUM changed less all other parts, it is 7.00" in told
    assert "a balance that changed without a transaction" in told
    assert [flow.txn_cnt for flow in story.flows] == [9]


def test_a_customer_without_aum_has_assets_and_no_bridge(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = page(settings, capsys, "C2")

    assert "No AUM bridge" in printed
    assert cells(printed, "net assets") == ["net", "assets", "-5,000.00"]


@pytest.mark.parametrize(
    ("customer", "month", "said"),
    [
        ("C9", None, "Check the number"),
        ("C[b]1", date(2025, 1, 1), "there is of 2025-12, 2026-01"),
        ("C2", JANUARY, "Leave --month out"),
    ],
)
def test_what_is_not_there_is_said_in_one_line_without_the_number(
    settings: Settings, customer: str, month: date | None, said: str
) -> None:
    with pytest.raises(NotFoundError, match=said) as refused:
        read_assets(settings, customer, month)
    assert len(str(refused.value).splitlines()) == 1
    assert customer not in str(refused.value)


def test_a_release_made_before_there_was_a_bridge_says_so(settings: Settings) -> None:
    with duckdb.connect(str(settings.published / f"{NIGHT}.1" / "acrm.duckdb")) as database:
        database.execute(f"drop table {BRIDGE}")
    with pytest.raises(PublicationError, match="Run the next night") as refused:
        read_assets(settings, "C[b]1")
    assert len(str(refused.value).splitlines()) == 1


def test_one_page_is_told_at_a_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    runner = CliRunner()

    assert runner.invoke(app, ["explain", "C[b]1", "--assets"]).exit_code == 0
    assert runner.invoke(app, ["explain", "C[b]1", "--assets", "--corporate"]).exit_code == 2
    assert runner.invoke(app, ["explain", "C[b]1", "--corporate", "--month", "2026-01"]).exit_code == 2
    assert runner.invoke(app, ["explain", "C[b]1", "--assets", "--month", "2026-13"]).exit_code == 2


def test_the_parts_that_count_are_those_of_the_months_own_rule(settings: Settings) -> None:
    with duckdb.connect(str(settings.published / f"{NIGHT}.1" / "acrm.duckdb")) as database:
        database.execute(
            "update rules.nnm_rules set valid_from_month = date '2025-12-01' where nnm_rule_code <> 'direct'"
        )

    assert read_assets(settings, "C[b]1").counted == ["money_out", "new_money_in"]
