"""The codes that the project declares, by the column that holds them, and the kinds of ``dim_code``."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from contract.model import load_contract
from contract.staging import staged_models
from tests.support.models import PROJECT

_STAGING = PROJECT / "models/staging/core_banking"


def named_codes() -> dict[str, set[str]]:
    """The codes of ``dim_code`` by kind."""
    kinds: dict[str, set[str]] = {}
    for row in _rows(PROJECT / "seeds/reference/dim_code.csv"):
        kinds.setdefault(row["code_kind"], set()).add(row["code"])
    return kinds


def declared_codes() -> Iterator[tuple[str, str, str]]:
    """Place, column and code of every code that contract, models or seeds declare."""
    yield from _codes_of_contract()
    for folder in ("models", "seeds"):
        for path in sorted((PROJECT / folder).rglob("*.yml")):
            yield from _codes_of_constraints(path)
    for path in sorted((PROJECT / "seeds/rules").glob("*.csv")):
        for row in _rows(path):
            for column, code in row.items():
                if column.endswith("_code") and code not in ("", "*"):
                    yield path.name, column, code


def _codes_of_contract() -> Iterator[tuple[str, str, str]]:
    staged = {
        re.sub(
            r".*source\('core_banking', '(\w+)'\).*", r"\1", path.read_text(encoding="utf-8"), flags=re.S
        ): path.stem
        for path in _STAGING.glob("stg_*.sql")
    }
    columns = {str(model["name"]): model["columns"] for model in staged_models(load_contract(), _STAGING)}
    for table in load_contract().tables:
        for column in table.columns:
            if column.type == "code" and column.values:
                for code in column.values:
                    yield table.name, _staged_name(columns[staged[table.name]], column.name), code


def _staged_name(columns: object, source: str) -> str:
    assert isinstance(columns, list)
    for column in columns:
        meta = column.get("config", {}).get("meta", {})
        if meta.get("source_column", column["name"]) == source:
            return str(column["name"])
    raise AssertionError(f"no staged column is {source}")


def _codes_of_constraints(path: Path) -> Iterator[tuple[str, str, str]]:
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    for node in [*(said.get("models") or []), *(said.get("seeds") or [])]:
        for column in node.get("columns") or []:
            for constraint in column.get("constraints") or []:
                for code in re.findall(r"'(\w+)'", constraint.get("expression", "")):
                    yield path.name, column["name"], code


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
