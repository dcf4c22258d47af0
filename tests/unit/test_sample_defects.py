"""Every defect plants what it says and nothing else."""

import json
import shutil
from datetime import date
from functools import cache

import pytest

from orchestration.check_rules import rule_for
from orchestration.errors import BadBatchError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.landing import landed_batches
from orchestration.settings import Settings
from sample_bank.defects import DEFECT_NAMES, plant_defect
from sample_bank.delivery import Format, file_sha256
from sample_bank.generate import SampleSpec, generate_bank

ARRIVAL = {
    "bad_checksum", "file_missing", "file_extra", "file_truncated", "file_unreadable", "manifest_wrong_date",
    "table_missing", "table_unknown", "row_count_off", "control_sum_off", "column_missing",
    "manifest_unreadable",
}  # fmt: skip
QUARANTINE = {
    "unparsable_value", "code_not_in_list", "required_null", "negative_amount", "future_date", "early_date",
    "wrong_encoding",
}  # fmt: skip
LATER = set(DEFECT_NAMES) - ARRIVAL - QUARANTINE
"""Found by the screening and the gates, not by the ingestion."""

SPEC = SampleSpec(customers=2_000, months=1, nights=3, end=date(2026, 9, 18), profile="wealthy")

FORMATS = {
    "csv": Format(),
    "odd csv": Format(delimiter="|@|", encoding="gb18030", compression="zstd"),
    "parquet": Format(kind="parquet"),
}

IMPOSSIBLE = {
    ("csv", "file_unreadable"): "plain CSV can always be read",
    ("odd csv", "wrong_encoding"): "shows in CSV that is declared as utf-8",
    ("parquet", "wrong_encoding"): "shows in CSV that is declared as utf-8",
}


def planted_in_each_format(names):
    pairs = [(written_as, name) for written_as in FORMATS for name in sorted(names)]
    possible = [pair for pair in pairs if pair not in IMPOSSIBLE]
    return pytest.mark.parametrize(("written_as", "name"), possible)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The bank in a format, written once whatever the order of the tests."""

    @cache
    def written(written_as):
        home = tmp_path_factory.mktemp("clean")
        generate_bank(SPEC.model_copy(update={"written_as": FORMATS[written_as]}), home / "landing")
        settings = Settings.load(home)
        for batch in landed_batches(settings)[:-1]:
            report = ingest_batch(settings, batch)
            assert not any(table.quarantined for table in report.tables.values())
        return home

    return written


@pytest.fixture
def spoiled(clean, written_as, tmp_path):
    """A copy of the bank with all batches but the last in the lake, and that last batch."""
    shutil.copytree(clean(written_as), tmp_path, dirs_exist_ok=True)
    settings = Settings.load(tmp_path)
    return settings, SPEC.last_batch


@pytest.mark.parametrize(("written_as", "name"), IMPOSSIBLE)
def test_a_defect_that_a_format_cannot_have_is_refused(spoiled, written_as, name):
    settings, batch = spoiled

    with pytest.raises(ValueError, match=IMPOSSIBLE[written_as, name]):
        plant_defect(settings.landing, batch, name)


@pytest.mark.parametrize("written_as", FORMATS)
def test_the_clean_bank_is_ingested_without_a_row_refused(spoiled):
    settings, batch = spoiled

    report = ingest_batch(settings, batch)

    assert not any(table.quarantined for table in report.tables.values())
    assert not report.unknown_columns


@planted_in_each_format(ARRIVAL)
def test_a_bad_delivery_is_refused_for_the_planted_reason(spoiled, name):
    settings, batch = spoiled
    defect = plant_defect(settings.landing, batch, name)

    with pytest.raises(BadBatchError) as refused:
        ingest_batch(settings, batch)

    assert {fault.check_code for fault in refused.value.faults} == {defect.check_code}


@planted_in_each_format(QUARANTINE)
def test_a_bad_row_is_quarantined_for_the_planted_reason(spoiled, name):
    settings, batch = spoiled
    defect = plant_defect(settings.landing, batch, name)

    report = ingest_batch(settings, batch)

    found = {table: entry.quarantined for table, entry in report.tables.items() if entry.quarantined}
    assert list(found) == [defect.table]
    assert list(found[defect.table]) == [defect.check_code]
    assert name == "wrong_encoding" or found[defect.table][defect.check_code] == 1


@planted_in_each_format(LATER)
def test_what_the_gates_find_passes_the_ingestion(spoiled, name):
    settings, batch = spoiled
    defect = plant_defect(settings.landing, batch, name)

    assert rule_for(defect.check_code)
    if name == "earlier_batch_missing":
        assert len(landed_batches(settings)) == SPEC.nights - 1
        return
    folder = settings.landing / batch.folder
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tables"].values():
        for file in entry["files"]:
            assert file_sha256(folder / file["name"]) == file["sha256"]
    if defect.check_code != "key_not_unique":
        report = ingest_batch(settings, batch)
        assert not any(table.quarantined for table in report.tables.values())
        assert list(report.unknown_columns) == (["product"] if name == "extra_column" else [])
