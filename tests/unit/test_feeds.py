"""``acrm feeds``: the workbench as files, the same bytes each time, for their owner alone."""

import csv
import hashlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import PublicationError
from orchestration.feeds import write_feeds
from orchestration.rooms import room_beside
from orchestration.settings import Settings
from tests.support.small_release import NIGHT, filled, publish

RECOMMENDATION, LOST, CALENDAR = (
    f"workbench.feed_{subject}" for subject in ("recommendation", "lost_warning", "calendar")
)
FEEDS = {"calendar", "lost_warning", "ranking", "recommendation", "today", "work_log"}


def recommendation(customer: str, line: str, employee: str | None, reason: str | None) -> dict[str, Any]:
    return filled(
        RECOMMENDATION, customer_id=customer, product_line_code=line, employee_id=employee, reason=reason,
        business_date=NIGHT, rank_number=1, score=None,
    )  # fmt: skip


def lost(customer: str, missing: str) -> dict[str, Any]:
    return filled(
        LOST, customer_id=customer, employee_id="E1", business_date=NIGHT, missing_amt=Decimal(missing)
    )


ROWS = {
    RECOMMENDATION: [
        recommendation("C3", "fund", "E2", 'says "buy", and\nmore'),
        recommendation("C1", "fund", "E1", None),
        recommendation("C1", "deposit", "E1", ""),
        recommendation("C2", "fund", None, "理财, 到期"),
    ],
    LOST: [lost("C1", "0.10"), lost("C2", "0.20"), lost("C3", "-1000000000.05")],
    CALENDAR: [
        filled(CALENDAR, line_id="L1", business_date=NIGHT, due_date=date(2026, 2, 1), amount_amt=None)
    ],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(tmp_path / "home")
    publish(settings, ROWS)
    return settings


def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return read


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_one_file_per_feed_and_a_manifest(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "to" / "feeds"
    done = write_feeds(settings, NIGHT, folder)

    assert done.is_new
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json", *(f"feed_{subject}.csv" for subject in FEEDS)
    }  # fmt: skip
    told = manifest(folder)
    assert (told["business_date"], told["sequence"]) == ("2026-01-30", 1)
    assert set(told["tables"]) == {f"feed_{subject}" for subject in FEEDS}
    assert {name: entry["row_count"] for name, entry in told["tables"].items()} == done.rows
    assert done.rows["feed_recommendation"] == 4 and done.rows["feed_today"] == 0
    for entry in told["tables"].values():
        ((file,),) = (entry["files"],)
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]


def test_amounts_are_summed_to_the_cent(settings: Settings, tmp_path: Path) -> None:
    write_feeds(settings, NIGHT, tmp_path / "feeds")

    tables = manifest(tmp_path / "feeds")["tables"]
    # 0.10 + 0.20 − 1,000,000,000.05, which no floating point adds up to
    assert tables["feed_lost_warning"]["control_sums"]["missing_amt"] == "-999999999.75"
    assert tables["feed_calendar"]["control_sums"] == {"amount_amt": "0.00"}
    assert tables["feed_recommendation"]["control_sums"] == {}


def test_a_csv_file_has_a_byte_order_mark_and_says_what_is_in_the_table(
    settings: Settings, tmp_path: Path
) -> None:
    write_feeds(settings, NIGHT, tmp_path / "feeds")

    raw = (tmp_path / "feeds" / "feed_recommendation.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfemployee_id,org_id,customer_id,")
    assert raw.count(b"\xef\xbb\xbf") == 1
    with (tmp_path / "feeds" / "feed_recommendation.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    # lines of an employee stand together, those of the org first
    assert [(row["employee_id"], row["customer_id"], row["product_line_code"]) for row in rows] == [
        ("", "C2", "fund"), ("E1", "C1", "deposit"), ("E1", "C1", "fund"), ("E2", "C3", "fund"),
    ]  # fmt: skip
    assert [row["reason"] for row in rows] == ["理财, 到期", "", "", 'says "buy", and\nmore']
    assert rows[0]["business_date"] == "2026-01-30"
    # an empty text is not a null
    assert b',""\n' in raw or b',"",' in raw


def test_a_number_that_a_spreadsheet_would_compute_stays_as_programs_look_it_up(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path / "home")
    numbers = ["+1", "-1", "=1+1", "@sum", "007"]
    publish(settings, {RECOMMENDATION: [recommendation(number, "fund", "E1", None) for number in numbers]})

    write_feeds(settings, NIGHT, tmp_path / "feeds")

    with (tmp_path / "feeds" / "feed_recommendation.csv").open(encoding="utf-8-sig", newline="") as file:
        assert sorted(row["customer_id"] for row in csv.DictReader(file)) == sorted(numbers)


def test_a_feed_without_rows_is_its_header(settings: Settings, tmp_path: Path) -> None:
    write_feeds(settings, NIGHT, tmp_path / "feeds")

    lines = (tmp_path / "feeds" / "feed_today.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 and lines[0].startswith("employee_id,")


def test_parquet_keeps_the_types(settings: Settings, tmp_path: Path) -> None:
    write_feeds(settings, NIGHT, tmp_path / "feeds", "parquet")

    told = manifest(tmp_path / "feeds")["tables"]["feed_lost_warning"]
    assert told["format"] == {"kind": "parquet"}
    file = tmp_path / "feeds" / "feed_lost_warning.parquet"
    assert duckdb.sql(f"select sum(missing_amt) from '{file}'").fetchall() == [(Decimal("-999999999.75"),)]
    types = dict(duckdb.sql(f"describe select business_date, missing_amt from '{file}'").project(
        "column_name, column_type").fetchall())  # fmt: skip
    assert types == {"business_date": "DATE", "missing_amt": "DECIMAL(18,2)"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_same_date_gives_the_same_bytes(settings: Settings, tmp_path: Path, kind: Any) -> None:
    write_feeds(settings, NIGHT, tmp_path / "first", kind)
    # the same rows published once more, in another order
    publish(settings, {table: rows[::-1] for table, rows in ROWS.items()}, number=2)
    write_feeds(settings, NIGHT, tmp_path / "second", kind)
    again = write_feeds(settings, NIGHT, tmp_path / "first", kind)

    assert content(tmp_path / "first") == content(tmp_path / "second")
    assert not again.is_new


def test_only_its_owner_reads_it(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "feeds").mkdir(mode=0o755)
    write_feeds(settings, NIGHT, tmp_path / "feeds")

    assert (tmp_path / "feeds").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "feeds").iterdir()} == {0o600}


def change_a_byte(folder: Path) -> None:
    with (folder / "feed_today.csv").open("ab") as file:
        file.write(b" ")


def test_what_a_killed_run_left_beside_the_folder_goes_and_what_another_writes_stays(
    settings: Settings, tmp_path: Path
) -> None:
    # the name of another folder begins like this one's
    left, others = tmp_path / ".feeds.building-ab", tmp_path / ".feeds2.building-ab"
    for folder in (left, others):
        (folder / "workbench").mkdir(parents=True)
        (folder / "workbench" / "feed_today.csv.part").write_text("of somebody", encoding="utf-8")
    with room_beside(tmp_path / "feeds") as in_use:
        assert not left.exists()
        write_feeds(settings, NIGHT, tmp_path / "feeds")
        assert in_use.exists()
    assert not in_use.exists()
    assert sorted(path.name for path in tmp_path.glob("*feeds*")) == [others.name, "feeds"]


@pytest.mark.parametrize(
    "spoil",
    [
        change_a_byte,
        lambda folder: (folder / "feed_today.csv").unlink(),
        lambda folder: (folder / "notes.txt").write_text("mine"),
        lambda folder: (folder / "notes").mkdir(),
    ],
)
def test_a_folder_that_holds_something_else_is_refused_and_stays(
    settings: Settings, tmp_path: Path, spoil: Any
) -> None:
    folder = tmp_path / "feeds"
    write_feeds(settings, NIGHT, folder)
    spoil(folder)
    before = sorted(path.name for path in folder.iterdir())

    with pytest.raises(PublicationError, match="holds something else") as refused:
        write_feeds(settings, NIGHT, folder)
    assert len(str(refused.value).splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == before
    # nothing is left beside it
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds", "home"]


def test_another_night_does_not_take_the_place_of_one(settings: Settings, tmp_path: Path) -> None:
    write_feeds(settings, NIGHT, tmp_path / "feeds")
    publish(settings, {}, date(2026, 2, 2))

    with pytest.raises(PublicationError, match="holds something else"):
        write_feeds(settings, date(2026, 2, 2), tmp_path / "feeds")
    # an earlier date is written from its own release, whose database may be gone
    (settings.published / f"{NIGHT}.1" / "acrm.duckdb").unlink()
    assert not write_feeds(settings, NIGHT, tmp_path / "feeds").is_new


def test_of_several_releases_of_a_date_the_current_one_counts(settings: Settings, tmp_path: Path) -> None:
    from orchestration.releases.on_disk import switch

    publish(settings, {}, number=2)
    switch(settings, f"{NIGHT}.1")

    assert write_feeds(settings, NIGHT, tmp_path / "feeds").rows["feed_recommendation"] == 4


@pytest.mark.parametrize("place", ["landing", "published", "lake"])
def test_nothing_is_written_where_only_runs_write(settings: Settings, place: str) -> None:
    with pytest.raises(PublicationError, match="where only runs write"):
        write_feeds(settings, NIGHT, settings.home / place / "feeds")


def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    runner = CliRunner()
    to = ["--to", str(tmp_path / "feeds")]

    with pytest.raises(
        PublicationError, match="no release of 2026-01-29 is kept; there is one of 2026-01-30"
    ):
        write_feeds(settings, date(2026, 1, 29), tmp_path / "feeds")
    (tmp_path / "file").write_text("")
    with pytest.raises(PublicationError, match="is a file"):
        write_feeds(settings, NIGHT, tmp_path / "file")
    assert runner.invoke(app, ["feeds", "--date", "2026-1", *to]).exit_code == 2
    assert runner.invoke(app, ["feeds", "--date", str(NIGHT), "--format", "xml", *to]).exit_code == 2
    assert not (tmp_path / "feeds").exists()
    done = runner.invoke(app, ["feeds", "--date", str(NIGHT), *to])
    assert done.exit_code == 0 and done.output.startswith("wrote 6 feeds, 8 rows, in ")
    assert runner.invoke(app, ["feeds", "--date", str(NIGHT), *to]).output.startswith("the same as before:")
