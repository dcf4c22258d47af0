"""Random numbers that depend only on what they are for.

A draw is a hash of the seed, its purpose and its keys (customer, month, day), so neither the order
nor the size of the chunks changes any of them.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Finaliser of splitmix64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(frozen=True)
class Dice:
    """Draws of one seed. Keys are whole numbers or arrays of them and broadcast against each other."""

    seed: int

    def bits(self, purpose: str, *keys: Ints | int) -> npt.NDArray[np.uint64]:
        """64 random bits for every combination of keys."""
        digest = hashlib.blake2b(f"{self.seed}:{purpose}".encode(), digest_size=8).digest()
        state = np.full(1, int.from_bytes(digest, "little"), dtype=np.uint64)
        for key in keys:
            state = _mix(state + (np.atleast_1d(np.asarray(key)).astype(np.uint64) + np.uint64(1)) * _GOLDEN)
        return state

    def integer(self, purpose: str, below: int, *keys: Ints | int) -> Ints:
        """Whole numbers from 0 to ``below`` − 1."""
        high = self.bits(purpose, *keys) >> np.uint64(32)
        return ((high * np.uint64(below)) >> np.uint64(32)).astype(np.int64)

    def between(self, purpose: str, low: int, high: int, *keys: Ints | int) -> Ints:
        """Whole numbers from ``low`` to ``high``, both included."""
        return low + self.integer(purpose, high - low + 1, *keys)

    def uniform(self, purpose: str, *keys: Ints | int) -> Floats:
        """Fractions from 0 up to 1."""
        return (self.bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, purpose: str, share: float | Floats, *keys: Ints | int) -> Bools:
        """True for the given share of draws."""
        return self.uniform(purpose, *keys) < share

    def pick(self, purpose: str, shares: tuple[float, ...], *keys: Ints | int) -> Ints:
        """Index into ``shares``, drawn by weight; what they leave to 1 falls to the last."""
        edges = np.cumsum(np.asarray(shares, dtype=np.float64))[:-1]
        return np.searchsorted(edges, self.uniform(purpose, *keys), side="right").astype(np.int64)

    def one(self, purpose: str, below: int, *keys: int) -> int:
        """A single whole number from 0 to ``below`` − 1."""
        return int(self.integer(purpose, below, *keys)[0])

    def permute(self, purpose: str, values: Ints, size: int) -> Ints:
        """Where a random permutation of ``size`` things sends each value.

        A Feistel network on the next even number of bits; what falls outside walks on until it is inside.
        """
        half = max(1, -(-(max(size - 1, 1)).bit_length() // 2))
        mask = (1 << half) - 1
        out = values.copy()
        todo = np.ones(len(out), dtype=np.bool_)
        while todo.any():
            left, right = out[todo] >> half, out[todo] & mask
            for turn in range(6):
                left, right = right, left ^ self.integer(purpose, mask + 1, right, turn)
            out[todo] = (left << half) | right
            todo[todo] = out[todo] >= size
        return out
