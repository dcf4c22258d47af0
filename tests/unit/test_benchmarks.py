"""The benchmark runs on a tiny bank, and what it measures against computes the same figures."""

import io
import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from rich.console import Console

from benchmarks.chapters import CHAPTERS
from benchmarks.compare import compare
from benchmarks.floor import TABLES, floor_parquet
from benchmarks.measure import MeasuredProcessError, layer_sizes, measure
from benchmarks.plan import SIZES, BenchBank, MeasuredNight, Size
from benchmarks.report import show, update_results
from benchmarks.resend import send_again
from benchmarks.results import BankMeasure
from benchmarks.run import clear_warehouse, measure_bank, require_room
from contract.model import load_contract
from orchestration.settings import PROJECT, BatchId, Settings
from orchestration.stations import STATIONS
from sample_bank.delivery import Format

BANK = BenchBank(
    "main",
    6,
    date(2026, 4, 29),
    (
        MeasuredNight("month end", date(2026, 4, 30)),
        MeasuredNight("month end, sent again", date(2026, 4, 30), is_resent=True),
        MeasuredNight("first of a month", date(2026, 5, 4)),
    ),
    free_bytes=0,
)
TINY = Size("tiny", 1_000, Format(compression="gzip"), (BANK,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


def sent_and_cut_off(settings, batch):
    send_again(settings, batch)
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def measured(folder):
    console = Console(file=io.StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.run.send_again", sent_and_cut_off)
        with pytest.raises(KeyboardInterrupt):
            measure_bank(TINY, BANK, folder, console)
    return measure_bank(TINY, BANK, folder, console, go_on=True)


@pytest.fixture(scope="module")
def settings(measured, folder):
    return Settings.load(folder / BANK.name)


def test_every_night_is_measured_by_station(measured):
    nights = [measured.initial, *measured.nights]

    assert [(str(night.business_date), night.sequence) for night in nights] == [
        ("2026-04-29", 1), ("2026-04-30", 1), ("2026-04-30", 2), ("2026-05-04", 1)
    ]  # fmt: skip
    for night in nights:
        assert [station.name for station in night.stations] == ["start", *STATIONS, "finish"]
        assert night.rows > 0
        assert night.total.peak_bytes > 0
        assert night.after["published"].disk_bytes > 0
        # every model of the build is found in dbt's log, and each belongs to a chapter
        assert sum(night.chapter_seconds.values()) == pytest.approx(sum(night.model_seconds.values()))
        assert set(CHAPTERS.values()) <= set(night.chapter_seconds)


def test_the_floor_computes_what_is_published_every_night(measured):
    for night in (measured.initial, *measured.nights):
        assert night.differing == dict.fromkeys(TABLES, 0), night.label


def test_the_whole_of_the_last_release_is_what_the_floor_has(measured, settings):
    compared = compare(settings)

    assert [comparison.table for comparison in compared] == list(TABLES)
    assert all(comparison.rows > 0 for comparison in compared if comparison.table != "fct_tier_event")
    assert [comparison.differing for comparison in compared] == [0] * len(TABLES)


def test_a_row_that_differs_is_found(measured, settings):
    file = floor_parquet(settings, "fct_customer_aum_monthly") / "2026-05-01.parquet"
    kept = file.read_bytes()
    rows = pl.read_parquet(file)
    is_first = pl.int_range(pl.len()) == 0
    rows.with_columns(
        pl.when(is_first).then(pl.col("aum_end_amt") + pl.lit("0.01").cast(pl.Decimal(18, 2)))
        .otherwise("aum_end_amt").cast(pl.Decimal(18, 2))
    ).write_parquet(file)  # fmt: skip
    found = {comparison.table: comparison.differing for comparison in compare(settings)}
    file.write_bytes(kept)

    # the row as published and the row as changed
    assert found["fct_customer_aum_monthly"] == 2
    assert found["fct_customer_tier_monthly"] == 0


def test_the_batch_sent_again_differs_in_balances_and_agrees_in_total(measured, settings):
    day = date(2026, 4, 30)
    manifests = [
        json.loads((settings.landing / BatchId(day, sequence).folder / "manifest.json").read_text())
        for sequence in (1, 2)
    ]
    before, after = (manifest["tables"]["deposit_balance"] for manifest in manifests)

    assert before["files"] != after["files"]
    assert before["control_sums"] == after["control_sums"]


def test_results_replace_only_their_own_section(measured, tmp_path):
    page = tmp_path / "RESULTS.md"
    page.write_text("# Results\n\n<!-- other -->\nkept\n<!-- /other -->\n", encoding="utf-8")

    update_results(page, "tiny", [measured])
    once = page.read_text(encoding="utf-8")
    update_results(page, "tiny", [measured])

    assert page.read_text(encoding="utf-8") == once
    assert "kept" in once
    assert "| main | 2026-04-30 month end |" in once
    assert once.count("### Models by chapter") == 1


def test_results_are_kept_and_shown(measured, folder):
    terminal = io.StringIO()

    show(Console(file=terminal, width=200), "tiny", [measured])

    assert BankMeasure.read(folder, BANK.name) == measured
    assert BankMeasure.read(folder, "other") is None
    assert "month end" in terminal.getvalue()


def test_a_night_without_its_floor_has_no_ratio(measured, tmp_path):
    nights = [night.model_copy(update={"floor": None, "differing": {}}) for night in measured.nights]
    without = measured.model_copy(update={"nights": nights})
    page, terminal = tmp_path / "RESULTS.md", io.StringIO()
    page.write_text("# Results\n", encoding="utf-8")

    update_results(page, "tiny", [without])
    show(Console(file=terminal, width=200), "tiny", [without])

    assert [night.ratio for night in nights] == [None] * len(nights)
    assert "month end" in page.read_text(encoding="utf-8")
    assert "by hand  " not in terminal.getvalue()


def test_days_of_a_month_are_compared_over_the_same_history(measured, tmp_path):
    night, page = measured.nights[0], tmp_path / "RESULTS.md"
    page.write_text("# Results\n", encoding="utf-8")
    banks = [
        measured.model_copy(
            update={"name": name, "months": months, "nights": [night.model_copy(update={"label": label})]}
        )
        for name, months, label in (("a", 12, "day 28"), ("b", 12, "day 2"), ("c", 24, "day 28"))
    ]
    banks[1].nights[0] = banks[1].nights[0].model_copy(update={"business_date": date(2026, 4, 2)})

    update_results(page, "tiny", banks)

    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[0] for line in lines if " → " in line] == [
        "| day 28: 12 → 24 months of history",
        "| day 2 → day 28 of the month",
    ]


def test_a_run_goes_on_only_where_it_was_cut_off(measured, folder):
    console = Console(file=io.StringIO())
    assert measure_bank(TINY, BANK, folder, console, go_on=True) == measured

    measured.model_copy(update={"nights": measured.nights[:-1]}).write(folder)
    with pytest.raises(SystemExit, match=r"stands at 2026-05-04 sequence 1, not where"):
        measure_bank(TINY, BANK, folder, console, go_on=True)
    with pytest.raises(SystemExit, match="nothing measured to go on from"):
        measure_bank(replace(TINY, customers=999), BANK, folder, console, go_on=True)
    measured.write(folder)


def test_a_cleared_warehouse_keeps_the_bank_only(measured, folder, tmp_path):
    clear_warehouse(folder / BANK.name)

    assert sorted(path.name for path in (folder / BANK.name).iterdir()) == ["landing", "spec.json"]
    assert not list((folder / BANK.name).glob("landing/*/sequence=2"))


def test_a_disk_that_is_too_small_is_refused(tmp_path):
    bank = replace(BANK, name="huge", free_bytes=2**70)

    with pytest.raises(SystemExit, match="GiB free, bank huge needs"):
        require_room(bank, tmp_path)


def test_a_command_that_fails_says_why():
    with pytest.raises(MeasuredProcessError, match=r"exit code 3:\nno such thing"):
        measure(["sh", "-c", "echo no such thing; exit 3"], {})


def test_stretches_are_told_apart():
    found = measure(["sh", "-c", "echo one; echo two"], {}, lambda line: line.strip())

    assert [name for name, _ in found] == ["start", "one", "two"]


def test_a_file_with_two_names_is_on_disk_once(tmp_path):
    published = tmp_path / "published"
    published.mkdir()
    (published / "first").write_bytes(b"x" * 8192)
    (published / "second").hardlink_to(published / "first")

    size = layer_sizes(tmp_path)["published"]

    assert size.logical_bytes == 16384
    assert size.disk_bytes <= 8192


@pytest.mark.parametrize("size", SIZES.values(), ids=lambda size: size.name)
def test_every_size_has_the_nights_that_are_to_be_compared(size):
    nights = [(bank.months, night) for bank in size.banks for night in bank.nights]
    labels = {night.label for _, night in nights}

    assert {"day 2", "day 28", "month end", "month end, sent again", "first of a month"} <= labels
    assert len({months for months, _ in nights}) == 2
    by_months = [{night.label for length, night in nights if length == months} for months, _ in nights]
    assert any({"day 2", "day 28"} <= labels for labels in by_months)
    for bank in size.banks:
        generated = size.spec(bank).timeline.nights
        assert generated[0] == bank.first
        assert {night.business_date for night in bank.nights} <= set(generated)


def test_the_floor_keeps_rates_with_the_decimals_of_the_contract():
    text = (PROJECT / "benchmarks" / "floor_sql" / "1_state.sql").read_text(encoding="utf-8")
    contract = load_contract()
    (column,) = (c for c in contract.table("fx_rate").columns if c.name == "mid_rate")
    assert f"mid_rate {contract.lake_type(column).lower().replace(',', ', ')}" in text
