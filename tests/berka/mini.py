"""A bank of three accounts in the data set's own format, small enough to reckon by hand."""

import csv
from pathlib import Path
from typing import Any

import polars as pl

Table = tuple[list[str], list[tuple[Any, ...]]]

# Owner 100 of account 10 lets 103 use it; 101 overdraws account 11; 102 opens account 12 in February.
TABLES: dict[str, Table] = {
    "district": (
        ["A1", "A2", "A3", "A4"],
        [(2, "Benesov", "central Bohemia", 88884), (1, "Hl.m. Praha", "Prague", 1204953)],
    ),
    "account": (
        ["account_id", "district_id", "frequency", "date"],
        [
            (10, 1, "POPLATEK MESICNE", "930115"),
            (11, 2, "POPLATEK TYDNE", "931230"),
            (12, 1, "POPLATEK MESICNE", "940201"),
        ],
    ),
    "client": (
        ["client_id", "birth_number", "district_id"],
        [(100, "706213", 1), (101, "450204", 2), (102, "550101", 1), (103, "405911", 2)],
    ),
    "disp": (
        ["disp_id", "client_id", "account_id", "type"],
        [
            (1000, 100, 10, "OWNER"),
            (1001, 101, 11, "OWNER"),
            (1002, 102, 12, "OWNER"),
            (1003, 103, 10, "DISPONENT"),
        ],
    ),
    "order": (["order_id", "account_id"], []),
    "loan": (
        ["loan_id", "account_id", "date", "amount", "duration", "payments", "status"],
        [(500, 10, "940101", 100, 12, "8.33", "A")],
    ),
    "card": (["card_id", "disp_id", "type", "issued"], [(700, 1000, "gold", "940105 00:00:00")]),
    "trans": (
        [
            "trans_id",
            "account_id",
            "date",
            "type",
            "operation",
            "amount",
            "balance",
            "k_symbol",
            "bank",
            "account",
        ],
        [
            (1, 10, "930115", "PRIJEM", "VKLAD", "1000.00", "1000.00", "", None, None),
            (7, 11, "931230", "PRIJEM", "VKLAD", "100.00", "100.00", "", None, None),
            (8, 11, "931231", "VYDAJ", "VYBER", "150.50", "-50.50", " ", "", "0"),
            (2, 10, "930131", "PRIJEM", "", "0.50", "1000.50", "UROK", None, None),
            (3, 10, "940102", "VYBER", "VYBER", "300.00", "700.50", "", None, None),
            (9, 11, "940102", "PRIJEM", "PREVOD Z UCTU", "500.00", "449.50", "DUCHOD", "CD", "678"),
            (4, 10, "940106", "VYDAJ", "VYBER KARTOU", "100.00", "600.50", "", "", "0"),
            (5, 10, "940110", "VYDAJ", "PREVOD NA UCET", "84.00", "516.50", "UVER", "AB", "12345"),
            (13, 10, "940120", "VYDAJ", "PREVOD NA UCET", "84.00", "432.50", "UVER", "AB", "12345"),
            (6, 10, "940131", "VYDAJ", "VYBER", "14.60", "417.90", "SLUZBY", None, None),
            (10, 12, "940201", "PRIJEM", "VKLAD", "700.00", "700.00", "", None, None),
            (11, 12, "940202", "PRIJEM", "VKLAD", "1.00", "701.00", "", None, None),
        ],
    ),
}


def write_asc(folder: Path, tables: dict[str, Table] = TABLES) -> Path:
    """As published: semicolons, text quoted, an absent field unquoted, CRLF."""
    for name, (header, records) in tables.items():
        lines = [";".join(f'"{column}"' for column in header)]
        lines += [";".join(_asc_field(header[i], v) for i, v in enumerate(row)) for row in records]
        _place(folder, f"{name}.asc").write_bytes("".join(f"{line}\r\n" for line in lines).encode("ascii"))
    return folder


def write_csv(folder: Path, tables: dict[str, Table] = TABLES) -> Path:
    """As converted copies are: commas, nothing quoted that need not be."""
    for name, (header, records) in tables.items():
        with _place(folder, f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(records)
    return folder


def write_parquet(folder: Path, tables: dict[str, Table] = TABLES) -> Path:
    """With types: whole numbers and decimals as such, dates and codes as text."""
    for name, (header, records) in tables.items():
        columns = {column: [row[i] for row in records] for i, column in enumerate(header)}
        frame = pl.DataFrame(columns, strict=True)
        money = [name for name in ("amount", "balance", "payments") if name in frame.columns]
        frame = frame.with_columns(pl.col(money).cast(pl.String).cast(pl.Decimal(14, 2)))
        frame.write_parquet(_place(folder, f"{name}.parquet"))
    return folder


def changed(table: str, row: int, column: str, value: Any) -> dict[str, Table]:
    """The bank with one value changed."""
    header, records = TABLES[table]
    record = list(records[row])
    record[header.index(column)] = value
    return {**TABLES, table: (header, [*records[:row], tuple(record), *records[row + 1 :]])}


def _asc_field(column: str, value: Any) -> str:
    if value is None:
        return ""
    is_number = isinstance(value, int) or column in ("amount", "balance", "payments")
    return str(value) if is_number else f'"{value}"'


def _place(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name
