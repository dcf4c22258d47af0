import re
from datetime import date, timedelta

import duckdb
import pytest

from orchestration.publication import publish, rollback
from orchestration.releases.catalog import read_catalog
from tests.support.build_database import (
    AUGUST,
    AUM,
    JULY,
    JUNE,
    MARTS,
    add_gate_tables,
    build,
    contents,
    night,
    parquet_bytes,
    publish_night,
    warehouse,
    whole_release,
)

FIRST, SECOND, THIRD = (night(date(2026, 7, day)) for day in (1, 2, 3))
JUNE_FILE = f"parquet/customer_value/{AUM.name}/2026-06-01.parquet"
PRODUCT_FILE = "parquet/customer_value/dim_product/data.parquet"


def customers(number, amount="10.00"):
    return {f"C{place:05}": amount for place in range(number)}


def catalog(folder):
    """The catalogue without what names the release."""
    return read_catalog(folder).model_copy(update={"release": "", "publication": 0})


START = {JUNE: customers(5), JULY: customers(5, "20.00")}


@pytest.fixture
def settings(tmp_path):
    made = warehouse(tmp_path / "home")
    build(made, FIRST, START)
    publish_night(made, FIRST, [JUNE, JULY])
    return made


NEXT_NIGHTS = [
    pytest.param(
        {**START, JULY: customers(7, "21.00")}, ["deposit", "fund"], [JULY], id="the open month moves on"
    ),
    pytest.param({**START, AUGUST: customers(3)}, ["deposit"], [JULY, AUGUST], id="a new month begins"),
    pytest.param(
        {**START, JUNE: customers(5, "9.99")}, ["deposit"], [JUNE, JULY], id="a closed month is restated"
    ),
    pytest.param({JULY: START[JULY]}, [], [JULY], id="a month and all products vanish"),
    pytest.param({**START, JUNE: customers(6)}, ["deposit"], [JULY], id="a month grew that nobody named"),
    pytest.param({}, ["deposit"], [JULY], id="the monthly table runs empty"),
]


@pytest.mark.parametrize(("amounts", "products", "rebuilt"), NEXT_NIGHTS)
def test_going_on_from_a_release_gives_what_a_whole_build_gives(
    settings, tmp_path, amounts, products, rebuilt
):
    build(settings, SECOND, amounts, products)

    publication = publish_night(settings, SECOND, rebuilt, [FIRST])

    whole = whole_release(settings, SECOND, [FIRST, SECOND], tmp_path / "other")
    assert not publication.is_whole
    assert contents(publication.folder) == contents(whole)
    assert parquet_bytes(publication.folder) == parquet_bytes(whole)
    assert catalog(publication.folder) == catalog(whole)


def test_a_first_night_without_customers_goes_on_too(tmp_path):
    settings = warehouse(tmp_path / "home")
    build(settings, FIRST, {})
    publish_night(settings, FIRST, [])
    build(settings, SECOND, START)

    publication = publish_night(settings, SECOND, [JULY], [FIRST])

    whole = whole_release(settings, SECOND, [FIRST, SECOND], tmp_path / "other")
    assert not publication.is_whole
    assert contents(publication.folder) == contents(whole)
    assert parquet_bytes(publication.folder) == parquet_bytes(whole)


def test_what_did_not_change_is_on_disk_once(settings):
    build(settings, SECOND, {**START, JULY: customers(6)})

    publication = publish_night(settings, SECOND, [JULY], [FIRST])

    before = settings.published / "2026-07-01.1"
    assert (publication.folder / JUNE_FILE).samefile(before / JUNE_FILE)
    assert (publication.folder / PRODUCT_FILE).samefile(before / PRODUCT_FILE)
    assert (publication.written_files, publication.linked_files) == (2, 3)


def test_files_that_a_release_of_before_kept_in_folders_of_months_are_linked_to_their_new_place(settings):
    before = settings.published / "2026-07-01.1"
    folder = before / "parquet" / "customer_value" / AUM.name
    folder.chmod(0o700)
    for file in sorted(folder.iterdir()):
        (folder / f"month_start_date={file.stem}").mkdir()
        file.rename(folder / f"month_start_date={file.stem}" / "data.parquet")
    (before / "catalog.json").chmod(0o600)
    told = (before / "catalog.json").read_text()
    told = re.sub(rf"{AUM.name}/(2026-..-01).parquet", rf"{AUM.name}/month_start_date=\1/data.parquet", told)
    (before / "catalog.json").write_text(told)
    build(settings, SECOND, {**START, JULY: customers(6)})

    publication = publish_night(settings, SECOND, [JULY], [FIRST])

    old = folder / "month_start_date=2026-06-01" / "data.parquet"
    assert (publication.folder / JUNE_FILE).samefile(old)
    assert (publication.written_files, publication.linked_files) == (2, 3)
    whole = whole_release(settings, SECOND, [FIRST, SECOND], settings.home / "other")
    assert parquet_bytes(publication.folder) == parquet_bytes(whole)
    assert catalog(publication.folder) == catalog(whole)


def test_the_same_night_again_trusts_nothing_and_finds_the_same(settings):
    publication = publish_night(settings, FIRST, [JULY])

    before = settings.published / "2026-07-01.1"
    assert publication.name == "2026-07-01.2"
    assert (publication.is_whole, publication.written_files) == (True, 0)
    assert contents(publication.folder) == contents(before)
    assert parquet_bytes(publication.folder) == parquet_bytes(before)


def test_a_month_changed_by_other_rules_is_found_when_the_night_runs_again(settings):
    build(settings, FIRST, {**START, JUNE: customers(5, "99.00")})

    publication = publish_night(settings, FIRST, [JULY])

    assert {row[2] for row in contents(publication.folder)[AUM.full_name] if row[1] == JUNE} == {99}


@pytest.fixture
def twice(settings):
    """Two nights published, and the second one's build database with its batch sent again."""
    build(settings, SECOND, {**START, JULY: customers(6)})
    publish_night(settings, SECOND, [JULY], [FIRST])
    build(
        settings, night(SECOND.business_date, 2), {**START, JULY: customers(6, "7.00")}, ["deposit", "fund"]
    )
    return settings


def publish_second_again(settings, repeats):
    again = night(SECOND.business_date, 2)
    return publish(settings, again, MARTS, [JULY], [FIRST, again], repeats=repeats)


def test_a_night_that_repeats_a_release_goes_on_from_it(twice, tmp_path):
    publication = publish_second_again(twice, repeats="2026-07-02.1")

    batches = [FIRST, night(SECOND.business_date, 2)]
    whole = whole_release(twice, batches[-1], batches, tmp_path / "other")
    assert not publication.is_whole
    assert (publication.folder / JUNE_FILE).samefile(twice.published / "2026-07-02.1" / JUNE_FILE)
    assert contents(publication.folder) == contents(whole)
    assert parquet_bytes(publication.folder) == parquet_bytes(whole)
    assert catalog(publication.folder) == catalog(whole)


@pytest.mark.parametrize("repeats", [None, "2026-07-01.1", "2026-07-02.2"])
def test_a_night_sent_again_trusts_no_release_but_the_one_it_repeats(twice, repeats):
    assert publish_second_again(twice, repeats).is_whole


def test_a_night_that_repeats_a_release_of_other_rules_is_whole(twice):
    catalog = read_catalog(twice.published / "current")
    change_catalog(twice, catalog.rules, "0" * len(catalog.rules))

    assert publish_second_again(twice, "2026-07-02.1").is_whole


def test_a_first_night_sent_again_is_whole(settings):
    build(settings, FIRST, {**START, JULY: customers(5, "1.00")})

    assert publish(settings, FIRST, MARTS, [JULY], [FIRST], repeats="2026-07-01.1").is_whole


def test_a_release_that_is_a_night_behind_is_not_built_upon(settings):
    build(settings, THIRD, {**START, JUNE: customers(5, "1.00"), JULY: customers(5, "3.00")})

    publication = publish_night(settings, THIRD, [JULY], [FIRST, SECOND])

    assert publication.is_whole
    assert {row[2] for row in contents(publication.folder)[AUM.full_name] if row[1] == JUNE} == {1}


def test_after_a_rollback_the_next_night_is_whole(settings):
    build(settings, SECOND, START)
    publish_night(settings, SECOND, [JULY], [FIRST])
    rollback(settings)
    build(settings, THIRD, START)

    assert publish_night(settings, THIRD, [JULY], [FIRST, SECOND]).is_whole


def test_a_resent_earlier_batch_is_not_built_upon(settings):
    build(settings, SECOND, START)

    assert publish_night(settings, SECOND, [JULY], [night(FIRST.business_date, 2)]).is_whole


def change_catalog(settings, text, other):
    """Make the current release one of an earlier version of the models."""
    path = settings.published / "current" / "catalog.json"
    changed = path.read_text(encoding="utf-8").replace(text, other)
    path.chmod(0o600)
    path.write_text(changed, encoding="utf-8")


def test_another_shape_of_a_table_is_not_built_upon(settings):
    change_catalog(settings, "DECIMAL(18,2)", "DECIMAL(18,4)")
    build(settings, SECOND, START)

    assert publish_night(settings, SECOND, [JULY], [FIRST]).is_whole


def test_new_descriptions_reach_a_release_that_goes_on(settings):
    change_catalog(settings, "AUM at the end.", "Older words.")
    build(settings, SECOND, START)

    publication = publish_night(settings, SECOND, [JULY], [FIRST])

    with duckdb.connect(str(publication.folder / "acrm.duckdb"), read_only=True) as connection:
        comments = connection.execute(
            "select comment from duckdb_columns() where column_name = 'aum_end_amt'"
        ).fetchall()
    assert not publication.is_whole
    assert comments == [("时点资产 · AUM at the end.",)]


def test_a_damaged_release_is_not_carried_on(settings, tmp_path):
    current = settings.published / "2026-07-01.1"
    (current / JUNE_FILE).chmod(0o600)
    (current / JUNE_FILE).write_bytes(b"")
    (current / "acrm.duckdb").chmod(0o600)
    with duckdb.connect(str(current / "acrm.duckdb")) as connection:
        connection.execute(
            f"delete from customer_value.{AUM.name} where month_start_date = date '2026-06-01'"
        )
    build(settings, SECOND, START)

    publication = publish_night(settings, SECOND, [JULY], [FIRST])

    whole = whole_release(settings, SECOND, [FIRST, SECOND], tmp_path / "other")
    assert publication.is_whole
    assert contents(publication.folder) == contents(whole)
    assert parquet_bytes(publication.folder) == parquet_bytes(whole)


def build_large(settings, batch, seed):
    """Three months of 70,000 customers, the last one depending on the seed."""
    settings.database.unlink(missing_ok=True)
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(
            f"""
            create schema customer_value;
            create table customer_value.fct_customer_aum_monthly as
                select
                    'C' || lpad(cast(i as varchar), 9, '0') as customer_id, month_start_date,
                    cast(hash(i + if(m = 3, {seed}, m)) % 100000000 / 100 as decimal(18, 2)) as aum_end_amt,
                    i % 3 = 0 as is_provisional
                from range(70000) as r (i),
                    (values (1, date '2026-05-01'), (2, date '2026-06-01'), (3, date '2026-07-01'))
                        as months (m, month_start_date);
            create table customer_value.dim_product as select 'deposit' as product_code, 'D' as product_name;
            """
        )
        add_gate_tables(connection, batch)


def test_the_database_does_not_grow_from_night_to_night(tmp_path):
    settings = warehouse(tmp_path / "home", keep_releases=1)
    sizes, batches = [], []
    for number in range(15):
        batch = night(date(2026, 7, 1) + timedelta(days=number))
        build_large(settings, batch, number * 1_000_000)
        publication = publish_night(settings, batch, [JULY], batches)
        batches.append(batch)
        sizes.append((publication.folder / "acrm.duckdb").stat().st_size)

    assert max(sizes) <= 2 * sizes[0]
    assert contents(publication.folder) == contents(
        whole_release(settings, batch, batches, tmp_path / "other")
    )
