"""Which fences hold a place, which are near a box: an immutable snapshot of a set of fences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo import kernels
from geo.fence_table import FenceTable, build_table
from geo.fences import Fence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FenceIndex:
    """Fences in the order of their ids (so the order of building is of no consequence) and their table."""

    fences: tuple[Fence, ...]
    table: FenceTable

    @classmethod
    def build(cls, fences: Iterable[Fence]) -> FenceIndex:
        """Snapshot of the fences; raises ValueError if an id comes twice."""
        ordered = tuple(sorted(fences, key=lambda fence: fence.id))
        for one, other in pairwise(ordered):
            if one.id == other.id:
                raise ValueError(f"fence {one.id} is given twice: versions {one.version} and {other.version}")
        return cls(ordered, build_table([fence.rings for fence in ordered]))

    def with_fence(self, fence: Fence) -> FenceIndex:
        """Snapshot with the fence added, or put in the place of the one with its id."""
        return FenceIndex.build([*(kept for kept in self.fences if kept.id != fence.id), fence])

    def without(self, fence_id: str) -> FenceIndex:
        """Snapshot without the fence; raises KeyError if there is none with this id."""
        kept = [fence for fence in self.fences if fence.id != fence_id]
        if len(kept) == len(self.fences):
            raise KeyError(fence_id)
        return FenceIndex.build(kept)

    def locate(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Integers, Integers, Integers]:
        """(point_ix, fence_ix, state), each i8[k], for every place and fence that holds it, by point, then fence.

        The state is kernels.INSIDE or kernels.BORDER; -180 and 180 degrees are one meridian. The places are f8[n] in
        degrees; raises ValueError for what is no place.
        """
        rows = kernels.locate(self.table, *checked_positions(longitude, latitude))
        return rows[:, 0], rows[:, 1], rows[:, 2]

    def candidates(self, bbox: tuple[float, float, float, float]) -> Integers:
        """Ascending fence_ix of the fences whose box meets (west, south, east, north); west > east crosses 180."""
        west, south, east, north = bbox
        table = self.table
        if west > east:
            across = (table.east >= west) | (table.west <= east)
        else:
            across = (table.east >= west) & (table.west <= east)
        return np.flatnonzero(across & (table.north >= south) & (table.south <= north))


def checked_positions(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
    """Both as contiguous writable f8[n], as the kernels are compiled for; raises ValueError for what is no place."""
    x = np.require(longitude, np.float64, ["C", "W"])
    y = np.require(latitude, np.float64, ["C", "W"])
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"longitude and latitude must be two columns of one length, not {x.shape} and {y.shape}")
    wrong = np.flatnonzero(~((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)))
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(f"position {at} ({x[at]}, {y[at]}) is not within longitude -180..180, latitude -90..90")
    return x, y
