"""The metrics as `acrm metric` reads them: from dbt's own files of the semantic layer, and from nothing else.

Put here: reading the files. Keep out: writing them (``semantic.py``), SQL (``ask.py``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from orchestration.metrics.additivity import Window
from orchestration.metrics.semantic import SEMANTIC_FOLDER


@dataclass(frozen=True)
class SemanticModel:
    """A table whose figures are asked for.

    Attributes:
        table: The mart.
        time: The dimension that says when.
        time_sql: Column or expression of it; the expression is the project's own, never a user's.
        granularity: ``month`` or ``day``.
        entities: Column by entity.
        types: Type by column, of dimensions and figures.
        measures: Columns that are figures.
        primary: The entity of which each row is one; none in tables of figures.
    """

    schema: str
    table: str
    time: str
    time_sql: str
    granularity: str
    entities: Mapping[str, str]
    types: Mapping[str, str]
    measures: frozenset[str]
    primary: str | None

    @property
    def groups(self) -> tuple[str, ...]:
        """Columns that its figures may be asked by."""
        named = {*self.types, *self.entities.values()}
        return tuple(sorted(named - self.measures))


@dataclass(frozen=True)
class Definition:
    """One metric.

    Attributes:
        column: Its column; of a ratio that in which the mart has it.
        aggregation: ``sum``, or ``max`` of figures that are never added.
        window: Which of several times counts; None where times add up.
        not_over: Columns over whose values it is not added.
        data_type: Type of the mart's column.
        parts: Numerator and denominator; none of a figure that is no ratio.
    """

    name: str
    model: SemanticModel
    column: str
    aggregation: Literal["sum", "max"]
    window: Window | None
    not_over: tuple[str, ...]
    description: str
    zh: str
    unit: str
    data_type: str
    parts: tuple["Definition", "Definition"] | None = None

    @property
    def adds_up(self) -> str:
        """How it is added, in words."""
        if self.parts is not None:
            return f"{self.parts[0].column} by {self.parts[1].column}"
        over = f"; never over {', '.join(self.not_over)}" if self.not_over else ""
        if self.aggregation == "max":
            return "never"
        times = {"max": "of several months the last", "min": "of several months the first", None: "yes"}
        return times[self.window] + over


@dataclass(frozen=True)
class SemanticLayer:
    """All metrics by name, and the tables that name what they are grouped by, by entity."""

    metrics: Mapping[str, Definition]
    named: Mapping[str, SemanticModel]


def read_semantic_layer(folder: Path = SEMANTIC_FOLDER) -> SemanticLayer:
    """Every metric that the files define."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    metrics: dict[str, Definition] = {}
    named: dict[str, SemanticModel] = {}
    ratios: list[Mapping[str, Any]] = []
    for path in sorted(folder.glob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        for said in content["semantic_models"]:
            model = _model(said)
            if model.primary:
                named[model.primary] = model
            metrics |= {metric.name: metric for metric in _simple(model, said)}
        ratios += content.get("metrics", ())
    for said in ratios:
        metrics[said["name"]] = _ratio(said, metrics)
    return SemanticLayer(dict(sorted(metrics.items())), named)


def _model(said: Mapping[str, Any]) -> SemanticModel:
    time = said.get("defaults", {}).get("agg_time_dimension", "")
    measures = said.get("measures", ())
    of_time: Mapping[str, Any] = next((one for one in said["dimensions"] if one["name"] == time), {})
    return SemanticModel(
        schema=said["config"]["meta"]["schema"],
        table=said["model"].removeprefix("ref('").removesuffix("')"),
        time=time,
        time_sql=of_time.get("expr", time),
        granularity=of_time.get("type_params", {}).get("time_granularity", ""),
        entities={one["name"]: one["expr"] for one in said.get("entities", ())},
        types={
            one.get("expr", one["name"]): one["config"]["meta"]["data_type"]
            for one in (*said["dimensions"], *measures)
            if "config" in one
        },
        measures=frozenset(one["expr"] for one in measures),
        primary=next((one["name"] for one in said.get("entities", ()) if one["type"] == "primary"), None),
    )


def _simple(model: SemanticModel, said: Mapping[str, Any]) -> Iterator[Definition]:
    for measure in said.get("measures", ()):
        yield Definition(
            model=model,
            column=measure["expr"],
            aggregation=measure["agg"],
            window=measure.get("non_additive_dimension", {}).get("window_choice"),
            **_said(measure),
        )


def _ratio(said: Mapping[str, Any], metrics: Mapping[str, Definition]) -> Definition:
    part, whole = (metrics[said["type_params"][role]] for role in ("numerator", "denominator"))
    base = part.name.removesuffix(part.column)
    return Definition(
        model=part.model,
        column=said["name"].removeprefix(base),
        aggregation="sum",
        window=None,
        parts=(part, whole),
        **_said(said),
    )


def _said(content: Mapping[str, Any]) -> dict[str, Any]:
    meta = content["config"]["meta"]
    return {
        "name": content["name"],
        "description": content["description"],
        "zh": meta["zh"],
        "unit": meta["unit"],
        "data_type": meta["data_type"],
        "not_over": tuple(meta.get("not_over", ())),
    }
