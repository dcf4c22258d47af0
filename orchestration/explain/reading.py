"""Reading the current release for a person: rows of its tables as records, one line where it has none.

What is asked of which table stands in the modules that tell a story; nothing is printed here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

import duckdb

from orchestration.errors import PublicationError
from orchestration.releases.on_disk import open_current
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name

Row = TypeVar("Row")

_PARAMETER = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Reading:
    """The current release, open for reading.

    Attributes:
        currency: Reporting currency of the amounts.
    """

    connection: duckdb.DuckDBPyConnection
    release: str
    business_date: date
    currency: str

    def rows(self, kind: type[Row], table: str, where: str, order: str, **values: object) -> list[Row]:
        """Rows of a table as records; the fields of ``kind`` are the columns.

        Args:
            table: Schema and name.
            where: Condition with named parameters, ``customer_id = $customer``.
            order: A total order, so that a page is the same each time.
            values: The parameters; those that ``where`` does not name are left out.
        """
        columns = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]
        return [kind(*row) for row in self.raw(table, columns, where, order, **values)]

    def raw(
        self, table: str, columns: tuple[str, ...], where: str, order: str, **values: object
    ) -> list[tuple[Any, ...]]:
        """As :meth:`rows`, as they come."""
        query = fill(
            "select {columns} from {table} where {where} order by {order}",
            columns=join(", ", map(name, columns)),
            table=name(*table.split(".")),
            where=Sql(where),
            order=Sql(order),
        )
        named = {key: values[key] for key in _PARAMETER.findall(where)}
        found: list[tuple[Any, ...]] = self.connection.execute(query, named).fetchall()
        return found


@contextmanager
def reading(settings: Settings) -> Iterator[Reading]:
    """The current release, closed at the end.

    Raises:
        PublicationError: Nothing is published, or the release was made before it had what is asked for.
    """
    with open_current(settings) as connection:
        release, business_date, currency = connection.execute(
            "select release, business_date, reporting_currency from quality.data_as_of"
        ).fetchone() or ("", date.min, "")
        try:
            yield Reading(connection, release, business_date, currency)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            # what DuckDB says of names; no value is in it
            said = str(error).partition("\n")[0]
            raise PublicationError(
                f"Release {release} does not hold what is asked for ({said})."
                " Run the next night, which makes it."
            ) from error
