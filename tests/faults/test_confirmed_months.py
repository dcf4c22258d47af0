"""A closed month is confirmed once, and for good; a correction is a further version beside it."""

import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.night import NightRun
from orchestration.settings import Settings
from tests.faults.village import village
from tests.support.bank import Bank
from tests.support.landing import land, land_all
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

NIGHTS = [date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2), date(2026, 3, 2)]
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
FIRST_NIGHT, FRIDAY, MONDAY, MARCH_2 = NIGHTS
TABLES = ("fct_customer_tier_confirmed", "fct_month_confirmed", "rpt_confirmation_difference")
Contents = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """All nights published once; never changed."""
    warehouse = Warehouse(tmp_path_factory.mktemp("confirmed") / "home")
    land_all(warehouse.home, village(NIGHTS))
    warehouse.run()
    return warehouse


def corrected(amount: int) -> Bank:
    """The village with another balance of the first villager on Friday night and over the weekend."""
    bank = village(NIGHTS)
    account = bank.accounts[0]
    before = account.lines["CURRENT"].at(MONDAY)
    assert before is not None
    account.holds(amount, since=FRIDAY).holds(before, since=MONDAY)
    return bank


def send_again(warehouse: Warehouse, amount: int, sequence: int) -> None:
    land(warehouse.home, corrected(amount).delivery(FRIDAY, sequence=sequence))


def contents(warehouse: Warehouse) -> Contents:
    return {
        table: [tuple(row.values()) for row in warehouse.query(f"from customer_value.{table} order by all")]
        for table in TABLES
    }


def versions(warehouse: Warehouse) -> dict[tuple[date, int], date]:
    rows = warehouse.query("from customer_value.fct_month_confirmed")
    return {(row["month_start_date"], row["version_number"]): row["confirmed_date"] for row in rows}


@pytest.fixture(scope="module")
def restated(published: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Friday's batch sent again in March: two closed months later."""
    warehouse = published.copy_to(tmp_path_factory.mktemp("restated") / "home")
    send_again(warehouse, 400_000, 2)
    run_quickly(Settings.load(warehouse.home))
    return warehouse


def test_a_month_is_confirmed_on_the_first_night_after_it(published: Warehouse) -> None:
    found = versions(published)
    assert {version for _, version in found} == {1}
    # January and February end without a batch: the next night confirms them, as of their last days
    assert (found[date(2025, 12, 1), 1], found[JANUARY, 1], found[FEBRUARY, 1]) == (
        FIRST_NIGHT,
        date(2026, 1, 31),
        date(2026, 2, 28),
    )
    assert date(2026, 3, 1) not in {month for month, _ in found}
    assert not contents(published)["rpt_confirmation_difference"]


def test_what_is_confirmed_is_what_is_published(published: Warehouse) -> None:
    off = published.query(
        """
        select customer_id, month_start_date, tier_code, status_code, lost_tier_code, assessment_aum_amt
        from customer_value.fct_customer_tier_monthly
        where not is_provisional and (tier_rank > 0 or lost_tier_code is not null)
        except
        select customer_id, month_start_date, tier_code, status_code, lost_tier_code, assessment_aum_amt
        from customer_value.fct_customer_tier_confirmed
        """
    )
    assert off == []


def test_a_correction_is_a_version_beside_the_first(published: Warehouse, restated: Warehouse) -> None:
    before, after = contents(published), contents(restated)
    for table in TABLES:
        assert set(before[table]) <= set(after[table])
    assert versions(restated).keys() - versions(published).keys() == {(JANUARY, 2), (FEBRUARY, 2)}
    # Friday's release is of March: that is when readers saw the correction
    assert {versions(restated)[month, 2] for month in (JANUARY, FEBRUARY)} == {MARCH_2}


def test_the_difference_names_customer_amounts_and_batch(restated: Warehouse) -> None:
    january, february = restated.query(
        "from customer_value.rpt_confirmation_difference order by month_start_date"
    )
    # Friday to Sunday, the first of February, 400,000 instead of 11,999,999
    less = 400_000 - Decimal(11_999_999)
    for row, month, change in ((january, JANUARY, less * 2 / 31), (february, FEBRUARY, less / 28)):
        assert (row["customer_id"], row["month_start_date"]) == ("villager-1", month)
        assert (row["previous_version_number"], row["version_number"]) == (1, 2)
        assert (row["caused_by_business_date"], row["caused_by_sequence"]) == (FRIDAY, 2)
        assert (row["from_tier_code"], row["to_tier_code"]) == ("core", "core")
        assert row["aum_change_amt"] == row["aum_amt"] - row["previous_aum_amt"]
        assert row["aum_change_amt"] == change.quantize(Decimal("0.01"))


def test_the_gate_names_every_closed_month_that_changed(published: Warehouse, restated: Warehouse) -> None:
    assert published.query("from quality.fct_restatement") == []
    months = restated.query("from quality.fct_restatement order by month_start_date")
    assert [row["month_start_date"] for row in months] == [JANUARY, FEBRUARY]
    for row in months:
        assert (row["caused_by_business_date"], row["caused_by_sequence"]) == (FRIDAY, 2)
        assert row["customers_changed"] == 1


@pytest.mark.parametrize("start", [FIRST_NIGHT, MARCH_2], ids=str)
def test_a_replay_confirms_nothing_again(restated: Warehouse, tmp_path: Path, start: date) -> None:
    warehouse = restated.copy_to(tmp_path / "home")
    run_quickly(Settings.load(warehouse.home), again=start)
    assert contents(warehouse) == contents(restated)


def test_a_rebuild_from_lake_and_releases_gives_the_same_bytes(restated: Warehouse, tmp_path: Path) -> None:
    warehouse = restated.copy_to(tmp_path / "home")
    shutil.rmtree(warehouse.home / "landing")
    (warehouse.home / "landing").mkdir()
    run_quickly(Settings.load(warehouse.home), rebuild=True)
    assert warehouse.parquet_hashes("customer_value") == restated.parquet_hashes("customer_value")


def test_a_correction_that_is_taken_back_is_a_third_version(restated: Warehouse, tmp_path: Path) -> None:
    warehouse = restated.copy_to(tmp_path / "home")
    send_again(warehouse, 11_999_999, 3)
    run_quickly(Settings.load(warehouse.home))
    assert set(contents(restated)["fct_customer_tier_confirmed"]) <= set(
        contents(warehouse)["fct_customer_tier_confirmed"]
    )
    rows = warehouse.query(
        "select version_number, assessment_aum_amt from customer_value.fct_customer_tier_confirmed "
        "where customer_id = 'villager-1' and month_start_date = ? order by 1",
        JANUARY,
    )
    assert [row["version_number"] for row in rows] == [1, 2, 3]
    assert rows[0]["assessment_aum_amt"] == rows[2]["assessment_aum_amt"]


def test_runs_that_stop_on_the_way_leave_no_trace(
    published: Warehouse, restated: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = published.copy_to(tmp_path / "home")
    send_again(warehouse, 400_000, 2)

    for station in ("publish", "complete"):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(NightRun, station, stopping_in_march(getattr(NightRun, station)))
            run_quickly(Settings.load(warehouse.home))
    run_quickly(Settings.load(warehouse.home))

    assert contents(warehouse) == contents(restated)


def stopping_in_march(station: Callable[..., Any]) -> Callable[..., Any]:
    def run_or_stop(run: NightRun, **options: Any) -> Any:
        if run.night.batch.business_date == MARCH_2:
            raise KeyboardInterrupt
        return station(run, **options)

    return run_or_stop
