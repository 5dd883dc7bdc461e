"""All kernels of `geo`, compiled before they are needed."""

from __future__ import annotations

import numpy as np
from shapely import box

from geo.crossing import crossing_columns
from geo.fence_index import FenceIndex
from geo.fences import Fence


def warm_up() -> None:
    """Compile every kernel, or load it from the cache, before the first position arrives."""
    fence = Fence("a", 1, box(0.0, 0.0, 1.0, 1.0))
    index = FenceIndex.build([fence]).with_fence(Fence("b", 1, box(0.5, 0.0, 1.0, 1.0))).without("a")
    longitude, latitude = np.array([0.25, 0.75, 2.0, 0.5]), np.array([0.5, 0.5, 0.25, 0.5])
    index.holding(0.75, 0.5)
    index.locate(longitude, latitude)
    index.join(longitude, latitude)
    crossing_columns(longitude, latitude, index)
