"""Compile every kernel of `geo`, or load it from the cache, before the first fix arrives."""

from __future__ import annotations

import numpy as np
from shapely import LineString, box

from geo import bridge, kernels
from geo.bridge import crossing_probabilities
from geo.fence_evidence import Chances, Fixes
from geo.fence_rules import FenceRules
from geo.geofence import Memory, follow
from geo.uncertainty import inside_probability
from geo.watch import Watch, Watched


def warm_up() -> None:
    """Walk through an area and over a line; takes about half a minute where nothing is cached."""
    kernels.warm_up()
    bridge.warm_up()
    rules = FenceRules(dwell_s=60.0, overdue_s=60.0, near_m=100.0, approach_s=600.0, possible_at=0.2)
    watch = Watch.build(
        [Watched("area", 1, box(0.0, 0.0, 0.01, 0.01), rules), Watched("line", 1, LineString([(0.005, 0), (0.005, 1)]))]
    )
    east = np.array([-0.03, -0.02, -0.002, 0.004, 0.007, 0.02])
    time_s = np.arange(6, dtype=np.float64) * 600.0
    fixes = Fixes(time_s, east, np.full(6, 0.005), np.tile([100.0, 0.0, 100.0], (6, 1)), 100.0)
    follow(fixes, watch, Chances(inside_probability, crossing_probabilities), Memory(), np.arange(6))
