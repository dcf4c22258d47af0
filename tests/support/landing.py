"""Puts the batches of a test bank into a warehouse's landing folder."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import polars as pl

from contract.model import OP_COLUMN, load_contract
from orchestration.settings import BatchId
from sample_bank.delivery import DTYPES, Format, write_batch
from tests.support.bank import Bank, Delivery, Row


def frame(table: str, rows: list[Row], load: str) -> pl.DataFrame:
    """The rows in the contract's columns and types, with ``op`` last in a delta."""
    schema: dict[str, pl.DataType] = {
        column.name: DTYPES[column.type] for column in load_contract().table(table).columns
    }
    if load == "delta":
        schema[OP_COLUMN] = pl.String()
    return pl.DataFrame(rows, schema=schema, orient="row")


def land(home: Path, delivery: Delivery, *, formats: Mapping[str, Format] | Format | None = None) -> Path:
    """Write one batch and return its folder."""
    return write_batch(
        home / "landing",
        BatchId(delivery.business_date, delivery.sequence),
        {name: frame(name, rows, delivery.loads[name]) for name, rows in delivery.tables.items()},
        produced_at=f"{delivery.business_date + timedelta(1)}T01:12:00+08:00",
        formats=formats,
        loads=delivery.loads,
    )


def land_all(home: Path, bank: Bank) -> None:
    """Write every batch of the bank."""
    for delivery in bank.deliveries():
        land(home, delivery)
