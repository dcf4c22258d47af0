"""The build database under another hash key: hashes that models made are replaced by those of the new key.

Most numbers stand in the build database in the clear and are hashed when they leave it. A few hashes are made
by models (``keyed_hash``), and some of these are kept for good: events, their subjects and responses, the
calendar, paths of groups, households of relations. A hash whose text the database still knows becomes the
hash of that text, so that later nights go on with the same ids; any other one is hashed once more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from orchestration.releases.keys import Key
from orchestration.releases.privacy import pads_of, privacy_of, show_pads
from orchestration.sql import EVERY_ROW, Sql, fill, name, value

_NO_CUSTOMER = Sql("subject_type_code <> 'customer'")


@dataclass(frozen=True)
class HashedColumn:
    """A column of hashes that a model made.

    Attributes:
        rows: Those that hold a hash; in others the column says something in the clear.
        prefix: What stands before the hash.
        is_delivered: Whether the bank delivers it: only ids that are known are replaced.
    """

    table: str
    column: str
    rows: Sql = EVERY_ROW
    prefix: str = ""
    is_delivered: bool = False


_RELATED = Sql("regexp_full_match(household_id, 'REL-[0-9a-f]{32}')")

HASHED_COLUMNS = (
    # before the events themselves, by which they are known
    *(
        HashedColumn(table, "source_event_id", is_delivered=True)
        for table in (
            "int_opportunity__change",
            "int_opportunity__stay",
            "fct_opportunity",
            "fct_opportunity_stage",
        )
    ),
    *(HashedColumn(table, "event_id") for table in ("fct_event_response", "feed_today", "fct_event")),
    *(HashedColumn(table, "response_id") for table in ("fct_event_response", "feed_today")),
    *(
        HashedColumn(table, "subject_id", _NO_CUSTOMER)
        for table in ("fct_event", "feed_today", "feed_calendar")
    ),
    HashedColumn("feed_calendar", "line_id"),
    *(HashedColumn(table, "path") for table in ("int_group__place", "fct_group_member")),
    *(
        HashedColumn(table, "household_id", _RELATED, "REL-")
        for table in ("int_household__member", "fct_household_monthly", "dim_customer_360")
    ),
)
"""Every column of the build database that holds such hashes; a path holds several, parted by ``/``."""

_TEXTS = ("customer_id", "subject_id", "identity_key")
"""Columns that hold what models hash, besides private numbers."""

_KEYED = """
    create or replace temp macro rekeying_hash(told, inner_pad, outer_pad) as
        left(sha256(outer_pad || unhex(sha256(inner_pad || encode(told)))), 32)
"""

_CALENDAR_TEXTS = """
    insert into rekeying_text
    select distinct concat_ws(
        '|', lines.calendar_line_code, lines.subject_type_code, subjects.text,
        coalesce(lines.festival_code, cast(terms.term_no as varchar), ''), cast(lines.due_date as varchar)
    )
    from {lines} as lines
    inner join rekeying_known as subjects
        on lines.subject_id = case when {no_customer} then subjects.old else subjects.text end
    left join {terms} as terms
        on lines.calendar_line_code = 'instalment'
        and terms.loan_id = subjects.text and terms.due_date = lines.due_date
"""


def hash_by(connection: duckdb.DuckDBPyConnection, key: Key) -> None:
    """Let models hash by a key, and replace the hashes that they have made by another one.

    The caller has begun a transaction. Afterwards the tables are not known to hold what the newest release
    holds: a night that follows puts the records back from it, unless a release of these rows is made first.
    """
    old = _pads(connection)
    if old is not None and old != tuple(pads_of(key).values()):
        _replace(connection, key)
    else:
        show_pads(connection, key)


def _pads(connection: duckdb.DuckDBPyConnection) -> tuple[bytes, ...] | None:
    if ("pipeline", "hash_pad") not in _tables(connection).values():
        return None
    return connection.execute("select inner_pad, outer_pad from pipeline.hash_pad").fetchone()


def _replace(connection: duckdb.DuckDBPyConnection, key: Key) -> None:
    tables = _tables(connection)
    connection.execute("create or replace temp table rekeying_pad as from pipeline.hash_pad")
    show_pads(connection, key)
    connection.execute(_KEYED)
    connection.execute("create or replace temp table rekeying_text (text varchar)")
    connection.execute("create or replace temp table rekeying_known (text varchar, old varchar, new varchar)")
    columns = _columns(connection)
    for table, column in _text_columns(columns):
        connection.execute(
            fill(
                "insert into rekeying_text select distinct {column} from {table} where {column} is not null",
                column=name(column),
                table=name(*tables[table]),
            )
        )
    _know(connection)
    if {"feed_calendar", "int_loan__schedule_versions"} <= tables.keys():
        connection.execute(
            fill(
                _CALENDAR_TEXTS,
                lines=name(*tables["feed_calendar"]),
                terms=name(*tables["int_loan__schedule_versions"]),
                no_customer=_NO_CUSTOMER,
            )
        )
        _know(connection)
    for hashed in HASHED_COLUMNS:
        if hashed.column in columns.get(hashed.table, ()):
            _replace_column(connection, hashed, tables)
    for table in ("rekeying_pad", "rekeying_text", "rekeying_known", "rekeying_given"):
        connection.execute(fill("drop table if exists temp.{table}", table=name(table)))
    if "confirmation" in tables and "release" in columns.get("confirmation", ()):
        connection.execute("update pipeline.confirmation set release = null")


def _know(connection: duckdb.DuckDBPyConnection) -> None:
    """Hash the texts that were found, by the old key and by the new one."""
    connection.execute(
        "insert into rekeying_known"
        " select text, rekeying_hash(text, before.inner_pad, before.outer_pad),"
        " rekeying_hash(text, after.inner_pad, after.outer_pad)"
        " from (select distinct text from rekeying_text) as texts"
        " cross join rekeying_pad as before cross join pipeline.hash_pad as after"
    )
    connection.execute("delete from rekeying_text")


def _replace_column(
    connection: duckdb.DuckDBPyConnection, hashed: HashedColumn, tables: dict[str, tuple[str, str]]
) -> None:
    if hashed.is_delivered and "fct_event" not in tables:
        return
    parts = {
        "table": name(*tables[hashed.table]),
        "column": name(hashed.column),
        "rows": hashed.rows,
        "prefix": value(hashed.prefix),
        "known": fill("{column} in (select event_id from {events})", column=name(hashed.column),
                      events=name(*tables["fct_event"])) if hashed.is_delivered else EVERY_ROW,
    }  # fmt: skip
    connection.execute(
        fill(
            """
            create or replace temp table rekeying_given as
            with texts as (
                select distinct {column} as old_text from {table}
                where {column} is not null and {rows} and {known}
            ),
            pieces as (
                select
                    old_text,
                    unnest(string_split(substr(old_text, length({prefix}) + 1), '/')) as old,
                    generate_subscripts(string_split(substr(old_text, length({prefix}) + 1), '/'), 1) as place
                from texts
            )
            select
                pieces.old_text,
                {prefix} || string_agg(
                    coalesce(known.new, rekeying_hash(pieces.old, pads.inner_pad, pads.outer_pad)), '/'
                   order by pieces.place
                ) as new_text
            from pieces
            cross join pipeline.hash_pad as pads
            left join rekeying_known as known on pieces.old = known.old
            group by pieces.old_text
            """,
            **parts,
        )
    )
    connection.execute(
        fill(
            "update {table} as held set {column} = given.new_text from rekeying_given as given"
            " where held.{column} = given.old_text and {rows}",
            **parts,
        )
    )


def _text_columns(columns: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Columns of intermediate tables that may hold what a model hashes."""
    made = {(hashed.table, hashed.column) for hashed in HASHED_COLUMNS}
    for table, names in sorted(columns.items()):
        for column in names:
            is_text = privacy_of(column) == "hash" or column in _TEXTS or column.endswith("_customer_id")
            if table.startswith("int_") and is_text and (table, column) not in made:
                yield table, column


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Schema and name by name, of tables of nights and models; their names are unique in the project."""
    return {
        table: (schema, table)
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary"
            " and schema_name not in ('confirmed', 'last_release')"
        ).fetchall()
    }


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Columns of text by table."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where data_type = 'VARCHAR'"
        " and schema_name not in ('confirmed', 'last_release') and (schema_name, table_name) in"
        " (select (schema_name, table_name) from duckdb_tables() where not temporary) order by all"
    ).fetchall():
        found.setdefault(table, []).append(column)
    return found
