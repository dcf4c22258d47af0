"""Readers rely on the published schema: what breaks it needs another version."""

import re
from datetime import date
from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError
from orchestration.metrics.definitions import read_semantic_layer
from orchestration.metrics.semantic import SEMANTIC_FOLDER, semantic_files
from orchestration.publication.dictionary import DICTIONARY_FILE, metric_dictionary
from orchestration.publication.reference import REFERENCE_FOLDER, reference_pages
from orchestration.publication.schema import (
    agreed_schema,
    breaking_changes,
    published_schema,
    write_schema,
)
from orchestration.releases.catalog import SCHEMA_VERSION
from orchestration.releases.marts import Mart, MartColumn, marts_from_manifest
from orchestration.settings import Settings
from orchestration.transform import Transform
from tests.support.written import MEND


def test_the_published_schema_is_the_one_agreed_on(tmp_path: Path):
    made = published_schema(marts_from_manifest(Transform(Settings.load(tmp_path)).manifest))
    agreed = agreed_schema()

    broken = breaking_changes(agreed, made)
    assert not broken or made.version > agreed.version, f"step SCHEMA_VERSION: {broken}"
    assert made == agreed, MEND


# in the unit of their driver; days that a rate rests on; months of a rulebook's version
OTHERWISE_NAMED = {"driver_count", "cost_driver_count", "day_count", "valid_from_month", "valid_to_month",
                   "counts_as_contact"}  # fmt: skip
NAMED_BY_TYPE = {
    "date": r"_date$",
    "boolean": r"^(is|has)_",
    "timestamp": r"_at$",
    "bigint": r"(?<!_count)$",
    "integer": r"(?<!_count)$",
    "decimal": r"(?<!_count)$",
}


def test_one_kind_of_column_is_named_in_one_way():
    columns = [
        (table, name, column.data_type)
        for table, told in agreed_schema().tables.items()
        for name, column in told.columns.items()
        if column.gone_from is None and name not in OTHERWISE_NAMED
    ]
    kinds = tuple(NAMED_BY_TYPE)
    named = [
        (table, name, next(kind for kind in kinds if data_type.startswith(kind)))
        for table, name, data_type in columns
        if data_type.startswith(kinds)
    ]

    assert len(named) > 1000
    assert [one for one in named if not re.search(NAMED_BY_TYPE[one[2]], one[1])] == []
    # the old names go on a day that is told
    old = [
        name for told in agreed_schema().tables.values() for name, c in told.columns.items() if c.gone_from
    ]
    assert "customer_count" in old and {"volume", "rate", "mix"} <= set(old)


def test_the_metric_dictionary_is_up_to_date_and_every_metric_is_defined(tmp_path: Path):
    page = metric_dictionary(Transform(Settings.load(tmp_path)).manifest)
    rows = [line.split(" | ") for line in page.replace(" |\n", "\n").splitlines() if line.startswith("| `")]

    assert DICTIONARY_FILE.read_text(encoding="utf-8") == page, MEND
    assert len(rows) > 100
    assert not [row[0] for row in rows if not all(row)], "give it a description, zh, owner and test"


def test_the_semantic_layer_is_up_to_date_and_has_every_metric_of_the_dictionary(tmp_path: Path):
    manifest = Transform(Settings.load(tmp_path)).manifest
    kept = {path.name: path.read_text(encoding="utf-8") for path in SEMANTIC_FOLDER.glob("*.yml")}
    defined = read_semantic_layer().metrics.values()
    told = {
        (metric, table)
        for line in metric_dictionary(manifest).splitlines()
        if (metric := line.partition("| `")[2].partition("`")[0])
        for table in re.findall(r"`(\w+)` by ", line)
    }

    assert kept == semantic_files(manifest), MEND
    assert {(metric.column, metric.model.table) for metric in defined} == told


def test_the_reference_pages_are_up_to_date_and_tell_of_every_column_and_code(tmp_path: Path):
    manifest = Transform(Settings.load(tmp_path)).manifest
    pages = reference_pages(manifest)

    assert {path.name: path.read_text(encoding="utf-8") for path in REFERENCE_FOLDER.glob("*.md")} == pages, (
        MEND
    )
    for each in marts_from_manifest(manifest):
        told = pages[f"{each.schema_name}.md"].split(f"\n## {each.name} ")[1].split("\n## ")[0]
        assert [column for column in each.column_names if f"\n| `{column}` | " not in told] == []
    linked = set(re.findall(r"codes\.md#(\w+)", "".join(pages.values())))
    assert (
        "tier_code" in linked
        and {kind for kind in linked if f'id="{kind}"' not in pages["codes.md"]} == set()
    )
    assert "| `gold` | Gold | 金" in pages["codes.md"]


def mart(**changes: object) -> Mart:
    columns = (
        MartColumn(name="customer_id", data_type="varchar"),
        MartColumn(name="month_start_date", data_type="date"),
        MartColumn(name="aum_amt", data_type="decimal(18, 2)"),
    )
    return Mart(**{"schema_name": "s", "name": "t", "grain": ("customer_id",), "columns": columns} | changes)


COLUMNS = mart().columns
TABLE = "s.t"


@pytest.mark.parametrize(
    ("now", "broken"),
    [
        (mart(), []),
        (mart(columns=(*COLUMNS, MartColumn(name="more"))), []),
        (mart(columns=COLUMNS[::-1]), []),
        (mart(columns=(*COLUMNS[:2], MartColumn(name="aum_amt", data_type="decimal(18,2)"))), []),
        (mart(columns=COLUMNS[:2]), ["s.t.aum_amt is gone"]),
        (
            mart(columns=(*COLUMNS[:2], MartColumn(name="aum_amt", data_type="bigint"))),
            ["s.t.aum_amt: data_type was decimal(18,2), is bigint"],
        ),
        (
            mart(columns=(MartColumn(name="customer_id", privacy="hash"), *COLUMNS[1:])),
            ["s.t.customer_id: privacy was None, is hash"],
        ),
        (mart(name="u"), ["s.t is gone"]),
        (mart(partition="month_start_date"), ["s.t: partition was None, is month_start_date"]),
        (
            mart(grain=("customer_id", "month_start_date")),
            ["s.t: grain was ('customer_id',), is ('customer_id', 'month_start_date')"],
        ),
    ],
)
def test_what_breaks_readers(now: Mart, broken: list[str]):
    assert breaking_changes(published_schema([mart()]), published_schema([now])) == broken


def test_a_breaking_change_is_agreed_on_with_a_step_of_the_version_alone(tmp_path: Path):
    path = tmp_path / "published.json"
    write_schema(published_schema([mart()]), path)
    smaller = published_schema([mart(columns=COLUMNS[:2])])

    with pytest.raises(ConfigurationError, match=r"s\.t\.aum_amt is gone.*step SCHEMA_VERSION"):
        write_schema(smaller, path)
    assert TABLE in agreed_schema(path).tables and "aum_amt" in agreed_schema(path).tables[TABLE].columns

    write_schema(smaller.model_copy(update={"version": SCHEMA_VERSION + 1}), path)
    assert "aum_amt" not in agreed_schema(path).tables[TABLE].columns


def test_a_deprecated_column_carries_the_date_from_which_it_may_be_gone(tmp_path: Path):
    old = MartColumn(name="aum_amt", data_type="decimal(18,2)", gone_from="2027-06-30")
    path = tmp_path / "published.json"
    write_schema(published_schema([mart(columns=(*COLUMNS[:2], old))]), path)

    assert agreed_schema(path).tables[TABLE].columns["aum_amt"].gone_from == date(2027, 6, 30)
    with pytest.raises(ValueError, match="gone_from"):
        MartColumn(name="aum_amt", gone_from="soon")
