"""The likeness in use: fitted on drawn leopards.

It orders real animals; how probable a match of real ones is it does not know, and no evidence of identity is made of
it. Made by `fusion.camera.likeness.fit_likeness` from 18 animals of tests/bench/drawn_leopards.py (seed 4242), one
flank of each, three views in the gallery and three asked for.
"""

from __future__ import annotations

from typing import Final

from fusion.camera.likeness import Likeness

VERSION: Final = "drawn-1"
BASIS: Final = "drawn leopards"
DRAWN: Final = Likeness.from_numbers(
    {
        "names": ["inliers", "votes"],
        "curves": [
            [[0.1755, 2.0769, 57.7755], [-2.6435, -0.7534, 7.4197]],
            [
                [0.2885, 0.3332, 0.4219, 0.5163, 0.5376, 0.5549, 0.5736, 0.6054, 0.6435, 0.7632, 0.9515, 2.0399],
                [-2.6179, -2.2189, -2.0231, -1.5193, -0.4207, -0.3943, -0.0471, 0.1165, 1.3895, 2.6575, 3.3354, 7.1683],
            ],
        ],
        "weights": [1.0093, 0.3004],
        "last": [
            [-3.2474, -2.4048, -1.9065, -1.3894, -0.9739, 0.2486, 1.3231, 7.0718],
            [-2.4572, -2.2189, -2.2059, -1.5193, 0.0902, 3.3354, 4.434, 7.3354],
        ],
        "same": 54,
        "different": 918,
        "basis": BASIS,
    }
)
