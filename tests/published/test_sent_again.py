"""The last night's batch sent again: closed months come from its release, where they must be the same."""

import importlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from benchmarks.resend import send_again
from orchestration.night import NightRun
from orchestration.publication import Publication
from orchestration.releases.marts import marts_from_manifest
from orchestration.settings import BatchId, Settings
from orchestration.transform import Transform
from orchestration.waiting import processed_nights
from sample_bank.edit import BatchEdit
from tests.published.conftest import TOWN
from tests.support.build_database import contents, parquet_bytes
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

publication = importlib.import_module("orchestration.publication.publish")

LAST = TOWN.timeline.nights[-1]
AGAIN = BatchId(LAST, 2)


@pytest.fixture
def published_whole(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Grows by one entry per publication: whether it used nothing of the release before."""
    seen: list[bool] = []
    publish: Callable[..., Publication] = publication.publish

    def watched(*arguments: object, **named: object) -> Publication:
        made = publish(*arguments, **named)
        seen.append(made.is_whole)
        return made

    monkeypatch.setattr(publication, "publish", watched)
    return seen


@pytest.fixture(scope="module")
def sent_again(town: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The town with its last night published, and that night's batch sent again with other contents."""
    warehouse = town.copy_to(tmp_path_factory.mktemp("again") / "home")
    settings = Settings.load(warehouse.home)
    run_quickly(settings)
    send_again(settings, AGAIN)
    edit = BatchEdit(settings.landing / AGAIN.folder)
    edit.write("sales_registration", edit.read("sales_registration").clear())
    edit.write("sales_trade", edit.read("sales_trade").with_columns(pl.lit("").alias("referrer_id")))
    edit.save()
    return warehouse


@pytest.fixture
def settings(sent_again: Warehouse, tmp_path: Path) -> Settings:
    """A copy of it for one test."""
    return Settings.load(sent_again.copy_to(tmp_path / "home").home)


def written_whole(settings: Settings, home: Path) -> Path:
    """The same build database published where there is no release; returns the release's folder."""
    other = Settings(home, settings.bank)
    for folder in ("build", "keys", "erasure"):
        if (settings.home / folder).exists():
            (home / folder).parent.mkdir(parents=True, exist_ok=True)
            (home / folder).symlink_to(settings.home / folder)
    batches = [processed.batch for processed in processed_nights(settings)]
    marts = marts_from_manifest(Transform(settings).manifest)
    made: Publication = publication.publish(other, batches[-1], marts, [], batches)
    return made.folder


def test_what_is_published_again_is_what_a_whole_release_holds(
    settings: Settings, published_whole: list[bool], tmp_path: Path
) -> None:
    before = contents(settings.published / "current")

    run_quickly(settings)

    assert published_whole == [False]
    after, whole = settings.published / "current", written_whole(settings, tmp_path / "other")
    assert published_whole == [False, True]
    assert parquet_bytes(after) == parquet_bytes(whole)
    assert contents(after) == contents(whole)
    changed = {table for table, rows in contents(after).items() if rows != before[table]}
    assert changed >= {
        "customer_value.fct_customer_aum_monthly", "customer_value.fct_customer_aum_daily",
        "sales.fct_trade_attribution",
    }  # fmt: skip


def earlier_night_too(settings: Settings) -> None:
    run_quickly(settings, again=TOWN.timeline.nights[-2])


def built_anew(settings: Settings) -> None:
    run_quickly(settings, rebuild=True)


def after_a_run_that_stopped(settings: Settings) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(NightRun, "fit_to_publish", _interrupt)
        run_quickly(settings)
    run_quickly(settings)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("run", [earlier_night_too, built_anew, after_a_run_that_stopped])
def test_nothing_is_carried_on_from_what_may_have_been_built_otherwise(
    settings: Settings, published_whole: list[bool], run: Callable[[Settings], None]
) -> None:
    run(settings)

    assert published_whole[-1]
