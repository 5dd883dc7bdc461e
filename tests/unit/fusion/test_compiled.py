"""Nothing is compiled while somebody waits."""

from __future__ import annotations

import numpy as np

from fusion import compiled, kernels, likelihood, occurrence, ranges
from fusion.behaviour import encounter
from fusion.hierarchy import around
from fusion.parameters import fit_group
from fusion.tracks import smooth
from tests.unit.fusion.simulated import ANIMAL, ellipses, seen, walk

MODULES = (kernels, likelihood, occurrence, ranges, encounter)


def signatures() -> dict[str, int]:
    """How many versions of each kernel are compiled."""
    return {
        f"{module.__name__}.{name}": len(value.signatures)
        for module in MODULES
        for name, value in vars(module).items()
        if hasattr(value, "signatures")
    }


def test_warm_up__leaves_nothing_to_compile() -> None:
    compiled.warm_up()
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.exponential(20_000.0, 300))
    places = walk(times, ANIMAL, rng)
    before = signatures()
    assert len(before) > 10
    for covariance in (ellipses(300, rng), np.tile([400.0, 0.0, 400.0], (300, 1))):
        evidence = seen(times, places, covariance, rng)
        fits, _ = fit_group({"a": evidence}, around(ANIMAL))
        track, known = smooth(evidence, fits["a"].parameters)
        ranges.home_range(track.time_s, track.x_m, track.y_m, ANIMAL)
        occurrence.occurrence(known, float(times[0]), float(times[-1]))
        encounter.encounters(known, known, float(times[0]), float(times[3]))
    assert signatures() == before
