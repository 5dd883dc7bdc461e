"""Tracks that believe a fix as far as all others let it be: late fixes, and what a checkpoint may change (nothing)."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fusion.evidence import Evidence, frozen
from fusion.motion import OutlierPolicy
from fusion.tracks import Checkpoint, smooth
from fusion.wary import smooth_wary
from tests.unit.fusion.simulated import ANIMAL, ellipses, seen, walk

WARY = dataclasses.replace(ANIMAL, outliers=OutlierPolicy())


def wild(n: int = 500) -> Evidence:
    rng = np.random.default_rng(7)
    times = np.cumsum(rng.exponential(1_500.0, n))
    evidence = seen(times, walk(times, ANIMAL, rng), ellipses(n, rng, 50.0, 100.0), rng)
    off = np.where(rng.random(n) < 0.1, rng.normal(0, 1_500.0, n), 0.0)
    return dataclasses.replace(evidence, x_m=frozen(evidence.x_m + off))


def same(one: Checkpoint, other: Checkpoint) -> bool:
    columns = ("x_m", "y_m", "covariance", "weight", "vx_mps")
    return (
        one.track.set_hash == other.track.set_hash
        and all(np.array_equal(getattr(one.track, name), getattr(other.track, name)) for name in columns)
        and all(np.array_equal(a.weight, b.weight) for a, b in zip(one.rounds, other.rounds, strict=True))
    )


@pytest.mark.parametrize("late", [[499], [430, 431], [200], [3], list(range(450, 500))])
def test_smooth_wary__late_fixes_end_in_the_same_bits(late: list[int]) -> None:
    evidence, tail = wild(), np.where(np.arange(500) % 7 == 0, 0.0, 0.25)
    known = np.setdiff1d(np.arange(500), late)
    before = smooth_wary(evidence.part(known), WARY, tail[known])
    assert same(smooth_wary(evidence, WARY, tail, before), smooth_wary(evidence, WARY, tail))
    # And back: what a person takes away again.
    assert same(smooth_wary(evidence.part(known), WARY, tail[known], smooth_wary(evidence, WARY, tail)), before)


def test_smooth_wary__of_the_same_set_is_the_checkpoint_itself() -> None:
    evidence, tail = wild(100), np.full(100, 0.25)
    known = smooth_wary(evidence, WARY, tail)
    assert smooth_wary(evidence, WARY, tail, known) is known


def test_smooth_wary__another_tail_or_another_motion_begins_anew() -> None:
    evidence, tail = wild(200), np.full(200, 0.25)
    known = smooth_wary(evidence, WARY, tail)
    assert same(smooth_wary(evidence, WARY, tail / 2, known), smooth_wary(evidence, WARY, tail / 2))
    other = dataclasses.replace(WARY, sigma_m=900.0)
    assert same(smooth_wary(evidence, other, tail, known), smooth_wary(evidence, other, tail))


def test_smooth_wary__of_gaussian_errors_is_the_plain_track() -> None:
    evidence = wild(100)
    known = smooth_wary(evidence, WARY, np.full(100, 0.25))
    plain = smooth_wary(evidence, WARY, np.zeros(100), known)
    assert plain.rounds == () and np.array_equal(plain.track.x_m, smooth(evidence, WARY)[0].x_m)


def test_smooth_wary__a_tail_for_each_fix_is_asked_for() -> None:
    for tail in (np.zeros(3), np.full(10, -1.0)):
        with pytest.raises(ValueError, match="tail"):
            smooth_wary(wild(10), WARY, tail)
