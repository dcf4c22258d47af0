"""What a written batch looks like to somebody who only knows the contract."""

import csv
import gzip
import hashlib
import io
import json
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest

from orchestration.settings import BatchId
from sample_bank.delivery import Format, write_batch

BATCH = BatchId(date(2026, 10, 30), 1)
PRODUCED = "2026-10-31T01:12:00+08:00"
BALANCES = pl.DataFrame({"account_id": ["001", "002"], "balance": [Decimal("10.10"), Decimal("-0.20")]})
ORG = pl.DataFrame(
    {"org_id": ["01"], "org_name": ['总行 "本部", 一|@|楼\n二楼'], "org_level": ["head_office"]}
)


def manifest_of(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_manifest_names_files_rows_and_exact_totals(tmp_path):
    folder = write_batch(tmp_path, BATCH, {"deposit_balance": [BALANCES, BALANCES]}, produced_at=PRODUCED)

    table = manifest_of(folder)["tables"]["deposit_balance"]
    assert folder == tmp_path / "business_date=2026-10-30" / "sequence=1"
    assert (table["load"], table["row_count"]) == ("full", 4)
    assert table["control_sums"] == {"accrued_interest": "0.00", "balance": "19.80"}
    assert [file["name"] for file in table["files"]] == [
        "deposit_balance-0001.csv",
        "deposit_balance-0002.csv",
    ]
    for file in table["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]


@pytest.mark.parametrize("delimiter", [",", "|", "|@|", "\x01"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_fields_with_delimiter_quote_or_newline_are_quoted(tmp_path, delimiter, encoding):
    written_as = Format(delimiter=delimiter, encoding=encoding, header=False)

    folder = write_batch(tmp_path, BATCH, {"org": ORG}, formats=written_as, produced_at=PRODUCED)

    text = (folder / "org-0001.csv").read_bytes().decode(encoding)
    name = '"总行 ""本部"", 一|@|楼\n二楼"'
    assert text == delimiter.join(["01", name, "head_office", "", "", "", "", ""]) + "\n"
    if len(delimiter) == 1:
        assert next(csv.reader(io.StringIO(text), delimiter=delimiter))[1] == ORG["org_name"][0]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_same_frames_give_the_same_bytes(tmp_path, compression):
    written_as = Format(compression=compression)
    one = write_batch(tmp_path / "a", BATCH, {"org": ORG}, formats=written_as, produced_at=PRODUCED)
    two = write_batch(tmp_path / "b", BATCH, {"org": ORG}, formats=written_as, produced_at=PRODUCED)

    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in two.iterdir()
    }
    content = (one / f"org-0001{written_as.suffix}").read_bytes()
    if compression == "gzip":
        content = gzip.decompress(content)
    if compression == "zstd":
        content = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
    assert content.startswith(b"org_id,org_name")


def test_parquet_has_the_contract_types_and_parses_text(tmp_path):
    frame = pl.DataFrame({"account_id": ["001"], "balance": ["10.10"], "interest_rate": ["0.0035"]})

    folder = write_batch(
        tmp_path, BATCH, {"deposit_balance": frame}, formats=Format(kind="parquet"), produced_at=PRODUCED
    )

    read = pl.read_parquet(folder / "deposit_balance-0001.parquet")
    assert read.schema["balance"] == pl.Decimal(18, 2)
    assert read.rows() == [("001", Decimal("10.10"), None, Decimal("0.003500"))]
    assert manifest_of(folder)["tables"]["deposit_balance"]["format"] == {"kind": "parquet"}


def test_first_batch_is_full_and_later_ones_are_deltas_with_op_last(tmp_path):
    assignment = pl.DataFrame(
        {
            "assignment_id": ["A1"],
            "customer_id": ["C1"],
            "employee_id": ["E1"],
            "org_id": ["01"],
            "role": ["main"],
            "participation": [1],
            "valid_from": [date(2026, 10, 1)],
            "change_reason": ["assign"],
            "recorded_at": [datetime(2026, 10, 1, 9, 30)],
        }
    )
    first = write_batch(tmp_path, BATCH, {"assignment": assignment}, produced_at=PRODUCED)
    later = write_batch(
        tmp_path, BatchId(date(2026, 11, 2), 1), {"assignment": assignment}, produced_at=PRODUCED
    )

    assert manifest_of(first)["tables"]["assignment"]["load"] == "full"
    assert manifest_of(later)["tables"]["assignment"]["load"] == "delta"
    header, row = (later / "assignment-0001.csv").read_text(encoding="utf-8").splitlines()
    assert header.endswith(",recorded_at,op")
    assert row == "A1,C1,E1,01,main,1.00000,2026-10-01,,assign,2026-10-01T09:30:00,I"


def test_text_that_does_not_parse_is_delivered_as_it_is(tmp_path):
    frame = pl.DataFrame({"account_id": ["001", "002"], "balance": ["abc", "1.5"]})

    folder = write_batch(tmp_path, BATCH, {"deposit_balance": frame}, produced_at=PRODUCED)

    assert (folder / "deposit_balance-0001.csv").read_text(encoding="utf-8").splitlines()[1] == "001,abc,,"
    assert manifest_of(folder)["tables"]["deposit_balance"]["control_sums"]["balance"] == "1.50"


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        pytest.param({"account_id": ["1"], "balance": [1.5]}, TypeError, id="binary floating point"),
        pytest.param({"account_id": ["1"]}, ValueError, id="a required column is missing"),
        pytest.param({"account_id": ["1"], "balance": [Decimal("0.001")]}, ValueError, id="a digit too many"),
    ],
)
def test_frames_that_cannot_be_written_exactly_are_refused(tmp_path, frame, error):
    with pytest.raises(error):
        write_batch(tmp_path, BATCH, {"deposit_balance": pl.DataFrame(frame)}, produced_at=PRODUCED)


def test_a_complete_batch_is_never_overwritten_and_an_unfinished_one_is(tmp_path):
    folder = tmp_path / BATCH.folder
    folder.mkdir(parents=True)
    (folder / "left-over.csv").touch()
    write_batch(tmp_path, BATCH, {"org": ORG.clear()}, produced_at=PRODUCED)

    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "org-0001.csv"]
    with pytest.raises(FileExistsError):
        write_batch(tmp_path, BATCH, {"org": ORG}, produced_at=PRODUCED)
