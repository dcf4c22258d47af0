"""Groups of corporate customers: members, ultimate parents, totals; circles and parents that close."""

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.support.bank import Bank
from tests.support.front_office import deliveries, named_paths, relation
from tests.support.memory_nights import MemoryNights

FIRST, SECOND, THIRD = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)


def members(relations: list, customers: str | list = "ABC") -> list:
    """Members of the groups after one night that brings the relations."""
    bank = Bank([FIRST])
    for name in customers:
        bank.customer(name, kind="C").holds(10)
    memory = MemoryNights(["fct_group_member"])
    for delivery in deliveries(bank, {FIRST: {"customer_relation": relations}}):
        memory.run(delivery)
    return memory.query("select * from corporate.fct_group_member order by customer_id, valid_from_date")


def places(rows: list) -> list:
    """Members with their ways, as customers would be named if they were not hashed."""
    return [
        (row["customer_id"], row["ultimate_parent_customer_id"], path)
        for row, path in zip(rows, named_paths(rows), strict=True)
    ]


def test_a_path_names_nobody():
    """B stands between A and C: who may see A and C, and not B, reads no number of B's."""
    rows = members([relation("B1", "A1"), relation("C1", "B1")], ["A1", "B1", "C1"])

    assert [row["path"].count("/") for row in rows] == [0, 1, 2]
    for row in rows:
        assert all(re.fullmatch("[0-9a-f]{32}", part) for part in row["path"].split("/")), row
    # a way begins with the way of the parent
    assert [after["path"].startswith(before["path"] + "/") for before, after in pairwise(rows)] == [True] * 2


def test_gr1_a_chain_has_one_ultimate_parent():
    rows = members([relation("B", "A", share="0.6"), relation("C", "B", share="0.51")])

    assert places(rows) == [("A", "A", "A"), ("B", "A", "A/B"), ("C", "A", "A/B/C")]
    assert [(row["depth"], row["share"], row["is_circle_cut"]) for row in rows] == [
        (0, None, False), (1, Decimal("0.6"), False), (2, Decimal("0.51"), False),
    ]  # fmt: skip


def test_gr1_a_circle_is_cut_at_its_smallest_number():
    rows = members([relation("B", "A"), relation("C", "B"), relation("A", "C")])

    assert places(rows) == [("A", "A", "A"), ("B", "A", "A/B"), ("C", "A", "A/B/C")]
    assert [row["is_circle_cut"] for row in rows] == [True, False, False]


def test_a_circle_holds_only_while_all_of_it_is_valid():
    first, last = date(2025, 3, 1), date(2025, 6, 1)
    rows = members([relation("B", "A"), relation("A", "B", since=first, until=last)])

    # before and after, A is above anyway; between, it is so because the circle was cut
    assert {(row["customer_id"], row["ultimate_parent_customer_id"]) for row in rows} == {
        ("A", "A"),
        ("B", "A"),
    }
    cut = [(row["valid_from_date"], row["valid_to_date"]) for row in rows if row["is_circle_cut"]]
    assert cut == [(first, last)]
    for name in "AB":
        spans = [(r["valid_from_date"], r["valid_to_date"]) for r in rows if r["customer_id"] == name]
        assert spans[0][0] == date(2020, 1, 1)
        assert spans[-1][1] is None
        assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("size", [2, 3, 1000])
def test_a_circle_of_any_size_has_one_ultimate_parent(size: int):
    names = [f"N{n:04}" for n in range(size)]
    circle = [relation(name, names[n - 1]) for n, name in enumerate(names)]

    rows = members([*circle, relation("X", names[-1])], [*names, "X"])

    assert len(rows) == size + 1
    assert {row["ultimate_parent_customer_id"] for row in rows} == {"N0000"}
    assert max(row["depth"] for row in rows) == size


def test_who_hangs_on_a_circle_with_a_smaller_number_is_below_it():
    rows = members([relation("B", "C"), relation("C", "B"), relation("A", "B")])

    assert places(rows) == [("A", "B", "B/A"), ("B", "B", "B"), ("C", "B", "B/C")]


def test_of_several_parents_the_largest_share_counts_then_the_smallest_number():
    rows = members([relation("C", "B", share="0.4"), relation("C", "A", share="0.4")])

    assert places(rows) == [("A", "A", "A"), ("C", "A", "A/C")]
    rows = members([relation("C", "B", share="0.5"), relation("C", "A", share="0.4")])
    assert places(rows) == [("B", "B", "B"), ("C", "B", "B/C")]


def test_a_relation_that_ended_ends_the_row():
    rows = members([relation("B", "A", until=date(2025, 7, 1)), relation("C", "A")])

    ended = next(row for row in rows if row["customer_id"] == "B")
    assert ended["valid_to_date"] == date(2025, 7, 1)
    assert [row["valid_to_date"] for row in rows if row["customer_id"] == "A"] == [None]


def test_a_parent_of_its_own_is_no_group():
    assert members([relation("A", "A")]) == []


def group_nights(*, closes: str) -> MemoryNights:
    bank = Bank([FIRST, SECOND, THIRD])
    for n, name in enumerate("ABC"):
        customer = bank.customer(name, kind="C")
        account = customer.holds(100 * (n + 1))
        customer.borrows(1000 * (n + 1), since=FIRST)
        if name == closes:
            customer.leaves(SECOND)
            account.closes(SECOND)
    brought = {
        FIRST: {
            "customer_relation": [relation("B", "A"), relation("C", "B"), relation("C", "B", "guarantor")]
        }
    }
    memory = MemoryNights(["fct_group_monthly"])
    for delivery in deliveries(bank, brought):
        memory.run(delivery)
    return memory


def test_gr2_who_closes_is_a_member_no_more_and_drops_out_of_the_totals():
    memory = group_nights(closes="C")

    rows = memory.query("select * from corporate.fct_group_member where customer_id = 'C'")
    assert [row["valid_to_date"] for row in rows] == [SECOND]
    (january, february) = memory.query("select * from corporate.fct_group_monthly order by month_start_date")
    # A 100 and B 200; C closed on the 30th
    assert (january["member_cnt"], january["deposit_end_amt"]) == (2, Decimal("300.00"))
    assert (february["member_cnt"], february["deposit_end_amt"]) == (2, Decimal("300.00"))
    # loans of A 1,000 and B 2,000
    assert january["loan_amt"] == Decimal("3000.00")
    assert january["worst_five_class_code"] == "normal"


def test_a_group_whose_parent_closes_keeps_its_name_and_loses_its_money():
    memory = group_nights(closes="A")

    (january, _) = memory.query("select * from corporate.fct_group_monthly order by month_start_date")
    assert (january["ultimate_parent_customer_id"], january["member_cnt"], january["deposit_end_amt"]) == (
        "A", 2, Decimal("500.00"),
    )  # fmt: skip
    # B answers for C's loans of 3,000
    assert (january["guarantee_cnt"], january["guaranteed_loan_amt"]) == (1, Decimal("3000.00"))


def test_groups_add_to_their_members_counted_once():
    memory = group_nights(closes="")

    (january, _) = memory.query("select * from corporate.fct_group_monthly order by month_start_date")
    assert (january["member_cnt"], january["deposit_end_amt"], january["loan_amt"]) == (
        3, Decimal("600.00"), Decimal("6000.00"),
    )  # fmt: skip
