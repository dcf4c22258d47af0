"""Trees of orgs of any depth, and who is whose successor, on the models in memory."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.support.models import Models

NAMES = [
    "stg_core_banking__orgs", "int_org__told", "int_org__versions", "int_org__ancestor",
    "int_org__succession", "dim_org_rollup",
]  # fmt: skip
LEVELS = 40
OPEN, EVER = date(9999, 12, 31), date(1, 1, 1)


class Tree:
    """Orgs as one batch tells them, and the models over them.

    Args:
        changes: Changes of orgs that nights have told: old org, new org, kind, day.
    """

    def __init__(self, *orgs: dict[str, Any], changes: Sequence[tuple[str, str, str, date]] = ()) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("create schema core_banking")
        self.connection.execute(
            "create table core_banking.org (org_id varchar, org_name varchar, org_level varchar,"
            " parent_org_id varchar, region_code varchar, open_date date, close_date date,"
            " successor_org_id varchar, source_file varchar, source_row bigint)"
        )
        for org in orgs:
            self.connection.execute(
                "insert into core_banking.org by name select $org_id as org_id, $parent as parent_org_id,"
                " $successor as successor_org_id, cast($closed as date) as close_date, 'outlet' as org_level",
                {"parent": None, "successor": None, "closed": None, **org},
            )
        self.models = Models(self.connection, NAMES)
        self.connection.execute(
            "create table stg.int_org__change (change_id varchar, business_date date, old_org_id varchar,"
            " new_org_id varchar, change_type_code varchar, change_date date)"
        )
        for number, change in enumerate(changes):
            self.connection.execute(
                "insert into stg.int_org__change values (?, '2026-02-26', ?, ?, ?, ?)", [str(number), *change]
            )
        self.models.build(business_date="2026-02-27", previous_business_date="")

    def rows(self, model: str, columns: str, org_id: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            f"select {columns} from {self.models.relation(model)} where org_id = ? order by all", [org_id]
        ).fetchall()


def chain(levels: int) -> list[dict[str, Any]]:
    """L1 at the top, every other org below the one before it."""
    return [
        {"org_id": f"L{level}", "parent": f"L{level - 1}" if level > 1 else None}
        for level in range(1, levels + 1)
    ]


def test_a_tree_of_any_depth_is_rolled_up_to_its_root() -> None:
    tree = Tree(*chain(LEVELS))

    above = tree.rows("int_org__ancestor", "distance, ancestor_org_id", f"L{LEVELS}")
    assert above == [(distance, f"L{LEVELS - distance}") for distance in range(LEVELS)]
    rollup = tree.rows("dim_org_rollup", "distance, rollup_org_id", f"L{LEVELS}")
    # in the view of then and in that of now
    assert rollup == [(d, f"L{LEVELS - d}") for d in range(LEVELS) for _ in range(2)]


def test_a_root_that_is_its_own_parent_is_a_root() -> None:
    tree = Tree({"org_id": "00", "parent": "00", "successor": "00"}, {"org_id": "11", "parent": "00"})

    assert tree.rows("stg_core_banking__orgs", "parent_org_id, successor_org_id", "00") == [(None, None)]
    assert tree.rows("int_org__ancestor", "ancestor_org_id, distance", "00") == [("00", 0)]
    assert tree.rows("int_org__ancestor", "ancestor_org_id, distance", "11") == [("00", 1), ("11", 0)]
    assert tree.rows("int_org__succession", "resolved_org_id, from_date, to_date", "00") == [
        ("00", EVER, OPEN)
    ]


def test_any_number_of_mergers_after_one_another_is_followed() -> None:
    days = [date(2026, 1, day) for day in range(1, 13)]
    tree = Tree(
        *({"org_id": f"S{n}", "successor": f"S{n + 1}", "closed": day} for n, day in enumerate(days)),
        {"org_id": "S12"},
    )

    resolved = tree.rows("int_org__succession", "from_date, resolved_org_id, to_date", "S0")

    # S0 until the first, then S1, and so on to S12 from the twelfth merger on
    ends = [*days, OPEN]
    assert resolved == [
        (start, f"S{n}", end) for n, (start, end) in enumerate(zip([EVER, *days], ends, strict=True))
    ]


def test_a_successor_named_in_advance_is_none_until_a_closing_day_is_told() -> None:
    tree = Tree(
        {"org_id": "A", "successor": "B"},
        {"org_id": "B", "successor": "C", "closed": date(2026, 1, 20)},
        {"org_id": "C"},
    )

    # A stays A, also on the day on which B becomes C
    assert tree.rows("int_org__succession", "resolved_org_id, from_date, to_date", "A") == [("A", EVER, OPEN)]
    assert tree.rows("dim_org_rollup", "view_code, rollup_org_id", "A") == [("current", "A"), ("then", "A")]
    assert tree.rows("int_org__succession", "resolved_org_id, from_date, to_date", "B") == [
        ("B", EVER, date(2026, 1, 20)),
        ("C", date(2026, 1, 20), OPEN),
    ]


@pytest.mark.parametrize("column", ["parent", "successor"])
def test_a_circle_that_a_bank_lets_through_ends_all_the_same(column: str) -> None:
    closed = date(2026, 1, 1)
    tree = Tree(
        {"org_id": "X1", "closed": closed, column: "X2"},
        {"org_id": "X2", "closed": closed, column: "X1"},
        {"org_id": "X3"},
    )

    if column == "parent":
        assert tree.rows("int_org__ancestor", "ancestor_org_id, distance", "X1") == [("X1", 0), ("X2", 1)]
    else:
        assert len(tree.rows("int_org__succession", "resolved_org_id", "X1")) == 4


@pytest.mark.parametrize("kind", ["merge", "move"])
def test_a_change_of_orgs_names_the_successor_from_its_day_on(kind: str) -> None:
    day = date(2026, 2, 10)
    tree = Tree({"org_id": "A"}, {"org_id": "B"}, changes=[("A", "B", kind, day)])

    assert tree.rows("int_org__succession", "resolved_org_id, from_date, to_date", "A") == [
        ("A", EVER, day),
        ("B", day, OPEN),
    ]
    assert tree.rows("dim_org_rollup", "view_code, rollup_org_id", "A") == [("current", "B"), ("then", "A")]


def test_a_split_leaves_the_org_what_it_is() -> None:
    tree = Tree({"org_id": "A"}, {"org_id": "B"}, changes=[("A", "B", "split", date(2026, 2, 10))])

    assert tree.rows("int_org__succession", "resolved_org_id", "A") == [("A",)]


def test_what_the_row_of_the_org_says_goes_before_a_change() -> None:
    early, late = date(2026, 2, 1), date(2026, 2, 10)
    tree = Tree(
        {"org_id": "A", "successor": "B", "closed": early},
        {"org_id": "B"},
        {"org_id": "C", "successor": "D"},
        {"org_id": "D"},
        {"org_id": "E", "successor": "B"},
        changes=[("A", "D", "merge", late), ("C", "D", "merge", late), ("E", "D", "merge", late)],
    )

    def at_last(org: str) -> tuple[Any, ...]:
        return tree.rows("int_org__succession", "from_date, resolved_org_id", org)[-1]

    assert at_last("A") == (early, "B")
    # the row of C names who, the change when
    assert at_last("C") == (late, "D")
    # the row of E names another, and no day
    assert at_last("E") == (EVER, "E")


def test_the_latest_change_of_an_org_counts_and_circles_do_not() -> None:
    days = [date(2026, 2, day) for day in (1, 2, 3)]
    tree = Tree(
        *({"org_id": org} for org in "ABCXYZ"),
        changes=[
            ("A", "B", "merge", days[0]), ("A", "C", "merge", days[1]),
            ("X", "Y", "merge", days[0]), ("Y", "Z", "merge", days[1]), ("Z", "X", "merge", days[2]),
        ],
    )  # fmt: skip

    assert tree.rows("int_org__succession", "resolved_org_id, from_date", "A") == [
        ("A", EVER),
        ("C", days[1]),
    ]
    for org in "XYZ":
        assert tree.rows("int_org__succession", "resolved_org_id", org) == [(org,)]
