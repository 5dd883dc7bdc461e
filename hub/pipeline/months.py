"""The months of a subject's places: the box of each, and states at fences where it begins."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import cast

import numpy as np
from numpy.typing import NDArray

from geo.geofence import Memory as States
from geo.tiles import grown
from geo.watch import FAR_SD
from hub.pipeline.guard import pack
from hub.pipeline.history import Rows
from hub.store.followed import Box


def begins(month: date) -> datetime:
    """The moment at which a month begins."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def months_of(rows: Rows, touched: NDArray[np.int64], spread_m2_s: float) -> dict[date, Box]:
    """Boxes of the months in which rows with these numbers are, and of the month after each, for its first way."""
    out: dict[date, Box] = {}
    for month in _distinct_months(rows["time_s"][touched]):
        for _ in range(2):
            first, end = (
                int(np.searchsorted(rows["time_s"], begins(edge).timestamp())) for edge in (month, after(month))
            )
            if month not in out:
                out[month] = _box(rows[max(first - 1, 0) : end], spread_m2_s)
            if end == len(rows):
                break
            month = _months(rows["time_s"][end : end + 1]).astype(object).tolist()[0]
    return out


def _distinct_months(time_s: NDArray[np.float64]) -> list[date]:
    if len(time_s) == 1:
        moment = datetime.fromtimestamp(math.floor(float(time_s[0])), UTC)
        return [date(moment.year, moment.month, 1)]
    return np.unique(_months(time_s)).astype(object).tolist()


def _months(time_s: NDArray[np.float64]) -> NDArray[np.datetime64]:
    return np.floor(time_s).astype("datetime64[s]").astype("datetime64[M]")


def after(month: date) -> date:
    """The month that follows."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _box(rows: Rows, spread_m2_s: float) -> Box:
    """All places of some rows, as far as their errors go and as a subject may have strayed between two of them."""
    x, y = rows["longitude"], rows["latitude"]
    error = FAR_SD * float(np.sqrt(max(rows["covariance"][:, 0].max(), rows["covariance"][:, 2].max(), 9.0)))
    gap = float(np.diff(rows["time_s"]).max()) if len(rows) > 1 else 0.0
    west, east = float(x.min()), float(x.max())
    if len(rows) > 1 and bool((np.abs(np.diff(x)) > 180.0).any()):
        west, east = -180.0, 180.0
    return grown((west, float(y.min()), east, float(y.max())), error + 3.0 * (spread_m2_s * max(gap, 0.0)) ** 0.5)


def states_at(fixes: Rows, states: States, first: int) -> dict[date, tuple[datetime, bytes]]:
    """For every month that begins at or after the fix `first`: the earliest fix needed, and the states before it.

    The first month of all has none: its history is all there is.
    """
    months = _months(fixes["time_s"])
    starts = np.flatnonzero(months[1:] != months[:-1]) + 1
    out: dict[date, tuple[datetime, bytes]] = {}
    for start in starts[starts >= first].tolist():
        packed, earliest = pack(states, start)
        since = datetime.fromtimestamp(float(fixes["time_s"][earliest]), UTC)
        out[cast("date", months[start].item())] = (since, packed)
    return out
