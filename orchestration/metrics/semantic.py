"""dbt's semantic models and metrics of every published figure, as files: written, never edited.

Put here: how a mart and its metrics look in dbt's words. Keep out: how a figure may be added
(``additivity.py``), what it means (its column's YAML).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from orchestration.metrics.additivity import Measured, Metric, measured, unit_of
from orchestration.releases.marts import Mart, MartColumn, marts_from_manifest
from orchestration.settings import PROJECT

SEMANTIC_FOLDER = PROJECT / "semantic"
"""dbt reads it when it is told to (``dbt_project.yml``); a night has no use for it."""

DIMENSION_TABLES = {"dim_org": "org", "dim_product": "product", "dim_employee": "employee"}
"""Tables by which figures may be grouped that name the entity, and the entity of which each row is one."""

_HEAD = "# Written by `make written` from contract/metrics.yml and models/marts/. Change it there.\n"
_NO_TIME = "as_of_release"
_ENTITY_ENDINGS = ("_id", "product_code")
_OWNER = "owning_org_id"


def metric_name(mart: Mart, column: str) -> str:
    """A metric's name: the table without ``fct_`` or ``rpt_``, and the column."""
    return f"{mart.name[4:]}_{column}"


def entity_name(mart: Mart, column: str) -> str | None:
    """The entity that a column names; None of other columns. An owning org is an org if there is no other."""
    if not column.endswith(_ENTITY_ENDINGS):
        return None
    if column == _OWNER and "org_id" not in mart.column_names:
        return "org"
    return column.removesuffix("_id").removesuffix("_code")


def semantic_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Every file of the folder, by name: one per schema, and one of the tables that name things."""
    marts = marts_from_manifest(manifest)
    tables = measured(marts)
    named = [mart for mart in marts if mart.name in DIMENSION_TABLES]
    files = {"dimensions.yml": _file(map(_dimension_model, named), [])}
    for schema in sorted({table.mart.schema_name for table in tables}):
        here = [table for table in tables if table.mart.schema_name == schema]
        files[f"{schema}.yml"] = _file(map(_model, here), (line for table in here for line in _ratios(table)))
    return files


def _file(models: Iterable[str], metrics: Iterable[str]) -> str:
    parts = [_HEAD, "\nversion: 2\n\nsemantic_models:\n", *models]
    ratios = list(metrics)
    return "".join([*parts, *(["\nmetrics:\n"] if ratios else []), *ratios])


def _model(table: Measured) -> str:
    mart = table.mart
    dimensions = [*_dimensions(table)]
    if table.time is None:
        dimensions.append(
            {
                "name": _NO_TIME,
                "type": "time",
                "expr": "cast(null as date)",
                "type_params": {"time_granularity": "day"},
                "description": "The table tells no time: it is as of the release.",
            }
        )
    measures = [_measure(table, metric) for metric in table.metrics if metric.ratio is None]
    head = {
        **_named(mart),
        "defaults": {"agg_time_dimension": table.time or _NO_TIME},
        "primary_entity": f"{mart.name[4:]}_row",
    }
    return _listed(head, {"entities": _entities(mart), "dimensions": dimensions, "measures": measures})


def _dimension_model(mart: Mart) -> str:
    entity = DIMENSION_TABLES[mart.name]
    (key,) = mart.grain
    dimensions = [
        _dimension(column)
        for column in mart.columns
        if column.name != key and column.name.endswith(("_code", "_name")) and not column.gone_from
    ]
    entities = [{"name": entity, "type": "primary", "expr": key}]
    return _listed(_named(mart), {"entities": entities, "dimensions": dimensions})


def _named(mart: Mart) -> dict[str, Any]:
    return {
        "name": mart.name.removeprefix("fct_").removeprefix("rpt_"),
        "model": f"ref('{mart.name}')",
        "description": _line(mart.description),
        "config": {"meta": {"schema": mart.schema_name}},
    }


def _entities(mart: Mart) -> list[dict[str, Any]]:
    named = ((entity_name(mart, column.name), column) for column in mart.columns if not column.gone_from)
    return [{"name": name, "type": "foreign", "expr": column.name} for name, column in named if name]


def _dimensions(table: Measured) -> Iterator[dict[str, Any]]:
    mart = table.mart
    metrics = {metric.column.name for metric in table.metrics}
    for column in mart.columns:
        if column.name in metrics or column.gone_from or entity_name(mart, column.name):
            continue
        data_type = (column.data_type or "").lower()
        if data_type == "date":
            granularity = "month" if column.name == "month_start_date" else "day"
            time = {"type": "time", "type_params": {"time_granularity": granularity}}
            yield {"name": column.name, **time, **_said(column)}
        elif data_type in ("varchar", "boolean") or column.name in mart.grain:
            yield _dimension(column)


def _dimension(column: MartColumn) -> dict[str, Any]:
    return {"name": column.name, "type": "categorical", **_said(column)}


def _said(column: MartColumn) -> dict[str, Any]:
    meta = {"data_type": column.data_type}
    return {"description": _line(column.description), "config": {"meta": meta}}


def _measure(table: Measured, metric: Metric) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": metric_name(table.mart, metric.column.name),
        "agg": "max" if metric.is_single else "sum",
        "expr": metric.column.name,
        "create_metric": True,
        "description": _line(metric.column.description),
        "config": {"meta": _meta(metric)},
    }
    if metric.window:
        found["non_additive_dimension"] = {"name": table.time, "window_choice": metric.window}
    return found


def _ratios(table: Measured) -> Iterator[str]:
    for metric in table.metrics:
        if metric.ratio is not None:
            part, whole = (metric_name(table.mart, column) for column in metric.ratio)
            name = metric_name(table.mart, metric.column.name)
            ratio = {
                "name": name,
                "label": name,
                "type": "ratio",
                "type_params": {"numerator": part, "denominator": whole},
                "description": _line(metric.column.description),
                "config": {"meta": _meta(metric)},
            }
            yield f"  - {_flow(ratio)}\n"


def _meta(metric: Metric) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "zh": metric.column.zh,
        "unit": unit_of(metric),
        "data_type": metric.column.data_type,
    }
    return meta | ({"not_over": list(metric.not_over)} if metric.not_over else {})


def _listed(head: Mapping[str, Any], lists: Mapping[str, list[dict[str, Any]]]) -> str:
    lines = [
        f"{'  - ' if n == 0 else '    '}{key}: {_flow(said)}" for n, (key, said) in enumerate(head.items())
    ]
    for key, items in lists.items():
        if items:
            lines += [f"    {key}:", *(f"      - {_flow(item)}" for item in items)]
    return "\n".join(lines) + "\n"


def _flow(content: object) -> str:
    """One value on one line, as YAML writes it."""
    text = yaml.safe_dump(
        content, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf")
    )
    return str(text).removesuffix("...\n").strip()


def _line(text: str) -> str:
    return " ".join(text.split())
