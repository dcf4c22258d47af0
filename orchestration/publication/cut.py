"""Cuts: the part of a release that one org, or one relationship manager, may see.

An org sees its customers whole (主办: the release's last month calls it, or an org below it, their main
org); of customers whom it only assists (协办) it sees the rows of what it keeps itself. A manager sees
whole whom he is the main manager of that night, and of others what is his own. Tables say by their columns
which rule holds:

- a column of customers: their rows, as above; what an org keeps itself is where ``org_id`` is in the grain
- with ``config.meta.cut: employee`` a manager also sees the rows that name him, as the claims that he made on
  sales to customers of others, or to customers not known yet
- no customers, but orgs (or, for a manager, employees): the org's own rows
- neither: the bank's totals, which stay at home, but for what ``config.meta.cut: whole`` lets go
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.errors import NotFoundError, PublicationError
from orchestration.ingestion.lake import table_files
from orchestration.own_page import write_own_page
from orchestration.publication.filtered import filtering, write_filtered
from orchestration.releases.catalog import CatalogTable, read_catalog
from orchestration.releases.files import remove, seal
from orchestration.releases.on_disk import BUILDING, ReleaseInfo
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value

_ORG_ID, _EMPLOYEE_ID, _CUSTOMER_ID = "org_id", "employee_id", "customer_id"

_ROLES = ("customer_value", "fct_customer_org_role")
_SAFE = re.compile(r"[A-Za-z0-9_-]{1,40}")

_ORGS = """
    create table seen_org as
    with recursive tree as (
        select org_id from read_parquet($files) where org_id = $wanted
        union
        select below.org_id
        from read_parquet($files) as below
        inner join tree on below.parent_org_id = tree.org_id
    )
    select org_id from tree
"""
_MANAGED = """
    create table {table} as
    select distinct customer_id from build.intermediate.int_ownership__assignment
    where employee_id = $wanted and {role}
        and valid_from_date <= $night and (valid_to_date is null or valid_to_date > $night)
"""


@dataclass(frozen=True)
class Wanted:
    """Whose cut it is: an org's, with all below it, or a manager's."""

    kind: str
    number: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.number}"


def cuts_folder(settings: Settings) -> Path:
    """Where cuts are written."""
    return settings.home / "cuts"


def write_cut(settings: Settings, release: ReleaseInfo, wanted: Wanted) -> Path:
    """Write a cut of a release; the one made before for the same org or manager goes.

    The caller holds the writer's lock and has seen to it that the build database, which knows the orgs and
    the managers, holds the release's night.

    Raises:
        NotFoundError: There is no such org, or no customer of such a manager.
        PublicationError: It could not be written.
    """
    if not _SAFE.fullmatch(wanted.number):
        raise NotFoundError(f"{wanted.number!r} is no number of an org or employee.")
    catalog = read_catalog(release.folder)
    assert catalog is not None, f"{release.name} is a release because its catalogue can be read"
    folder = private_folder(cuts_folder(settings) / str(wanted))
    building = folder / f"{BUILDING}{release.name}"
    try:
        with filtering(settings, building) as connection:
            connection.execute(fill("attach {path} as build (read_only)", path=value(settings.database)))
            stays = _who(connection, settings, release, wanted)
            connection.execute("detach build")
            draft = catalog.model_copy(update={"cut": str(wanted)})
            write_filtered(connection, release.folder, building, draft, stays)
            write_own_page(building, wanted.kind, wanted.number)
            seal(building)
            for old in folder.iterdir():
                if old != building:
                    remove(old)
            return building.rename(folder / release.name)
    except (OSError, duckdb.Error) as error:
        raise PublicationError(
            f"The cut {wanted} could not be written ({type(error).__name__}: {error})."
        ) from error


def _who(
    connection: duckdb.DuckDBPyConnection, settings: Settings, release: ReleaseInfo, wanted: Wanted
) -> Callable[[CatalogTable], Sql | None]:
    """Fill the tables of customers seen; returns the condition on each table's rows."""
    if wanted.kind == "org":
        batch = BatchId(release.business_date, release.sequence)
        files = [str(path) for path in table_files(settings, "org", batch)]
        connection.execute(_ORGS, {"wanted": wanted.number, "files": files})
        _fill_by_role(connection, release)
        mine = "seen_org"
    else:
        night = {"wanted": wanted.number, "night": release.business_date}
        for table, role in (("whole_customer", "role_code = 'main'"), ("part_customer", "true")):
            connection.execute(fill(_MANAGED, table=name(table), role=Sql(role)), night)
        connection.execute(
            "create table seen_employee as select $wanted as employee_id", {"wanted": wanted.number}
        )
        mine = "seen_employee"
    (found,) = connection.execute(fill("select count(*) from {mine}", mine=name(mine))).fetchone() or (0,)
    (customers,) = connection.execute("select count(*) from part_customer").fetchone() or (0,)
    if not found or (wanted.kind == "rm" and not customers):
        raise NotFoundError(f"There is no {wanted.kind} {wanted.number}, or nobody is his customer.")
    return _by_org if wanted.kind == "org" else _by_manager


def _fill_by_role(connection: duckdb.DuckDBPyConnection, release: ReleaseInfo) -> None:
    files = release.folder / "parquet" / Path(*_ROLES) / "**" / "*.parquet"
    roles = fill(
        "select customer_id, role_code from read_parquet({files}, hive_partitioning = false)"
        " where month_start_date = (select max(month_start_date) from"
        " read_parquet({files}, hive_partitioning = false))"
        " and org_id in (select org_id from seen_org)",
        files=value(files),
    )
    connection.execute(fill("create table part_customer as select distinct customer_id from ({r})", r=roles))
    connection.execute(
        fill(
            "create table whole_customer as select distinct customer_id from ({r}) where role_code = 'main'",
            r=roles,
        )
    )


def _by_org(table: CatalogTable) -> Sql | None:
    customers, orgs = _columns(table, _CUSTOMER_ID), _columns(table, _ORG_ID)
    if customers:
        keeps_it = _in(_ORG_ID, "seen_org") if _ORG_ID in table.grain else None
        return _customers(customers, keeps_it)
    if orgs:
        return _in(_ORG_ID if _ORG_ID in orgs else orgs[0], "seen_org")
    return EVERY_ROW if table.cut == "whole" else None


def _by_manager(table: CatalogTable) -> Sql | None:
    customers, employees = _columns(table, _CUSTOMER_ID), _columns(table, _EMPLOYEE_ID)
    if customers:
        his_own = _in(_EMPLOYEE_ID, "seen_employee") if _EMPLOYEE_ID in table.grain else None
        seen = _customers(customers, his_own)
        if table.cut != "employee":
            return seen
        named = join(" or ", (_in(column, "seen_employee") for column in employees))
        return fill("({seen} or {named})", seen=seen, named=named)
    if employees:
        return _in(employees[0], "seen_employee")
    return EVERY_ROW if table.cut == "whole" else None


def _customers(columns: list[str], own_part: Sql | None) -> Sql:
    """Rows of customers seen whole; and the own part of the rows of others."""
    whole = join(" and ", (_in(column, "whole_customer", or_null=True) for column in columns))
    if own_part is None:
        return whole
    part = join(" and ", (_in(column, "part_customer", or_null=True) for column in columns))
    return fill("(({whole}) or ({part} and {own_part}))", whole=whole, part=part, own_part=own_part)


def _in(column: str, table: str, *, or_null: bool = False) -> Sql:
    key = _CUSTOMER_ID if table.endswith("customer") else table.removeprefix("seen_") + "_id"
    condition = fill(
        "coalesce({column} in (select {key} from {table}), false)",
        column=name(column),
        key=name(key),
        table=name("memory", "main", table),
    )
    # the customer's own number is never absent; another one's may be
    is_other = or_null and column != _CUSTOMER_ID
    return (
        fill("({column} is null or {is_in})", column=name(column), is_in=condition) if is_other else condition
    )


def _columns(table: CatalogTable, ending: str) -> list[str]:
    names = [column.name for column in table.columns]
    return [column for column in names if column == ending or column.endswith(f"_{ending}")]
