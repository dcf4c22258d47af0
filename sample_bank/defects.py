"""Defects on demand: one named fault of the contract's table "What a bad batch gets", planted on disk.

Where the fault is in the content, sha256, row count and control sums are brought up to date, so that
nothing but the named fault is found.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from orchestration.settings import BatchId
from sample_bank.accounts import SLOT_OVERDRAFT
from sample_bank.delivery import cents_text, encode_csv
from sample_bank.edit import BatchEdit, as_cents
from sample_bank.rng import Dice

NOT_THERE = "NOT-THERE"


@dataclass(frozen=True)
class Defect:
    """What was planted and where.

    Attributes:
        check_code: Rule of ``seeds/rules/check_rules.csv`` that has to find it.
        row: Number of the data record in the file, from 1.
    """

    name: str
    check_code: str
    table: str | None = None
    file: str | None = None
    row: int | None = None
    column: str | None = None


class _Saboteur:
    """One batch in which one defect is planted."""

    def __init__(self, landing: Path, batch: BatchId, name: str, seed: int) -> None:
        self.landing, self.batch, self.name = landing, batch, name
        self.dice = Dice(seed)
        self.edit = BatchEdit(landing / batch.folder)

    def found(self, check_code: str, table: str | None = None, **where: int | str) -> Defect:
        file = self.edit.path(table).name if table else None
        return replace(Defect(self.name, check_code, table, file), **where)  # type: ignore[arg-type]

    def row_of(self, table: str, where: pl.Expr | None = None) -> int:
        """A random row of a table's first file, counted from 1."""
        rows = self.edit.read(table).with_row_index("row", offset=1)
        rows = rows if where is None else rows.filter(where)
        if rows.is_empty():
            raise ValueError(f"{self.batch} has no row of {table} for {self.name}")
        return int(rows["row"][self.dice.one("defect", rows.height)])


Plant = Callable[[_Saboteur], Defect]


def _sha256(bad: _Saboteur) -> Defect:
    file = bad.edit.table("deposit_balance")["files"][0]
    file["sha256"] = "0" * 64
    return bad.found("file_checksum", "deposit_balance")


def _file_missing(bad: _Saboteur) -> Defect:
    bad.edit.path("deposit_balance").unlink()
    return bad.found("file_missing", "deposit_balance")


def _file_extra(bad: _Saboteur) -> Defect:
    extra = bad.edit.folder / "deposit_balance-9999.csv"
    extra.write_bytes(b"account_id,balance\n")
    return replace(bad.found("file_extra"), file=extra.name)


def _truncated(bad: _Saboteur) -> Defect:
    path = bad.edit.path("deposit_balance")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return bad.found("file_checksum", "deposit_balance")


def _wrong_date(bad: _Saboteur) -> Defect:
    bad.edit.manifest["business_date"] = (bad.batch.business_date + timedelta(days=1)).isoformat()
    return replace(bad.found("manifest_date"), file="manifest.json")


def _table_missing(bad: _Saboteur) -> Defect:
    bad.edit.drop_table("card")
    return replace(bad.found("manifest_table_missing"), table="card")


def _table_unknown(bad: _Saboteur) -> Defect:
    bad.edit.manifest["tables"]["horoscope"] = {**bad.edit.table("fx_rate"), "files": [], "row_count": 0}
    return replace(bad.found("manifest_table_unknown"), table="horoscope")


def _row_count(bad: _Saboteur) -> Defect:
    bad.edit.table("deposit_balance")["row_count"] += 1
    return bad.found("row_count", "deposit_balance")


def _control_sum(bad: _Saboteur) -> Defect:
    sums = bad.edit.table("deposit_balance")["control_sums"]
    sums["balance"] = cents_text(as_cents(sums["balance"]) + 1)
    return bad.found("control_sum", "deposit_balance", column="balance")


def _column_missing(bad: _Saboteur) -> Defect:
    _needs_names(bad, "product")
    bad.edit.write("product", bad.edit.read("product").drop("day_count"))
    return bad.found("column_missing", "product", column="day_count")


def _column_unknown(bad: _Saboteur) -> Defect:
    _needs_names(bad, "product")
    frame = bad.edit.read("product").with_columns(pl.lit("x").alias("shelf"))
    bad.edit.write("product", frame)
    return bad.found("column_unknown", "product", column="shelf")


def _needs_names(bad: _Saboteur, table: str) -> None:
    written_as = bad.edit.format(table)
    if written_as.kind == "csv" and not written_as.header:
        raise ValueError(f"{bad.name} needs column names: CSV with a header, or Parquet")


def _duplicate_key(bad: _Saboteur) -> Defect:
    row = bad.row_of("transaction")
    frame = bad.edit.read("transaction")
    bad.edit.write("transaction", pl.concat([frame, frame[row - 1 : row]]))
    return bad.found("key_not_unique", "transaction", row=row, column="txn_id")


def _value(check_code: str, table: str, column: str, value: str | None) -> Plant:
    def plant(bad: _Saboteur) -> Defect:
        row = bad.row_of(table)
        bad.edit.set_value(table, row, column, value)
        return bad.found(check_code, table, row=row, column=column)

    return plant


def _future_date(bad: _Saboteur) -> Defect:
    tomorrow = bad.batch.business_date + timedelta(days=1)
    return _value("date_out_of_range", "transaction", "txn_date", tomorrow.isoformat())(bad)


def _negative_balance(bad: _Saboteur) -> Defect:
    """The optional books' totals are left out: they would contradict the balance as well."""
    may_overdraw = pl.col("account_id").str.ends_with(f"{SLOT_OVERDRAFT:02d}")
    row = bad.row_of("deposit_balance", ~may_overdraw)
    bad.edit.set_value("deposit_balance", row, "balance", "-0.01")
    bad.edit.drop_table("ledger_control")
    return bad.found("negative_balance", "deposit_balance", row=row, column="balance")


def _unbalanced_shares(bad: _Saboteur) -> Defect:
    table, column, share = "assignment", "participation", "0.12345"
    if bad.edit.table(table)["row_count"] == 0:
        table, column, share = "account_owner", "ownership_share", "0.123456"
    row = bad.row_of(table)
    bad.edit.set_value(table, row, column, share)
    return bad.found("shares_not_one", table, row=row, column=column)


def _wrong_encoding(bad: _Saboteur) -> Defect:
    """The file is GB18030 and the manifest says UTF-8; the other way round most bytes would be text."""
    written_as = bad.edit.format("transaction")
    if written_as.kind == "parquet" or written_as.encoding != "utf-8":
        raise ValueError("a wrong encoding shows in CSV that is declared as utf-8")
    row = bad.row_of("transaction", pl.col("counter_name").is_not_null())
    wrong = written_as.model_copy(update={"encoding": "gb18030"})
    bad.edit.path("transaction").write_bytes(encode_csv(bad.edit.read("transaction"), wrong))
    bad.edit.refresh("transaction")
    return bad.found("text_undecodable", "transaction", row=row, column="counter_name")


def _unreadable(bad: _Saboteur) -> Defect:
    written_as = bad.edit.format("fx_rate")
    if written_as.kind == "csv" and written_as.compression == "none":
        raise ValueError("plain CSV can always be read; generate compressed CSV or Parquet")
    path = bad.edit.path("fx_rate")
    path.write_bytes(b"\x00" * 64)
    bad.edit.refresh("fx_rate")
    return bad.found("file_unreadable", "fx_rate")


def _ledger_off(bad: _Saboteur) -> Defect:
    row = bad.row_of("ledger_control")
    cents = as_cents(str(bad.edit.read("ledger_control")["balance"][row - 1])) + 2
    bad.edit.set_value("ledger_control", row, "balance", cents_text(cents))
    return bad.found("ledger_control", "ledger_control", row=row, column="balance")


def _aum_jump(bad: _Saboteur) -> Defect:
    """Every deposit doubles; the optional books' totals are left out."""
    frame = bad.edit.read("deposit_balance")
    doubled = frame["balance"].cast(pl.Decimal(18, 2)) * 2
    balance = doubled.cast(pl.Decimal(18, 2)).cast(frame["balance"].dtype)
    bad.edit.write("deposit_balance", frame.with_columns(balance.alias("balance")))
    bad.edit.drop_table("ledger_control")
    return bad.found("aum_moved", "deposit_balance", column="balance")


def _row_count_jump(bad: _Saboteur) -> Defect:
    frame = bad.edit.read("ftp_rate")
    bad.edit.write("ftp_rate", frame.filter(pl.int_range(pl.len()) % 3 > 0))
    return bad.found("row_count_moved", "ftp_rate")


def _duplicate_certificate(bad: _Saboteur) -> Defect:
    frame = bad.edit.read("customer")
    rows = np.flatnonzero(frame["cert_no"].is_not_null().to_numpy())
    if len(rows) < 2:
        raise ValueError(f"{bad.batch} has no two customers with a certificate")
    bad.edit.set_value("customer", int(rows[1]) + 1, "cert_no", str(frame["cert_no"][int(rows[0])]))
    return bad.found("certificate_duplicate", "customer", row=int(rows[1]) + 1, column="cert_no")


DEFECTS: dict[str, Plant] = {
    "bad_checksum": _sha256,
    "file_missing": _file_missing,
    "file_extra": _file_extra,
    "file_truncated": _truncated,
    "file_unreadable": _unreadable,
    "manifest_wrong_date": _wrong_date,
    "table_missing": _table_missing,
    "table_unknown": _table_unknown,
    "row_count_off": _row_count,
    "control_sum_off": _control_sum,
    "column_missing": _column_missing,
    "duplicate_key": _duplicate_key,
    "ledger_control_off": _ledger_off,
    "unparsable_value": _value("value_not_parsed", "transaction", "txn_date", "2026-13-45"),
    "code_not_in_list": _value("value_not_in_list", "transaction", "direction", "sideways"),
    "required_null": _value("value_missing", "transaction", "currency", None),
    "negative_amount": _value("value_below_minimum", "transaction", "amount", "-1.00"),
    "orphan_account": _value("reference_unknown", "transaction", "account_id", NOT_THERE),
    "orphan_customer": _value("reference_unknown", "fee_income", "customer_id", NOT_THERE),
    "orphan_product": _value("reference_unknown", "fee_income", "product_code", NOT_THERE),
    "orphan_org": _value("reference_unknown", "transaction", "org_id", NOT_THERE),
    "orphan_employee": _value("reference_unknown", "transaction", "teller_id", NOT_THERE),
    "future_date": _future_date,
    "early_date": _value("date_out_of_range", "transaction", "txn_date", date(1899, 12, 31).isoformat()),
    "negative_balance": _negative_balance,
    "unbalanced_shares": _unbalanced_shares,
    "wrong_encoding": _wrong_encoding,
    "aum_jump": _aum_jump,
    "row_count_jump": _row_count_jump,
    "extra_column": _column_unknown,
    "duplicate_certificate": _duplicate_certificate,
}
MANIFEST_UNREADABLE, EARLIER_BATCH_MISSING = "manifest_unreadable", "earlier_batch_missing"
DEFECT_NAMES = (*DEFECTS, MANIFEST_UNREADABLE, EARLIER_BATCH_MISSING)


def plant_defect(landing: Path, batch: BatchId, name: str, seed: int = 1) -> Defect:
    """Plant one of :data:`DEFECT_NAMES` in a complete batch and say where it is.

    Raises:
        KeyError: There is no defect of that name.
        ValueError: The batch cannot have the defect: its format or its rows do not allow it.
    """
    folder = landing / batch.folder
    if name == MANIFEST_UNREADABLE:
        path = folder / "manifest.json"
        path.write_bytes(path.read_bytes()[:-20])
        return Defect(name, "manifest_unreadable", file=path.name)
    if name == EARLIER_BATCH_MISSING:
        earlier = [path for path in landing.glob("business_date=*") if path.name < folder.parent.name]
        if len(earlier) < 2:
            raise ValueError(f"there are no two batches before {batch}")
        shutil.rmtree(max(earlier))
        return Defect(name, "earlier_batch_missing")
    saboteur = _Saboteur(landing, batch, name, seed)
    defect = DEFECTS[name](saboteur)
    saboteur.edit.save()
    return defect
