"""The engine against GEOS and rational arithmetic: a hundredth of what tests/bench/geo_exact.py tries."""

from __future__ import annotations

from tests.bench.geo_exact import LEAST_CHECKS, check


def test_exactness__no_place_and_no_way_is_told_wrong() -> None:
    tally = check(0.01)
    assert tally.engine_wrong == 0, tally.written_out
    assert tally.place_checks >= 0.01 * LEAST_CHECKS["places"]
    assert tally.way_checks >= 0.01 * LEAST_CHECKS["ways"]
    assert tally.ways_in_full > 100
    assert tally.differences_from_geos == tally.geos_wrong
