"""What a sender makes of a few kilobytes: reading stops at a limit, with one line, in bounded memory."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.model import Column
from orchestration.errors import BadBatchError
from orchestration.ingestion import decoding, ingest, parsing, reader
from orchestration.ingestion.decoding import UnreadableFileError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.manifest import Format
from orchestration.ingestion.reader import read_file
from orchestration.ingestion.records import split_records
from tests.support.handmade import BATCH, CSV, Delivery, sample_row
from tests.support.handmade import CONTRACT as THE

ORG = THE.table("org")
MANY = THE.table("account")
PACKED = {**CSV, "compression": "gzip"}
PEAK_MIB = 1200
"""Twice what the worst of them takes; without limits each took more than 2 GB, some 8."""


def refused(delivery: Delivery) -> str:
    with pytest.raises(BadBatchError) as error:
        ingest_batch(delivery.send().settings, BATCH)
    (fault,) = error.value.faults
    return str(fault)


def bomb(content: bytes, megabytes: int) -> bytes:
    return gzip.compress(content * (megabytes * 2**20 // len(content)), compresslevel=1)


def repeated_text(path: Path, *, text_bytes: int, rows: int) -> None:
    """One long text in a dictionary, which every row points to."""
    values = pa.array(["x" * text_bytes])
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), values)
    names = list(MANY.column_names)
    table = pa.table({name: column if name == names[0] else pa.nulls(rows, pa.string()) for name in names})
    pq.write_table(table, path, compression="zstd", row_group_size=rows)


@pytest.mark.parametrize("name", ["short lines", "quotes", "header", "one long text"])
def test_memory_is_bounded_by_the_contract(tmp_path: Path, name: str):
    delivery = Delivery(tmp_path)
    if name == "one long text":
        repeated_text(tmp_path / "bomb", text_bytes=100_000, rows=200_000)
        content, layout, table = (tmp_path / "bomb").read_bytes(), {"kind": "parquet"}, MANY
    else:
        unit = {"short lines": b"x\n", "quotes": b'"\n', "header": b"a,"}[name]
        content, table = bomb(unit, 48), ORG
        layout = {**PACKED, "header": name == "header"}
    delivery.files(table.name, [("file", content)], row_count=1, layout=layout)
    delivery.send()
    code = (
        "import re, sys; from orchestration.ingestion.ingest import ingest_batch;"
        "from tests.support.handmade import BATCH, settings_in; from pathlib import Path\n"
        "try: ingest_batch(settings_in(Path(sys.argv[1])), BATCH)\n"
        "except Exception as error: print(error)\n"
        # of this program alone: the peak that getrusage tells begins with that of whoever started it
        "print(int(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)

    line, peak = done.stdout.splitlines()
    assert f"{table.name} · file · file_unreadable: " in line, done.stderr
    assert int(peak) < PEAK_MIB


def test_records_of_another_shape_stop_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reader, "MAX_MISSHAPEN", 10)
    delivery = Delivery(tmp_path)
    good = sample_row(ORG)
    delivery.rows("org", [good, *[["x"]] * 11])

    assert "record 2 and most after it have more or fewer than 8 fields" in refused(delivery)


def test_values_that_are_nearly_all_wrong_stop_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parsing, "MOST_VIOLATIONS", 20)
    delivery = Delivery(tmp_path)
    delivery.rows("org", [[None] * 8 for _ in range(11)])

    assert "11 values of 11 rows break value_missing" in refused(delivery)


def test_far_more_rows_than_the_manifest_says_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ingest, "FREE_ROWS", 5)
    delivery = Delivery(tmp_path)
    delivery.rows("org", [sample_row(ORG, org_id=str(n)) for n in range(20)])
    delivery.manifest["tables"]["org"]["row_count"] = 1

    assert "row_count: far more rows than the manifest says, 1" in refused(delivery)


def test_a_file_that_unpacks_to_hundreds_of_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(decoding, "FREE_BYTES", 2**20)
    monkeypatch.setattr(decoding, "MAX_RATIO", 20)
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 2**18)
    delivery = Delivery(tmp_path)
    row = ",".join(value or "" for value in sample_row(ORG)) + "\n"
    delivery.files("org", [("file", bomb(row.encode(), 4))], row_count=1, layout=PACKED)

    assert "unpacks to more than 20 times its size" in refused(delivery)


@pytest.mark.parametrize("cells", [8, 24, 8_000])
def test_a_block_of_many_lines_is_split_in_slices_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: int
):
    monkeypatch.setattr(decoding, "CELLS_PER_BLOCK", cells)
    columns = tuple(Column(name=name, type="text", zh="", about="", pfi="none") for name in "ab")
    text = '1,"x\ny\n\nz"\n\n2,b\r\nbad\n3,"q""q"\n\n\n'
    (tmp_path / "file").write_text(text, newline="")
    form = Format(kind="csv", delimiter=",", encoding="utf-8", header=False)

    chunks = list(read_file(tmp_path / "file", form, columns))

    rows = [row for chunk in chunks for row in chunk.rows.rows()]
    assert rows == [("1", "x\ny\n\nz", 1), ("2", "b", 3), ("3", 'q"q', 5)]
    assert [row for chunk in chunks for row in chunk.misshapen.rows()] == [(2, ""), (4, "bad")]


def test_a_text_of_nothing_but_line_ends_is_looked_through_at_once():
    # line by line it took a minute
    records = split_records(b"1,2\n" + b"\r\n" * 2**22, ord(","), 2, final=True)

    assert (records.count, records.clean) == (1, b"1,2\n")


def test_texts_of_a_dictionary_are_measured_before_they_are_written_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    columns = tuple(Column(name=name, type="text", zh="", about="", pfi="none") for name in "ab")
    values = pa.array(["long" * 10, None, "long" * 10])
    pq.write_table(pa.table({"a": values, "b": values.dictionary_encode()}), tmp_path / "file")
    form = Format(kind="parquet")

    (chunk,) = read_file(tmp_path / "file", form, columns)
    assert chunk.rows.rows() == [("long" * 10,) * 2 + (1,), (None, None, 2), ("long" * 10,) * 2 + (3,)]
    monkeypatch.setattr(reader, "MAX_BATCH_BYTES", 100)
    with pytest.raises(UnreadableFileError, match="far more than an extract holds"):
        list(read_file(tmp_path / "file", form, columns))
