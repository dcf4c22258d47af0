"""A whole delivery: what gets into the lake, what to quarantine, and what stops it."""

import hashlib
import json
import os
import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.errors import BadBatchError
from orchestration.ingestion import decoding, ingest, lake
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import lake_batches, read_report, schema_sql, table_files
from orchestration.ingestion.landing import landed_batches
from orchestration.settings import BatchId
from tests.support.handmade import BATCH, CONTRACT, CSV, DAY, Delivery, sample_row

NEXT = BatchId(date(2026, 11, 2), 1)
ACCOUNT = CONTRACT.table("account")
BALANCE = CONTRACT.table("deposit_balance")


@pytest.fixture
def delivery(tmp_path):
    return Delivery(tmp_path)


def query(files, sql):
    names = ", ".join(f"'{file}'" for file in files)
    return duckdb.execute(sql.format(f"read_parquet([{names}], hive_partitioning=false)")).fetchall()


def tree(folder: Path):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_table_lies_in_the_lake_with_its_exact_types(delivery):
    report = ingest_batch(delivery.send().settings, BATCH)
    assert report.is_initial
    assert list(report.tables) == [t.name for t in CONTRACT.tables if t.stays]
    for table in CONTRACT.tables:
        files = table_files(delivery.settings, table.name, BATCH)
        if not table.stays:
            assert files == []
            continue
        described = query(files, "describe select * from {}")
        assert [(name, dtype) for name, dtype, *_ in described] == schema_sql(table)
        assert report.tables[table.name].accepted_rows == 1
    assert read_report(delivery.settings, BATCH) == report
    assert lake_batches(delivery.settings) == [BATCH]
    assert not (delivery.settings.lake / "_incoming" / BATCH.folder).exists()


def test_rows_read_back_by_another_engine(delivery):
    rows = [
        ["001", "-0.10", None, "0.025"],
        ["002", "9999999999999999.99", "1", None],
        ["00三", "0", ".5", "1"],
    ]
    delivery.rows(
        "deposit_balance", rows, control_sums={"balance": "9999999999999999.89", "interest_rate": "1.025"}
    )
    ingest_batch(delivery.send().settings, BATCH)
    files = table_files(delivery.settings, "deposit_balance", BATCH)
    assert query(files, "select * from {} order by source_row") == [
        ("001", Decimal("-0.10"), None, Decimal("0.025000"), "deposit_balance-0001.csv", 1),
        ("002", Decimal("9999999999999999.99"), Decimal("1.00"), None, "deposit_balance-0001.csv", 2),
        ("00三", Decimal("0.00"), Decimal("0.50"), Decimal("1.000000"), "deposit_balance-0001.csv", 3),
    ]


def test_a_table_without_rows_has_its_schema(delivery):
    delivery.rows("deposit_balance", [])
    delivery.files("card_txn", [], row_count=0)
    ingest_batch(delivery.send().settings, BATCH)
    for name in ("deposit_balance", "card_txn"):
        files = table_files(delivery.settings, name, BATCH)
        assert query(files, "select count(*) from {}") == [(0,)]


def test_running_twice_changes_nothing(delivery):
    first = ingest_batch(delivery.send().settings, BATCH)
    before = tree(delivery.settings.home)
    shutil.rmtree(delivery.settings.landing)
    assert ingest_batch(delivery.settings, BATCH) == first
    assert tree(delivery.settings.home) == {k: v for k, v in before.items() if not k.startswith("landing")}


@pytest.mark.parametrize("step", range(0, 26, 5))
def test_a_kill_anywhere_leaves_nothing_that_a_rerun_does_not_replace(tmp_path, monkeypatch, step):
    whole = Delivery(tmp_path / "whole").send()
    ingest_batch(whole.settings, BATCH)
    killed = Delivery(tmp_path / "killed").send()
    rename, left = Path.rename, [step]

    def dying(path, target):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        try:
            ingest_batch(killed.settings, BATCH)
        except KeyboardInterrupt:
            assert lake_batches(killed.settings) == []
            assert table_files(killed.settings, "org", BATCH) == []
    ingest_batch(killed.settings, BATCH)
    assert tree(killed.settings.lake) == tree(whole.settings.lake)


def test_bad_rows_go_to_quarantine_with_place_and_rule(delivery, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 40)
    content = b"001,1.00,,\n002,1.005,,\n003,x\n004,,,\n\xff5,1,,\n006,2.00,,7.5.1\n007,1.00,0.00,0\n"
    delivery.files("deposit_balance", [("b1.csv", content), ("b2.csv", b"008,y,z,\n")], row_count=8)
    report = ingest_batch(delivery.send().settings, BATCH).tables["deposit_balance"]
    assert (report.delivered_rows, report.accepted_rows) == (8, 2)
    assert report.quarantined == {
        "row_shape": 1, "text_undecodable": 1, "value_missing": 1, "value_not_parsed": 3,
    }  # fmt: skip
    file = delivery.settings.quarantine / BATCH.folder / "deposit_balance.parquet"
    assert query(
        [file],
        "select source_file, source_row, column_name, value, rule_code, row_key from {}"
        " order by source_file, source_row, column_name",
    ) == [
        ("b1.csv", 2, "balance", "1.005", "value_not_parsed", "002"),
        ("b1.csv", 3, None, None, "row_shape", None),
        ("b1.csv", 4, "balance", None, "value_missing", "004"),
        ("b1.csv", 5, "account_id", "\ufffd5", "text_undecodable", "\ufffd5"),
        ("b1.csv", 6, "interest_rate", "7.5.1", "value_not_parsed", "006"),
        ("b2.csv", 1, "accrued_interest", "z", "value_not_parsed", "008"),
        ("b2.csv", 1, "balance", "y", "value_not_parsed", "008"),
    ]
    ((record,),) = query([file], "select record from {} where source_row = 2")
    assert json.loads(record)["balance"] == "1.005"
    ((record,),) = query([file], "select record from {} where rule_code = 'row_shape'")
    assert json.loads(record) == {"record": "003,x"}
    assert query(table_files(delivery.settings, "deposit_balance", BATCH), "select account_id from {}") == [
        ("001",), ("007",),
    ]  # fmt: skip


def test_small_files_share_a_part(delivery, monkeypatch):
    monkeypatch.setattr(lake, "ROWS_PER_PART", 3)
    sent = [(f"b{n}.csv", f"{n}1,{n}.10,,\n{n}2,{n}.20,,\n".encode()) for n in range(1, 6)]
    delivery.files("deposit_balance", sent, row_count=10)
    ingest_batch(delivery.send().settings, BATCH)
    files = table_files(delivery.settings, "deposit_balance", BATCH)
    assert [pq.read_metadata(file).num_rows for file in files] == [4, 4, 2]
    assert query(files, "select source_file, source_row, account_id, balance from {}") == [
        (f"b{n}.csv", row, f"{n}{row}", Decimal(f"{n}.{row}0")) for n in range(1, 6) for row in (1, 2)
    ]


def test_pipe_is_no_delimiter_inside_a_gb18030_character(delivery):
    rows = [sample_row(ACCOUNT, account_id="亅001")]
    layout = CSV | {"delimiter": "|", "encoding": "gb18030", "compression": "gzip"}
    assert b"|" in "亅".encode("gb18030")
    delivery.rows("account", rows, layout)
    ingest_batch(delivery.send().settings, BATCH)
    files = table_files(delivery.settings, "account", BATCH)
    assert query(files, "select account_id, op from {}") == [("亅001", "I")]


def test_parquet_and_csv_give_the_same_lake(tmp_path):
    lakes = []
    for kind in ("csv", "parquet"):
        delivery = Delivery(tmp_path / kind)
        rows = [["001", "1.50", None, "0.025"], ["002", "-3.00", "0.01", None]]
        if kind == "csv":
            delivery.rows("deposit_balance", rows, CSV | {"header": True})
        else:
            table = pa.table(
                {
                    "balance": pa.array(["1.5", "-3"]).cast(pa.decimal128(18, 2)),
                    "account_id": pa.array(["001", "002"]),
                    "accrued_interest": pa.array([None, "0.01"]).cast(pa.decimal128(10, 4)),
                    "interest_rate": pa.array(["0.025", None]),
                }
            )
            sink = pa.BufferOutputStream()
            pq.write_table(table, sink)
            delivery.files(
                "deposit_balance", [("b.parquet", sink.getvalue().to_pybytes())], row_count=2,
                layout={"kind": "parquet"}, control_sums={"balance": "-1.5"},
            )  # fmt: skip
        ingest_batch(delivery.send().settings, BATCH)
        lakes.append(
            query(
                table_files(delivery.settings, "deposit_balance", BATCH),
                "select * exclude (source_file) from {}",
            )
        )
    assert lakes[0] == lakes[1]


def test_a_later_batch_may_bring_changes_only(delivery):
    ingest_batch(delivery.send().settings, BATCH)
    later = Delivery(delivery.settings.home, NEXT)
    rows = [[*sample_row(ACCOUNT), "U"], [*sample_row(ACCOUNT, account_id="0002"), "I"]]
    rows.append(["0003", *[None] * (len(ACCOUNT.columns) - 1), "D"])
    later.rows("account", rows, CSV | {"header": True}, load="delta")
    report = ingest_batch(later.send().settings, NEXT)
    assert not report.is_initial
    assert report.tables["account"].load == "delta"
    files = table_files(later.settings, "account", NEXT)
    assert query(files, "select account_id, op from {} order by 1") == [
        ("0001", "U"),
        ("0002", "I"),
        ("0003", "D"),
    ]
    assert [name for name, _ in schema_sql(ACCOUNT)][-3:] == ["op", "source_file", "source_row"]


def test_unknown_columns_are_told_and_left_out(delivery):
    header = "account_id,balance,accrued_interest,interest_rate,branch\n"
    delivery.files(
        "deposit_balance",
        [("b.csv", (header + "1,2,,,x\n").encode())],
        row_count=1,
        layout=CSV | {"header": True},
    )
    report = ingest_batch(delivery.send().settings, BATCH)
    assert list(report.unknown_columns) == ["deposit_balance"]


def test_a_re_sent_batch_is_another_batch_of_the_same_day(delivery):
    ingest_batch(delivery.send().settings, BATCH)
    again = Delivery(delivery.settings.home, BatchId(DAY, 2)).send()
    assert landed_batches(again.settings) == [BATCH, BatchId(DAY, 2)]
    assert ingest_batch(again.settings, BatchId(DAY, 2)).is_initial
    assert lake_batches(again.settings) == [BATCH, BatchId(DAY, 2)]


def test_a_batch_before_the_initial_load_is_refused_in_one_line_and_changes_nothing(tmp_path):
    initial = Delivery(tmp_path)
    initial.rows("monthly_balance_history", [sample_row(CONTRACT.table("monthly_balance_history"))])
    ingest_batch(initial.send().settings, BATCH)
    before = tree(initial.settings.lake)
    earlier = Delivery(tmp_path, BatchId(DAY - timedelta(1), 1)).send()

    with pytest.raises(BadBatchError) as refused:
        ingest_batch(earlier.settings, earlier.batch)

    (fault,) = refused.value.faults
    assert (fault.check_code, fault.file) == ("before_initial_load", "manifest.json")
    assert f"before the initial load {BATCH}" in fault.what and "monthly_balance_history" in fault.what
    assert tree(initial.settings.lake) == before


def test_a_batch_before_the_first_is_taken_where_the_first_brought_no_history(tmp_path):
    ingest_batch(Delivery(tmp_path).send().settings, BATCH)
    earlier = Delivery(tmp_path, BatchId(DAY - timedelta(1), 1)).send()

    assert ingest_batch(earlier.settings, earlier.batch).is_initial


def test_a_folder_without_manifest_is_not_there(delivery):
    assert landed_batches(delivery.settings) == []
    delivery.send()
    assert landed_batches(delivery.settings) == [BATCH]


def test_progress_is_told(delivery):
    told = []
    ingest_batch(delivery.send().settings, BATCH, lambda table, rows: told.append((table, rows)))
    assert ("customer", 1) in told


@pytest.mark.parametrize("change", ["written to", "replaced", "taken away"])
def test_a_file_that_is_changed_while_it_is_read_is_not_taken(delivery, monkeypatch, change):
    path = delivery.folder / "deposit_balance-0001.csv"
    check = ingest.check_file

    def check_then_change(folder, table, file):
        fault = check(folder, table, file)
        if file.name == path.name:
            content = path.read_bytes()
            times = path.stat()
            if change == "written to":
                # as long as before, and dated as before
                with path.open("r+b") as opened:
                    opened.write(b"9")
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            else:
                path.unlink()
            if change == "replaced":
                path.write_bytes(content)
        return fault

    monkeypatch.setattr(ingest, "check_file", check_then_change)
    with pytest.raises(BadBatchError) as refused:
        ingest_batch(delivery.send().settings, BATCH)

    (fault,) = refused.value.faults
    assert fault.check_code in ("file_checksum", "file_unreadable")
    assert (fault.table, fault.file) == ("deposit_balance", path.name)
    assert lake_batches(delivery.settings) == []
