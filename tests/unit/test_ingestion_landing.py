"""Names of folders as other writers spell them: read where there is no doubt, else named aloud."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from orchestration.cli_arguments import batch_name
from orchestration.erasure.leftovers import delete_landed_copies
from orchestration.errors import ExitCode, LandingError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import lake_batches
from orchestration.ingestion.landing import landed_batches, landing_folder, required_batches, survey
from orchestration.onboarding.validate import validate_folder
from orchestration.settings import BatchId
from orchestration.waiting import nameless_deliveries, planned_nights, refused_batches, told_together
from orchestration.withdrawal import withdraw
from tests.support.handmade import BATCH, DAY, Delivery


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path).send()


def renamed(delivery: Delivery, name: str, batch: BatchId = BATCH) -> Path:
    """The delivery under another name in landing."""
    landing = delivery.settings.landing
    folder = landing / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    (landing / batch.folder).rename(folder)
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "business_date=2026-10-31/sequence=01",
        "business_date=2026-10-31/sequence=000001",
        "business_date=20261031/sequence=1",
        "BUSINESS_DATE=2026-10-31/SEQUENCE=1",
        "Business_Date=20261031/Sequence=01",
    ],
)
def test_a_name_without_doubt_is_read(delivery: Delivery, name: str) -> None:
    folder = renamed(delivery, name)

    assert required_batches(delivery.settings) == [BATCH]
    assert landing_folder(delivery.settings, BATCH) == folder
    ingest_batch(delivery.settings, BATCH)
    # the lake has its own names
    assert lake_batches(delivery.settings) == [BATCH]
    assert (delivery.settings.lake / "org" / BATCH.folder).is_dir()


def test_a_correction_whose_number_has_zeros_is_the_batch_that_counts(delivery: Delivery) -> None:
    again = BatchId(DAY, 2)
    Delivery(delivery.settings.home, again).send()
    renamed(delivery, "business_date=2026-10-31/sequence=02", again)

    assert landed_batches(delivery.settings) == [BATCH, again]
    assert [night.batch for night in planned_nights(delivery.settings)] == [again]


@pytest.mark.parametrize(
    "name",
    [
        "business_date=2026-10-31/sequence=0",
        "business_date=2026-10-31/sequence=x",
        "business_date=2026-10-31/sequence=1.bak",
        "business_date=2026-10-31/sequence1",
        "business_date=2026-10-31",
        "business_date=2026-02-30/sequence=1",
        "business_date=2026-13-01/sequence=1",
        "business_date=31.10.2026/sequence=1",
        "business_date=2026-1-31/sequence=1",
        "date=2026-10-31/sequence=1",
        "2026/10/31/1",
        "archive/business_date=2026-10-31/sequence=1",
    ],
)
def test_a_delivery_whose_name_tells_no_batch_is_named_and_stops_nothing(
    delivery: Delivery, name: str
) -> None:
    parked = delivery.settings.home / "parked"
    delivery.folder.rename(parked)
    shutil.rmtree(delivery.settings.landing)
    folder = delivery.settings.landing / name
    folder.parent.mkdir(parents=True)
    parked.rename(folder)
    good = BatchId(date(2026, 11, 2), 1)
    Delivery(delivery.settings.home, good).send()

    assert [night.batch for night in planned_nights(delivery.settings)] == [good]

    told = told_together(refused_batches(delivery.settings), nameless_deliveries(delivery.settings))
    assert told.exit_code == ExitCode.BAD_BATCH
    (line,) = str(told).splitlines()
    assert f"landing/{name}" in line and "business_date=YYYY-MM-DD/sequence=N" in line


def test_a_manifest_of_another_spelling_is_named(delivery: Delivery) -> None:
    (delivery.folder / "manifest.json").rename(delivery.folder / "MANIFEST.JSON")

    (fault,) = survey(delivery.settings).faults

    assert "called 'MANIFEST.JSON'" in fault.what
    assert landed_batches(delivery.settings) == []


def test_a_number_of_nanoseconds_is_a_batch_that_is_refused_and_can_be_withdrawn(delivery: Delivery) -> None:
    stamped = BatchId(DAY, 1_793_404_800_123_456_789)
    settings = Delivery(delivery.settings.home, stamped).send().settings

    assert [night.batch for night in planned_nights(settings)] == [BATCH]
    assert list(refused_batches(settings)) == [stamped]

    withdraw(settings, batch_name(stamped.short), "a time stamp", "ops")
    assert refused_batches(settings) == {} and nameless_deliveries(settings) == []


def test_two_folders_that_mean_one_batch_are_both_named(delivery: Delivery) -> None:
    good = BatchId(DAY, 7)
    Delivery(delivery.settings.home, good).send()
    shutil.copytree(delivery.folder, delivery.folder.parent / "sequence=01")

    assert [night.batch for night in planned_nights(delivery.settings)] == [good]

    (fault,) = nameless_deliveries(delivery.settings)
    assert fault.check_code == "batch_folder_twice"
    for name in ("sequence=01", "sequence=1"):
        assert f"landing/business_date=2026-10-31/{name}'" in fault.what


def test_what_is_set_aside_or_has_no_manifest_is_left_alone(delivery: Delivery) -> None:
    landing = delivery.settings.landing
    for name in (
        "_old/business_date=2026-10-30/sequence=1",
        ".tmp/x",
        "business_date=2026-10-31/_sequence=2",
    ):
        shutil.copytree(delivery.folder, landing / name)
    for name in ("business_date=2026-11-02/sequence=x", "lost+found"):
        (landing / name).mkdir(parents=True)

    assert required_batches(delivery.settings) == [BATCH]


@pytest.mark.parametrize(
    "name",
    ["business_date=2026-11-02", "business_date=2026-10-31/sequence=2",
     "business_date=2026-10-31/sequence=3/manifest.json"],
)  # fmt: skip
def test_a_link_that_leads_to_nothing_is_no_day_without_a_delivery(delivery: Delivery, name: str) -> None:
    link = delivery.settings.landing / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(delivery.settings.home / "not mounted")

    with pytest.raises(LandingError) as stopped:
        required_batches(delivery.settings)

    (line,) = str(stopped.value).splitlines()
    assert line == f"'landing/{name}' leads to nothing. Mount what it leads to, or delete it."
    # what is mounted is read, and what is set aside is nobody's business
    link.unlink()
    (delivery.settings.landing / "_later").symlink_to(delivery.settings.home / "not mounted")
    (delivery.settings.home / "elsewhere").mkdir()
    delivery.folder.rename(delivery.settings.home / "elsewhere" / "sequence=1")
    delivery.folder.symlink_to(delivery.settings.home / "elsewhere" / "sequence=1")
    assert required_batches(delivery.settings) == [BATCH]


def test_the_sender_is_told_of_a_name_that_nobody_can_read(delivery: Delivery) -> None:
    folder = renamed(delivery, "business_date=2026-10-31/sequence=x")
    assert "batch_folder_unreadable" in codes_found(folder, delivery)
    folder = folder.rename(folder.parent / "sequence=01")
    assert not {"batch_folder_unreadable", "manifest_date"} & codes_found(folder, delivery)
    folder = folder.rename(folder.parent / "sequence=02")
    assert codes_found(folder, delivery) == {"manifest_date"}


def codes_found(folder: Path, delivery: Delivery) -> set[str]:
    return {found.fault.check_code for found in validate_folder(folder, delivery.settings).findings}


def test_an_erasure_finds_the_landed_copy_whatever_its_name(delivery: Delivery) -> None:
    folder = renamed(delivery, "business_date=20261031/sequence=01")
    ingest_batch(delivery.settings, BATCH)

    assert delete_landed_copies(delivery.settings) == (1, [], [])
    assert not folder.exists()


def test_an_erasure_finds_a_landed_copy_that_lies_there_twice(delivery: Delivery) -> None:
    ingest_batch(delivery.settings, BATCH)
    twin = delivery.folder.parent / "sequence=01"
    shutil.copytree(delivery.folder, twin)

    assert delete_landed_copies(delivery.settings) == (2, [], [])
    assert not delivery.folder.exists() and not twin.exists()
