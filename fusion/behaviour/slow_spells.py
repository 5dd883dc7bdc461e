"""All spells in which an animal moved far less than it itself used to, over its whole past: a pure function of the set.

Every quarter of a day is judged by windows that are fixed in time, so that a late fix changes what it is about and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fusion.behaviour.fixes import Fixes
from fusion.ellipse import Floats

WINDOWS: Final = 20
"""Fewer windows of its past than this, and the animal is no measure of itself."""
FIXES: Final = 4
STEP_S: Final = 6 * 3_600.0
WINDOW_STEPS: Final = 4
PAST_DAYS: Final = 60
SHARE: Final = 0.05
BEGINS, GOES_ON = 0.25, 0.5
"""Of the usual reach. Where every window of a life is judged, half of it comes about by chance every month."""


@dataclass(frozen=True, slots=True)
class SlowSpell:
    """Windows of a day, one after the other, in which it spread as little as in at most a twentieth of its past.

    first, last: numbers of the fixes that it is seen by. decided_by: number of the fix after the first window, which
    closed it. Of the first window: reach_m, the root mean square distance from its middle with the sensors' error taken
    out; usual_m, the median of those before; share of these in which it spread as little; windows, how many there are.
    is_open: the last window that is over is one of them.
    """

    first: int
    last: int
    decided_by: int
    since_s: float
    until_s: float
    reach_m: float
    usual_m: float
    share: float
    windows: int
    is_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class SlowSpells:
    """All spells of `fixes`, and what a later search goes on from: of each window the number of the fix that closed
    it, its reach, and how it ranks (`_slow`)."""

    fixes: Fixes
    found: list[SlowSpell]
    closed_by: NDArray[np.int64]
    reach: Floats
    slow: Floats


def slow_spells(time_s: Floats, x_m: Floats, y_m: Floats, covariance: Floats) -> list[SlowSpell]:
    """Judge every window of a day that is over, f8[n] each in order of time, covariance f8[n, 3].

    Windows end at whole quarters of days (UTC) and are over when a later fix is known. Each is held against those of
    the `PAST_DAYS` before it at the same hour. A spell begins with one that is slow by its rank and spreads less than a
    quarter as far as is usual, and goes on below a half: what it does in the spell is no measure of the spell.
    """
    return search_slow_spells(Fixes(time_s, x_m, y_m, covariance)).found


def search_slow_spells(fixes: Fixes, before: SlowSpells | None = None, same: int = 0) -> SlowSpells:
    """What `slow_spells` finds, without judging anew the windows that were over within the first `same` fixes, which
    are those of the search `before`."""
    time_s = fixes.time_s
    begin = int(time_s[0] // STEP_S) + WINDOW_STEPS if len(time_s) else 0
    count = int(time_s[-1] // STEP_S) - begin + 1 if len(time_s) >= FIXES else 0
    if count <= WINDOWS * WINDOW_STEPS:
        return SlowSpells(fixes, [], np.empty(0, np.int64), np.empty(0), np.empty((0, 3)))
    known = int(np.searchsorted(before.closed_by, same)) if before is not None and same else 0
    stop, reach, slow = np.empty(count, np.int64), np.empty(count), np.full((count, 3), -1.0)
    if before is not None:
        stop[:known], reach[:known], slow[:known] = before.closed_by[:known], before.reach[:known], before.slow[:known]
    ends = (begin + np.arange(known, count)) * STEP_S
    # A window is (start, end]; the fix after it is what closes it.
    start = np.searchsorted(time_s, ends - WINDOW_STEPS * STEP_S, side="right")
    stop[known:] = np.searchsorted(time_s, ends, side="right")
    least = 0.5 * WINDOW_STEPS * STEP_S
    _reaches(time_s, fixes.x_m, fixes.y_m, fixes.covariance, start, stop[known:], least, reach[known:])
    reach[known:][stop[known:] >= len(time_s)] = np.nan
    _slow(reach, known, slow)
    out: list[SlowSpell] = []
    judged = np.flatnonzero(~np.isnan(reach))
    latest = int(judged[-1]) if len(judged) else -1
    final = -1
    for k in np.flatnonzero(slow[:, 0] >= 0.0).tolist():
        if k <= final:
            continue
        final = k
        while final + 1 < count and reach[final + 1] < GOES_ON * slow[k, 1]:
            final += 1
        end = (begin + k) * STEP_S
        out.append(
            SlowSpell(
                int(np.searchsorted(time_s, end - WINDOW_STEPS * STEP_S, side="right")),
                int(stop[final]) - 1,
                int(stop[k]),
                float(end - WINDOW_STEPS * STEP_S),
                float((begin + final) * STEP_S),
                float(reach[k]),
                float(slow[k, 1]),
                float(slow[k, 0]),
                int(slow[k, 2]),
                0 <= latest <= final,
            )
        )
    return SlowSpells(fixes, out, stop, reach, slow)


def _slow(reach: Floats, known: int, out: Floats) -> None:
    """(share, usual reach, windows of the past) of each window from `known` on that is slow, into f8[count, 3]; what is
    not stays as it is."""
    _ranks(reach, known, PAST_DAYS * WINDOW_STEPS, WINDOW_STEPS, WINDOWS, SHARE, BEGINS, out)


@njit(nogil=True, cache=True)
def _ranks(
    reach: Floats, known: int, back: int, step: int, fewest: int, share: float, begins: float, out: Floats
) -> None:
    past = np.empty(back // step + 1)
    for k in range(max(fewest * step, known), reach.size):
        n, below = 0, 1
        if np.isnan(reach[k]):
            continue
        for i in range(max(k - back, k % step), k, step):
            if not np.isnan(reach[i]):
                past[n] = reach[i]
                n += 1
                below += reach[i] <= reach[k]
        # Most windows end here, before anything is sorted.
        if n < fewest or below / (1 + n) > share:
            continue
        usual = np.median(past[:n])
        if reach[k] < begins * usual:
            out[k] = below / (1 + n), usual, float(n)


@njit(nogil=True, cache=True)
def _reaches(
    time: Floats,
    x: Floats,
    y: Floats,
    covariance: Floats,
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
    least: float,
    out: Floats,
) -> None:
    for k in range(start.size):
        n = stop[k] - start[k]
        if n < FIXES or time[stop[k] - 1] - time[start[k]] < least:
            out[k] = np.nan
            continue
        mx = my = error = spread = 0.0
        for i in range(start[k], stop[k]):
            mx += x[i]
            my += y[i]
            error += covariance[i, 0] + covariance[i, 2]
        mx, my, error = mx / n, my / n, error / n * (1.0 - 1.0 / n)
        for i in range(start[k], stop[k]):
            spread += (x[i] - mx) ** 2 + (y[i] - my) ** 2
        out[k] = max(spread / n - error, 0.0) ** 0.5
