"""Random numbers that depend on what they are for, not on when they are drawn.

Every number is a hash of the seed, a purpose and the keys of the thing it belongs to
(a person, an order, a visit). So the shop is the same however it is cut into chunks,
and no state has to be kept for it.
"""

import zlib

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def mix(values: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser: any 64-bit values in, well mixed 64-bit values out."""
    with np.errstate(over="ignore"):
        values = values + _GOLDEN
        values = (values ^ (values >> np.uint64(30))) * _MIX_1
        values = (values ^ (values >> np.uint64(27))) * _MIX_2
        return values ^ (values >> np.uint64(31))


class Chance:
    """Draws for one seed.

    Args:
        seed: Any whole number; the same seed gives the same shop.
    """

    def __init__(self, seed: int):
        self._seed = int(mix(np.array([seed & (2**64 - 1)], dtype=np.uint64))[0])

    def bits(self, purpose: str, *keys) -> np.ndarray:
        """64 random bits for each row of the keys (arrays of integers or scalars)."""
        start = self._seed ^ (zlib.crc32(purpose.encode()) * 0x9E3779B1)
        state = np.array(start & (2**64 - 1), dtype=np.uint64)
        for key in keys:
            key = np.asarray(key)
            if key.dtype != np.uint64:
                key = key.astype(np.int64).view(np.uint64)
            state = mix(state ^ key)
        return state

    def uniform(self, purpose: str, *keys) -> np.ndarray:
        """Numbers in [0, 1)."""
        return (self.bits(purpose, *keys) >> np.uint64(11)).astype(
            np.float64
        ) * 2.0**-53

    def happens(self, share, purpose: str, *keys) -> np.ndarray:
        """True with probability `share` (a number or an array)."""
        return self.uniform(purpose, *keys) < share

    def whole(self, low: int, high: int, purpose: str, *keys) -> np.ndarray:
        """Whole numbers from low to high, both included."""
        drawn = self.uniform(purpose, *keys) * (high - low + 1)
        return low + drawn.astype(np.int64)

    def pick(self, weights, purpose: str, *keys) -> np.ndarray:
        """Positions in `weights`, as often as each weighs."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        drawn = self.uniform(purpose, *keys) * edges[-1]
        return np.minimum(
            np.searchsorted(edges, drawn, side="right"), len(edges) - 1
        ).astype(np.int64)

    def pick_row(self, weights: np.ndarray, row, purpose: str, *keys) -> np.ndarray:
        """Like `pick`, with the weights of `weights[row]` for each row of the keys."""
        edges = np.cumsum(weights, axis=1)
        edges = edges / edges[:, -1:]
        drawn = self.uniform(purpose, *keys)
        return np.minimum(
            (drawn[:, None] >= edges[row]).sum(axis=1), weights.shape[1] - 1
        ).astype(np.int64)

    def waiting(self, mean: float, purpose: str, *keys) -> np.ndarray:
        """Exponential waiting times with the given mean."""
        return -mean * np.log1p(-self.uniform(purpose, *keys))

    def normal(self, purpose: str, *keys) -> np.ndarray:
        """Standard normal numbers."""
        radius = np.sqrt(-2 * np.log1p(-self.uniform(purpose + ":r", *keys)))
        return radius * np.cos(2 * np.pi * self.uniform(purpose + ":a", *keys))
