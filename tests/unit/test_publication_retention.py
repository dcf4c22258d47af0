import subprocess
import sys
import textwrap
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, sleep

import duckdb
import pytest

from orchestration.errors import PublicationError
from orchestration.publication import current_release, releases, rollback
from tests.support.build_database import AUM, JULY, JUNE, build, night, publish_night, warehouse

FIRST = date(2026, 7, 1)


def amounts(number):
    return {JUNE: {"C1": "10.00"}, JULY: {"C1": f"{number}.00"}}


def publish_nights(settings, number):
    batches = []
    for place in range(number):
        batch = night(FIRST + timedelta(days=place))
        build(settings, batch, amounts(place))
        publish_night(settings, batch, [JULY], batches)
        batches.append(batch)


def names(settings):
    return [release.name for release in releases(settings)]


def july_amount(folder):
    with duckdb.connect(str(folder / "acrm.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select max(cast(aum_end_amt as integer)) from customer_value.fct_customer_aum_monthly"
            " where month_start_date = date '2026-07-01'"
        ).fetchone()[0]


def test_before_the_first_publication_there_is_nothing(tmp_path):
    settings = warehouse(tmp_path)

    assert releases(settings) == []
    assert current_release(settings) is None
    with pytest.raises(PublicationError, match="Releases: none"):
        rollback(settings)


def test_the_newest_releases_stay_and_still_hold_their_months(tmp_path):
    settings = warehouse(tmp_path, keep_releases=2)

    publish_nights(settings, 4)

    assert names(settings) == ["2026-07-03.1", "2026-07-04.1"]
    assert [july_amount(release.folder) for release in releases(settings)] == [2, 3]
    june = f"{settings.published}/2026-*/parquet/*/*/2026-06-01.parquet"
    assert duckdb.sql(f"select count(*) from read_parquet('{june}')").fetchall() == [(2,)]


def test_the_current_release_stays_however_old(tmp_path):
    settings = warehouse(tmp_path, keep_releases=2)
    publish_nights(settings, 2)
    batch = night(date(2026, 6, 30))

    # an older date sent again is the newest publication
    build(settings, batch, amounts(9))
    publish_night(settings, batch, [JULY])

    assert names(settings) == ["2026-07-02.1", "2026-06-30.1"]
    assert current_release(settings).name == "2026-06-30.1"


def test_a_name_is_never_given_twice(tmp_path):
    settings = warehouse(tmp_path, keep_releases=1)
    publish_nights(settings, 2)

    publish_nights(settings, 1)

    assert names(settings) == ["2026-07-01.2"]


def test_rollback_goes_to_the_publication_before_or_to_the_one_named(tmp_path):
    settings = warehouse(tmp_path)
    publish_nights(settings, 3)

    assert rollback(settings).name == "2026-07-02.1"
    assert july_amount(settings.published / "current") == 1
    assert rollback(settings).name == "2026-07-01.1"
    with pytest.raises(PublicationError, match="no release before the current one"):
        rollback(settings)
    assert rollback(settings, "2026-07-03.1").is_current
    assert july_amount(settings.published / "current") == 2


def test_older_releases_keep_their_parquet_files_alone_and_a_rollback_makes_their_database_again(tmp_path):
    settings = warehouse(tmp_path, keep_databases=1)
    publish_nights(settings, 3)
    assert [release.has_database for release in releases(settings)] == [False, False, True]
    june = settings.published / "2026-07-01.1" / "parquet"

    release = rollback(settings, "2026-07-01.1")

    assert (release.has_database, july_amount(settings.published / "current")) == (True, 0)
    with duckdb.connect(str(release.folder / "acrm.duckdb"), read_only=True) as connection:
        assert connection.execute("select release from data_as_of").fetchall() == [("2026-07-01.1",)]
    assert june.is_dir()
    assert {oct(path.stat().st_mode & 0o777) for path in release.folder.iterdir()} == {"0o400", "0o500"}
    assert oct(release.folder.stat().st_mode & 0o777) == "0o500"
    assert not list(settings.published.glob(".building-*"))


def test_a_rollback_to_damaged_parquet_files_leaves_current_as_it_was(tmp_path):
    settings = warehouse(tmp_path, keep_databases=1)
    publish_nights(settings, 2)
    months = sorted((settings.published / "2026-07-01.1").glob(f"parquet/*/{AUM.name}/*.parquet"))
    other, damaged = months[0], months[1]
    damaged.parent.chmod(0o700)
    damaged.unlink()
    damaged.write_bytes(other.read_bytes()[:100])

    with pytest.raises(PublicationError, match=r"2026-07-01\.1 could not be made again"):
        rollback(settings)

    assert current_release(settings).name == "2026-07-02.1"
    assert not list(settings.published.glob(".building-*"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "2026-07-09.1",
        "../published/2026-07-01.1",
        "current",
        "2026-07-01.1/",
        "2026-07-01.1\n",
    ],
)
def test_rollback_takes_nothing_but_the_name_of_a_release(tmp_path, name):
    settings = warehouse(tmp_path)
    publish_nights(settings, 2)

    with pytest.raises(PublicationError, match=r"Releases: 2026-07-01\.1, 2026-07-02\.1"):
        rollback(settings, name)

    assert current_release(settings).name == "2026-07-02.1"


def test_what_killed_runs_left_is_no_release_and_goes_at_the_next_publication(tmp_path):
    settings = warehouse(tmp_path)
    publish_nights(settings, 2)
    published = settings.published
    half = published / "2026-07-01.1"
    half.rename(published / ".deleting-2026-07-01.1")
    (published / ".building-2026-07-03.1" / "parquet").mkdir(parents=True)
    (published / ".building-2026-07-03.1" / "parquet").chmod(0o500)
    (published / ".switching").symlink_to("2026-07-01.1")

    assert names(settings) == ["2026-07-02.1"]
    publish_nights(settings, 1)

    assert sorted(path.name for path in published.iterdir()) == ["2026-07-01.1", "2026-07-02.1", "current"]


READER = textwrap.dedent(
    """
    import sys, duckdb
    connection = duckdb.connect(sys.argv[1], read_only=True)
    query = "select max(cast(aum_end_amt as integer)) from customer_value.fct_customer_aum_monthly" \\
        " where month_start_date = date '2026-07-01'"
    print(connection.execute(query).fetchone()[0], flush=True)
    sys.stdin.readline()
    print(connection.execute(query).fetchone()[0], flush=True)
    """
)


def test_a_reader_keeps_its_rows_and_holds_up_nobody(tmp_path):
    settings = warehouse(tmp_path, keep_releases=1)
    publish_nights(settings, 1)
    database = settings.published / "current" / "acrm.duckdb"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    before = reader.stdout.readline()

    batches = [night(FIRST)]
    for place in (1, 2):
        batch = night(FIRST + timedelta(days=place))
        build(settings, batch, amounts(place))
        publish_night(settings, batch, [JULY], batches)
        batches.append(batch)
    after, _ = reader.communicate("go on\n")

    assert (before.strip(), after.strip()) == ("0", "0")
    assert july_amount(settings.published / "current") == 2
    assert not (settings.published / "2026-07-01.1").exists()


NIGHT = textwrap.dedent(
    """
    import sys
    from datetime import date
    from pathlib import Path
    from orchestration.publication import publish
    from tests.support.build_database import AUM, JULY, MARTS, night, warehouse

    settings = warehouse(Path(sys.argv[1]), keep_releases=1)
    batches = [night(date(2026, 7, 1)), night(date(2026, 7, 2))]
    print("ready", flush=True)
    publish(settings, batches[-1], MARTS, [JULY], batches)
    print("done", flush=True)
    """
)
"""The second of two nights, in a process that can be killed."""


def second_night(home):
    """A warehouse with one release, the second night built, and a process about to publish it."""
    settings = warehouse(home, keep_releases=1)
    publish_nights(settings, 1)
    build(settings, night(FIRST + timedelta(days=1)), amounts(7))
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(
            "insert into customer_value.fct_customer_aum_monthly"
            " select 'X' || hash(i), date '2026-06-01', i, false, null from range(400000) as r (i)"
        )
    process = subprocess.Popen(
        [sys.executable, "-c", NIGHT, home], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout.readline() == "ready\n"
    return settings, process


@pytest.fixture(scope="module")
def seconds(tmp_path_factory):
    """What the second night takes if nobody kills it."""
    _, process = second_night(tmp_path_factory.mktemp("unharmed"))
    started = perf_counter()
    assert process.stdout.readline() == "done\n"
    process.wait()
    return perf_counter() - started


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.85, 1.0])
def test_a_publication_killed_anywhere_leaves_a_release_and_the_next_one_is_right(tmp_path, seconds, share):
    settings, process = second_night(tmp_path)
    sleep(share * seconds)
    process.kill()
    process.communicate()

    left = current_release(settings)
    assert july_amount(left.folder) == {"2026-07-01.1": 0, "2026-07-02.1": 7}[left.name]
    publication = publish_night(settings, night(FIRST + timedelta(days=1)), [JULY], [night(FIRST)])
    assert july_amount(settings.published / "current") == 7
    assert names(settings) == [publication.name]
    assert {path.name for path in settings.published.iterdir()} == {
        publication.name, "current", ".deleted", ".spare"
    }  # fmt: skip
