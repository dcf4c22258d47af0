"""The same bank in every file format of the contract comes out as the same marts."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import table_files
from orchestration.settings import BatchId, Settings
from sample_bank.delivery import Format
from tests.support.bank import Bank, Delivery
from tests.support.landing import land
from tests.support.warehouse import Warehouse

NIGHTS = [date(2026, 1, 30), date(2026, 2, 2)]
PLAIN = Format()
EXOTIC = (
    Format(delimiter="|", encoding="gb18030", header=False, compression="gzip"),
    Format(delimiter="|@|", encoding="utf-8", header=True),
    Format(delimiter="\x01", encoding="utf-8", header=False, compression="zstd"),
    Format(kind="parquet"),
    Format(delimiter=",", encoding="gb18030", header=True, compression="zstd"),
    Format(delimiter="|@|", encoding="gb18030", header=False, compression="gzip"),
    Format(delimiter="\x01", encoding="gb18030", header=True),
)
NAMES = (
    "王|小明",
    "a|@|b",
    'say "hi", twice',
    "first line\nsecond line",
    "𠮷野家",
    "pipe| at@ end|",
    "ordinary",
)


def polyglot() -> Bank:
    """One customer for each awkward name."""
    bank = Bank(NIGHTS)
    bank.rate("USD", "7.1", on=date(2025, 1, 1))
    for number in range(len(NAMES)):
        customer = bank.customer(f"p{number}", opened=date(2025, 11, 1))
        customer.holds(f"{number}00000.01").shared({f"p{number}": "1"}, since=date(2025, 11, 1))
        customer.holds(number + 1, currency="USD")
        customer.invests(1000 * number)
        customer.borrows(250_000 * number, since=date(2025, 11, 1))
        customer.card(issued=date(2025, 11, 1)).spends(number, on=NIGHTS[1])
    return bank


def deliveries() -> list[Delivery]:
    """The bank's nights, with the awkward names in them."""
    bank = polyglot()
    sent = [bank.delivery(night, full=True) for night in NIGHTS]
    for delivery in sent:
        for row, name in zip(delivery.tables["customer"], NAMES, strict=True):
            row["customer_name"] = name
    return sent


def published(home: Path, formats: list[dict[str, Format] | Format]) -> Warehouse:
    """Deliver each night in its formats and run them."""
    for delivery, how in zip(deliveries(), formats, strict=True):
        land(home, delivery, formats=how)
    warehouse = Warehouse(home)
    warehouse.run()
    return warehouse


def turned(by: int) -> dict[str, Format]:
    """Another format for each table."""
    tables = sorted(deliveries()[0].tables)
    return {table: EXOTIC[(number + by) % len(EXOTIC)] for number, table in enumerate(tables)}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return published(Path(tmp_path_factory.mktemp("plain")), [PLAIN, PLAIN])


def test_a_mix_of_formats_gives_the_same_customer_value(plain: Warehouse, tmp_path: Path) -> None:
    exotic = published(tmp_path, [turned(0), turned(1)])
    assert exotic.parquet_hashes("customer_value") == plain.parquet_hashes("customer_value")


@pytest.mark.parametrize("turn", range(len(EXOTIC)))
def test_every_table_in_every_format_gives_the_same_rows_in_the_lake(
    turn: int, plain: Warehouse, tmp_path: Path
) -> None:
    delivery, settings = deliveries()[0], Settings.load(tmp_path)
    batch = BatchId(delivery.business_date, delivery.sequence)
    land(tmp_path, delivery, formats=turned(turn))

    ingest_batch(settings, batch)

    for table, rows in delivery.tables.items():
        found = in_the_lake(settings, table, batch)
        assert len(found) == len(rows)
        assert found.equals(in_the_lake(Settings.load(plain.home), table, batch)), table
    customers = in_the_lake(settings, "customer", batch).sort("customer_id")
    assert customers["customer_name"].to_list() == list(NAMES)


def in_the_lake(settings: Settings, table: str, batch: BatchId) -> pl.DataFrame:
    """A batch's rows of a table as the lake holds them, without the place that they came from."""
    rows = pl.read_parquet(table_files(settings, table, batch), hive_partitioning=False)
    return rows.drop("source_file", "source_row").sort(pl.all())
