"""The normal distribution in SQL, against Python's."""

import math
from statistics import NormalDist

import duckdb
import pytest

from tests.support.macros import Macros

MACROS = Macros({})


def sql(expression: str) -> float:
    (value,) = duckdb.sql(f"select {expression}").fetchone() or (None,)
    assert value is not None
    return float(value)


@pytest.mark.parametrize("x", [0, 1e-9, 0.1, 0.46875, 0.4688, 1, 1.4, 2, 3.5, 4, 4.01, 6, 10, 26])
def test_erfc_is_that_of_python(x: float) -> None:
    found = sql(str(MACROS.globals["erfc_of_positive"](f"cast({x!r} as double)")))
    assert found == pytest.approx(math.erfc(x), rel=2e-14, abs=0)


@pytest.mark.parametrize("z", [0, 0.5, -1.959963984540054, 2.576, 5, -8])
def test_the_p_value_has_two_sides(z: float) -> None:
    found = sql(str(MACROS.globals["two_sided_p"](f"cast({z!r} as double)")))
    assert found == pytest.approx(2 * NormalDist().cdf(-abs(z)), rel=1e-12, abs=1e-15)
