"""What a sender is told about a delivery: the words of the run, before the run."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.ingestion.ingest import ingest_batch
from orchestration.onboarding.validate import Validation, validate_folder
from orchestration.settings import BatchId, Settings
from orchestration.waiting import planned_nights, refused_batches
from tests.support.bank import Bank
from tests.support.handmade import BATCH, CONTRACT, CSV, sample_row, settings_in
from tests.support.handmade import Delivery as Handmade
from tests.support.landing import land, land_all
from tests.support.warehouse import Warehouse, tree_hashes
from tests.unit.test_dagster_sensors import process

DAY = date(2026, 1, 30)


def landed(home: Path, **spoiled: object) -> Path:
    """The first batch of a bank of two customers, with other values in the row of an account's balance."""
    bank = Bank([DAY])
    for name in ("C1", "C2"):
        bank.customer(name, opened=date(2025, 11, 3)).holds(100)
    delivery = bank.delivery(DAY)
    delivery.tables["deposit_balance"][0].update(spoiled)
    return land(home, delivery)


def found_in(validation: Validation) -> list[tuple[object, ...]]:
    return [
        (one.severity, one.fault.check_code, one.fault.table, one.fault.row, one.count)
        for one in validation.findings
    ]


def test_a_batch_that_would_be_loaded_has_its_counts_and_leaves_nothing_behind(tmp_path: Path) -> None:
    found = validate_folder(landed(tmp_path), settings_in(tmp_path))

    assert (found_in(found), found.exit_code, found.is_whole) == ([], 0, True)
    assert (found.tables["customer"].delivered, found.tables["customer"].loaded) == (2, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["landing"]


def test_what_gate_1_blocks_is_told_with_its_exit_code(tmp_path: Path) -> None:
    found = validate_folder(landed(tmp_path, account_id="A404"), settings_in(tmp_path))

    # no balance may be lost
    assert found_in(found) == [("block", "reference_unknown", "deposit_balance", 1, 1)]
    assert (found.exit_code, found.tables["deposit_balance"].loaded) == (4, 1)

    found = validate_folder(landed(tmp_path / "2", balance=Decimal("-1.00")), settings_in(tmp_path / "2"))
    assert found_in(found) == [("block", "negative_balance", "deposit_balance", 1, 1)]
    assert found.exit_code == 4


def test_a_command_prints_a_line_per_finding_or_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = landed(tmp_path, balance=Decimal("-1.00"))
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))
    said = CliRunner().invoke(app, ["validate", str(folder)])
    machine = CliRunner().invoke(app, ["validate", str(folder), "--json"])

    assert said.exit_code == machine.exit_code == 4
    (line,) = (line for line in said.output.splitlines() if line.startswith("block"))
    assert "deposit_balance · deposit_balance-0001" in line and "row 1" in line and "negative_balance" in line
    content = json.loads(machine.output)
    assert content["exit_code"] == 4 and content["all_checks_made"]
    assert content["findings"][0]["check_code"] == "negative_balance"
    assert content["tables"]["customer"] == {"delivered": 2, "loaded": 2}


def test_tables_that_cannot_be_read_end_it_before_the_checks_across_tables(tmp_path: Path) -> None:
    delivery = Handmade(tmp_path)
    rows = [[f"{i:05d}", "1.00" if i else "x", None, None] for i in range(1000)]
    delivery.rows("deposit_balance", rows)
    org = CONTRACT.table("org")
    bad = [sample_row(org, org_id=f"{n}", org_level="x") for n in (2, 3)]
    delivery.rows("org", [sample_row(org), *bad, ["short"]])
    delivery.files("card", [("c.csv", b"a,b\n")], row_count=1, layout=CSV | {"header": True})
    found = validate_folder(delivery.send().folder, delivery.settings)

    assert found_in(found) == [
        ("block", "column_missing", "card", None, 1),
        # one bad row of a small table is let through, two are not
        ("block", "value_not_in_list", "org", 2, 2),
        ("quarantine", "value_not_parsed", "deposit_balance", 1, 1),
        ("quarantine", "row_shape", "org", 4, 1),
    ]
    assert (found.exit_code, found.is_whole) == (3, False)


def test_a_manifest_that_cannot_be_read_ends_it(tmp_path: Path) -> None:
    delivery = Handmade(tmp_path)
    delivery.manifest["sequence"] = 0
    found = validate_folder(delivery.send().folder, delivery.settings)

    assert [one[:2] for one in found_in(found)] == [("block", "manifest_unreadable")]
    assert (found.exit_code, found.batch) == (3, None)


def test_a_later_batch_is_judged_by_what_the_nights_before_it_know(golden_warehouse: Warehouse) -> None:
    settings = Settings.load(golden_warehouse.home)
    (*_, last) = sorted(settings.landing.glob("business_date=*/sequence=*"))
    before = tree_hashes(settings.database.parent)
    found = validate_folder(last, settings)

    assert (found.exit_code, found.is_whole) == (0, True)
    assert not [one for one in found.findings if one.fault.check_code == "reference_unknown"]
    assert tree_hashes(settings.database.parent) == before
    assert not list(golden_warehouse.home.glob(".validate-*"))


@pytest.mark.parametrize("place", ["landing", "draft"])
def test_a_date_that_no_run_takes_is_refused_wherever_the_delivery_lies(tmp_path: Path, place: str) -> None:
    settings = settings_in(tmp_path)
    ingest_batch(Handmade(tmp_path).send().settings, BATCH)
    slip = BatchId(date(2027, 10, 31), 1)
    folder = Handmade(tmp_path, slip).send().folder
    told = [str(fault) for fault in refused_batches(settings)[slip].faults]
    if place == "draft":
        folder = (tmp_path / "landing").rename(tmp_path / "draft") / slip.folder
    found = validate_folder(folder, settings)

    assert [str(one.fault) for one in found.findings] == told and "batch_out_of_bounds" in told[0]
    assert (found.exit_code, found.batch, found.is_whole) == (3, slip, False)


@pytest.mark.parametrize("has_passed", [True, False])
def test_a_batch_changed_after_it_has_passed_is_refused(tmp_path: Path, has_passed: bool) -> None:
    delivery = Handmade(tmp_path).send()
    settings = delivery.settings
    ingest_batch(settings, BATCH)
    results = settings.quality / BATCH.folder / "fit_to_load.parquet"
    results.parent.mkdir(parents=True)
    pl.DataFrame({"is_passed": [has_passed], "severity_code": ["block"]}).write_parquet(results)
    delivery.manifest["produced_at"] = "2026-11-01T03:00:00+08:00"
    found = validate_folder(delivery.send().folder, settings)

    codes = {one.fault.check_code for one in found.findings}
    assert ("batch_changed" in codes) == has_passed == (BATCH in refused_batches(settings))
    if has_passed:
        assert (found.exit_code, codes) == (3, {"batch_changed"})


THURSDAY, FRIDAY, MONDAY = date(2026, 1, 29), DAY, date(2026, 2, 2)


def landed_days(home: Path, *days: date) -> Path:
    """A bank's batches, of which the later ones tell what has changed; returns the folder of the last."""
    bank = Bank(list(days))
    bank.customer("C1", opened=date(2025, 11, 3)).holds(100)
    land_all(home, bank)
    return home / "landing" / BatchId(days[-1], 1).folder


def run_and_published(settings: Settings, day: date) -> None:
    ingest_batch(settings, BatchId(day, 1))
    process(settings, (str(day), 1))


def test_nights_that_wait_in_landing_come_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monday, settings = landed_days(tmp_path, THURSDAY, FRIDAY, MONDAY), settings_in(tmp_path)
    run_and_published(settings, THURSDAY)
    assert [night.batch.business_date for night in planned_nights(settings)] == [FRIDAY, MONDAY]
    found = validate_folder(monday, settings)

    assert (found_in(found), found.exit_code, found.waiting, found.is_whole) == ([], 0, 1, False)
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))
    said = CliRunner().invoke(app, ["validate", str(monday)])
    assert said.exit_code == 0 and "1 earlier batch waits: acrm run first" in said.output
    assert "A run would load it." not in said.output and "As far as it was checked" in said.output


def test_a_second_night_before_any_run_is_not_the_initial_load(tmp_path: Path) -> None:
    monday, settings = landed_days(tmp_path, FRIDAY, MONDAY), settings_in(tmp_path)
    found = validate_folder(monday, settings)
    assert (found_in(found), found.exit_code, found.waiting) == ([], 0, 1)

    # what the first night has begun, its manifest tells
    manifest = json.loads((monday / "manifest.json").read_text(encoding="utf-8"))
    for file in manifest["tables"].pop("calendar")["files"]:
        (monday / file["name"]).unlink()
    (monday / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = validate_folder(monday, settings)
    assert [one[:3] for one in found_in(found)] == [("block", "manifest_table_missing", "calendar")]


def test_a_business_day_that_has_not_come_is_asked_for_though_others_wait(tmp_path: Path) -> None:
    monday, settings = landed_days(tmp_path, THURSDAY, FRIDAY, MONDAY), settings_in(tmp_path)
    (settings.landing / BatchId(FRIDAY, 1).folder / "manifest.json").unlink()
    found = validate_folder(monday, settings)

    assert [one[:3] for one in found_in(found)] == [("block", "earlier_batch_missing", "calendar")]
    assert (found.exit_code, found.waiting) == (3, 1)


def test_nights_of_a_build_that_was_thrown_away_are_to_be_run_again(tmp_path: Path) -> None:
    monday, settings = landed_days(tmp_path, FRIDAY, MONDAY), settings_in(tmp_path)
    run_and_published(settings, FRIDAY)
    settings.database.unlink()
    assert [night.batch.business_date for night in planned_nights(settings)] == [FRIDAY, MONDAY]
    found = validate_folder(monday, settings)

    assert (found_in(found), found.exit_code, found.waiting) == ([], 0, 1)
