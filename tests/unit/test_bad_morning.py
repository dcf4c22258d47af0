"""A morning on which nothing is as it should be: what ``acrm status`` says of it, and what is told."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from typer.testing import CliRunner

from orchestration import night
from orchestration.check_rules import CIRCLES_NAMED
from orchestration.cli import app
from orchestration.errors import BadBatchError, BusyError, ExitCode, LandingError
from orchestration.expected import overdue_days
from orchestration.ingestion.ingest import ingest_batch
from orchestration.journal import Journal, entries, run_log
from orchestration.night import run_waiting
from orchestration.notices import sending
from orchestration.notices.notice import Notice
from orchestration.overview import Day, overview
from orchestration.plan import Night
from orchestration.releases.keys import note_generated
from orchestration.releases.on_disk import ReleaseInfo
from orchestration.settings import Bank, BatchId, Settings
from orchestration.status import show_status
from tests.support.handmade import Delivery
from tests.unit.test_dagster_sensors import process

THURSDAY, FRIDAY, MONDAY = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)
BATCH, NEXT = BatchId(THURSDAY, 1), BatchId(FRIDAY, 1)
TUESDAY_MORNING = datetime.fromisoformat("2026-02-03T02:30:00+08:00")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Thursday is published; its calendar calls Friday, Monday and Tuesday business days."""
    delivery = Delivery(tmp_path, BATCH)
    days = [THURSDAY + timedelta(n) for n in range(10)]
    delivery.rows("calendar", [[str(d), str(d.weekday() < 5).lower(), None, None, None] for d in days])
    ingest_batch(delivery.send().settings, BATCH)
    process(delivery.settings, (str(THURSDAY), 1))
    return Settings.load(tmp_path)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    """Notices that were sent, where the bank has named somebody."""
    notices: list[Notice] = []
    monkeypatch.setattr(sending, "send", lambda notice, hooks: notices.append(notice) or [])
    return notices


def with_hook(settings: Settings) -> Settings:
    return Settings(settings.home, Bank.model_validate({"notify": [{"command": ["true"]}]}))


def broken_friday(settings: Settings) -> Delivery:
    """A delivery whose file is not the one that its manifest tells of."""
    delivery = Delivery(settings.home, NEXT).send()
    (delivery.folder / "org-0001.csv").write_text("other bytes\n", encoding="utf-8")
    return delivery


def state(settings: Settings, now: datetime = TUESDAY_MORNING) -> dict[str, Day]:
    return {str(day.business_date): day for day in overview(settings, now).days}


def test_each_business_date_is_in_the_state_that_it_is_in(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    broken_friday(settings)
    Delivery(settings.home, BatchId(MONDAY, 2))
    for _ in range(2):
        with pytest.raises(BadBatchError):
            run_waiting(settings)

    found = state(settings, TUESDAY_MORNING + timedelta(days=1))

    assert {day: one.state for day, one in found.items()} == {
        "2026-01-29": "published",
        "2026-01-30": "failed",
        "2026-02-02": "half-delivered",
        "2026-02-03": "overdue",
    }
    friday = found["2026-01-30"]
    assert (friday.times, friday.station, friday.exit_code) == (2, "ingest", ExitCode.BAD_BATCH)
    assert friday.since == entries(settings)[0].at, "since it failed first"
    assert "org" in friday.reason[0] and "sha256" in friday.reason[0].lower()
    assert "no manifest.json" in found["2026-02-02"].reason[0]
    assert found["2026-02-03"].since == datetime.fromisoformat("2026-02-04T02:30:00+08:00")

    show_status(settings, TUESDAY_MORNING + timedelta(days=1))
    printed = capsys.readouterr().out
    assert "failed 2 times" in printed and f"2026-01-30/1 failed at ingest: {friday.reason[0]}" in printed
    assert "2 business dates, 1 night waiting; 1 failed, 1 half-delivered, 1 overdue." in printed


def nameless(settings: Settings) -> None:
    (settings.landing / "somebody's delivery").mkdir()
    (settings.landing / "somebody's delivery" / "manifest.json").write_text("{}", encoding="utf-8")


def test_a_delivery_without_a_name_is_told_at_the_end_of_every_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless(settings)
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    monkeypatch.setattr("orchestration.console.show_tiers", lambda settings: None)

    for _ in range(2):
        ended = CliRunner().invoke(app, ["run"])
        assert "Nothing is waiting." in ended.output
        assert isinstance(ended.exception, BadBatchError)
        assert "somebody" in str(ended.exception)

    (entry,) = [entry for entry in entries(settings) if entry.did == "left_aside"]
    assert (entry.batch, entry.exit_code) == (None, ExitCode.BAD_BATCH)
    assert "batch_folder_unreadable" in entry.lines[0]


def test_a_night_waits_whatever_else_lies_in_landing(settings: Settings) -> None:
    Delivery(settings.home, NEXT).send()
    nameless(settings)

    assert {day: one.state for day, one in state(settings).items()}["2026-01-30"] == "waiting"
    assert "batch_folder_unreadable" in overview(settings, TUESDAY_MORNING).faults[0]


def test_a_night_that_failed_waits_once_it_was_sent_anew(settings: Settings) -> None:
    delivery = broken_friday(settings)
    with pytest.raises(BadBatchError):
        run_waiting(settings)
    assert state(settings)["2026-01-30"].state == "failed"

    delivery.manifest["produced_at"] = "2026-11-01T03:00:00+08:00"
    delivery.send()

    assert state(settings)["2026-01-30"].state == "waiting"


def test_files_that_the_manifest_names_and_nobody_sent_are_half_a_delivery(settings: Settings) -> None:
    delivery = Delivery(settings.home, NEXT).send()
    (delivery.folder / "org-0001.csv").unlink()

    friday = state(settings)["2026-01-30"]

    assert friday.state == "half-delivered" and friday.reason[0].startswith("org · 'org-0001.csv': named in")


def test_a_day_is_overdue_from_the_hour_of_the_schedule_on(settings: Settings) -> None:
    assert [day.business_date for day in overdue_days(settings, TUESDAY_MORNING)] == [FRIDAY, MONDAY]
    assert [day.business_date for day in overdue_days(settings, TUESDAY_MORNING - timedelta(seconds=1))] == [
        FRIDAY
    ]
    later = Settings(settings.home, Bank.model_validate({"nightly_at": "06:00"}))
    assert [day.business_date for day in overdue_days(later, TUESDAY_MORNING)] == [FRIDAY]


def test_a_generated_bank_waits_for_nobody(settings: Settings) -> None:
    note_generated(settings, [settings.landing / BATCH.folder])

    assert overdue_days(settings, TUESDAY_MORNING) == []


def test_status_for_programs_is_the_same(settings: Settings) -> None:
    broken_friday(settings)

    done = CliRunner().invoke(app, ["status", "--json"], env={"ACRM_HOME": str(settings.home)})

    states = {day["business_date"]: day["state"] for day in json.loads(done.output)["days"]}
    assert (states["2026-01-29"], states["2026-01-30"]) == ("published", "waiting")


def test_a_failure_is_told_once_until_its_line_changes(settings: Settings, told: list[Notice]) -> None:
    settings = with_hook(settings)
    delivery = broken_friday(settings)
    for _ in range(2):
        with pytest.raises(BadBatchError) as failed:
            run_waiting(settings)
    first = str(failed.value).splitlines()[0]
    assert [(one.kind, one.business_date, one.sequence, one.station) for one in told] == [
        ("failed", FRIDAY, 1, "ingest")
    ]
    assert told[0].text.startswith(first) and told[0].exit_code == ExitCode.BAD_BATCH

    (delivery.folder / "product-0001.csv").write_text("other bytes, too\n", encoding="utf-8")
    with pytest.raises(BadBatchError):
        run_waiting(settings)

    assert len(told) == 2 and len(entries(settings)) == 3, "every attempt is noted"


def test_a_failure_that_stays_is_told_again_the_next_day(settings: Settings, told: list[Notice]) -> None:
    settings, clock = with_hook(settings), [TUESDAY_MORNING]
    journal = Journal(settings, now=lambda: clock[0])
    for hours in (0, 19, 21, 30, 42):
        clock[0] = TUESDAY_MORNING + timedelta(hours=hours)
        journal.failed(LandingError("landing is not there"))

    assert [one.at - TUESDAY_MORNING for one in told] == [timedelta(hours=h) for h in (0, 21, 42)]


def test_a_notice_that_nobody_took_is_sent_again_soon(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, clock = with_hook(settings), [TUESDAY_MORNING]
    sent: list[timedelta] = []
    is_down = True

    def send(notice: Notice, hooks: object) -> list[str]:
        sent.append(notice.at - TUESDAY_MORNING)
        return ["notify 1 (command) was not told of failed"] if is_down else []

    monkeypatch.setattr(sending, "send", send)
    journal = Journal(settings, now=lambda: clock[0], say=lambda line: None)
    for minutes in (0, 5, 11, 15, 22, 60):
        clock[0] = TUESDAY_MORNING + timedelta(minutes=minutes)
        is_down = minutes < 20
        journal.failed(LandingError("landing is not there"))

    assert sent == [timedelta(minutes=minutes) for minutes in (0, 11, 22)]
    assert [entry.is_told for entry in entries(settings)] == [False, False, False, False, True, False]
    assert overview(settings, clock[0]).failed_run == ("landing is not there",)


@pytest.mark.parametrize("is_noted", [False, True])
def test_a_publication_that_was_cut_short_is_told_once_with_its_warnings(
    settings: Settings, told: list[Notice], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_noted: bool
) -> None:
    settings = with_hook(settings)
    found = {"check_code": "arrival", "table_name": "org", "column_name": None, "failing_cnt": 1}
    circle = found | {"check_code": "group_circle", "table_name": "fct_group_member"}
    results = [
        {**found, "is_passed": False, "severity_code": "warn", "message": "fewer rows"},
        # as a release of an older version may have it
        {
            **circle,
            "is_passed": False,
            "severity_code": "warn",
            "message": f"a circle: {CIRCLES_NAMED}: C77/C78",
        },
        {**found, "is_passed": True, "severity_code": "quarantine", "message": "two were refused"},
        {**found, "is_passed": True, "severity_code": "block", "message": "all is well"},
    ]
    (tmp_path / "gate_results.json").write_text(json.dumps(results), encoding="utf-8")
    release = ReleaseInfo("2026-01-29.1", tmp_path, THURSDAY, 1, 1, is_current=True)
    cut_short = (Night(BATCH, None), release)
    monkeypatch.setattr(night, "unfinished_publication", lambda settings: cut_short)
    monkeypatch.setattr(night, "show_unfinished", lambda settings, release: None)
    monkeypatch.setattr(night.NightRun, "complete", lambda self: None)
    if is_noted:
        Journal(settings).published(BATCH, release.name, 3, ("org · fewer rows",))

    result = night.Run(settings).finish_publication()

    assert (
        result is not None and len(result.warnings) == 3 and "org · arrival: fewer rows" in result.warnings[0]
    )
    assert [(one.kind, one.release) for one in told] == [("warned", release.name)]
    assert "C77" not in str(result.warnings) + told[0].text + str(entries(settings))
    assert len(entries(settings)) == 1


def test_a_night_is_noted_before_it_is_done(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: night.NightRun) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(night, "note_publishing", lambda settings, night: None)
    monkeypatch.setattr(night, "make_release", lambda settings, night, manifest: "2026-01-30.1")
    monkeypatch.setattr(night.NightRun, "complete", killed)
    one = night.Run(settings, build_step=cast(night.BuildStep, SimpleNamespace(manifest={}))).night(
        Night(NEXT, THURSDAY)
    )
    one.seconds.update(dict.fromkeys(night.STATIONS[:-1], 0.0))

    with pytest.raises(KeyboardInterrupt):
        one.publish()

    assert [(entry.did, entry.release) for entry in entries(settings)] == [
        ("published", "2026-01-30.1"),
        ("failed", None),
    ]


def test_a_late_day_and_a_run_without_any_night_are_told(settings: Settings, told: list[Notice]) -> None:
    settings = with_hook(settings)
    journal = Journal(settings)
    journal.failed(BusyError("another run is writing"))
    journal.late(FRIDAY, TUESDAY_MORNING)
    journal.late(FRIDAY, TUESDAY_MORNING)
    (settings.home / "landing").rename(settings.home / "unmounted")
    with pytest.raises(LandingError):
        run_waiting(settings)

    assert [(one.kind, one.business_date) for one in told] == [("late", FRIDAY), ("failed", None)]
    assert "was due at 2026-02-03T02:30+08:00" in told[0].text
    assert overview(settings, TUESDAY_MORNING).failed_run == (told[1].text,)


def test_a_day_that_is_late_is_told_though_the_run_fails(
    settings: Settings, told: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.home / "bank.yml").write_text("notify: [{command: ['true']}]\n", encoding="utf-8")
    broken_friday(settings)

    done = CliRunner().invoke(app, ["run"], env={"ACRM_HOME": str(settings.home)})

    assert isinstance(done.exception, BadBatchError)
    assert [(one.kind, one.business_date) for one in told] == [("failed", FRIDAY), ("late", MONDAY)]
    assert "more business days after it are late as well." in told[1].text


def test_warnings_and_releases_are_told(settings: Settings, told: list[Notice]) -> None:
    journal = Journal(with_hook(settings))
    journal.published(BATCH, "2026-01-29.1", 212, ())
    journal.published(BATCH, "2026-01-29.2", 212, ("deposit_balance · fewer rows", "org · something"))

    assert [(one.kind, one.release) for one in told] == [
        ("published", "2026-01-29.1"),
        ("warned", "2026-01-29.2"),
    ]
    assert told[1].text == (
        "2026-01-29 sequence 1 is published as release 2026-01-29.2; 212 checks, 2 warnings. "
        "deposit_balance · fewer rows (and 1 more: acrm status)"
    )
    assert state(settings)["2026-01-29"].since == told[1].at


def test_a_log_that_cannot_be_written_stops_nothing(settings: Settings) -> None:
    said: list[str] = []
    run_log(settings).parent.write_text("a file where the folder belongs", encoding="utf-8")

    Journal(settings, say=said.append).replayed(BATCH)

    assert len(said) == 1 and "could not be noted" in said[0]


def test_an_error_that_nobody_foresaw_tells_no_value(settings: Settings) -> None:
    Journal(settings).failed(ValueError("customer 330102199001011234"), NEXT, "build")

    assert "330102199001011234" not in run_log(settings).read_text(encoding="utf-8")
    assert "an unforeseen failure, ValueError" in entries(settings)[0].lines[0]


def test_a_line_that_was_cut_off_is_left_out(settings: Settings) -> None:
    Journal(settings).replayed(BATCH)
    with run_log(settings).open("a", encoding="utf-8") as log:
        log.write('{"did": "failed", "at": "2026-0')

    assert [entry.did for entry in entries(settings)] == ["replayed"]


def test_the_notation_of_releases_names_no_batch(settings: Settings) -> None:
    done = CliRunner().invoke(
        app, ["withdraw", f"{THURSDAY}.1", "--reason", "wrong"], env={"ACRM_HOME": str(settings.home)}
    )

    assert done.exit_code == ExitCode.USAGE and f"{THURSDAY}/1" in done.output.replace("\n", "")
