"""A run that is killed in the middle of a station leaves a state from which the next run comes out right.

Each test starts ``acrm run``, watches the warehouse's files until the station is at work, kills the
process, and lets the next run finish. The published Parquet files have to be those of a run that nobody
disturbed.
"""

import errno
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest

from orchestration.errors import ExitCode
from orchestration.failures import guarded
from orchestration.night import NightRun, run_waiting
from orchestration.releases.on_disk import releases
from orchestration.settings import Settings
from orchestration.stations import Event
from tests.faults.conftest import SECOND
from tests.faults.delivered import Delivered
from tests.support.bank import Delivery
from tests.support.disks import MEGABYTE, can_fill_disks, fill, small_disk
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse, tree_hashes

GIVE_UP_SECONDS = 180
POLL_SECONDS = 0.002
NIGHT = f"business_date={SECOND}"
AtWork = Callable[[Settings], bool]


def _in_the_lake(settings: Settings) -> bool:
    return _marker(settings).exists()


def _marker(settings: Settings) -> Path:
    return settings.lake / "_batches" / NIGHT / "sequence=1.json"


def _ingesting(settings: Settings) -> bool:
    """Some tables are written, the batch's marker is not."""
    return not _in_the_lake(settings) and any(settings.lake.glob(f"*/*{SECOND}*"))


def _gate_results(settings: Settings, gate: str) -> bool:
    return any((settings.quality / NIGHT).rglob(f"{gate}*"))


def _checking_the_load(settings: Settings) -> bool:
    return _in_the_lake(settings) and not _gate_results(settings, "fit_to_load")


def _log(settings: Settings) -> bytes:
    log = settings.dbt_logs / "dbt.log"
    return log.read_bytes() if log.exists() else b""


def _building(settings: Settings) -> bool:
    """dbt has finished a first model of the night."""
    return _gate_results(settings, "fit_to_load") and b" OK created " in _log(settings)


def _checking_the_marts(settings: Settings) -> bool:
    """dbt is done with the night; the second gate has not spoken."""
    return b"Done. PASS" in _log(settings) and not _gate_results(settings, "fit_to_publish")


def _publishing(settings: Settings) -> bool:
    """A folder that was not there before is being filled; ``current`` is still the old release."""
    links_and_releases = {"current", str((settings.published / "current").readlink())}
    return any(path.name not in links_and_releases for path in settings.published.iterdir())


@pytest.fixture(scope="module")
def nights_to_come(nights_to_come: dict[date, Delivery]) -> dict[date, Delivery]:
    """The same nights, with sales: what is added to a ledger must be added once."""
    night = nights_to_come[SECOND]
    trades = [
        {
            "trade_id": f"t{number}", "customer_id": f"c{number:04d}", "account_id": None,
            "product_code": "FUND", "trade_date": SECOND, "amount": Decimal(1000 * number),
            "fee_income": Decimal("1.23"), "org_id": "O1", "teller_id": "E1", "channel_code": "counter",
            "status": "live", "related_trade_id": None,
        }
        for number in range(1, 5)
    ]  # fmt: skip
    registrations = [
        {
            "registration_id": f"r{number}", "trade_id": f"t{number}", "actor_id": "E1",
            "actor_role": "seller", "ratio": None, "registered_at": datetime(2026, 1, 30, 10),
            "registered_by": "E1", "source": "manual", "revoked_at": None,
        }
        for number in range(1, 4)
    ]  # fmt: skip
    products = [
        {**row, "sales_product_code": "fund" if row["product_code"] == "FUND" else None}
        for row in night.tables["product"]
    ]
    tables = {
        **night.tables, "product": products, "sales_trade": trades, "sales_registration": registrations,
    }  # fmt: skip
    return {**nights_to_come, SECOND: replace(night, tables=tables)}


@pytest.fixture(scope="module")
def undisturbed(
    published_night: Warehouse, nights_to_come: dict[date, Delivery], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Parquet files of the second night, run in one go."""
    warehouse = published_night.copy_to(Path(tmp_path_factory.mktemp("undisturbed")) / "home")
    land(warehouse.home, nights_to_come[SECOND])
    run_waiting(Settings.load(warehouse.home))
    assert warehouse.query("select sum(credit_amt) as credited from sales.fct_sales_credit") == [
        {"credited": Decimal("6000.00")}
    ]
    return warehouse.parquet_hashes()


@pytest.mark.parametrize(
    "at_work",
    [_ingesting, _checking_the_load, _building, _checking_the_marts, _publishing],
    ids=["ingest", "gate_1", "build", "gate_2", "publish"],
)
def test_a_run_killed_in_the_middle_of_a_station_is_made_good_by_the_next(
    at_work: AtWork,
    batch: Delivered,
    warehouse: Warehouse,
    settings: Settings,
    undisturbed: dict[str, str],
) -> None:
    (settings.dbt_logs / "dbt.log").unlink(missing_ok=True)
    before, landed = warehouse.parquet_hashes(), tree_hashes(settings.landing)

    run = warehouse.start("run")
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not at_work(settings):
        assert run.poll() is None, "the run ended before the station was seen at work"
        assert time.monotonic() < deadline, "the station was never seen at work"
        time.sleep(POLL_SECONDS)
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL

    assert warehouse.parquet_hashes() == before, "readers see a night that is not finished"
    run_quickly(settings)
    assert warehouse.parquet_hashes() == undisturbed
    assert tree_hashes(settings.landing) == landed


@pytest.mark.usefixtures("batch")
def test_a_night_killed_between_switch_and_done_leaves_one_release(
    warehouse: Warehouse, settings: Settings, undisturbed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {release.name for release in releases(settings)}

    def killed(night: NightRun) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(NightRun, "complete", killed)
        # the release is whole, and the kill came before the link was switched
        publishing = import_module("orchestration.publication.publish")
        patch.setattr(publishing, "switch", lambda settings, name: None)
        with pytest.raises(KeyboardInterrupt):
            run_quickly(settings)
    made = tree_hashes(settings.published / f"{SECOND}.1")
    assert (settings.published / "current").readlink() != Path(f"{SECOND}.1")

    (finished,) = run_quickly(settings)

    assert finished.release == f"{SECOND}.1" and finished.checks_ran > 100
    assert {release.name for release in releases(settings)} - before == {f"{SECOND}.1"}
    assert tree_hashes(warehouse.current.resolve()) == made
    assert warehouse.parquet_hashes() == undisturbed
    assert run_quickly(settings) == []


@pytest.mark.skipif(not can_fill_disks(), reason="a disk of its own is root's to mount")
@pytest.mark.usefixtures("batch")
def test_a_disk_that_fills_up_in_the_build_is_told_and_the_next_run_comes_out_right(
    warehouse: Warehouse, undisturbed: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", warehouse.home, 64 * MEGABYTE) as disk:
        small = warehouse.copy_to(disk / "home")
        settings, before = Settings.load(small.home), small.parquet_hashes()

        def fill_up(event: Event) -> None:
            if event.station == "build" and not event.detail:
                fill(disk, left=MEGABYTE // 4)

        code = guarded(lambda: run_quickly(settings, on_event=fill_up))

        (line,) = capsys.readouterr().err.splitlines()
        assert code in (ExitCode.BUILD_FAILED, ExitCode.STORAGE) and os.strerror(errno.ENOSPC) in line
        assert small.parquet_hashes() == before
        roomy = small.copy_to(tmp_path / "roomy")
    (finished,) = run_quickly(Settings.load(roomy.home))
    assert finished.release == f"{SECOND}.1" and roomy.parquet_hashes() == undisturbed
    shutil.rmtree(roomy.home)
