"""Random numbers without a state."""

from __future__ import annotations

import numpy as np

from fusion.counter_random import uniform


def test_uniform__is_spread_over_the_unit_interval_and_differs_by_key_and_step() -> None:
    keys = np.random.default_rng(1).integers(0, 2**63, 400).astype(np.uint64)
    drawn = np.array([[uniform(keys, j, step) for step in range(50)] for j in range(400)])
    assert ((drawn > 0) & (drawn < 1)).all()
    counts = np.histogram(drawn, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 45
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.2
    assert len(np.unique(drawn)) == drawn.size
