"""Files of fixed width: columns by bytes or characters; records of another length are told in one line."""

import gzip
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.errors import BadBatchError, ConfigurationError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.mapping import load_mapping
from orchestration.onboarding.describe import describe
from tests.support.handmade import BATCH, Delivery
from tests.support.models import PROJECT
from tests.unit.test_mapping import rows, with_mapping

DOCUMENT = PROJECT / "docs" / "extracts.md"
MAPPING = """
tables:
  customer:
    files: ["CIF*.dat"]
    fixed:
      unit: {unit}
      columns: {{CIFNO: [1, 4], TYPE: [5, 2], NAME: [7, 10], OPNDT: [{day}, 8], BRNO: [{org}, 4]}}
      length: {length}
    columns:
      customer_id: CIFNO
      customer_type: {{from: TYPE, codes: {{01: P, "*": C}}}}
      customer_name: NAME
      first_open_date: {{from: OPNDT, date: "%Y%m%d"}}
      home_org_id: BRNO
      status: {{constant: active}}
"""
IN_BYTES = MAPPING.format(unit="bytes", day=17, org=25, length=30)
IN_CHARACTERS = MAPPING.format(unit="characters", day=17, org=25, length=30)
COLUMNS = (
    "customer_id, customer_type, customer_name, cast(first_open_date as varchar), home_org_id, source_row"
)


def record(number: str, name: bytes, day: str = "20200131", kind: str = "01") -> bytes:
    """Thirty bytes: number, type, ten bytes of name, day, org, two bytes of filler."""
    return f"{number}{kind}".encode() + name.ljust(10) + f"{day}0001  ".encode()


def delivered(home: Path, text: str, content: bytes, count: int, **layout: object) -> Delivery:
    delivery = with_mapping(home, text)
    told = {"kind": "fixed", "encoding": "gb18030", **layout}
    delivery.files("customer", [("CIF1.dat", content)], row_count=count, layout=told)
    return delivery


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_columns_in_bytes_are_cut_before_they_are_decoded(tmp_path, end):
    names = ["王小明", "欧阳", "A厂", "一二三四五"]
    lines = [record(f"000{n}", name.encode("gbk")) for n, name in enumerate(names)]
    delivery = delivered(tmp_path, IN_BYTES, gzip.compress(end.join(lines)), 4, compression="gzip")
    report = ingest_batch(delivery.send().settings, BATCH)

    assert rows(delivery, "customer", COLUMNS) == [
        (f"000{n}", "P", name, "2020-01-31", "0001", n + 1) for n, name in enumerate(names)
    ]
    assert report.tables["customer"].quarantined == {}


def test_columns_in_characters_are_cut_after_it(tmp_path):
    line = "000101" + "王小明".ljust(10) + "202001310001  "
    delivery = delivered(tmp_path, IN_CHARACTERS, f"{line}\n".encode(), 1, encoding="utf-8")
    ingest_batch(delivery.send().settings, BATCH)

    assert rows(delivery, "customer", COLUMNS) == [("0001", "P", "王小明", "2020-01-31", "0001", 1)]


def test_records_that_are_too_short_too_long_or_no_text_are_set_apart_each_with_its_row(tmp_path):
    good = record("0001", "王".encode("gbk"))
    lines = [good, good[:-1], record("0003", b"\xd0"), record("0004", b"A") + b"x", b"", record("0006", b"B")]
    delivery = delivered(tmp_path, IN_BYTES, b"\n".join(lines) + b"\n", 6)
    report = ingest_batch(delivery.send().settings, BATCH)

    assert report.tables["customer"].quarantined == {"row_shape": 3, "text_undecodable": 1}
    assert [row[-1] for row in rows(delivery, "customer", COLUMNS)] == [1, 6]


def test_a_file_counted_in_characters_where_bytes_are_meant_is_stopped_in_one_line(tmp_path):
    lines = [record(f"{n:04}", "王小明".encode("gbk")) for n in range(3)]
    delivery = delivered(tmp_path, IN_CHARACTERS, b"\n".join(lines), 3)
    report = ingest_batch(delivery.send().settings, BATCH)

    assert report.tables["customer"].quarantined == {"row_shape": 3}


def test_what_manifest_and_mapping_say_of_it_has_to_agree(tmp_path):
    content = record("0001", b"A")
    for home, text, layout, told in (
        ("a", "tables: {}", {}, "mapping.yml does not say where its columns stand"),
        ("b", IN_BYTES, {"kind": "csv", "delimiter": ",", "header": False}, "mapping.yml says 'fixed'"),
    ):
        (tmp_path / home).mkdir()
        delivery = delivered(tmp_path / home, text, content, 1, **layout)
        with pytest.raises(BadBatchError, match=told) as refused:
            ingest_batch(delivery.send().settings, BATCH)
        assert "\n" not in str(refused.value)


def test_the_manifest_of_such_files_is_written_with_encoding_count_and_sums(tmp_path):
    text = """
tables:
  deposit_balance:
    files: ["BAL*.dat"]
    fixed: {unit: bytes, columns: {ACC: [1, 5], BAL: [6, 9], 备注: [15, 6]}}
    columns: {account_id: ACC, balance: {from: BAL, divide_by: 100}}
"""
    delivery = with_mapping(tmp_path, text)
    folder = delivery.folder
    for path in folder.iterdir():
        path.unlink()
    (folder / "BAL1.dat").write_bytes("00001000001250存款  \n00002 -0000099      \n".encode("gbk"))
    described = describe(delivery.settings, folder)

    assert [one.table.name for one in described] == ["deposit_balance"]
    said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"]["deposit_balance"]
    assert (said["format"]["kind"], said["format"]["encoding"], said["row_count"]) == ("fixed", "gb18030", 2)
    assert Decimal(said["control_sums"]["balance"]) == Decimal("11.51")


def test_the_layout_of_the_documents_is_read(tmp_path):
    (text,) = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S)
    delivery = with_mapping(tmp_path, text)
    content = "000000062001" + "12".zfill(17) + "人民币"
    lines = [content.encode("gbk").ljust(40), content.encode("gbk").ljust(39)]
    layout = {"kind": "fixed", "encoding": "gbk"}
    delivery.files("deposit_balance", [("BAL_1.dat", b"\r\n".join(lines))], row_count=2, layout=layout)
    report = ingest_batch(delivery.send().settings, BATCH)

    assert rows(delivery, "deposit_balance", "account_id, balance") == [("000000062001", Decimal("0.12"))]
    assert report.tables["deposit_balance"].quarantined == {"row_shape": 1}


@pytest.mark.parametrize(
    ("fixed", "told"),
    [
        ("{unit: bytes, columns: {A: [1, 4], B: [4, 2]}}", "'B' begins before 'A' ends"),
        ("{unit: bytes, columns: {A: [0, 4]}}", "greater than or equal to 1"),
        ("{unit: bytes, columns: {A: [1, 4]}, length: 3}", "ends before its last column"),
        ("{unit: letters, columns: {A: [1, 4]}}", "'bytes' or 'characters'"),
        ("{unit: bytes, columns: {A: [1, 4], a: [5, 1]}}", "named twice"),
        ("{unit: bytes, columns: {B: [1, 4]}}", "'A' is not among 'fixed'"),
        ("{unit: bytes, columns: {A: [1, 4]}}, names: [A]", "either 'names' or 'fixed'"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_in_one_line(tmp_path, fixed, told):
    delivery = with_mapping(tmp_path, f"tables: {{org: {{columns: {{org_id: A}}, fixed: {fixed}}}}}")
    with pytest.raises(ConfigurationError) as refused:
        load_mapping(delivery.settings)

    assert told in str(refused.value) and "\n" not in str(refused.value)
