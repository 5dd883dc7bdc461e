from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fusion.evidence import Evidence, frozen
from fusion.sensors.heavy_tail import DEGREES, heavy_tail, left_out_distance2, student_weight
from fusion.tracks import smooth
from fusion.wary import heavy_tail_weights
from tests.unit.fusion.simulated import ANIMAL, dense, ellipses, seen, walk

TAIL = 1.0 / DEGREES


def simulated(n: int, seed: int = 2, share: float = 0.0) -> tuple[Evidence, np.ndarray]:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(3000.0, n))
    places = walk(times, ANIMAL, rng)
    covariance = ellipses(n, rng, 50.0, 100.0)
    evidence = seen(times, places, covariance, rng)
    wild = rng.random(n) < share
    x = evidence.x_m + np.where(wild, rng.normal(0, 1_500.0, n), 0.0)
    return dataclasses.replace(evidence, x_m=np.ascontiguousarray(x)), places


def test_left_out_distance2__is_that_of_a_track_without_the_fix() -> None:
    evidence, _ = simulated(30)
    found = left_out_distance2(evidence, ANIMAL)
    for k in (0, 7, 29):
        rest = np.arange(30) != k
        without = Evidence(*(getattr(evidence, name)[rest] for name in Evidence.__dataclass_fields__))
        mean, spread = dense(without, ANIMAL, evidence.time_s[k : k + 1])
        (xx, xy, yy), (dx, dy) = spread[0] + evidence.covariance[k], mean[0] - [evidence.x_m[k], evidence.y_m[k]]
        expected = (dx * dx * yy - 2 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy)
        assert found[k] == pytest.approx(expected, rel=1e-5)


def test_weights__of_fixes_that_keep_their_word_are_near_one() -> None:
    evidence, _ = simulated(300)
    assert heavy_tail_weights(evidence, ANIMAL, np.full(len(evidence), TAIL)).mean() > 0.9


def test_weights__of_wild_fixes_bring_the_track_nearer_to_the_truth() -> None:
    evidence, places = simulated(400, share=0.15)
    weight = heavy_tail_weights(evidence, ANIMAL, np.full(len(evidence), TAIL))
    believing, _ = smooth(evidence, ANIMAL)
    wary, _ = smooth(dataclasses.replace(evidence, weight=weight), ANIMAL)
    errors = [np.hypot(track.x_m - places[:, 0], track.y_m - places[:, 1]) for track in (believing, wary)]
    assert np.sqrt((errors[1] ** 2).mean()) < 0.8 * np.sqrt((errors[0] ** 2).mean())


def test_weights__of_what_was_not_believed_stay_zero() -> None:
    evidence, _ = simulated(20)
    silent = dataclasses.replace(evidence, weight=np.where(np.arange(20) == 3, 0.0, 1.0))
    weight = heavy_tail_weights(silent, ANIMAL, np.full(len(silent), TAIL))
    assert weight[3] == 0.0 and (np.delete(weight, 3) > 0.0).all()


def test_student_weight__falls_with_distance_and_never_exceeds_one() -> None:
    weight = student_weight(np.array([0.0, 2.0, 16.0, 1e6]), 0.25)
    assert weight == pytest.approx([1.0, 1.0, 0.3, 0.0], abs=1e-5)
    assert (student_weight(np.array([0.0, 1e6]), 0.0) == 1.0).all()


@pytest.mark.parametrize("share", [0.0, 0.15])
def test_heavy_tail__is_found_where_fixes_are_wilder_than_they_say(share: float) -> None:
    # Every 10 minutes: dense enough that the others know the place better than the sensor does.
    rng = np.random.default_rng(4)
    times = np.arange(400) * 600.0
    places = walk(times, ANIMAL, rng)
    evidence = seen(times, places, ellipses(400, rng, 100.0, 200.0), rng)
    wild = np.where(rng.random(400) < share, rng.normal(0, 1_500.0, 400), 0.0)
    evidence = dataclasses.replace(evidence, x_m=frozen(evidence.x_m + wild))
    everything = np.ones(400, dtype=bool)
    assert heavy_tail(evidence, ANIMAL, everything) == (TAIL if share else 0.0)
    assert heavy_tail(evidence, ANIMAL, everything & (np.arange(400) < 10)) == TAIL
