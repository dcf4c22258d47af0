import subprocess
import sys
import textwrap
from datetime import date, timedelta

import pytest

from orchestration.erasure.releases import erase_from_releases
from orchestration.publication import releases
from orchestration.publication.spare import SPARE, discard_spare
from tests.support.build_database import (
    JULY,
    JUNE,
    build,
    contents,
    night,
    parquet_bytes,
    publish_night,
    warehouse,
    whole_release,
)

NIGHTS = [night(date(2026, 7, 1) + timedelta(days=place)) for place in range(5)]


def amounts(number):
    return {JUNE: {"C1": "10.00"}, JULY: {f"C{place}": f"{number}.00" for place in range(number + 1)}}


def publish_nights(settings, first, last):
    publication = None
    for place in range(first, last):
        build(settings, NIGHTS[place], amounts(place), ["deposit", *map(str, range(place // 2))])
        publication = publish_night(settings, NIGHTS[place], [JULY], NIGHTS[:place])
    return publication


def inode(folder):
    return (folder / "acrm.duckdb").stat().st_ino


@pytest.fixture
def settings(tmp_path):
    """Three nights of which one release keeps its database: the second night's is the spare one."""
    made = warehouse(tmp_path / "home", keep_databases=1)
    publish_nights(made, 0, 3)
    return made


def spare(settings):
    return settings.published / SPARE


def test_a_night_brings_the_spare_database_up_to_date(settings, tmp_path):
    held = inode(spare(settings))

    publication = publish_nights(settings, 3, 4)

    whole = whole_release(settings, NIGHTS[3], NIGHTS[:4], tmp_path / "other")
    assert inode(publication.folder) == held
    assert not publication.is_whole
    assert contents(publication.folder) == contents(whole)
    assert parquet_bytes(publication.folder) == parquet_bytes(whole)
    assert [release.has_database for release in releases(settings)] == [False, False, False, True]


def test_the_spare_one_is_the_newest_that_is_not_kept(tmp_path):
    settings = warehouse(tmp_path, keep_releases=1)
    publish_nights(settings, 0, 1)
    assert not spare(settings).exists()
    first = inode(settings.published / "current")

    publish_nights(settings, 1, 2)
    second = inode(settings.published / "current")
    assert inode(spare(settings)) == first

    publish_nights(settings, 2, 3)
    assert inode(settings.published / "current") == first
    assert inode(spare(settings)) == second


def test_nobody_else_can_read_the_spare_database(settings):
    assert oct(spare(settings).stat().st_mode & 0o777) == "0o700"
    assert {oct(path.stat().st_mode & 0o077) for path in spare(settings).iterdir()} == {"0o0"}


READER = textwrap.dedent(
    """
    import sys, duckdb
    connection = duckdb.connect(sys.argv[1], read_only=True)
    print("open", flush=True)
    sys.stdin.readline()
    query = "select max(cast(aum_end_amt as integer)) from customer_value.fct_customer_aum_monthly"
    print(connection.execute(query).fetchone()[0], flush=True)
    """
)


def test_who_still_reads_the_spare_database_keeps_it(settings):
    database = spare(settings) / "acrm.duckdb"
    held = inode(spare(settings))
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout.readline() == "open\n"

    publication = publish_nights(settings, 3, 4)
    rows, _ = reader.communicate("go on\n")

    assert inode(publication.folder) != held
    assert not publication.is_whole
    assert rows == "10\n"


def test_a_second_name_of_the_spare_database_keeps_its_rows(settings, tmp_path):
    database = spare(settings) / "acrm.duckdb"
    (tmp_path / "backup.duckdb").hardlink_to(database)
    before = database.read_bytes()

    publication = publish_nights(settings, 3, 4)

    assert not publication.is_whole
    assert (tmp_path / "backup.duckdb").read_bytes() == before


def test_a_spare_database_that_is_not_what_its_catalogue_says_is_not_used(settings, tmp_path):
    current = settings.published / "current" / "catalog.json"
    catalog = spare(settings) / "catalog.json"
    catalog.unlink()
    catalog.write_bytes(current.read_bytes())

    publication = publish_nights(settings, 3, 4)

    whole = whole_release(settings, NIGHTS[3], NIGHTS[:4], tmp_path / "other")
    assert contents(publication.folder) == contents(whole)


@pytest.mark.parametrize("left", ["catalog.json", "acrm.duckdb"])
def test_half_a_spare_is_none(settings, tmp_path, left):
    for path in spare(settings).iterdir():
        if path.name != left:
            path.unlink()

    publication = publish_nights(settings, 3, 4)

    whole = whole_release(settings, NIGHTS[3], NIGHTS[:4], tmp_path / "other")
    assert contents(publication.folder) == contents(whole)
    assert spare(settings).is_dir()


def test_rows_that_somebody_asked_to_erase_do_not_wait_in_the_spare_database(settings):
    erase_from_releases(settings)

    assert not spare(settings).exists()


def test_there_may_be_none_to_discard(tmp_path):
    settings = warehouse(tmp_path)
    publish_nights(settings, 0, 1)

    discard_spare(settings)

    assert not spare(settings).exists()
