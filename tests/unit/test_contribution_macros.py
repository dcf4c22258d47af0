"""Transfer rates, and amounts split to the cent: the macros against plain Python, on whatever may come."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.contribution_line import cents, curve_rate, largest_remainder
from tests.support.macros import render

RATES = render("ftp_rates('wanted', 'points')")
SPLIT = render("split_cents('parts', 'cents', 'weight', 'total', ['grp'], ['part'])")
ROUNDED = render("round_units('u', 'd')")
DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def connection():
    return duckdb.connect()


points = st.dictionaries(
    st.tuples(st.integers(0, 20), st.sampled_from([0, 1, 30, 91, 365, 3650])),
    st.integers(-5_000, 60_000),
    min_size=1,
    max_size=12,
)
wanted = st.sets(st.tuples(st.integers(-10, 30), st.integers(0, 5000)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(points=points, wanted=wanted)
def test_a_transfer_rate_is_the_last_curve_at_the_tenor(connection, points, wanted):
    connection.execute(
        "create or replace table points (curve_id varchar, rate_date date, tenor_days integer,"
        " ftp_millionths bigint)"
    )
    connection.execute(
        "create or replace table wanted (curve_id varchar, rate_date date, tenor_days integer)"
    )
    connection.executemany(
        "insert into points values ('C', ?, ?, ?)",
        [(DAY + timedelta(day), tenor, rate) for (day, tenor), rate in points.items()],
    )
    connection.executemany(
        "insert into wanted values ('C', ?, ?)", [(DAY + timedelta(day), tenor) for day, tenor in wanted]
    )
    quotes = {
        ("C", tenor, DAY + timedelta(day)): Decimal(rate) / 1_000_000 for (day, tenor), rate in points.items()
    }

    found = connection.execute(f"select rate_date, tenor_days, ftp_millionths from ({RATES})").fetchall()

    assert {(day, tenor): Fraction(rate, 1_000_000) for day, tenor, rate in found} == {
        (DAY + timedelta(day), tenor): curve_rate(quotes, "C", DAY + timedelta(day), tenor)
        for day, tenor in wanted
    }


@settings(max_examples=100)
@given(
    groups=st.lists(
        st.tuples(
            st.integers(-(10**15), 10**15),
            st.lists(st.integers(0, 10**13), min_size=1, max_size=8).filter(any),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_parts_are_the_largest_remainders_and_add_to_the_amount(connection, groups):
    connection.execute(
        "create or replace table parts (grp integer, part integer, cents bigint, weight bigint, total bigint)"
    )
    connection.executemany(
        "insert into parts values (?, ?, ?, ?, ?)",
        [
            (number, part, amount, weight, sum(weights))
            for number, (amount, weights) in enumerate(groups)
            for part, weight in enumerate(weights)
        ],
    )

    found = connection.execute(f"select grp, part, split_cents from ({SPLIT})").fetchall()

    for number, (amount, weights) in enumerate(groups):
        parts = {part: share for group, part, share in found if group == number}
        assert sum(parts.values()) == amount
        assert parts == largest_remainder(amount, dict(enumerate(weights)))


@given(
    units=st.integers(-(10**24), 10**24) | st.integers(-(10**12), 10**12),
    divisor=st.integers(1, 10**17),
)
def test_sums_are_rounded_half_away_from_zero_in_64_bits_and_in_128(connection, units, divisor):
    (found,) = connection.execute(
        f"select {ROUNDED} from (select ?::hugeint as u, ?::bigint as d)",
        [units, max(divisor, abs(units) // 10**15 + 1)],
    ).fetchone()

    assert found == cents(Fraction(units, 100 * max(divisor, abs(units) // 10**15 + 1)))
