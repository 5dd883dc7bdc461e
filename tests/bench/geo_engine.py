"""The engine under its present and its coming names: goes as soon as the engine has join, holding and columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo import crossing
from geo.fence_index import FenceIndex

ENTER, EXIT, THROUGH = (getattr(crossing, name, code) for code, name in enumerate(("ENTER", "EXIT", "THROUGH")))


@dataclass
class Columns:
    segment: NDArray[np.int64]
    fence_ix: NDArray[np.int64]
    kind: NDArray[np.int8]
    entered_at_fraction: NDArray[np.float64]
    left_at_fraction: NDArray[np.float64]


def join(index: FenceIndex, longitude: Any, latitude: Any, threads: int | None = None) -> tuple[Any, Any]:
    if hasattr(index, "join"):
        return index.join(longitude, latitude, threads=threads)
    point_ix, fence_ix, _ = index.locate(longitude, latitude)
    return point_ix, fence_ix


def holding(index: FenceIndex, longitude: float, latitude: float) -> Any:
    if hasattr(index, "holding"):
        return index.holding(longitude, latitude)
    return index.locate(np.array([longitude]), np.array([latitude]))[1]


def nbytes(index: FenceIndex) -> int:
    if hasattr(index, "nbytes"):
        return int(index.nbytes)
    return sum(np.asarray(column).nbytes for column in index.table)


def crossing_columns(
    longitude: Any, latitude: Any, index: FenceIndex, *, track: Any = None, threads: int | None = None
) -> Any:
    if hasattr(crossing, "crossing_columns"):
        return crossing.crossing_columns(longitude, latitude, index, track=track, threads=threads)
    number = {fence.id: ix for ix, fence in enumerate(index.fences)}
    found = crossing.crossings(longitude, latitude, index)
    if track is not None:
        found = [one for one in found if track[one.from_ix] == track[one.to_ix]]
    code = {"enter": ENTER, "exit": EXIT, "through": THROUGH}
    nan = float("nan")
    return Columns(
        np.array([one.from_ix for one in found], np.int64),
        np.array([number[one.fence_id] for one in found], np.int64),
        np.array([code[one.kind] for one in found], np.int8),
        np.array([nan if one.entered_at_fraction is None else one.entered_at_fraction for one in found]),
        np.array([nan if one.left_at_fraction is None else one.left_at_fraction for one in found]),
    )
