from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fusion.behaviour.wrong_deployment import STRONG, belongs, deployment
from fusion.evidence import Evidence
from fusion.motion import DAY, MotionParameters
from tests.unit.fusion.simulated import seen, walk

CAT = MotionParameters(2 * DAY, 3_600.0, 2_500.0, centre_sd_m=15_000.0)
RESERVE_M = 15_000.0


def scene(seed: int, swap_day: float) -> tuple[Evidence, Evidence]:
    """Sixty days of a collar, and ten sightings of the animal that wore it until swap_day."""
    rng = np.random.default_rng(seed)
    times, when = np.arange(0.0, 60 * DAY, 4 * 3_600.0), np.sort(rng.uniform(0.0, 60 * DAY, 10))
    every = np.union1d(times, when)
    named, other = walk(every, CAT, rng), walk(every, CAT, rng)
    worn = np.where((every < swap_day * DAY)[:, None], named, other)
    at, photo = np.isin(every, times), np.isin(every, when)
    collar = seen(times, worn[at], np.tile([100.0, 0.0, 100.0], (int(at.sum()), 1)), rng)
    return collar, seen(when, named[photo], np.tile([900.0, 0.0, 900.0], (10, 1)), rng)


@pytest.mark.parametrize("seed", range(6))
def test_deployment__sightings_along_the_collars_way_speak_for_it(seed: int) -> None:
    found = deployment(*scene(seed, 60.0), CAT, RESERVE_M)
    assert found.log_bayes_factor > 20.0
    assert not found.is_wrong


@pytest.mark.parametrize("seed", range(6))
def test_deployment__of_a_collar_that_never_was_on_this_animal_is_found(seed: int) -> None:
    found = deployment(*scene(seed, 0.0), CAT, RESERVE_M)
    assert found.is_wrong and found.log_bayes_factor < 0.0


@pytest.mark.parametrize("seed", range(6))
def test_deployment__of_a_collar_that_was_swapped_is_found_with_the_time(seed: int) -> None:
    collar, sightings = scene(seed, 30.0)
    found = deployment(collar, sightings, CAT, RESERVE_M)
    assert found.is_wrong
    after = sightings.time_s[sightings.time_s >= 30 * DAY]
    assert found.since_s in after[:2]


def test_deployment__one_wrong_name_does_not_take_the_collar_off() -> None:
    collar, sightings = scene(3, 60.0)
    x = sightings.x_m.copy()
    x[4] += 20_000.0
    assert not deployment(collar, dataclasses.replace(sightings, x_m=x), CAT, RESERVE_M).is_wrong


@pytest.mark.parametrize("seed", range(4))
def test_belongs__a_collar_fits_who_wears_it_and_not_another(seed: int) -> None:
    collar, sightings = scene(seed, 60.0)
    _, anothers = scene(seed + 50, 60.0)
    mine, other = (belongs(collar, one, CAT, RESERVE_M) for one in (sightings, anothers))
    assert mine > STRONG and mine - other > STRONG
    assert belongs(collar, sightings.part(sightings.time_s < 0.0), CAT, RESERVE_M) == 0.0


def test_deployment__nothing_to_compare_is_refused() -> None:
    collar, sightings = scene(1, 60.0)
    nothing = Evidence(*(getattr(sightings, name)[:0] for name in Evidence.__dataclass_fields__))
    with pytest.raises(ValueError, match="must be"):
        deployment(collar, nothing, CAT, RESERVE_M)
