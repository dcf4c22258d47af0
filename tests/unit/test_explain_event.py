"""``acrm explain-event``: the rule, what triggered it, what followed, what was held back and why."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.console import out
from orchestration.errors import NotFoundError
from orchestration.explain import print_event, read_event
from orchestration.explain.event_page import sentences
from orchestration.explain.evidence import SOURCES
from orchestration.settings import PROJECT, Settings
from tests.support.small_release import NIGHT, filled, publish

D = Decimal
EVENT, RESPONSE = "monitoring.fct_event", "monitoring.fct_event_response"
LARGE, LINES = "monitoring.fct_large_transaction", "contribution.fct_account_contribution_monthly"
DAILY, TIERS = "customer_value.fct_customer_aum_daily", "customer_value.fct_customer_tier_monthly"
OPPORTUNITY = "corporate.fct_opportunity"
JANUARY = date(2026, 1, 1)


def event(entry_id: int, event_id: str, code: str, **values: Any) -> dict[str, Any]:
    return filled(
        EVENT,
        **(
            {
                "entry_id": entry_id, "event_id": event_id, "event_code": code, "entry_type_code": "event",
                "rule_version": "ev-1", "customer_id": "C[b]1", "customer_group_code": "mass",
                "subject_type_code": "customer", "subject_id": "C[b]1", "event_date": NIGHT,
                "business_date": NIGHT, "knowledge_date": NIGHT, "priority": 3, "owning_org_id": "O1",
                "employee_id": "E1", "amount_amt": None, "reference_amt": None, "threshold_amt": None,
                "event_cnt": None,
            }
            | values
        ),
    )  # fmt: skip


def response(
    event_id: str, channel: str, recipient: str, reason: str | None, **values: Any
) -> dict[str, Any]:
    status = "to_send" if reason in (None, "employee_left") else "suppressed"
    kind = "customer" if recipient.startswith("C") else "employee"
    return filled(
        RESPONSE,
        **(
            {
                "response_id": f"{event_id}{channel}{recipient}{reason}", "event_id": event_id,
                "channel_code": channel, "recipient_type_code": kind, "recipient_id": recipient,
                "status_code": status, "reason_code": reason, "rule_version": "resp-1",
                "business_date": NIGHT,
            }
            | values
        ),
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(tmp_path)
    inflow = {
        "subject_type_code": "transaction", "subject_id": "T1", "amount_amt": D("50000.00"),
        "threshold_amt": D("50000.00"),
    }  # fmt: skip
    overdue = {
        "subject_type_code": "loan", "subject_id": "L1", "priority": 1, "event_cnt": 31,
        "amount_amt": D("700.00"), "customer_id": "C7",
    }  # fmt: skip
    publish(
        settings,
        {
            EVENT: [
                event(1, "large", "large_inflow", **inflow),
                event(2, "gone", "large_inflow", **inflow | {"subject_id": "T2"}),
                event(3, "late", "loan_overdue", **overdue),
                event(4, "tied", "group_member_risk", amount_amt=D("700.00"), event_cnt=31, priority=1),
                event(5, "other", "loan_overdue", **overdue | {"amount_amt": D("1.00"), "customer_id": "C8"}),
                event(6, "fall", "balance_below", amount_amt=D("49000.00"), threshold_amt=D("50000.00"),
                      reference_amt=D("51000.00"), reference_date=date(2026, 1, 29)),
                event(7, "tier", "tier_lost", priority=1, reference_date=JANUARY),
                event(8, "wish", "birthday", priority=4, event_date=date(2026, 2, 1)),
                event(9, "old", "account_closed", rule_version="ev-0"),
                event(10, "gone", "large_inflow",
                      **inflow | {"subject_id": "T2", "entry_type_code": "withdrawal",
                                  "business_date": date(2026, 2, 2), "knowledge_date": date(2026, 2, 2)}),
            ],
            LARGE: [
                filled(LARGE, month_start_date=JANUARY, txn_id="T1", account_id="A1", customer_id="C[b]1",
                       txn_date=NIGHT, amount_amt=D("50000.00"), flow_code="salary", direction_code="in"),
                filled(LARGE, month_start_date=JANUARY, txn_id="T3", account_id="A9", customer_id="C[b]1",
                       txn_date=NIGHT, amount_amt=D("66666.00"), flow_code="salary", direction_code="in"),
            ],
            LINES: [
                filled(LINES, account_id="L1", customer_id="C7", product_code="mortgage", org_id="O1",
                       source_code="loan", month_start_date=JANUARY, average_balance_amt=D("123.45")),
            ],
            DAILY: [
                filled(DAILY, customer_id="C[b]1", calendar_date=day, aum_end_amt=D(amount))
                for day, amount in (
                    (date(2026, 1, 28), "11111.00"), (date(2026, 1, 29), "51000.00"), (NIGHT, "49000.00"),
                )
            ],
            TIERS: [
                filled(TIERS, customer_id="C[b]1", month_start_date=month, tier_code=tier)
                for month, tier in (
                    (date(2025, 11, 1), "bronze"), (date(2025, 12, 1), "gold"), (JANUARY, "ordinary"),
                )
            ],
            RESPONSE: [
                response("large", "workbench", "E1", "employee_left", recipient_type_code="org",
                         recipient_id="O1"),
                response("wish", "sms", "C[b]1", "contact_cap", is_contact=True),
                response("gone", "workbench", "E1", None),
                response("gone", "workbench", "E1", "withdrawn", business_date=date(2026, 2, 2)),
            ],
            OPPORTUNITY: [
                filled(OPPORTUNITY, opportunity_id="OP1", source_event_id="large", stage_code="lead",
                       outcome_code="open", opened_date=NIGHT, amount_amt=D("9.00")),
            ],
        },
    )  # fmt: skip
    return settings


def page(settings: Settings, capsys: pytest.CaptureFixture[str], event_id: str) -> str:
    print_event(out, read_event(settings, event_id))
    return capsys.readouterr().out


def test_an_event_is_told_with_its_rule_and_the_transaction(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = page(settings, capsys, "large")

    assert "Event large: Large inflow 大额资金流入" in printed
    assert "customer C[b]1 (mass), transaction T1 on 2026-01-30: amount 50,000.00" in printed
    assert "Rule ev-1 for group mass, in force from 1900-01-01, approved as EV-001: at least 50,000.00" in (
        " ".join(printed.split())
    )
    assert "A1" in printed and "A9" not in printed
    assert "workbench to org O1: the employee has left." in printed
    assert "1 to send, 0 held back" in printed
    assert "OP1" in printed


def test_of_the_stages_of_a_rule_the_one_that_was_reached_is_told(settings: Settings) -> None:
    rule = read_event(settings, "late").rule

    # 31 days: stage 30 of 1, 30, 60, 90
    assert rule is not None and rule.threshold_cnt == 30


def test_the_contract_of_a_loan_is_found_by_its_hash(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = page(settings, capsys, "late")
    assert "mortgage" in printed and "123.45" in printed


def test_the_risk_of_a_group_names_its_cause_alone(settings: Settings) -> None:
    (evidence,) = read_event(settings, "tied").evidence

    assert [row[0:2] for row in evidence.rows] == [("C7", "late")]


def test_a_fall_shows_the_days_between(settings: Settings) -> None:
    (evidence,) = read_event(settings, "fall").evidence

    assert [(row[0], row[2]) for row in evidence.rows] == [
        (date(2026, 1, 29), D("51000.00")), (NIGHT, D("49000.00")),
    ]  # fmt: skip


def test_a_tier_shows_the_month_and_the_one_before(settings: Settings) -> None:
    (evidence,) = read_event(settings, "tier").evidence

    assert [row[1] for row in evidence.rows] == ["gold", "ordinary"]


def test_what_was_held_back_is_told_with_the_limit(settings: Settings) -> None:
    told = " ".join(sentences(read_event(settings, "wish")))

    assert "0 to send, 1 held back" in told
    assert (
        "Held back: sms to customer C[b]1: the customer has had as many contacts as the rule allows,"
        " 5 in 30 days (cap-1)." in told
    )


def test_a_withdrawn_event_says_which_night_took_it_back(settings: Settings) -> None:
    story = read_event(settings, "gone")
    told = " ".join(sentences(story))

    assert story.is_withdrawn and [entry.entry_id for entry in story.entries] == [2, 10]
    assert "Told on the night of 2026-01-30" in told
    assert "Withdrawn on the night of 2026-02-02" in told
    assert "a batch that came again took the cause of the event away" in told


def test_a_rule_that_is_gone_and_rows_that_are_in_no_release_are_named(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = page(settings, capsys, "old")

    assert "Its rule, version ev-0, is not among the release's rules any more." in printed
    assert "The rows behind it are in no table of the release." in printed


def test_an_event_that_is_not_there_is_one_line_and_an_exit_code(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACRM_HOME", str(settings.home))

    with pytest.raises(NotFoundError) as refused:
        read_event(settings, "nobody's")
    assert len(str(refused.value).splitlines()) == 1 and "nobody" not in str(refused.value)
    assert CliRunner().invoke(app, ["explain-event", "large"]).exit_code == 0


def test_every_event_of_the_catalogue_has_its_sources() -> None:
    lines = (PROJECT / "seeds" / "rules" / "event_types.csv").read_text(encoding="utf-8").splitlines()[1:]

    assert {line.split(",")[0] for line in lines} == set(SOURCES)


def test_every_source_can_be_asked(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    days = {"with": date(2026, 1, 20), "without": None}
    told = [(code, kind) for code in SOURCES for kind in days]
    publish(
        settings,
        {
            EVENT: [
                event(number, f"{code} {kind}", code, reference_date=days[kind])
                for number, (code, kind) in enumerate(told, start=1)
            ]
        },
    )

    for code, kind in told:
        assert read_event(settings, f"{code} {kind}").told.event_code == code
