"""Fixes to crossings: which consecutive fixes enter, leave or pass through which fence, and where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo import stays
from geo.fence_index import FenceIndex, checked_positions
from geo.fence_table import THREADS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ENTER, EXIT, THROUGH = 1, 2, 3

_KINDS: dict[int, Literal["enter", "exit", "through"]] = {ENTER: "enter", EXIT: "exit", THROUGH: "through"}
_PIECE = 1 << 16  # segments that a thread takes at a time


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


@dataclass(frozen=True, slots=True, eq=False)
class CrossingColumns:
    """Crossings by segment, place along it, fence; segment s runs from fix s to fix s + 1."""

    segment: Integers  # i8[k]
    fence_ix: Integers  # i8[k]
    kind: NDArray[np.int8]  # i1[k] ENTER, EXIT or THROUGH
    entered_at_fraction: Floats  # f8[k], NaN for an exit
    left_at_fraction: Floats  # f8[k], NaN for an enter


def crossing_columns(
    longitude: ArrayLike,
    latitude: ArrayLike,
    index: FenceIndex,
    *,
    track: ArrayLike | None = None,
    threads: int | None = None,
    first: int = 0,
    last: int | None = None,
) -> CrossingColumns:
    """Crossings on the segments first <= s < last (all by default), with the meaning that `crossings` gives them.

    Fixes are f8[n] in degrees, one track after the other; where `track`, i8[n], changes from fix to fix, there is no
    segment between them. Raises ValueError for a fix that is no place, columns of unequal length, or segments out of
    range. Runs in as many threads as there are processors, or as said.
    """
    x, y = checked_positions(longitude, latitude)
    tracks = np.zeros(0, np.int64) if track is None else np.require(track, np.int64, ["C", "A", "W"])
    if track is not None and tracks.shape != x.shape:
        raise ValueError(f"track must be as long as the fixes, {x.shape}, not {tracks.shape}")
    segments = max(len(x) - 1, 0)
    last = segments if last is None else last
    if not 0 <= first <= last <= segments:
        raise ValueError(f"segments {first}..{last} are not within 0..{segments}")
    spans = [(begin, min(begin + _PIECE, last)) for begin in range(first, last, _PIECE)]

    def one(span: tuple[int, int]) -> tuple[NDArray[np.float64] | NDArray[np.int64], ...]:
        found, count = stays.stays(index.table, x, y, tracks, *span)
        return tuple(column[:count] for column in found)

    threads = min(THREADS if threads is None else threads, len(spans))
    if threads <= 1:
        pieces = [one(span) for span in spans]
    else:
        with ThreadPoolExecutor(threads) as pool:
            pieces = list(pool.map(one, spans))
    if not pieces:
        pieces = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
    segment, fence, entered, left = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    kind = np.where(np.isnan(entered), EXIT, np.where(np.isnan(left), ENTER, THROUGH)).astype(np.int8)
    return CrossingColumns(segment.astype(np.int64), fence.astype(np.int64), kind, entered, left)


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
    found = crossing_columns(longitude, latitude, index, threads=1, first=first, last=last)
    start, begin = found.segment, np.where(found.kind == EXIT, found.left_at_fraction, found.entered_at_fraction)
    x = longitude[start] + begin * _short_way(longitude[start + 1] - longitude[start])
    x = np.where(x > 180.0, x - 360.0, np.where(x < -180.0, x + 360.0, x))
    y = latitude[start] + begin * (latitude[start + 1] - latitude[start])
    return [
        _crossing(index, *row)
        for row in zip(
            start.tolist(),
            found.fence_ix.tolist(),
            found.kind.tolist(),
            found.entered_at_fraction.tolist(),
            found.left_at_fraction.tolist(),
            x.tolist(),
            y.tolist(),
            strict=True,
        )
    ]


def _crossing(
    index: FenceIndex, s: int, f: int, kind: int, entered: float, left: float, x: float, y: float
) -> Crossing:
    fence = index.fences[f]
    return Crossing(
        fence.id,
        fence.version,
        _KINDS[kind],
        s,
        s + 1,
        None if kind == EXIT else entered,
        None if kind == ENTER else left,
        x,
        y,
    )


def _short_way(difference: Floats) -> Floats:
    return np.where(
        difference > 180.0, difference - 360.0, np.where(difference < -180.0, difference + 360.0, difference)
    )
