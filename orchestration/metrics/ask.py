"""`acrm metric`: one metric of the published release, by what it is asked by, as SQL.

Put here: which groups and conditions a metric allows, and its query. Keep out: running it (``answers.py``),
what a metric is (``definitions.py``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from orchestration.errors import QueryError
from orchestration.metrics.definitions import Definition, SemanticLayer, SemanticModel
from orchestration.segments.condition import Kind, condition_sql, kind_of_type
from orchestration.segments.tokens import Token, tokens
from orchestration.sql import EVERY_ROW, Sql, fill, join, label, name, value

GRAINS = ("day", "month", "quarter", "year")
"""Words for the time of a metric, at that grain."""

_TYPE = re.compile(r"decimal\((\d+), ?(\d+)\)", re.I)
_WHOLE = ("bigint", "integer", "hugeint", "smallint")
_WIDEST = 36


@dataclass(frozen=True)
class _Group:
    """Something that a metric is asked by.

    Attributes:
        said: As it was typed: the name of the answer's column.
        sql: The value, of the table ``figures`` or of one that is joined to it.
        column: The column that it is of ``figures``; None of a joined one, and of a coarser time.
        is_time: Whether it is the metric's time, at whatever grain.
    """

    said: str
    sql: Sql
    column: str | None
    join: Sql | None = None
    is_time: bool = False


def find_metric(layer: SemanticLayer, said: str) -> Definition:
    """The metric of a name: its own, ``table.column``, or the column's where one table alone has it.

    Raises:
        QueryError: There is none, or there are several.
    """
    if said in layer.metrics:
        return layer.metrics[said]
    table, _, column = said.rpartition(".")
    found = [
        metric
        for metric in layer.metrics.values()
        if metric.column == column and (not table or table in (metric.model.table, _full_name(metric)))
    ]
    if len(found) == 1:
        return found[0]
    near = [metric.name for metric in found] or get_close_matches(column, layer.metrics, n=5, cutoff=0.5)
    which = f" Take one of: {', '.join(near)}." if near else ""
    told = f"{len(found)} metrics are called {said!a}." if found else f"There is no metric {said!a}."
    raise QueryError(f"{told}{which} `acrm metric` lists all.")


def metric_query(layer: SemanticLayer, metric: Definition, by: Sequence[str], where: str = "") -> Sql:
    """The query of one metric.

    Args:
        by: Entities, dimensions, ``entity__dimension`` or a grain of time.
        where: A condition over the columns of its table, as `acrm screen` takes them.

    Raises:
        QueryError: A name is none of the metric's, or it would be added over what it is not additive over.
        ConditionError: The condition says something that is not allowed.
    """
    model = metric.model
    groups = [_group(layer, metric, said) for said in dict.fromkeys(by)]
    _refuse_to_add(metric, groups, where)
    # what comes back is written anew by the condition's own grammar
    wanted = Sql(condition_sql(where, _columns(model))) if where.strip() else EVERY_ROW
    parts = (metric,) if metric.parts is None else metric.parts
    keys = [name(group.said) for group in groups]
    rows = fill(
        "select {columns} from (select * from {table} where {wanted}) as figures{joins}",
        columns=join(
            ", ",
            [
                *(fill("{sql} as {said}", sql=group.sql, said=name(group.said)) for group in groups),
                *_figures(parts, groups),
            ],
        ),
        table=name(model.schema, model.table),
        wanted=wanted,
        joins=join("", dict.fromkeys(group.join for group in groups if group.join is not None)),
    )
    answers = [_added(part, n) for n, part in enumerate(parts)]
    answer = answers[0] if metric.parts is None else _divided(*answers, data_type=metric.data_type)
    query = fill(
        "select {columns} from ({rows}) as figures{counted}",
        columns=join(", ", [*keys, fill("{answer} as {said}", answer=answer, said=name(metric.name))]),
        rows=rows,
        counted=fill(" where {counts}", counts=name("counts_0")) if metric.parts is None else Sql(""),
    )
    if not keys:
        return query
    order = join(", ", (fill("{key} nulls last", key=key) for key in keys))
    return fill("{query} group by {keys} order by {order}", query=query, keys=join(", ", keys), order=order)


def _full_name(metric: Definition) -> str:
    return f"{metric.model.schema}.{metric.model.table}"


def _figures(parts: Sequence[Definition], groups: Sequence[_Group]) -> Iterator[Sql]:
    """Each figure of a row, and whether the row is of a time that counts."""
    model = parts[0].model
    times = [group.sql for group in groups if group.is_time]
    window = fill("partition by {times}", times=join(", ", times)) if times else Sql("")
    for n, part in enumerate(parts):
        yield fill("{column} as {said}", column=_of_figures(part.column), said=name(f"figure_{n}"))
        counts = EVERY_ROW
        if part.window is not None:
            counts = fill(
                "{time} = {choice}({time}) over ({window})",
                time=_of_figures(model.time),
                choice=Sql("min" if part.window == "min" else "max"),
                window=window,
            )
        yield fill("{counts} as {said}", counts=counts, said=name(f"counts_{n}"))


def _group(layer: SemanticLayer, metric: Definition, said: str) -> _Group:
    model = metric.model
    if said in GRAINS and model.time_sql == model.time:
        if GRAINS.index(said) < GRAINS.index(model.granularity):
            raise QueryError(f"{metric.name} is told by {model.granularity}, not by {said}.")
        time = _of_figures(model.time)
        sql = fill("cast(date_trunc({grain}, {time}) as date)", grain=value(said), time=time)
        return _Group(said, sql, model.time if said == model.granularity else None, is_time=True)
    if said in model.entities:
        return _Group(said, _of_figures(model.entities[said]), model.entities[said])
    if said in model.groups:
        return _Group(said, _of_figures(said), said, is_time=said == model.time)
    entity, _, dimension = said.partition("__")
    names = layer.named.get(entity)
    if names is not None and entity in model.entities and dimension in names.types:
        return _joined(said, model, names, entity, dimension)
    raise QueryError(
        f"{metric.name} cannot be asked by {said!a}. It can by {', '.join(_choices(layer, model))}."
    )


def _joined(said: str, model: SemanticModel, names: SemanticModel, entity: str, dimension: str) -> _Group:
    other = f"named_{entity}"
    joined = fill(
        " left join {table} as {other} on {own} = {key}",
        table=name(names.schema, names.table),
        other=name(other),
        own=_of_figures(model.entities[entity]),
        key=name(other, names.entities[entity]),
    )
    return _Group(said, name(other, dimension), None, joined)


def _choices(layer: SemanticLayer, model: SemanticModel) -> list[str]:
    grains = GRAINS[GRAINS.index(model.granularity) :] if model.time_sql == model.time else ()
    joined = [
        f"{entity}__{dimension}"
        for entity in model.entities
        if entity in layer.named
        for dimension in layer.named[entity].types
    ]
    return [
        *grains,
        *model.entities,
        *model.groups,
        *joined,
    ]


def _columns(model: SemanticModel) -> dict[str, Kind]:
    """Columns that a condition may name, with their kinds."""
    ids: dict[str, Kind] = dict.fromkeys(model.entities.values(), "text")
    return ids | {column: kind_of_type(data_type) for column, data_type in model.types.items()}


def _refuse_to_add(metric: Definition, groups: Sequence[_Group], where: str) -> None:
    missing = [
        column
        for column in metric.not_over
        if column not in {*(group.column for group in groups), *_fixed(where)}
    ]
    if missing:
        raise QueryError(
            f"{metric.name} is not added over {', '.join(missing)}: ask by {', '.join(missing)}, or say one"
            f" value of each: --where \"{missing[0]} = '…'\"."
        )


def _fixed(where: str) -> set[str]:
    """Columns of which a condition leaves one value: each stands in an equation that has to hold."""
    found: set[str] = set()
    equation: list[Token] = []
    for token in tokens(where):
        if token.kind == "name" and token.text == "or":
            return set()
        if token.kind == "end" or (token.kind == "name" and token.text == "and"):
            texts = [one.text for one in equation if not (one.kind == "name" and one.text == "date")]
            if len(texts) == 3 and texts[1] == "=" and equation[-1].kind in ("text", "number"):
                found.add(texts[0])
            equation = []
        else:
            equation.append(token)
    return found


def _added(part: Definition, number: int) -> Sql:
    """The figure of a group, as wide as its sum may become."""
    found = _TYPE.fullmatch(part.data_type)
    if part.data_type.lower() in _WHOLE:
        kind = Sql("bigint")
    elif found is None:
        raise QueryError(f"{part.name} is of the type {part.data_type}, which is not added.")
    else:
        kind = Sql(f"decimal({_WIDEST}, {int(found[2])})")
    word = Sql("sum" if part.aggregation == "sum" else "max")
    return fill(
        "cast({word}(case when {counts} then {column} end) as {kind})",
        word=word,
        counts=name(f"counts_{number}"),
        column=name(f"figure_{number}"),
        kind=kind,
    )


def _divided(part: Sql, whole: Sql, *, data_type: str) -> Sql:
    """One whole number of cents by another, rounded half away from zero; exact, as the marts divide."""
    found = _TYPE.fullmatch(data_type)
    scale = int(found[2]) if found else 6
    return fill(
        "cast(cast((case when ({part} < 0) = ({whole} < 0) then 1 else -1 end)"
        " * ((2 * {units} * cast(abs({part}) * 100 as hugeint) + cast(abs({whole}) * 100 as hugeint))"
        " // nullif(2 * cast(abs({whole}) * 100 as hugeint), 0)) as decimal(30, 0))"
        " * {unit} as decimal(36, {scale}))",
        part=part,
        whole=whole,
        units=Sql(str(10**scale)),
        unit=Sql(f"{1 / 10**scale:.{scale}f}"),
        scale=Sql(str(scale)),
    )


def _of_figures(column: str) -> Sql:
    return name("figures", column)


def listing_query(metrics: Mapping[str, Definition], text: str = "") -> Sql:
    """A table of the metrics that some words occur in, of all without one: nothing of the release is in it.

    Raises:
        QueryError: They occur in none.
    """
    found = [
        metric
        for metric in metrics.values()
        if text.lower() in " ".join((metric.name, metric.zh, metric.description)).lower()
    ]
    if not found:
        raise QueryError(f"No metric tells of {text!a}. `acrm metric` lists all.")
    rows = (
        fill(
            "({name}, {zh}, {unit}, {adds_up}, {definition})",
            name=value(metric.name),
            zh=value(metric.zh),
            unit=value(metric.unit),
            adds_up=value(metric.adds_up),
            definition=value(metric.description),
        )
        for metric in found
    )
    return fill(
        "select * from (values {rows}) as listed(metric, {zh}, unit, adds_up, definition)",
        rows=join(", ", rows),
        zh=label("指标"),
    )
