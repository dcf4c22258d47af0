"""Whole numbers as the contract's exact types: the generator computes in cents and millionths only."""

import numpy as np
import polars as pl
import pyarrow as pa

from sample_bank.rng import Ints

PPM = 1_000_000
"""Rates, weights and shares are whole millionths."""


def _decimals(name: str, whole: Ints, precision: int, scale: int) -> pl.Series:
    """Whole numbers of the last digit as exact decimals, without a detour through text or float."""
    wide = np.empty((len(whole), 2), dtype=np.int64)
    wide[:, 0] = whole
    wide[:, 1] = np.asarray(whole, dtype=np.int64) >> 63
    array = pa.Array.from_buffers(pa.decimal128(precision, scale), len(whole), [None, pa.py_buffer(wide)])
    return pl.Series(name, array)


def money(name: str, cents: Ints) -> pl.Series:
    """Cents as money."""
    return _decimals(name, cents, 18, 2)


def rates(name: str, millionths: Ints) -> pl.Series:
    """Millionths as a rate."""
    return _decimals(name, millionths, 9, 6)


def ratios(name: str, hundred_thousandths: Ints) -> pl.Series:
    """Hundred-thousandths as a ratio."""
    return _decimals(name, hundred_thousandths, 6, 5)


def quantities(name: str, ten_thousandths: Ints) -> pl.Series:
    """Ten-thousandths as a quantity."""
    return _decimals(name, ten_thousandths, 20, 4)


def digits(name: str, numbers: Ints, width: int, prefix: str = "") -> pl.Series:
    """Numbers as identifiers of fixed width with leading zeros."""
    text = pl.Series(name, numbers).cast(pl.String).str.zfill(width)
    return (prefix + text).alias(name) if prefix else text
