import json
import stat
import struct
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from orchestration.errors import PublicationError
from orchestration.publication import publish, releases
from orchestration.releases.catalog import read_catalog
from tests.support.build_database import (
    AUM,
    JULY,
    JUNE,
    MARTS,
    SECRET,
    add_gate_tables,
    build,
    night,
    publish_night,
    warehouse,
)

NIGHT = night(date(2026, 7, 3), 2)
BEFORE = night(date(2026, 7, 2))
AMOUNTS = {JUNE: {"C2": "20.00", "C1": "10.00"}, JULY: {"C1": "11.10"}}


@pytest.fixture
def settings(tmp_path):
    made = warehouse(tmp_path)
    build(made, NIGHT, AMOUNTS)
    return made


@pytest.fixture
def release(settings):
    return publish_night(settings, NIGHT, [JULY], [BEFORE]).folder


def query(folder, sql):
    with duckdb.connect(str(folder / "acrm.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_release_holds_the_marts_and_says_what_it_shows(settings, release):
    assert release == settings.published / "2026-07-03.1"
    assert (settings.published / "current").readlink() == Path("2026-07-03.1")
    assert query(release, "select * from customer_value.fct_customer_aum_monthly") == [
        ("C1", JUNE, Decimal("10.00"), False),
        ("C2", JUNE, Decimal("20.00"), False),
        ("C1", JULY, Decimal("11.10"), True),
    ]
    as_of = (date(2026, 7, 3), 2, "documents", "CNY", "2026-07-03.1")
    assert query(release, "select * from data_as_of") == [as_of]
    assert query(release, "select * from quality.release_batch") == [
        (date(2026, 7, 2), 1),
        (date(2026, 7, 3), 2),
    ]
    assert sorted(path.name for path in release.iterdir()) == [
        "acrm.duckdb",
        "catalog.json",
        "gate_results.json",
        "night_report.html",
        "night_report.json",
        "parquet",
    ]


def test_nothing_but_marts_leaves_the_build_database(release):
    tables = query(release, "select schema_name || '.' || table_name from duckdb_tables() order by 1")
    published = b"".join(path.read_bytes() for path in release.rglob("*") if path.is_file())

    assert [table for (table,) in tables] == [
        "customer_value.dim_product",
        "customer_value.fct_customer_aum_monthly",
        "quality.data_as_of",
        "quality.fct_check_result",
        "quality.fct_restatement",
        "quality.release_batch",
    ]
    assert SECRET.encode() not in published


def test_the_database_is_readable_since_duckdb_1_0_and_by_the_newest_command_line(release):
    header = (release / "acrm.duckdb").read_bytes()[12:20]
    command = Path(sys.executable).parent / "duckdb"
    total = f"select sum(aum_end_amt) as total from customer_value.{AUM.name}"
    sql = f"select business_date from data_as_of; {total}"
    shown = subprocess.run(
        [command, "-readonly", "-csv", release / "acrm.duckdb", sql],
        capture_output=True,
        text=True,
        check=True,
    )

    assert struct.unpack("<Q", header) == (64,)
    assert shown.stdout.split() == ["business_date", "2026-07-03", "total", "41.10"]


def test_the_view_works_under_any_name_the_database_is_attached_by(release):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release}/acrm.duckdb' as elsewhere (read_only)")

        assert connection.execute("select release from elsewhere.data_as_of").fetchall() == [
            ("2026-07-03.1",)
        ]


def test_tables_and_columns_carry_their_chinese_names_and_descriptions(release):
    tables = query(release, f"select comment from duckdb_tables() where table_name = '{AUM.name}'")
    columns = query(
        release, f"select column_name, comment from duckdb_columns() where table_name = '{AUM.name}' limit 2"
    )

    assert tables == [("客户月资产 · One row per customer and month: what it's worth.",)]
    assert columns == [
        ("customer_id", "客户号 · Customer."),
        ("month_start_date", "月份 · First day of the month."),
    ]


def test_parquet_of_a_monthly_table_is_a_file_a_month_each_complete_in_itself(release):
    folder = release / "parquet" / "customer_value" / AUM.name

    assert sorted(path.name for path in folder.iterdir()) == ["2026-06-01.parquet", "2026-07-01.parquet"]
    assert pl.read_parquet(folder / "2026-07-01.parquet").rows() == [("C1", JULY, Decimal("11.10"), True)]


READERS = {
    "pandas": lambda folder: pd.read_parquet(folder).itertuples(index=False, name=None),
    "pyarrow": lambda folder: (tuple(row.values()) for row in pq.read_table(folder).to_pylist()),
    "pyarrow's data set": lambda folder: (
        tuple(row.values()) for row in ds.dataset(folder).to_table().to_pylist()
    ),
    "Polars": lambda folder: pl.read_parquet(folder).rows(),
    "Polars, lazily": lambda folder: pl.scan_parquet(folder).collect().rows(),
    "DuckDB": lambda folder: duckdb.sql(f"from read_parquet('{folder}/*.parquet')").fetchall(),
    "DuckDB, below folders": lambda folder: duckdb.sql(f"from '{folder}/**/*.parquet'").fetchall(),
}


@pytest.mark.parametrize("reader", READERS)
def test_the_folder_of_a_monthly_table_opens_by_the_obvious_call(release, reader):
    rows = READERS[reader](release / "parquet" / "customer_value" / AUM.name)

    assert sorted(rows) == [
        ("C1", JUNE, Decimal("10.00"), False),
        ("C1", JULY, Decimal("11.10"), True),
        ("C2", JUNE, Decimal("20.00"), False),
    ]


def test_the_catalogue_names_every_file_with_its_checksum(release):
    catalog = json.loads((release / "catalog.json").read_text(encoding="utf-8"))
    (table,) = [table for table in catalog["tables"] if table["name"] == AUM.name]
    listed = {file["path"]: file["sha256"] for entry in catalog["tables"] for file in entry["files"]}

    assert catalog["data_as_of"] == {
        "business_date": "2026-07-03",
        "sequence": 2,
        "rulebook_code": "documents",
        "reporting_currency": "CNY",
    }
    assert [batch["business_date"] for batch in catalog["batches"]] == ["2026-07-02", "2026-07-03"]
    assert table["grain"] == ["customer_id", "month_start_date"]
    assert table["row_cnt"] == 3
    assert table["columns"][2] == {
        "name": "aum_end_amt",
        "data_type": "DECIMAL(18,2)",
        "description": "AUM at the end.",
        "zh": "时点资产",
        "privacy": None,
        "gone_from": None,
        "is_own_currency": False,
    }
    checksums = subprocess.run(
        ["sha256sum", *sorted(listed)], cwd=release, capture_output=True, text=True, check=True
    ).stdout
    assert checksums.split()[::2] == [listed[path] for path in sorted(listed)]
    assert sorted(listed) == sorted(str(path.relative_to(release)) for path in release.rglob("*.parquet"))


def test_the_nights_gate_results_lie_beside_the_tables(release):
    (result,) = json.loads((release / "gate_results.json").read_text(encoding="utf-8"))

    assert (result["check_code"], result["failing_cnt"], result["limit_share"]) == (
        "row_count_moved",
        1,
        "0.001000",
    )


def test_a_release_is_private_and_read_only(settings, release):
    modes = {
        path: stat.S_IMODE(path.stat().st_mode) for path in [settings.published, release, *release.rglob("*")]
    }

    assert modes.pop(settings.published) == 0o700
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o500}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o400}


def test_an_empty_monthly_table_still_has_a_file_with_its_columns(settings):
    build(settings, NIGHT, {}, products=())

    folder = publish_night(settings, NIGHT, []).folder

    (file,) = (folder / "parquet" / "customer_value" / AUM.name).rglob("*.parquet")
    assert pl.read_parquet(file).shape == (0, 4)
    assert query(folder, f"select count(*) from customer_value.{AUM.name}") == [(0,)]


BROKEN = [
    pytest.param(
        "drop table customer_value.dim_product", "customer_value.dim_product is absent", id="table absent"
    ),
    pytest.param(
        "alter table customer_value.dim_product drop product_name",
        "dim_product.product_name is absent",
        id="column",
    ),
    pytest.param(
        f"alter table customer_value.{AUM.name} alter aum_end_amt type decimal(18, 4)",
        "aum_end_amt is DECIMAL(18,4), not DECIMAL(18,2)",
        id="another type than promised",
    ),
    pytest.param(
        "alter table customer_value.dim_product alter product_name type double using 1.0",
        "product_name is DOUBLE, which cannot be published",
        id="a float",
    ),
    pytest.param(
        f"insert into customer_value.{AUM.name} values ('C9', null, 1, true, null)",
        "rows without month_start_date",
        id="a row of no month",
    ),
    pytest.param("delete from quality.fct_check_result", "no gate has checked it", id="unchecked"),
    pytest.param(
        "update quality.fct_check_result set severity_code = 'block'",
        "gates block it (row_count_moved)",
        id="a failed gate",
    ),
    pytest.param(
        "drop table customer_value.dim_product; create view customer_value.dim_product as"
        " select 'a' as product_code, 'b' as product_name from range(100000) where random() < 0.5",
        "Nothing else may write while a release is made",
        id="counts that do not hold still",
    ),
]


@pytest.mark.parametrize(("breakage", "message"), BROKEN)
def test_what_cannot_be_published_leaves_the_current_release_untouched(settings, release, breakage, message):
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(breakage)

    with pytest.raises(PublicationError) as error:
        publish_night(settings, NIGHT, [JULY], [BEFORE])

    assert message in str(error.value)
    assert (settings.published / "current").readlink() == Path("2026-07-03.1")
    assert sorted(path.name for path in settings.published.iterdir()) == ["2026-07-03.1", "current"]


def test_without_a_build_database_nothing_is_published(settings):
    settings.database.unlink()

    with pytest.raises(PublicationError, match="could not be made"):
        publish_night(settings, NIGHT, [JULY])

    assert releases(settings) == []


def test_a_mart_declared_twice_is_refused(settings):
    with pytest.raises(PublicationError, match="fct_customer_aum_monthly is declared twice"):
        publish(settings, NIGHT, [*MARTS, AUM], [JULY], [NIGHT])


def test_progress_names_each_table_with_its_rows(settings):
    seen = []

    publish(settings, NIGHT, MARTS, [JULY], [NIGHT], on_table=lambda table, rows: seen.append((table, rows)))

    assert seen == [
        ("customer_value.dim_product", 1),
        ("customer_value.fct_customer_aum_monthly", 3),
        ("quality.fct_check_result", 1),
        ("quality.fct_restatement", 0),
    ]


def test_bytes_do_not_depend_on_threads_memory_or_the_order_rows_lie_in(tmp_path):
    rows, hashes = 1_200_003, []
    for place, (order, bank) in enumerate(
        [("hash(i)", {"threads": 1}), ("i", {"threads": 2}), ("-i", {"threads": 4, "memory_limit": "300MB"})]
    ):
        settings = warehouse(tmp_path / str(place), **bank)
        settings.database.parent.mkdir(parents=True)
        with duckdb.connect(str(settings.database)) as connection:
            connection.execute(
                f"""
                create schema customer_value;
                create table customer_value.fct_customer_aum_monthly as
                    select
                        'C' || lpad(cast(i as varchar), 9, '0') as customer_id,
                        date '2026-07-01' as month_start_date,
                        cast(hash(i) % 100000000 / 100 as decimal(18, 2)) as aum_end_amt,
                        i % 3 = 0 as is_provisional
                    from range({rows}) as r (i) order by {order};
                """
            )
            add_gate_tables(connection, NIGHT)
        catalog = read_catalog(publish(settings, NIGHT, [AUM], [], [NIGHT]).folder)
        hashes.append([file.sha256 for table in catalog.tables for file in table.files])

    assert hashes[0] == hashes[1] == hashes[2]
