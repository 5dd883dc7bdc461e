from __future__ import annotations

import numpy as np

from fusion import (
    association_kernels,
    burst_kernels,
    camera_density,
    camera_process,
    camera_pyramid,
    compiled,
    joint_kernels,
    marginal_kernels,
    motion_lanes,
    path_kernels,
    timeline_kernels,
)
from fusion.association import settle
from fusion.places import positions
from tests.unit.fusion.reserve_of import RULES, SPAN_S, cameras, columns, roster, sightings


def compiled_signatures() -> dict[str, int]:
    modules = (
        association_kernels,
        burst_kernels,
        camera_density,
        camera_process,
        camera_pyramid,
        joint_kernels,
        marginal_kernels,
        motion_lanes,
        path_kernels,
        timeline_kernels,
    )
    return {
        name: len(kernel.signatures)
        for module in modules
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures")
    }


def test_warm_up__leaves_nothing_to_compile() -> None:
    compiled.warm_up()
    warm = compiled_signatures()
    settled = settle(sightings(columns(30, 6, 3), np.arange(30)), roster(6), cameras(), SPAN_S, RULES)
    assert len(settled.together.one)
    positions(settled, np.linspace(*SPAN_S, 5))
    assert compiled_signatures() == warm
