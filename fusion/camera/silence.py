"""How long may a camera be silent before something is wrong? Learned from its own past, never from a fixed number.

Reports of one hour count once: a burst of pictures is one sign of life. The hours between signs of life are taken as
Weibull distributed (more regular than chance for a daily report, less so for passing animals), with the mean and the
coefficient of variation of those that were; its shape is cv^-1.086 (Justus et al. 1978, J. Appl. Meteor. 17: 350). A
silence is said when a camera that works would show one as long less than `RARE` times a year.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from fusion.ellipse import Floats

RARE: Final = 0.02
"""Such silences of a camera that works are expected so often a year."""
HISTORY_H: Final = 28 * 24.0
"""So much of what came before the last sign of life is learned from."""
FEWEST: Final = 12
"""With fewer times between signs of life nothing is learned."""
PRIOR: Final = 4.0
"""So many times as irregular as chance are believed to have been before."""
_YEAR_H: Final = 8_766.0
_SHAPES: Final = np.linspace(0.3, 4.0, 75)
_GAMMA: Final = np.array([math.gamma(1.0 + 1.0 / one) for one in _SHAPES])


class Silence(NamedTuple):
    """`last_h`: the last sign of life. `usual_h`: mean time between two. `due_h`: when silence is said, if none comes.

    Times are hours since the epoch. `usual_h` and `due_h` are None where too little is known.
    """

    last_h: float
    usual_h: float | None
    due_h: float | None

    def is_silent(self, now_h: float) -> bool:
        """Is this silence more than chance?"""
        return self.due_h is not None and now_h > self.due_h


def silence_of(reported_h: Floats) -> Silence | None:
    """Hours since the epoch of reports, f8[n] in any order -> what may be expected; None: there was no report.

    A report never brings the hour nearer at which silence is said: however it changes what is usual, what was allowed
    before it came stays allowed, of the history that is learned from. That the longest time between two is left out
    keeps one failure from being learned.
    """
    if not len(reported_h):
        return None
    last_h = float(reported_h.max())
    hours = np.unique(np.floor(reported_h[reported_h >= last_h - HISTORY_H]))
    gaps = np.diff(hours)
    if len(gaps) < FEWEST:
        return Silence(last_h, None, None)
    longest = np.maximum.accumulate(gaps)
    count = np.arange(len(gaps), dtype=np.float64)
    # From the second on: of one alone, nothing is left when the longest is left out.
    kept = count[FEWEST - 1 :]
    total = (np.cumsum(gaps) - longest)[FEWEST - 1 :]
    squares = (np.cumsum(gaps**2) - longest**2)[FEWEST - 1 :]
    mean = total / kept
    variance = (np.maximum(squares - total * mean, 0.0) + PRIOR * mean**2) / (kept + PRIOR)
    shape = np.clip((variance / mean**2) ** (-1.086 / 2.0), _SHAPES[0], _SHAPES[-1])
    # The mean is known to one part in sqrt(n).
    mean = mean * (1.0 + 1.0 / np.sqrt(kept))
    often = np.log(np.maximum(_YEAR_H / mean / RARE, math.e))
    allowed = mean / np.interp(shape, _SHAPES, _GAMMA) * often ** (1.0 / shape)
    due = hours[FEWEST:] + 1.0 + allowed
    return Silence(last_h, float(mean[-1]), float(due.max()))
