"""The class of every published column, from the extract contract's.

A column that is called like one of the contract has its class. What the warehouse computes of a customer
tells of what he owns and does, and is C2; of a member of staff, staff. ``config.meta.pfi`` says it of others.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from contract.classes import Pfi, most_sensitive
from contract.model import load_contract
from orchestration.releases.marts import Mart, MartColumn


def pfi_classes(mart: Mart) -> dict[str, Pfi]:
    """Class of each column of a published table, in published order."""
    about = _about(mart.columns)
    return {column.name: column.pfi or _pfi(column, about) for column in mart.columns}


def _about(columns: Iterable[MartColumn]) -> Pfi:
    """What a row tells of: a customer (C2), a member of staff, or nobody."""
    found: Pfi = "none"
    for column in columns:
        if column.privacy is not None or any(_is(column.name, name) for name in _ids("C2")):
            return "C2"
        if any(_is(column.name, name) for name in _ids("staff")):
            found = "staff"
    return found


def _pfi(column: MartColumn, about: Pfi) -> Pfi:
    if column.privacy is not None:
        return "C2"
    if about == "none":
        return "none"
    if any(_is(column.name, name) for name in _authenticating()):
        return "C3"
    if any(_is(column.name, name) for name in _ids("staff")):
        return "staff"
    if about == "staff":
        return "staff"
    told = _contract_classes().get(column.name)
    # even what is no secret by itself tells something in the row of a customer
    return about if told is None else most_sensitive(told, "C1")


def _is(column: str, name: str) -> bool:
    return column == name or column.endswith(f"_{name}")


@cache
def _contract_classes() -> Mapping[str, Pfi]:
    classes: dict[str, Pfi] = {}
    for table in load_contract().tables:
        for column in table.columns:
            classes[column.name] = most_sensitive(column.pfi, classes.get(column.name, "none"))
    return classes


@cache
def _authenticating() -> frozenset[str]:
    return frozenset(name for name, pfi in _contract_classes().items() if pfi == "C3")


@cache
def _ids(pfi: Pfi) -> frozenset[str]:
    """Columns that name a customer or what he has, or a member of staff, in every table that has them."""
    columns = [column for table in load_contract().tables for column in table.columns if column.type == "id"]
    return frozenset(
        column.name
        for column in columns
        if all(other.pfi == pfi for other in columns if other.name == column.name)
    )
