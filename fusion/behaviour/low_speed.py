"""Does an animal move less than it itself used to: hurt, ill, snared, or with young."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion.ellipse import Floats

WINDOWS: Final = 20
"""Fewer windows of its past than this, and the animal is no measure of itself."""
FIXES: Final = 4


@dataclass(frozen=True, slots=True)
class LowSpeed:
    """How far it spread in the last window, against its own past.

    reach_m, usual_m: root mean square distance from the window's middle, with the sensors' error taken out; of the last
    window, and the median of the others. share: of windows, this one among them, in which it spread as little or less:
    a rank that needs no model. windows: of the past that could be judged.
    """

    since_s: float
    until_s: float
    reach_m: float
    usual_m: float
    share: float
    windows: int


def low_speed(
    time_s: Floats,
    x_m: Floats,
    y_m: Floats,
    covariance: Floats,
    *,
    window_s: float = 24 * 3_600.0,
    past_s: float = 60 * 24 * 3_600.0,
    share: float = 0.05,
) -> LowSpeed | None:
    """Judge the last window of fixes, f8[n] each in order of time, covariance f8[n, 3]; None where it is not unusual.

    Windows are of equal length and end where the last begins, so that each begins at the same time of day. A window
    needs `FIXES` fixes over half of its length. How far an animal spreads does not depend on how often it is seen, as
    the length of its path does. Raises ValueError for windows that are not above 0.
    """
    if not (window_s > 0.0 and past_s >= window_s):
        raise ValueError("window_s must be above 0 and past_s no shorter")
    if len(time_s) < FIXES:
        return None
    end = float(time_s[-1])
    reaches: list[float] = []
    last: float | None = None
    for back in range(int(past_s / window_s) + 1):
        stop, start = end - back * window_s, end - (back + 1) * window_s
        rows = slice(*np.searchsorted(time_s, [start, stop], side="right"))
        found = _reach(time_s[rows], x_m[rows], y_m[rows], covariance[rows], window_s)
        if back == 0:
            if found is None:
                return None
            last = found
        elif found is not None:
            reaches.append(found)
    if last is None or len(reaches) < WINDOWS:
        return None
    past = np.array(reaches)
    rank = (1 + int((past <= last).sum())) / (1 + len(past))
    if rank > share or last >= 0.5 * float(np.median(past)):
        return None
    return LowSpeed(end - window_s, end, last, float(np.median(past)), rank, len(past))


def _reach(time_s: Floats, x_m: Floats, y_m: Floats, covariance: Floats, window_s: float) -> float | None:
    if len(time_s) < FIXES or time_s[-1] - time_s[0] < 0.5 * window_s:
        return None
    spread = float(np.var(x_m) + np.var(y_m))
    error = float(np.mean(covariance[:, 0] + covariance[:, 2])) * (1.0 - 1.0 / len(time_s))
    return float(np.sqrt(max(spread - error, 0.0)))
