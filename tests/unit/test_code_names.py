"""Every code that a published column may hold has a name in ``dim_code``."""

import csv

import pytest

from orchestration.publication.reporting import kind_of
from tests.support.codes import declared_codes, named_codes
from tests.support.models import PROJECT

SEED = PROJECT / "seeds/reference/dim_code.csv"


def without_name(declared: list[tuple[str, str, str]], kinds: dict[str, set[str]]) -> list[str]:
    """Codes without a row, in words."""
    return sorted(
        {
            f"{place}: {column} {code}"
            for place, column, code in declared
            if column.endswith("_code") and code not in kinds.get(kind_of(column, kinds) or "", ())
        }
    )


def test_every_declared_code_has_a_name() -> None:
    declared = list(declared_codes())
    # the contract, constraints and seeds are all looked through
    assert {("customer", "gender_code", "F"), ("dim_org_rollup.yml", "view_code", "then")} <= set(declared)
    assert ("tier_rules.csv", "tier_code", "core") in declared

    assert without_name(declared, named_codes()) == [], "add rows to seeds/reference/dim_code.csv"


@pytest.mark.parametrize(
    ("column", "code", "found"),
    [
        ("tier_code", "core", []),
        ("lost_tier_code", "core", []),
        ("tier_code", "kernel", ["here: tier_code kernel"]),
        ("colour_code", "red", ["here: colour_code red"]),
    ],
)
def test_a_code_without_a_row_is_found(column: str, code: str, found: list[str]) -> None:
    assert without_name([("here", column, code)], named_codes()) == found


def test_the_longest_kind_names_a_column() -> None:
    kinds = {"type_code": {"a"}, "event_type_code": {"b"}}
    assert kind_of("event_type_code", kinds) == "event_type_code"
    assert kind_of("case_type_code", kinds) == "type_code"
    assert kind_of("prototype_code", {"type_code": {"a"}}) is None


def test_rows_are_in_order_and_have_both_names() -> None:
    with SEED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [(row["code_kind"], row["code"]) for row in rows]
    assert keys == sorted(set(keys))
    assert [key for key, row in zip(keys, rows, strict=True) if not row["code_name"]] == []
    assert [row for row in rows if not row["code_name_zh"]] == []
