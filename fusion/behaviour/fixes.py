"""Fixes as columns, and how many of them a search has seen before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.ellipse import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fixes:
    """f8[n] each in order of time, covariance f8[n, 3] (xx, xy, yy), in m and s."""

    time_s: Floats
    x_m: Floats
    y_m: Floats
    covariance: Floats

    def __len__(self) -> int:
        return len(self.time_s)

    def part(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Fixes:
        """Some of them."""
        return Fixes(self.time_s[rows], self.x_m[rows], self.y_m[rows], self.covariance[rows])

    def shared_with(self, before: Fixes) -> int:
        """How many fixes at the beginning are those of `before`, to the bit."""
        n = min(len(self), len(before))
        pairs = zip(self._columns(), before._columns(), strict=True)
        return min((_equal(one[:n], other[:n]) for one, other in pairs), default=n)

    def _columns(self) -> tuple[Floats, Floats, Floats, Floats]:
        return self.time_s, self.x_m, self.y_m, self.covariance


def _equal(one: Floats, other: Floats) -> int:
    differs = one != other
    if differs.ndim > 1:
        differs = differs.any(axis=1)
    return int(np.argmax(differs)) if differs.any() else len(one)
