"""Each fault that blocks a batch, made on disk in a good one.

Whatever the fault: the operator's line names table, file and rule, the exit code is the documented one,
nothing published changes, and everything delivered is still there as it came.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from orchestration.errors import AcrmError, ExitCode
from orchestration.night import run_waiting
from orchestration.settings import Settings
from orchestration.waiting import nameless_deliveries, refused_batches, told_together
from tests.faults.delivered import Delivered
from tests.support.warehouse import Warehouse, tree_hashes


@dataclass(frozen=True)
class Blocked:
    """A fault and what the operator has to be told."""

    name: str
    corrupt: Callable[[Delivered], object]
    check_code: str
    exit_code: ExitCode = ExitCode.BAD_BATCH
    table: str | None = "deposit_balance"
    file: str | None = "deposit_balance-0001.csv"
    row: int | None = None

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


def _manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Delivered], object]:
    return lambda batch: batch.change_manifest(change)


def _not_json(batch: Delivered) -> None:
    (batch.folder / "manifest.json").write_text('{"business_date": "2026-01-30", "seq', encoding="utf-8")


def _unnamed_file(batch: Delivered) -> None:
    (batch.folder / "deposit_balance-0002.csv").write_bytes(b"account_id,balance\n")


def _truncated(batch: Delivered) -> None:
    path = batch.file("deposit_balance")
    path.write_bytes(path.read_bytes()[:-20])


def _one_byte_changed(batch: Delivered) -> None:
    path = batch.file("deposit_balance")
    path.write_bytes(path.read_bytes().replace(b"1001.00", b"1901.00", 1))


def _broken_gzip(batch: Delivered) -> None:
    batch.file("deposit_balance").write_bytes(b"\x1f\x8b\x08\x00 this is no gzip")
    batch.change_manifest(
        lambda manifest: manifest["tables"]["deposit_balance"]["format"].update(compression="gzip")
    )
    batch.refresh("deposit_balance")


def _column_dropped(batch: Delivered) -> None:
    records = batch.records("deposit_balance")
    gone = records[0].index("balance")
    path = batch.file("deposit_balance")
    lines = [",".join(field for number, field in enumerate(record) if number != gone) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    batch.refresh("deposit_balance", rows=len(records) - 1)
    batch.change_manifest(lambda manifest: manifest["tables"]["deposit_balance"]["control_sums"].clear())


def _money_as_float(batch: Delivered) -> None:
    name = "deposit_balance-0001.parquet"
    frame = pl.read_csv(batch.file("deposit_balance"), schema_overrides={"balance": pl.Float64})
    batch.file("deposit_balance").unlink()
    frame.select(
        pl.col("account_id"),
        pl.col("balance"),
        pl.lit(None, pl.Decimal(18, 2)).alias("accrued_interest"),
        pl.lit(None, pl.Decimal(9, 6)).alias("interest_rate"),
    ).write_parquet(batch.folder / name)

    def as_parquet(manifest: dict[str, Any]) -> None:
        entry = manifest["tables"]["deposit_balance"]
        entry["format"] = {"kind": "parquet"}
        entry["files"] = [{"name": name, "sha256": "0" * 64}]

    batch.change_manifest(as_parquet)
    batch.refresh("deposit_balance")


def _row_twice(batch: Delivered) -> None:
    records = batch.records("deposit_balance")
    batch.write("deposit_balance", [*records, records[7]])


def _empty(table: str) -> Callable[[Delivered], object]:
    return lambda batch: batch.write(table, batch.records(table)[:1])


def _currency_without_rate(batch: Delivered) -> None:
    batch.set_value("account", 3, "currency", "JPY")


def _books_disagree(batch: Delivered) -> None:
    """The books' own totals, off by two cents."""
    total = sum(Decimal(record[1]) for record in batch.records("deposit_balance")[1:])
    path = batch.folder / "ledger_control-0001.csv"
    path.write_text(f"org_id,asset_class,balance\nO1,deposit,{total + Decimal('0.02')}\n", encoding="utf-8")
    batch.change_manifest(
        lambda manifest: manifest["tables"].update(
            ledger_control={
                "load": "full",
                "format": manifest["tables"]["org"]["format"],
                "files": [{"name": path.name, "sha256": "0" * 64}],
                "row_count": 1,
                "control_sums": {},
            }
        )
    )
    batch.refresh("ledger_control")


def _orgs_in_a_circle(batch: Delivered) -> None:
    batch.set_value("org", 2, "parent_org_id", "O2")
    batch.set_value("org", 3, "parent_org_id", "O1")


def _sent_under_two_names(batch: Delivered) -> None:
    shutil.copytree(batch.folder, batch.folder.parent / "sequence=01")


MANIFEST = "manifest.json"
DELIVERY_FAULTS = [
    Blocked("the manifest is not JSON", _not_json, "manifest_unreadable", table=None, file=MANIFEST),
    Blocked(
        "the manifest lacks a key",
        _manifest(lambda manifest: manifest.pop("sequence")),
        "manifest_unreadable",
        table=None,
        file=MANIFEST,
    ),
    Blocked(
        "the manifest is for another date",
        _manifest(lambda manifest: manifest.update(business_date="2026-01-28")),
        "manifest_date",
        table=None,
        file=MANIFEST,
    ),
    Blocked(
        "the manifest is for another sequence",
        _manifest(lambda manifest: manifest.update(sequence=2)),
        "manifest_date",
        table=None,
        file=MANIFEST,
    ),
    Blocked(
        "a required table is missing",
        lambda batch: (
            batch.file("loan_balance").unlink(),
            batch.change_manifest(lambda manifest: manifest["tables"].pop("loan_balance")),
        ),
        "manifest_table_missing",
        table="loan_balance",
        file=None,
    ),
    Blocked(
        "a table is not in the contract",
        _manifest(lambda manifest: manifest["tables"].update(gossip=manifest["tables"]["fee_income"])),
        "manifest_table_unknown",
        table=None,
        file=None,
    ),
    Blocked(
        "the folder's name tells no batch",
        lambda batch: batch.folder.rename(batch.folder.parent / "sequence=1st"),
        "batch_folder_unreadable",
        table=None,
        file=None,
    ),
    Blocked(
        "two folders mean the same batch", _sent_under_two_names, "batch_folder_twice", table=None, file=None
    ),
    Blocked("a file is missing", lambda batch: batch.file("deposit_balance").unlink(), "file_missing"),
    Blocked("a file is too many", _unnamed_file, "file_extra", table=None, file="deposit_balance-0002.csv"),
    Blocked("a file is truncated", _truncated, "file_checksum"),
    Blocked("a file was changed on the way", _one_byte_changed, "file_checksum"),
    Blocked("a file cannot be decompressed", _broken_gzip, "file_unreadable"),
    Blocked(
        "the row count is off",
        _manifest(lambda manifest: manifest["tables"]["deposit_balance"].update(row_count=1201)),
        "row_count",
        file=None,
    ),
    Blocked(
        "a control sum is off by a cent",
        _manifest(
            lambda manifest: manifest["tables"]["deposit_balance"]["control_sums"].update(
                balance="1920600.01"
            )
        ),
        "control_sum",
        file=None,
    ),
    Blocked("a column is missing", _column_dropped, "column_missing"),
    Blocked(
        "money comes as binary floating point",
        _money_as_float,
        "column_type",
        file="deposit_balance-0001.parquet",
    ),
]
CONTENT_FAULTS = [
    Blocked(
        "orgs are above each other in a circle",
        _orgs_in_a_circle,
        "reference_circle",
        ExitCode.NOT_FIT_TO_LOAD,
        table="org",
        file="org-0001.csv",
        row=2,
    ),
    Blocked("a key comes twice", _row_twice, "key_not_unique", ExitCode.NOT_FIT_TO_LOAD, row=1201),
    Blocked(
        "a table that cannot be empty is empty",
        _empty("deposit_balance"),
        "arrival",
        ExitCode.NOT_FIT_TO_LOAD,
        file=None,
    ),
    Blocked(
        "a currency has no rate",
        _currency_without_rate,
        "reference_rate_missing",
        ExitCode.NOT_FIT_TO_LOAD,
        table=None,
        file=None,
    ),
    Blocked(
        "the books are off by two cents",
        _books_disagree,
        "ledger_control",
        ExitCode.NOT_FIT_TO_LOAD,
        table="ledger_control",
        file="ledger_control-0001.csv",
        row=1,
    ),
]


@pytest.mark.parametrize("fault", [*DELIVERY_FAULTS, *CONTENT_FAULTS], ids=str)
def test_the_batch_is_blocked_when(
    fault: Blocked, batch: Delivered, warehouse: Warehouse, settings: Settings
) -> None:
    fault.corrupt(batch)
    published, landed = tree_hashes(settings.published), tree_hashes(settings.landing)

    with pytest.raises(AcrmError) as caught:
        run_waiting(settings)
        # what tells no batch stops no night; every run ends with it
        raise told_together(refused_batches(settings), nameless_deliveries(settings))

    lines = [line for line in str(caught.value).splitlines() if fault.check_code in line]
    assert lines, f"no line names {fault.check_code}: {caught.value}"
    for told in (fault.table, fault.file, None if fault.row is None else f"row {fault.row}"):
        assert told is None or any(told in line for line in lines), f"{told} is not in {lines}"
    assert caught.value.exit_code == fault.exit_code
    assert tree_hashes(settings.published) == published
    assert tree_hashes(settings.landing) == landed
