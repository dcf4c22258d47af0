"""Shares and ratios, against fractions; and the published shares of the Suzhou table."""

from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference.reports import shares
from tests.unit.test_macros import render

MILLIONTH = Decimal("0.000001")
RATIO = render("ratio('n', 'd')")
SHARE = render("share_of_units('units', 'rest', 'whole', 'place')")
UNITS, REST = render("share_units('part', 'whole')"), render("share_rest('part', 'whole')")

# Suzhou, end of February 2012 (sources/002): customers by band, and their printed shares in per cent
SUZHOU = [6_519_865, 774_321, 136_773, 8_201, 272]
PRINTED = ["87.639", "10.408", "1.838", "0.110", "0.004"]

PARTS = st.lists(st.integers(min_value=0, max_value=10**15), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def connection():
    return duckdb.connect()


def shares_in_sql(connection, parts: list[int]) -> list[Decimal | None]:
    rows = connection.execute(
        f"""
        with parts as (
            select part, place, sum(part) over () as whole
            from (select unnest(?::bigint[]) as part, generate_subscripts(?::bigint[], 1) as place)
        ),
        shared as (select *, {UNITS} as units, {REST} as rest from parts)
        select {SHARE} from shared order by place
        """,
        [parts, parts],
    ).fetchall()
    return [share for (share,) in rows]


@given(PARTS)
def test_shares_are_exact_to_a_millionth_and_add_to_one(connection, parts):
    found = shares_in_sql(connection, parts)

    assert found == shares(parts)
    if sum(parts):
        assert sum(found) == 1
        assert all(
            abs(Fraction(share) - Fraction(part, sum(parts))) < Fraction(MILLIONTH)
            for share, part in zip(found, parts, strict=True)
        )


def test_shares_of_nothing_are_empty(connection):
    assert shares_in_sql(connection, [0, 0]) == [None, None]


@given(
    part=st.integers(min_value=0, max_value=10**24),
    more=st.integers(min_value=0, max_value=10**24),
)
def test_a_ratio_is_rounded_half_up(connection, part, more):
    whole = part + more
    (found,) = connection.execute(
        f"select {RATIO} from (select cast(? as decimal(38, 0)) as n, cast(? as decimal(38, 0)) as d)",
        [str(part), str(whole)],
    ).fetchone()

    assert found == (None if not whole else Decimal((2 * 10**6 * part + whole) // (2 * whole)) * MILLIONTH)


def test_the_suzhou_table_recomputes_to_its_printed_shares(connection):
    found = shares_in_sql(connection, SUZHOU)

    assert [str((share * 100).quantize(Decimal("0.001"))) for share in found] == PRINTED
