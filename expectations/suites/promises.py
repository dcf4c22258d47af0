"""Gate 2: what every mart promises by its metadata, on the rows that tonight's build wrote.

Generated from ``config.meta`` of the models (``orchestration/project.py``): a new mart is checked because
it is there. What metadata cannot say, that two tables agree for example, stands in the other suites.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contract.model import load_contract
from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import months_in
from orchestration.project import ModelMeta, is_mart, model_meta, models
from orchestration.releases.privacy import privacy_of
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value
from orchestration.warehouse import KnownTable, known_tables

NOBODY = ("UNASSIGNED", "UNKNOWN")
"""Stand in the place of an employee for what nobody holds, and of an org where none was recorded."""


@dataclass(frozen=True)
class Promise:
    """What one mart promises.

    Attributes:
        known: Extract tables whose keys a column may hold, by column.
    """

    schema: str
    table: str
    meta: ModelMeta
    known: Mapping[str, KnownTable]


def promises(manifest: Mapping[str, Any]) -> list[Promise]:
    """The promises of all marts, by schema and table."""
    keys = {
        load_contract().table(known.table).key[0]: known
        for known in known_tables(manifest)
        # not customers and accounts: marts are made from theirs, and each look-up is a pass over everybody
        if load_contract().table(known.table).kind == "F" and len(load_contract().table(known.table).key) == 1
    }
    found = [
        Promise(
            node["schema"],
            node.get("alias") or node["name"],
            model_meta(node),
            {
                column: known
                for column in node["columns"]
                for key, known in keys.items()
                if column == key or column.endswith(f"_{key}")
            },
        )
        for node in models(manifest)
        if is_mart(node)
    ]
    return sorted(found, key=lambda promise: (promise.schema, promise.table))


def promise_suites(
    promised: Sequence[Promise], business_date: date, months_rebuilt: Sequence[date]
) -> list[Suite]:
    """A suite for each mart: its key is unique, and what it refers to has been delivered."""
    return [
        Suite(
            promise.schema,
            promise.table,
            [
                key_unique(promise, business_date, months_rebuilt),
                *(
                    reference_known(promise, column, business_date, months_rebuilt)
                    for column in promise.known
                ),
            ],
        )
        for promise in promised
    ]


def written_tonight(meta: ModelMeta, rows: Sql, business_date: date, months_rebuilt: Sequence[date]) -> Sql:
    """Condition for the rows among which tonight's are: closed months and days before are not read again."""
    if meta.carried == "open_month":
        return months_in(months_rebuilt)
    if meta.carried == "business_date":
        return fill("business_date = {night}", night=value(business_date))
    if meta.entered_on is not None:
        # a night that is run again has later entries, too
        return fill("{day} <= {night}", day=name(meta.entered_on), night=value(business_date))
    if meta.changed_on is not None:
        # all rows of a key that has a new one
        return fill(
            "({key}) in (select ({key}) from {rows} where {changed} = {night})",
            key=join(", ", map(name, meta.grain)),
            rows=rows,
            changed=name(meta.changed_on),
            night=value(business_date),
        )
    if meta.partition == "knowledge_date":
        return fill("knowledge_date = {night}", night=value(business_date))
    # made anew as a whole, or a record of few rows that any night may add to
    return EVERY_ROW


def key_unique(promise: Promise, business_date: date, months_rebuilt: Sequence[date]) -> Check:
    """No two rows of a mart share its grain."""
    rows, key = name(promise.schema, promise.table), promise.meta.grain
    parts = {
        "rows": rows,
        "tonight": written_tonight(promise.meta, rows, business_date, months_rebuilt),
        "key": join(", ", map(name, key)),
        "shown": _shown(column for column in key if privacy_of(column) is None),
    }
    return FailingRows(
        check_code="mart_key_not_unique",
        table=promise.table,
        column=", ".join(key),
        query=fill(
            """
            select coalesce(sum(same_key_cnt), 0), coalesce(sum(same_key_cnt - 1), 0)
            from (select count(*) as same_key_cnt from {rows} where {tonight} group by {key})
            """,
            **parts,
        ),
        example=fill(
            "select {shown} from {rows} where {tonight} group by {key} having count(*) > 1"
            " order by all limit 1",
            **parts,
        ),
    )


def reference_known(
    promise: Promise, column: str, business_date: date, months_rebuilt: Sequence[date]
) -> Check:
    """Every org, product and employee of the mart has been delivered, some night."""
    rows, known = name(promise.schema, promise.table), promise.known[column]
    named = fill(
        "select distinct {column} from {rows} where {tonight} and {column} not in ({nobody})",
        column=name(column),
        rows=rows,
        tonight=written_tonight(promise.meta, rows, business_date, months_rebuilt),
        nobody=join(", ", map(value, NOBODY)),
    )
    unknown = fill(
        "select named.{column} from ({named}) as named"
        " anti join {model} as known on named.{column} = known.{key}",
        column=name(column),
        named=named,
        model=name(*known.model),
        key=name(known.names[load_contract().table(known.table).key[0]]),
    )
    return FailingRows(
        check_code="mart_reference_unknown",
        table=promise.table,
        column=column,
        unit=f"distinct values of {column}",
        query=fill(
            "select (select count(*) from ({named})), (select count(*) from ({unknown}))",
            named=named,
            unknown=unknown,
        ),
        example=fill(
            "select {column} from ({unknown}) order by all limit 1", column=name(column), unknown=unknown
        ),
    )


def _shown(columns: Iterable[str]) -> Sql:
    """Columns of a key as text, ``name = value``; private ones are left out by the caller."""
    named = [
        fill("{label} || cast({column} as varchar)", label=value(f"{c} = "), column=name(c)) for c in columns
    ]
    return join(" || ', ' || ", named) if named else Sql("'(its columns are private)'")
