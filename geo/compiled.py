"""All kernels of `geo`, compiled before they are needed."""

from __future__ import annotations

import numpy as np
from shapely import LineString, box

from geo import bridge, spacetime
from geo.bridge import crossing_probabilities
from geo.crossing import crossing_columns
from geo.fence_evidence import Chances, Fixes
from geo.fence_index import FenceIndex
from geo.fence_rules import FenceRules
from geo.fences import Fence
from geo.geofence import Memory, follow
from geo.uncertainty import inside_probability
from geo.watch import Watch, Watched


def warm_up() -> None:
    """Compile every kernel, or load it from the cache, before the first position; half a minute with an empty cache."""
    fence = Fence("a", 1, box(0.0, 0.0, 1.0, 1.0))
    index = FenceIndex.build([fence]).with_fence(Fence("b", 1, box(0.5, 0.0, 1.0, 1.0))).without("a")
    longitude, latitude = np.array([0.25, 0.75, 2.0, 0.5]), np.array([0.5, 0.5, 0.25, 0.5])
    index.holding(0.75, 0.5)
    index.locate(longitude, latitude)
    index.join(longitude, latitude)
    crossing_columns(longitude, latitude, index)
    bridge.warm_up()
    spacetime.warm_up()
    _walk()


def _walk() -> None:
    """Through an area and over a line."""
    rules = FenceRules(dwell_s=60.0, overdue_s=60.0, near_m=100.0, approach_s=600.0, possible_at=0.2)
    line = Watched("line", 1, LineString([(0.005, 0), (0.005, 1)]))
    watch = Watch.build([Watched("area", 1, box(0.0, 0.0, 0.01, 0.01), rules), line])
    east = np.array([-0.03, -0.02, -0.002, 0.004, 0.007, 0.02])
    time_s = np.arange(6, dtype=np.float64) * 600.0
    fixes = Fixes(time_s, east, np.full(6, 0.005), np.tile([100.0, 0.0, 100.0], (6, 1)), 100.0)
    follow(fixes, watch, Chances(inside_probability, crossing_probabilities), Memory(), np.arange(6))
