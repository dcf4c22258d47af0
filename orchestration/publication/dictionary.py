"""The metric dictionary: every published number with one definition, from the models alone."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from orchestration.releases.marts import Mart, MartColumn, marts_from_manifest
from orchestration.settings import PROJECT

DICTIONARY_FILE = PROJECT / "docs" / "metrics.md"

_UNITS = {
    "_amt": "reporting currency 本位币元",
    "_cnt": "count 个",
    "_share": "fraction of a whole 份额",
    "_rate": "fraction 比率",
    "_days": "days 天",
    "_months": "months 月",
}

_HEAD = """# Metric dictionary 指标字典

Written by `acrm schema --write` from the models; a metric is changed where it is computed, in
`models/marts/`. One that is in several tables with the same words is one metric. Tests are dbt's, by
name, and the folders of `tests/` with tests that name the table: `reference` is a second calculation,
`golden` are cases of the specification, `unit` are cases with the arithmetic beside them.

"""


def metric_dictionary(manifest: Mapping[str, Any]) -> str:
    """The page: one section per schema, one row per metric."""
    marts = marts_from_manifest(manifest)
    owners = {node["name"]: node["config"].get("meta", {}).get("owner", "") for node in _models(manifest)}
    tests = _tests(manifest)
    parts = [_HEAD]
    with_metrics = [mart for mart in marts if any(is_metric(mart, column) for column in mart.columns)]
    for schema in sorted({mart.schema_name for mart in with_metrics}):
        rows = _rows([mart for mart in marts if mart.schema_name == schema], owners, tests)
        parts += [
            f"## {schema}\n\n",
            "| metric | 指标 | definition | unit | tables and their grain | owner | tests |\n",
            "|---|---|---|---|---|---|---|\n",
            *rows,
            "\n",
        ]
    return "".join(parts).rstrip("\n") + "\n"


def is_metric(mart: Mart, column: MartColumn) -> bool:
    """Whether a column is a metric: a figure with a unit, of a fact or report, that is not deprecated."""
    is_figure = bool(unit(column.name)) and column.name not in mart.grain
    return mart.name.startswith(("fct_", "rpt_")) and is_figure and not column.gone_from


def unit(column: str, *, is_own_currency: bool = False) -> str | None:
    """The unit that a column's name tells; None if it is no metric."""
    found = next((text for suffix, text in _UNITS.items() if column.endswith(suffix)), None)
    return "original currency 原币" if found and is_own_currency else found


def _rows(marts: list[Mart], owners: Mapping[str, str], tests: Mapping[str, list[str]]) -> list[str]:
    metrics: dict[tuple[str, str, str, str], list[Mart]] = {}
    for mart in marts:
        for column in mart.columns:
            if is_metric(mart, column):
                metrics.setdefault(_key(column), []).append(mart)
    rows = []
    for (name, zh, description, measured), holders in sorted(metrics.items(), key=lambda item: item[0]):
        tables = "; ".join(f"`{mart.name}` by {', '.join(mart.grain)}" for mart in holders)
        owner = ", ".join(sorted({owners[mart.name] for mart in holders} - {""}))
        tested = ", ".join(_tests_of(name, holders, tests))
        rows.append(f"| `{name}` | {zh} | {description} | {measured} | {tables} | {owner} | {tested} |\n")
    return rows


def _key(column: MartColumn) -> tuple[str, str, str, str]:
    description = " ".join(column.description.split()).replace("|", "/")
    return (
        column.name,
        column.zh,
        description,
        unit(column.name, is_own_currency=column.is_own_currency) or "",
    )


def _models(manifest: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] == "model")


def _tests(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of the tests by ``model`` and ``model.column``."""
    found: dict[str, list[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            kind = (node.get("test_metadata") or {}).get("name") or node["name"]
            for parent in node["depends_on"]["nodes"]:
                model = parent.rpartition(".")[2]
                column = f".{node['column_name']}" if node.get("column_name") else ""
                found.setdefault(model + column, []).append(kind)
    for test in (manifest.get("unit_tests") or {}).values():
        found.setdefault(test["model"], []).append(test["name"])
    return found


def _tests_of(metric: str, marts: Iterable[Mart], tests: Mapping[str, list[str]]) -> list[str]:
    names = [
        name
        for mart in marts
        for name in (*tests.get(f"{mart.name}.{metric}", []), *tests.get(mart.name, []))
    ]
    folders = {folder for mart in marts for folder, text in _tests_in_python() if mart.name in text}
    return [f"`{name}`" for name in (*sorted(set(names)), *(f"{folder}/" for folder in sorted(folders)))]


@cache
def _tests_in_python() -> tuple[tuple[str, str], ...]:
    folders = (PROJECT / "tests" / name for name in ("golden", "stories", "reference", "faults", "unit"))
    return tuple(
        (folder.name, "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))))
        for folder in folders
    )
