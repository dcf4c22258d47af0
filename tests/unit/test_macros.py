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
EXACT = render("divide_exact('p', 'f', 'd')")
RATIO = render("signed_ratio('a', 'b')")
SHARE = render("ratio('a', 'b')")
ROUNDED = render("round_amount('p', 'f', 'decimal(38, 2)')")
BY_CENTS = render("divide_cents('p', 'd')")
PUBLISHED = render("round_amount('p', 'f')")
CENTS = render("cents('p')")
TIMES = render("times_days('p', 'd')")
UNITS = render("round_units('u', 'd')")
FX = render("fx_units('r')")
WORTH = render("plain_worth('b', 'r')"), render("fine_worth('b', 'r')")

LIMIT = 10**18 - 1
"""Cents of the largest amount that decimal(18, 2) holds; it is the contract's largest, too."""


def half_up(value: Fraction) -> Decimal:
    """Rounded to the cent, halves away from zero, without any binary fraction."""
    cents = abs(value) * 100
    whole = cents.numerator // cents.denominator
    rest = cents - whole
    rounded = Decimal(whole + (rest >= Fraction(1, 2))) / 100
    return (rounded if value >= 0 else -rounded).quantize(Decimal("0.01"), ROUND_HALF_UP)


def divided(connection, plain: Decimal, fine: Decimal, divisor: int) -> tuple[Decimal, Decimal]:
    return connection.execute(
        f"""
        select {DIVIDED}, {EXACT}
        from (select ?::decimal(38, 2) as p, ?::decimal(38, 22) as f, ?::integer as d)
        """,
        [plain, fine, divisor],
    ).fetchone()


@given(
    days=st.integers(min_value=1, max_value=366),
    data=st.data(),
)
def test_a_sum_over_days_is_divided_exactly_up_to_the_largest_amount(connection, days, data):
    cents = data.draw(st.integers(min_value=0, max_value=LIMIT * days))
    amount = Decimal(cents) / 100

    results = divided(connection, amount, Decimal(0), days)

    assert results == (half_up(Fraction(cents, 100 * days)),) * 2


@given(cents=st.integers(min_value=-LIMIT, max_value=LIMIT), months=st.integers(min_value=1, max_value=366))
@example(cents=267500, months=1000)  # 2.675: a double is just below the half
@example(cents=-267500, months=1000)
@example(cents=1, months=2)
@example(cents=0, months=31)
@example(cents=10**15 - 1, months=7)  # the last that 64 bits divide
@example(cents=10**15, months=7)
def test_whole_cents_are_divided_with_halves_away_from_zero(connection, cents, months):
    (result,) = connection.execute(
        f"select {BY_CENTS} from (select ?::decimal(18, 2) as p, ?::integer as d)",
        [Decimal(cents) / 100, months],
    ).fetchone()

    assert result == half_up(Fraction(cents, 100 * months))


FINE = st.integers(min_value=-(10**26), max_value=10**26).map(lambda units: Decimal(units).scaleb(-22))


@given(cents=st.integers(min_value=10**7, max_value=LIMIT * 31), fine=FINE, days=st.integers(31, 366))
@example(cents=10**7 + 1, fine=Decimal("-0.005"), days=31)
def test_what_lies_below_the_cent_decides_a_half(connection, cents, fine, days):
    plain, whole = Decimal(cents) / 100, Fraction(cents, 100) + Fraction(fine)

    (rounded,) = connection.execute(
        f"select {ROUNDED} from (select ?::decimal(38, 2) as p, ?::decimal(38, 22) as f)", [plain, fine]
    ).fetchone()

    assert divided(connection, plain, fine, days) == (half_up(whole / days),) * 2
    assert rounded == half_up(whole)


@pytest.mark.parametrize(
    ("plain", "fine", "rounded"),
    [
        ("0.00", "0.0049999999999999999999", "0.00"),
        ("0.00", "0.005", "0.01"),
        ("0.01", "-0.005", "0.01"),  # half up: a cast of -0.005 alone would take the cent off
        ("0.01", "-0.0050000000000000000001", "0.00"),
        ("123456789.99", "0.0049999999999999999999", "123456789.99"),
        ("9999999999999999.98", "0.005", "9999999999999999.99"),
    ],
)
def test_a_total_is_rounded_half_up_once(connection, plain, fine, rounded):
    (result,) = connection.execute(
        f"select {PUBLISHED} from (select ?::decimal(18, 2) as p, ?::decimal(38, 22) as f)",
        [plain, fine],
    ).fetchone()

    assert result == Decimal(rounded)
    assert divided(connection, Decimal(plain), Decimal(fine), 1)[0] == Decimal(rounded)


def test_what_is_fine_altogether_has_room_up_to_the_largest_amount(connection):
    """Debts, and what is held in foreign currency."""
    (result,) = connection.execute(
        f"select {PUBLISHED}"
        " from (select 0.00::decimal(18, 2) as p, 9999999999999999.985::decimal(38, 22) as f)"
    ).fetchone()

    assert result == Decimal("9999999999999999.99")


@given(
    cents=st.integers(min_value=0, max_value=LIMIT),
    weight=st.integers(min_value=0, max_value=10**6),
    share=st.integers(min_value=0, max_value=10**6),
    rate=st.integers(min_value=1, max_value=31 * LIMIT),
)
@example(cents=LIMIT, weight=10**6, share=10**6, rate=31 * LIMIT)
@example(cents=1, weight=500_000, share=500_000, rate=1)
def test_worth_is_exact_for_every_amount_and_rate_of_the_contract(connection, cents, weight, share, rate):
    base = Decimal(cents * weight * share).scaleb(-14)
    plain, fine = connection.execute(
        f"select {WORTH[0]}, {WORTH[1]} from (select ?::decimal(38, 14) as b, ?::decimal(38, 8) as r)",
        [base, Decimal(rate).scaleb(-8)],
    ).fetchone()

    assert Fraction(plain) + Fraction(fine) == Fraction(base) * Fraction(rate, 10**8)
    assert abs(fine) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        ("1", "3", "0.333333"),
        ("-1", "3", "-0.333333"),
        (str(LIMIT), "1000000", "999999999999.999999"),
        # a plan of a cent
        (str(LIMIT), "1", "999999999999.999999"),
        (str(-LIMIT), "1", "-999999999999.999999"),
        ("1", "0", None),
        ("null", "1", None),
    ],
)
def test_a_ratio_has_room_whatever_it_is_of(connection, part, whole, told):
    (result,) = connection.execute(
        f"select {RATIO} from (select {part}::hugeint as a, {whole} as b)"
    ).fetchone()

    assert result == (told and Decimal(told))


LAST_OF_64_BITS = 4 * 10**12 - 1, 10**18 - 1
"""Part and whole of the largest ratio that is divided in 64 bits."""


@pytest.mark.parametrize("kind", ["bigint", "hugeint", "decimal(38, 0)"])
@given(
    part=st.integers(min_value=0, max_value=10**20) | st.integers(4 * 10**12 - 3, 4 * 10**12 + 3),
    whole=st.integers(min_value=1, max_value=10**20) | st.integers(10**18 - 3, 10**18 + 3),
)
@example(part=1, whole=2 * 10**6)  # half a millionth
@example(part=LAST_OF_64_BITS[0], whole=LAST_OF_64_BITS[1])
@example(part=LAST_OF_64_BITS[0] + 1, whole=LAST_OF_64_BITS[1] + 1)
@example(part=LAST_OF_64_BITS[0], whole=1)
def test_a_ratio_is_exact_whatever_its_size(connection, kind, part, whole):
    limit = 2**63 - 1 if kind == "bigint" else 10**20
    part, whole = min(part, limit), min(whole, limit)
    doubled = 2 * 10**6 * part + whole
    millionths = doubled // (2 * whole)

    up, down = connection.execute(
        f"select {RATIO} from (values (1, {part}::{kind}, {whole}::{kind}),"
        f" (2, -{part}::{kind}, {whole}::{kind})) as ratios (n, a, b) order by n"
    ).fetchall()

    told = Decimal(min(millionths, LIMIT)).scaleb(-6)
    assert (up, down) == ((told,), (-told,))
    if millionths < 10**9:
        (share,) = connection.execute(
            f"select {SHARE} from (select {part}::{kind} as a, {whole}::{kind} as b)"
        ).fetchone()
        assert share == told


@given(cents=st.integers(min_value=-LIMIT, max_value=LIMIT))
@example(cents=LIMIT)
def test_an_amount_is_whole_cents_up_to_the_largest(connection, cents):
    (result,) = connection.execute(
        f"select {CENTS} from (select ?::decimal(18, 2) as p)", [Decimal(cents) / 100]
    ).fetchone()

    assert result == cents


@given(cents=st.integers(min_value=0, max_value=LIMIT), days=st.integers(min_value=0, max_value=31))
@example(cents=LIMIT, days=31)
def test_an_amount_times_days_is_exact(connection, cents, days):
    (result,) = connection.execute(
        f"select {TIMES} from (select ?::decimal(18, 2) as p, ?::integer as d)",
        [Decimal(cents) / 100, days],
    ).fetchone()

    assert result == Decimal(cents * days) / 100


@given(
    units=st.integers(min_value=-(10**37), max_value=10**37),
    divisor=st.integers(min_value=10**16, max_value=10**20),
)
@example(units=2 * 10**18, divisor=5 * 10**18)
def test_whole_numbers_are_divided_by_more_than_64_bits(connection, units, divisor):
    units = max(-LIMIT * divisor, min(units, LIMIT * divisor))
    (result,) = connection.execute(
        f"select {UNITS} from (select ?::hugeint as u, ?::hugeint as d)",
        [units, divisor],
    ).fetchone()

    assert Decimal(result) / 100 == half_up(Fraction(units, 100 * divisor))


@given(rate=st.integers(min_value=1, max_value=LIMIT))
def test_a_rate_is_a_whole_number_of_its_scale(connection, rate):
    (result,) = connection.execute(
        f"select {FX} from (select ?::decimal(18, 8) as r)", [Decimal(rate).scaleb(-8)]
    ).fetchone()

    assert result == rate


@pytest.mark.parametrize("fine", [0, "0.001"])
def test_dividing_by_nothing_is_null(connection, fine):
    (result,) = connection.execute(
        f"select {DIVIDED} from (select 5::decimal(18, 2) as p, ?::decimal(38, 22) as f, 0 as d)", [fine]
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
