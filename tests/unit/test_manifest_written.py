"""``acrm manifest``: what is written for files that lie there is what ingestion finds."""

import gzip
import json
import shutil

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import BadBatchError
from orchestration.ingestion.decoding import UnreadableFileError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.onboarding.describe import describe
from orchestration.onboarding.formats import Expected, guess_format
from orchestration.settings import BatchId
from orchestration.withdrawal import withdraw
from tests.support.handmade import BATCH, CONTRACT, DAY, Delivery, compress, csv_text, sample_row
from tests.support.handmade import settings_in as in_home

TABLES = ("org", "product", "customer", "account", "deposit_balance", "transaction")
NEXT = BatchId(DAY.replace(month=11, day=2), 1)


def put(home, batch=BATCH, tables=TABLES, **written):
    """Files of a batch, without a manifest."""
    folder = home / "landing" / batch.folder
    folder.mkdir(parents=True)
    for name in tables:
        table = CONTRACT.table(name)
        text = csv_text([table.column_names, sample_row(table)])
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    for name, content in written.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def content_of(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_a_batch_with_a_written_manifest_is_taken(tmp_path):
    folder = put(tmp_path)
    described = describe(in_home(tmp_path), folder)
    report = ingest_batch(in_home(tmp_path), BATCH)

    assert [one.table.name for one in described] == list(TABLES)
    assert {name: table.accepted_rows for name, table in report.tables.items()} == dict.fromkeys(TABLES, 1)
    assert content_of(folder)["tables"]["deposit_balance"]["control_sums"] == {
        "balance": "12.34",
        "accrued_interest": "12.34",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake", "landing", "quarantine"]


@pytest.mark.parametrize("gate", ["has let it through", "has refused it"])
def test_a_batch_that_has_passed_keeps_its_manifest(tmp_path, gate, monkeypatch):
    folder = put(tmp_path)
    settings = in_home(tmp_path)
    describe(settings, folder)
    ingest_batch(settings, BATCH)
    results = settings.quality / BATCH.folder / "fit_to_load.parquet"
    results.parent.mkdir(parents=True)
    passed = gate == "has let it through"
    pl.DataFrame({"is_passed": [passed], "severity_code": ["block"]}).write_parquet(results)
    content = folder / "manifest.json"
    content.write_text(content.read_text(encoding="utf-8") + " ", encoding="utf-8")
    before = content.read_bytes()
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))
    answer = CliRunner().invoke(app, ["manifest", str(folder), "--replace"])

    assert (content.read_bytes() == before) == passed == (answer.exit_code != 0)
    if passed:
        (line,) = str(answer.exception).splitlines()
        assert isinstance(answer.exception, BadBatchError) and "batch_changed" in line
        assert "sequence=2" in line and f"acrm withdraw {DAY}/1" in line
        withdraw(settings, BATCH, "no good", by="Li")
        assert CliRunner().invoke(app, ["manifest", str(folder), "--replace"]).exit_code == 0


@pytest.mark.parametrize("delimiter", [",", "|", "\t", ";", "\x01", "|+|", "^"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(("encoding", "compression"), [("utf-8", "gzip"), ("gb18030", "zstd")])
def test_formats_are_found_by_the_tables_columns(tmp_path, delimiter, header, encoding, compression):
    table = CONTRACT.table("customer")
    rows = [sample_row(table, customer_id=f"{n}", customer_name="王,小|明") for n in range(20)]
    text = csv_text(([table.column_names] if header else []) + rows, delimiter)
    path = tmp_path / "customer.csv"
    path.write_bytes(compress(text.encode(encoding), compression))
    names = table.column_names
    found = guess_format(path, [Expected(names, frozenset(names[:-2]))])

    assert (found.delimiter, found.header, found.encoding, found.compression) == (
        delimiter, header, encoding, compression,
    )  # fmt: skip


def test_what_is_no_text_or_fits_no_columns_is_told(tmp_path):
    look = [Expected(("a", "b", "c"), frozenset("abc"))]
    (tmp_path / "x").write_bytes(b"\xff\xff\xff\n")
    with pytest.raises(UnreadableFileError, match="neither UTF-8"):
        guess_format(tmp_path / "x", look)
    (tmp_path / "y").write_bytes(b"one\ntwo\n")
    with pytest.raises(UnreadableFileError, match="gives it all 3 of them"):
        guess_format(tmp_path / "y", look)


def test_numbered_parts_are_one_table_and_unknown_names_are_told_together(tmp_path):
    table = CONTRACT.table("loan_balance")
    part = csv_text([sample_row(table)]).encode()
    folder = put(tmp_path, loan_balance__0001__csv__gz=gzip.compress(part), loan_balance__0002__csv=part)
    with pytest.raises(BadBatchError) as refused:
        describe(in_home(tmp_path), folder)
    assert [(fault.table, fault.check_code) for fault in refused.value.faults] == [
        ("loan_balance", "file_unreadable")
    ]
    assert not (folder / "manifest.json").exists()

    (folder / "loan_balance.0002.csv").write_bytes(gzip.compress(part))
    (folder / "clients.csv").write_text("a\n", encoding="utf-8")
    (folder / "accounts_old.csv").write_text("a\n", encoding="utf-8")
    with pytest.raises(BadBatchError) as refused:
        describe(in_home(tmp_path), folder)
    assert [fault.file for fault in refused.value.faults] == ["accounts_old.csv", "clients.csv"]


def test_a_delta_is_known_by_its_column_and_an_empty_file_ends_nobody(tmp_path):
    account = CONTRACT.table("account")
    ingest_batch(Delivery(tmp_path).send().settings, BATCH)
    changed = csv_text([[*account.column_names, "op"]]).encode()
    folder = put(tmp_path, NEXT, tables=[], account__csv=changed, customer__csv=b"")
    describe(in_home(tmp_path), folder)

    loads = {name: table["load"] for name, table in content_of(folder)["tables"].items()}
    assert loads == {"customer": "delta", "account": "delta"}


def test_a_mapping_names_files_and_columns(tmp_path):
    (tmp_path / "mapping.yml").write_text(
        "tables: {deposit_balance: {files: ['BAL*.txt'], columns: {account_id: ACC, balance: {from: AMT,"
        " divide_by: 100}}}}",
        encoding="utf-8",
    )
    folder = put(tmp_path, tables=TABLES[:4], BAL_1__txt=b"AMT;ACC;REST\n150;0001;x\n")
    describe(in_home(tmp_path), folder)

    assert content_of(folder)["tables"]["deposit_balance"]["control_sums"]["balance"] == "1.50"
    assert ingest_batch(in_home(tmp_path), BATCH).tables["deposit_balance"].accepted_rows == 1


def test_a_folder_that_names_no_batch_is_refused(tmp_path):
    folder = put(tmp_path)
    shutil.copytree(folder, tmp_path / "draft")
    with pytest.raises(BadBatchError, match="batch_folder_unreadable"):
        describe(in_home(tmp_path), tmp_path / "draft")
