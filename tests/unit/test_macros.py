"""Macros that every amount goes through, checked against exact arithmetic."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.macros import render


@pytest.fixture(scope="module")
def connection():
    return duckdb.connect()


DIVIDED = render("divide_round('p', 'f', 'd')")
EXACT = render("divide_exact('n', 'd')")


def half_up(value: Fraction) -> Decimal:
    """Rounded to the cent, halves away from zero, without any binary fraction."""
    cents = abs(value) * 100
    whole = cents.numerator // cents.denominator
    rest = cents - whole
    rounded = Decimal(whole + (rest >= Fraction(1, 2))) / 100
    return (rounded if value >= 0 else -rounded).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(
    cents=st.integers(min_value=-(10**14), max_value=10**14),
    days=st.integers(min_value=1, max_value=366),
)
@example(cents=267500, days=1000)  # 2.675: a double is just below the half
@example(cents=-267500, days=1000)
@example(cents=1, days=2)
@example(cents=0, days=31)
def test_divide_round_is_exact_and_rounds_halves_up_by_either_way(connection, cents, days):
    amount = Decimal(cents) / 100

    results = connection.execute(
        f"""
        select {DIVIDED}, {EXACT} from (
            select
                ?::decimal(18, 2) as p,
                0::decimal(38, 20) as f,
                ?::decimal(38, 20) as n,
                ?::integer as d
        )
        """,
        [amount, amount, days],
    ).fetchone()

    assert results == (half_up(Fraction(cents, 100 * days)),) * 2


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.00499999999999999999", "0.00"),
        ("0.005", "0.01"),
        ("123456789.99499999999999999999", "123456789.99"),
    ],
)
def test_divide_round_sees_what_lies_below_the_cent(connection, amount, rounded):
    (result,) = connection.execute(
        f"select {DIVIDED} from (select 0.00::decimal(18, 2) as p, ?::decimal(38, 20) as f, 1 as d)", [amount]
    ).fetchone()

    assert result == Decimal(rounded)


@pytest.mark.parametrize("fine", [0, "0.001"])
def test_dividing_by_nothing_is_null(connection, fine):
    (result,) = connection.execute(
        f"select {DIVIDED} from (select 5::decimal(18, 2) as p, ?::decimal(38, 20) as f, 0 as d)", [fine]
    ).fetchone()

    assert result is None


@pytest.mark.parametrize("month", ["2025-12-01", "2026-01-01", "2026-02-01", "2026-11-01"])
def test_month_index_and_back_is_the_month(connection, month):
    back = render(f"month_from_index(month_index(\"date '{month}'\"))")

    assert str(connection.execute(f"select {back}").fetchone()[0]) == month


def test_day_spine_has_every_day_and_none_when_it_runs_backwards(connection):
    spine = render("day_spine(\"date '2026-02-27'\", \"date '2026-03-01'\")")
    backwards = render("day_spine(\"date '2026-03-02'\", \"date '2026-03-01'\")")

    assert connection.execute(f"select count(*) from {spine}").fetchone() == (3,)
    assert connection.execute(f"select count(*) from {backwards}").fetchone() == (0,)
