"""How a fence is watched: how sure it wants to be, what it asks for, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from geo.schedule import Schedule

SensitivityName = Literal["urgent", "balanced", "calm"]


def log_odds(p: float) -> float:
    """ln(p / (1 - p))."""
    return math.log(p / (1.0 - p))


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a change of side is believed.

    `begin`: probability (of being on the other side) from which the change is under way. `sure`: accumulated
    probability that decides it. `memory`: share of the log-odds that lasts to the next fix; the rest is forgotten,
    because animals move. `jump`: may one clear fix decide, after a clear one on the other side? Or `confirm_fixes` in
    a row, each with at least `begin`, over at least `confirm_s`, decide.
    """

    begin: float = 0.8
    sure: float = 0.9998
    memory: float = 0.3
    jump: bool = True
    confirm_fixes: int = 6
    confirm_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Hysteresis of a fence in probability, space and time, for each direction.

    `clear`: a fix is clear when its error explains the other side with less than 1 - clear, heavy tail included: with
    5 % of errors five times as large, 0.9985 is nine to ten standard deviations from a straight border. `most`: no
    single fix says more than this (seventeen of them: enough to decide alone, whatever was said before). `band_m`: a
    border this wide on either side, where nothing counts.
    """

    enter: Threshold = Threshold()
    leave: Threshold = Threshold()
    clear: float = 0.9985
    most: float = 0.999985
    band_m: float = 0.0

    def __post_init__(self) -> None:
        for one in (self.enter, self.leave):
            if not (0.5 <= one.begin < 1.0 and 0.5 <= one.sure < 1.0 and 0.0 <= one.memory < 1.0):
                raise ValueError("begin and sure are probabilities 0.5 <= p < 1, memory a share 0 <= m < 1")
            if one.confirm_fixes < 1 or not 0.0 <= one.confirm_s < math.inf:
                raise ValueError("confirm_fixes is at least 1, confirm_s at least 0 seconds")
        if not (0.5 < self.clear <= self.most < 1.0):
            raise ValueError("0.5 < clear <= most < 1 is wanted")
        if not 0.0 <= self.band_m < math.inf:
            raise ValueError("band_m is 0 metres or more")


BALANCED = Sensitivity()
# Into a village: at once, on the balance of probabilities. Out of it again: only when that is sure.
URGENT = Sensitivity(enter=Threshold(begin=0.5, sure=0.5, memory=0.0, confirm_fixes=1, confirm_s=0.0))
_SLOW = Threshold(sure=0.9999, memory=0.4, jump=False, confirm_fixes=10, confirm_s=3600.0)
CALM = replace(BALANCED, enter=_SLOW, leave=_SLOW, clear=0.999, most=0.999)
PRESETS: dict[SensitivityName, Sensitivity] = {"urgent": URGENT, "balanced": BALANCED, "calm": CALM}


@dataclass(frozen=True, slots=True)
class FenceRules:
    """What is asked of one fence; None = not asked.

    `dwell_s`: tell of a stay this long. `overdue_s`: the longest stay allowed; a stay that lasts beyond the closing
    time of the schedule is overdue as well. `near_m`: tell of who comes this near. `approach_s`: tell of who reaches
    the border within this time at present velocity. `possible_at`: tell of a way between two fixes that crossed the
    border unseen with at least this probability.
    """

    sensitivity: Sensitivity = BALANCED
    dwell_s: float | None = None
    overdue_s: float | None = None
    near_m: float | None = None
    approach_s: float | None = None
    possible_at: float | None = None
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        for name in ("dwell_s", "overdue_s", "near_m", "approach_s"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < math.inf:
                raise ValueError(f"{name} is more than 0, or left out")
        if self.possible_at is not None and not 0.0 < self.possible_at <= 1.0:
            raise ValueError("possible_at is a probability above 0, or left out")
