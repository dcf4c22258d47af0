"""How published figures may be added up: ``contract/metrics.yml``, joined with the marts that hold them.

Put here: what a metric is, and the refusal of a declaration that does not fit its table. Keep out: dbt's
files of them (``semantic.py``), asking for one (``ask.py``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.publication.dictionary import is_metric, unit
from orchestration.releases.marts import Mart, MartColumn
from orchestration.settings import PROJECT

DECLARED_FILE = PROJECT / "contract" / "metrics.yml"

Window = Literal["max", "min"]
"""Which of several times counts: the last or the first."""

_CURRENCY = "currency_code"
_TIMES = ("month_start_date", "calendar_date", "business_date")


class _Figures(BaseModel):
    """What is declared of one table; the words are explained in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flows: Literal["all"] | tuple[str, ...] = ()
    stocks: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    not_over: tuple[str, ...] = ()
    not_over_of: dict[str, tuple[str, ...]] = {}
    ratios: dict[str, tuple[str, str]] = {}
    time: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it names."""
        flows = () if self.flows == "all" else self.flows
        kinds = (*flows, *self.stocks, *self.openings, *self.single, *self.sums, *self.not_over)
        parts = (part for pair in self.ratios.values() for part in pair)
        others = (column for columns in self.not_over_of.values() for column in columns)
        return (*kinds, *self.ratios, *parts, *self.not_over_of, *others, *filter(None, [self.time]))


@dataclass(frozen=True)
class Metric:
    """One published figure.

    Attributes:
        column: Column of the mart that holds it.
        is_single: Whether it is never added.
        window: Which of several times counts; None where times add up.
        not_over: Columns over whose values it is not added, the time left out.
        ratio: Columns that it is computed from, part and whole; none of other figures.
    """

    column: MartColumn
    is_single: bool = False
    window: Window | None = None
    not_over: tuple[str, ...] = ()
    ratio: tuple[str, str] | None = None


@dataclass(frozen=True)
class Measured:
    """A mart and its metrics.

    Attributes:
        time: Column that says when; None in the few tables that tell no time.
    """

    mart: Mart
    time: str | None
    metrics: tuple[Metric, ...]


def declared_figures(path: Path = DECLARED_FILE) -> dict[str, _Figures]:
    """What is declared, by table.

    Raises:
        ConfigurationError: The file says something that nobody reads.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return TypeAdapter(dict[str, _Figures]).validate_python(content)
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {' '.join(str(error).split())}. Mend it.") from error
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise ConfigurationError(f"{path}: {place}: {fault['msg']}. Mend it.") from error


def measured(marts: Iterable[Mart], declared: Mapping[str, _Figures] | None = None) -> list[Measured]:
    """Every mart with metrics, each with what is declared of it.

    Raises:
        ConfigurationError: A declaration names a table or column that is none, or a figure twice.
    """
    said = declared_figures() if declared is None else declared
    with_metrics = [mart for mart in marts if any(is_metric(mart, column) for column in mart.columns)]
    faults = [f"{name} is no table with metrics" for name in said.keys() - {m.name for m in with_metrics}]
    faults += [fault for mart in with_metrics for fault in _faults(mart, said.get(mart.name, _Figures()))]
    if faults:
        raise ConfigurationError(f"{DECLARED_FILE}: " + "; ".join(sorted(faults)) + ". Mend it.")
    found = [_measured(mart, said.get(mart.name, _Figures())) for mart in with_metrics]
    faults = [fault for table in found for fault in _faults_of_ratios(table)]
    if faults:
        raise ConfigurationError(f"{DECLARED_FILE}: " + "; ".join(faults) + ". Mend it.")
    return found


def _faults(mart: Mart, said: _Figures) -> Iterator[str]:
    for column in sorted(set(said.columns) - set(mart.column_names)):
        yield f"{mart.name} has no column {column}"
    metrics = {column.name for column in mart.columns if is_metric(mart, column)}
    flows = () if said.flows == "all" else said.flows
    kinds = [*flows, *said.stocks, *said.openings, *said.single, *said.sums, *said.ratios]
    for column in sorted({*kinds, *said.not_over_of} - metrics):
        yield f"{mart.name}.{column} is no metric"
    for column in sorted({column for column in kinds if kinds.count(column) > 1}):
        yield f"{mart.name}.{column} is said to be of two kinds"


def _faults_of_ratios(table: Measured) -> Iterator[str]:
    """Of several months, both parts are of the same ones, or the whole is what there was at first."""
    by_column = {metric.column.name: metric for metric in table.metrics}
    for metric in table.metrics:
        if metric.ratio is not None:
            part, whole = (by_column[column] for column in metric.ratio)
            if part.is_single or whole.is_single or whole.window not in (part.window, "min"):
                yield f"{table.mart.name}.{metric.column.name}: its parts do not add up over the same months"


def _measured(mart: Mart, said: _Figures) -> Measured:
    time = said.time or next((t for t in _TIMES if t in mart.column_names), None)
    metrics = tuple(_metric(mart, column, said, time) for column in mart.columns if is_metric(mart, column))
    by_column = {metric.column.name: metric for metric in metrics}
    return Measured(mart, time, tuple(_with_parts(metric, by_column) for metric in metrics))


def _metric(mart: Mart, column: MartColumn, said: _Figures, time: str | None) -> Metric:
    name = column.name
    if name in said.ratios:
        return Metric(column, ratio=said.ratios[name])
    is_amount = name.endswith(("_amt", "_cnt"))
    is_single = name in said.single or not (is_amount or name in said.sums)
    is_flow = not is_single and (
        name in said.flows if said.flows != "all" else name not in (*said.stocks, *said.openings, *said.sums)
    )
    # a time that is not part of the grain is one of each row: nothing is told at two of them
    is_told_again = time in mart.grain and not is_flow
    window: Window | None = ("min" if name in said.openings else "max") if is_told_again else None
    if is_single:
        not_over = tuple(key for key in mart.grain if key != time)
    else:
        own = (_CURRENCY,) if column.is_own_currency else ()
        not_over = tuple(dict.fromkeys((*said.not_over, *said.not_over_of.get(name, ()), *own)))
    return Metric(column, is_single=is_single, window=window, not_over=not_over)


def _with_parts(metric: Metric, by_column: Mapping[str, Metric]) -> Metric:
    """A ratio is added over nothing over which one of its parts is not."""
    if metric.ratio is None:
        return metric
    over = (column for part in metric.ratio for column in by_column[part].not_over)
    return Metric(metric.column, not_over=tuple(dict.fromkeys(over)), ratio=metric.ratio)


def unit_of(metric: Metric) -> str:
    """The unit as the dictionary says it."""
    return unit(metric.column.name, is_own_currency=metric.column.is_own_currency) or ""
