"""Walks along a straight coast for tests of geofences: metres east of the border, hours, a circle of error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from shapely import box

from geo.fence_evidence import Chances, Fixes
from geo.fence_rules import FenceRules
from geo.geofence import Memory, Transition, follow
from geo.watch import Watch, Watched
from tests.unit.geo.standin import CHANCES

DEG_PER_M = 1.0 / 111_319.49
# All that is east of Greenwich, for a hundred kilometres.
EAST = box(0.0, -1.0, 1.0, 1.0)


def at(
    metres: Sequence[float],
    hours: Sequence[float] | None = None,
    *,
    sd: Any = 10.0,
    north: Sequence[float] | None = None,
) -> Fixes:
    """Fixes so many metres east of the border, an hour apart unless it is said."""
    n = len(metres)
    x, y = np.array(metres, np.float64) * DEG_PER_M, np.array(north or [0.0] * n, np.float64) * DEG_PER_M
    variance = np.broadcast_to(np.asarray(sd, np.float64) ** 2, n)
    time_s = np.array(range(n) if hours is None else hours, np.float64) * 3600.0
    return Fixes(time_s, x, y, np.stack([variance, 0.0 * variance, variance], axis=1))


def watch(geometry: Any = EAST, **rules: Any) -> Watch:
    """One fence, `core`."""
    return Watch.build([Watched("core", 1, geometry, FenceRules(**rules))])


def told(fixes: Fixes, of: Watch | None = None, *, opens: Any = None, chances: Chances = CHANCES) -> list[Transition]:
    """Everything, all fixes at once."""
    return follow(fixes, of or watch(), chances, Memory(), np.arange(len(fixes.time_s)), opens).transitions


def kinds(transitions: Iterable[Transition]) -> list[str]:
    """What was told, in order."""
    return [one.kind for one in transitions]
