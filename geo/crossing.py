"""Fixes to crossings: which consecutive fixes enter, leave or pass through which fence, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geo import kernels
from geo.fence_index import FenceIndex, checked_positions

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossing:
    """One stay in a fence that begins, ends, or both, between the consecutive fixes from_ix and to_ix.

    Fractions run from 0 at from_ix to 1 at to_ix; the time of crossing is interpolated with them. `enter` has no
    left_at_fraction, `exit` no entered_at_fraction. The place is that of the first of the two.
    """

    fence_id: str
    fence_version: int
    kind: Literal["enter", "exit", "through"]
    from_ix: int
    to_ix: int
    entered_at_fraction: float | None
    left_at_fraction: float | None
    longitude: float
    latitude: float


def crossings(
    longitude: Floats, latitude: Floats, index: FenceIndex, first: int = 0, last: int | None = None
) -> list[Crossing]:
    """Crossings on the segments first <= s < last (all by default); segment s runs from fix s to fix s + 1.

    Fixes are f8[n] in degrees, in canonical order. A segment is straight in longitude and latitude and takes the short
    way round the Earth; a difference of exactly 180 degrees does not cross the antimeridian.

    A fence is a closed set: a fix on the border is inside, so is a way along the border, and a touch from outside is a
    `through` of no length. Each stay is told once: one under way at the first fix ends in `exit`, one still under way
    at the second began with `enter`, one that does both on the segment is a `through`. So inside -> outside -> inside
    is `exit`, then `enter`; and cutting a segment at a place outside changes nothing but the numbers of the fixes.
    Order: segment, place along it, fence id. Raises ValueError for a fix that is no place, or segments out of range.
    """
    longitude, latitude = checked_positions(longitude, latitude)
    segments = max(len(longitude) - 1, 0)
    last = segments if last is None else last
    if not 0 <= first <= last <= segments:
        raise ValueError(f"segments {first}..{last} are not within 0..{segments}")
    rows = kernels.stays(index.table, longitude, latitude, first, last)
    begin = np.where(np.isnan(rows[:, 2]), rows[:, 3], rows[:, 2])
    rows = rows[np.lexsort((rows[:, 1], begin, rows[:, 0]))]
    begin = np.where(np.isnan(rows[:, 2]), rows[:, 3], rows[:, 2])
    start = rows[:, 0].astype(np.int64)
    x = longitude[start] + begin * _short_way(longitude[start + 1] - longitude[start])
    x = np.where(x > 180.0, x - 360.0, np.where(x < -180.0, x + 360.0, x))
    y = latitude[start] + begin * (latitude[start + 1] - latitude[start])
    return [
        _crossing(index, int(f), s, entered, left, at_x, at_y)
        for s, (_, f, entered, left), at_x, at_y in zip(
            start.tolist(), rows.tolist(), x.tolist(), y.tolist(), strict=True
        )
    ]


def _crossing(index: FenceIndex, f: int, s: int, entered: float, left: float, x: float, y: float) -> Crossing:
    fence = index.fences[f]
    # NaN is the only number that differs from itself.
    entered_at, left_at = entered if entered == entered else None, left if left == left else None
    kind = "exit" if entered_at is None else "enter" if left_at is None else "through"
    return Crossing(fence.id, fence.version, kind, s, s + 1, entered_at, left_at, x, y)


def _short_way(difference: Floats) -> Floats:
    return np.where(
        difference > 180.0, difference - 360.0, np.where(difference < -180.0, difference + 360.0, difference)
    )
