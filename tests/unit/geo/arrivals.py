"""Fixes that arrive in any order, and what is told in the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from shapely import LineString, Polygon, box

from geo.fence_evidence import Chances, Fixes
from geo.fence_rules import CALM, URGENT, FenceRules
from geo.geofence import Memory, Transition, follow
from geo.watch import Watch, Watched


def a_reserve() -> Watch:
    """Fences of all kinds about one another: a core, a village, a strip, a river, a star with every rule."""
    star = Polygon([(0.06, 0.0), (0.07, 0.05), (0.12, 0.06), (0.07, 0.07), (0.06, 0.12), (0.05, 0.07), (0.0, 0.06)])
    every = FenceRules(dwell_s=7200, overdue_s=20_000, near_m=800, approach_s=7200, possible_at=0.2)
    return Watch.build(
        [
            Watched("core", 1, box(0.02, 0.02, 0.1, 0.1), FenceRules(dwell_s=10_800)),
            Watched("village", 1, box(0.05, 0.04, 0.055, 0.045), FenceRules(URGENT, near_m=300)),
            Watched("strip", 1, box(0.03, -0.1, 0.032, 0.2), FenceRules(CALM, possible_at=0.3)),
            Watched("river", 1, LineString([(0.0, 0.07), (0.05, 0.065), (0.12, 0.08)]), FenceRules(near_m=200)),
            Watched("star", 1, star, every),
        ]
    )


OPENS = {"star": np.array([[k * 43_200.0, k * 43_200.0 + 30_000.0] for k in range(-5, 60)])}


def a_walk(seed: int, count: int) -> Fixes:
    """A walk among the fences with errors from 3 m to 3 km, pauses, and fixes of one time."""
    rng = np.random.default_rng(seed)
    step = rng.choice([0.0, 0.0003, 0.01, 0.03], count, p=[0.2, 0.3, 0.4, 0.1])[:, None] * rng.normal(size=(count, 2))
    place = np.array([0.06, 0.06]) + (np.cumsum(step, axis=0) + 0.1) % 0.2 - 0.1
    sd = rng.choice([3.0, 10.0, 30.0, 3_000.0], count, p=[0.2, 0.5, 0.25, 0.05])
    place += sd[:, None] * rng.normal(size=(count, 2)) / 111_000.0
    time_s = np.sort(rng.integers(0, 2 * count, count)) * 1_800.0
    lean = rng.uniform(-0.8, 0.8, count)
    covariance = np.stack([sd**2, lean * sd**2, sd**2], axis=1)
    return Fixes(time_s, np.ascontiguousarray(place[:, 0]), np.ascontiguousarray(place[:, 1]), covariance, 5.0)


@dataclass
class Follower:
    """Remembers what was told, as the pipeline does: by the fix that decided it."""

    whole: Fixes
    watch: Watch
    chances: Chances
    have: list[int] = field(default_factory=list[int])
    memory: Memory = field(default_factory=Memory)
    told: dict[int, list[Transition]] = field(default_factory=dict[int, list[Transition]])
    looked_at: int = 0
    cpu_s: float = 0.0

    def take(self, arrived: Sequence[int]) -> None:
        """Some fixes arrive, known ones perhaps among them."""
        fresh = sorted(set(arrived) - set(self.have))
        self.have = sorted({*self.have, *fresh})
        here = np.array(self.have, np.int64)
        all_of = self.whole
        fixes = Fixes(
            all_of.time_s[here],
            all_of.longitude[here],
            all_of.latitude[here],
            all_of.covariance[here],
            all_of.spread_m2_s,
        )
        began = time.process_time()
        out = follow(
            fixes, self.watch, self.chances, self.memory, np.searchsorted(here, np.array(fresh, np.int64)), OPENS
        )
        self.cpu_s += time.process_time() - began
        self.memory = out.memory
        self.looked_at += out.stop - out.first
        for k in range(out.first, out.stop):
            self.told.pop(self.have[k], None)
        for one in out.transitions:
            numbers = {name: self.have[getattr(one, name)] for name in ("from_ix", "to_ix", "decided_ix")}
            self.told.setdefault(numbers["decided_ix"], []).append(replace(one, **numbers))

    @property
    def end(self) -> tuple[list[str], dict[str, bytes]]:
        """What stands, and what is remembered, as something that can be compared."""
        memory = {key: rows.tobytes() for key, rows in self.memory.changes.items()}
        return [repr(one) for k in sorted(self.told) for one in self.told[k]], memory
