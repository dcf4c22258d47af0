from datetime import date
from decimal import Decimal

import pytest

from orchestration.sql import fill, join, name, value


def test_names_are_quoted_and_nothing_else_passes_as_one():
    assert name("lake", "transaction") == '"lake"."transaction"'
    for odd in ("", "Lake", 'a"b', "a b", "a;drop", "客户", "1a"):
        with pytest.raises(ValueError, match="is not a name"):
            name(odd)


def test_values_are_literals_of_their_own_type():
    given = ["it's", 3, Decimal("1E-7"), date(2026, 1, 31), None]

    assert [value(content) for content in given] == ["'it''s'", "3", "0.0000001", "date '2026-01-31'", "null"]


@pytest.mark.parametrize("content", [0.1, True])
def test_neither_floating_point_nor_flags_are_values(content):
    with pytest.raises(TypeError):
        value(content)


def test_a_filled_template_keeps_what_it_is_filled_with():
    listed = join(", ", [value("{x}"), value("y")])

    assert fill("select {c} from {t} where {c} in ({v})", c=name("c"), t=name("t"), v=listed) == (
        """select "c" from "t" where "c" in ('{x}', 'y')"""
    )
