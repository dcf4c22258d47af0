"""Everything that stops a delivery, told at once and before anything of it is in the lake."""

import gzip
import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.errors import BadBatchError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import lake_batches, read_report
from orchestration.ingestion.landing import landed_batches
from orchestration.ingestion.manifest import read_manifest
from orchestration.settings import BatchId
from tests.support.handmade import BATCH, CONTRACT, CSV, Delivery, sample_row

NEXT = BatchId(date(2026, 11, 2), 1)
ACCOUNT = CONTRACT.table("account")
BALANCE = CONTRACT.table("deposit_balance")


@pytest.fixture
def delivery(tmp_path):
    return Delivery(tmp_path)


def faults_of(delivery, batch=BATCH):
    with pytest.raises(BadBatchError) as error:
        ingest_batch(delivery.settings, batch)
    assert read_report(delivery.settings, batch) is None
    assert lake_batches(delivery.settings) in ([], [BATCH])
    assert not [path for path in delivery.settings.lake.rglob(f"*{batch.folder}*/*") if path.is_file()]
    return [(f.check_code, f.table, f.file, f.column) for f in error.value.faults]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"business_date": "2026-10-31", "sequence": 1, "produced_at": "2026-11-01T01:12:00+08:00"}',
        b'{"a": 1, "a": 2}',
    ],
)
def test_a_manifest_that_cannot_be_read(delivery, content):
    delivery.send()
    (delivery.folder / "manifest.json").write_bytes(content)
    assert {code for code, *_ in faults_of(delivery)} == {"manifest_unreadable"}


@pytest.mark.parametrize("key", ["sequence", "row_count", "control_sums"])
@pytest.mark.parametrize("number", ["1E+99999", "-1.5e99999", "1e-99999"])
def test_a_number_that_is_short_and_vast_is_not_computed(delivery, key, number):
    # ten characters, 1E+999999999, had every run work for hours on the number's digits
    delivery.send()
    manifest = delivery.folder / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    table = content["tables"]["deposit_balance"]
    match key:
        case "sequence":
            content["sequence"] = "HERE"
        case "row_count":
            table["row_count"] = "HERE"
        case _:
            table["control_sums"] = {"balance": number}
    manifest.write_text(json.dumps(content).replace('"HERE"', number), encoding="utf-8")
    with pytest.raises(BadBatchError, match="larger than any amount"):
        read_manifest(delivery.folder)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../org.csv", "/etc/passwd", "a\\b", "manifest.json", "a\nb", "x" * 201]
)
def test_a_file_name_cannot_leave_the_folder(delivery, name):
    delivery.manifest["tables"]["org"]["files"][0]["name"] = name
    delivery.send()
    assert {code for code, *_ in faults_of(delivery)} == {"manifest_unreadable"}


@pytest.mark.parametrize(
    "change",
    [
        {"delimiter": '"'}, {"delimiter": ""}, {"delimiter": "\n"}, {"delimiter": "\ud800"},
        {"delimiter": "\\ud800"}, {"encoding": "utf-16"}, {"kind": "xml"},
        {"compression": "rar"}, {"header": "perhaps"},
    ],
)  # fmt: skip
def test_a_format_that_is_none(delivery, change):
    delivery.manifest["tables"]["org"]["format"] = CSV | change
    assert {code for code, *_ in faults_of(delivery.send())} == {"manifest_unreadable"}


@pytest.mark.parametrize("key", ["delimiter", "encoding", "header"])
def test_a_csv_format_is_not_guessed(delivery, key):
    delivery.manifest["tables"]["org"]["format"] = {k: v for k, v in CSV.items() if k != key}
    assert {code for code, *_ in faults_of(delivery.send())} == {"manifest_unreadable"}


@pytest.mark.parametrize("spelt", ["\x01", "\\u0001", "0x01", "\\x01"])
def test_a_delimiter_may_be_spelt(delivery, spelt):
    delivery.rows("org", [sample_row(CONTRACT.table("org"))], CSV | {"delimiter": "\x01"})
    delivery.manifest["tables"]["org"]["format"]["delimiter"] = spelt
    manifest = read_manifest(delivery.send().folder, BATCH)
    assert manifest.tables["org"].format.delimiter == "\x01"
    ingest_batch(delivery.settings, BATCH)


@pytest.mark.parametrize("change", [{"business_date": "2026-10-30"}, {"sequence": 2}])
def test_a_manifest_for_another_batch(delivery, change):
    delivery.manifest |= change
    assert faults_of(delivery.send()) == [("manifest_date", None, "manifest.json", None)]


def test_all_faults_are_told_at_once(delivery):
    tables = delivery.manifest["tables"]
    del tables["customer"]
    tables["customers'; drop table x; --"] = tables["org"] | {"files": []}
    (delivery.folder / "card-0001.csv").unlink()
    (delivery.folder / "loan-0001.csv").write_bytes(b"changed")
    (delivery.folder / "extra.csv").write_bytes(b"")
    (delivery.folder / "folder").mkdir()
    (delivery.folder / "org-0001.csv").rename(delivery.settings.home / "elsewhere.csv")
    (delivery.folder / "org-0001.csv").symlink_to(delivery.settings.home / "elsewhere.csv")
    tables["account"]["row_count"] = 2
    tables["deposit_balance"]["control_sums"] = {
        "balance": "12.35",
        "interest_rate": "0.025",
        "account_id": "1",
    }
    tables["fx_rate"]["load"] = "delta"
    tables["card_txn"]["load"] = "delta"
    delivery.manifest["tables"]["monthly_balance_history"] = tables["card_txn"] | {"load": "append"}
    delivery.files("calendar", [("c.csv", b"calendar_date\n")], row_count=0, layout=CSV | {"header": True})
    delivery.files("ftp_rate", [("f.parquet", b"PAR1")], row_count=0, layout={"kind": "parquet"})
    delivery.files("employee", [("e.csv", b"1,2\n")], row_count=0, layout=CSV | {"compression": "gzip"})
    found = faults_of(delivery.send())
    assert sorted(found, key=str) == sorted(
        [
            ("manifest_table_missing", "customer", None, None),
            ("file_extra", None, "customer-0001.csv", None),
            ("manifest_table_unknown", None, None, None),
            ("file_missing", "card", "card-0001.csv", None),
            ("file_checksum", "loan", "loan-0001.csv", None),
            ("file_extra", None, "extra.csv", None),
            ("file_extra", None, "folder", None),
            ("file_unreadable", "org", "org-0001.csv", None),
            ("row_count", "account", None, None),
            ("control_sum", "deposit_balance", "manifest.json", None),
            ("control_sum", "deposit_balance", None, "balance"),
            ("manifest_unreadable", "fx_rate", "manifest.json", None),
            ("manifest_unreadable", "card_txn", "manifest.json", None),
            ("manifest_unreadable", "'monthly_balance_history'", "card_txn-0001.csv", None),
            ("column_missing", "calendar", "c.csv", None),
            ("file_unreadable", "ftp_rate", "f.parquet", None),
            ("file_unreadable", "employee", "e.csv", None),
        ],
        key=str,
    )


@pytest.mark.parametrize(("table", "load"), [("card_txn", "full"), ("monthly_balance_history", "append")])
def test_what_only_the_initial_load_may_bring(delivery, table, load):
    rows = [sample_row(CONTRACT.table(table))]
    delivery.rows(table, rows, load=load)
    ingest_batch(delivery.send().settings, BATCH)
    later = Delivery(delivery.settings.home, NEXT)
    later.rows(table, rows, load=load)
    assert [(code, name) for code, name, *_ in faults_of(later.send(), NEXT)] in (
        [("manifest_unreadable", table)],
        [("manifest_table_unknown", table)],
    )


def test_the_first_batch_has_no_earlier_one_to_change(delivery):
    delivery.rows("account", [[*sample_row(ACCOUNT), "I"]], load="delta")
    assert faults_of(delivery.send()) == [("manifest_unreadable", "account", "manifest.json", None)]


def test_binary_floating_point_money_is_refused(delivery):
    table = pa.table({c.name: pa.array([1.0] if c.name == "balance" else ["1"]) for c in BALANCE.columns})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    content = sink.getvalue().to_pybytes()
    delivery.files(
        "deposit_balance", [("deposit_balance-0001.csv", content)], row_count=1, layout={"kind": "parquet"}
    )
    assert faults_of(delivery.send()) == [
        ("column_type", "deposit_balance", "deposit_balance-0001.csv", "balance")
    ]


def test_a_blocked_batch_leaves_its_quarantine_and_no_value_in_the_message(delivery):
    delivery.rows(
        "deposit_balance", [["6222000011112222", "secret", None, None]], control_sums={"balance": "5"}
    )
    with pytest.raises(BadBatchError) as error:
        ingest_batch(delivery.send().settings, BATCH)
    assert "secret" not in str(error.value)
    assert "6222000011112222" not in str(error.value)
    assert (delivery.settings.quarantine / BATCH.folder / "deposit_balance.parquet").exists()
    assert landed_batches(delivery.settings) == [BATCH]


def test_a_file_that_cannot_be_read_does_not_hide_the_others(delivery):
    layout = CSV | {"compression": "gzip"}
    files = [("b1.csv", b"001,1.005,,\n"), ("b2.csv", b"002,1.00,,\n"), ("b3.csv", b"003,1.005,,\n")]
    sent = [(name, content if name == "b2.csv" else gzip.compress(content)) for name, content in files]
    delivery.files("deposit_balance", sent, row_count=3, layout=layout)
    assert faults_of(delivery.send()) == [("file_unreadable", "deposit_balance", "b2.csv", None)]
    refused = pq.read_table(delivery.settings.quarantine / BATCH.folder / "deposit_balance.parquet")
    assert refused["source_file"].to_pylist() == ["b1.csv", "b3.csv"]


def test_numbers_of_the_manifest_are_exact(delivery):
    delivery.rows(
        "deposit_balance", [["1", "9007199254740993.01", None, None]], control_sums={"balance": "SUM"}
    )
    delivery.send()
    path = delivery.folder / "manifest.json"
    path.write_text(path.read_text().replace('"SUM"', "9007199254740993.01"))
    ingest_batch(delivery.settings, BATCH)
