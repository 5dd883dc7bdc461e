"""What a day's pictures agree on tells a turned camera from a deer before the lens."""

from __future__ import annotations

import random

from fusion.camera.view import TURNED, day_hash, differ, views, views_of


def scene(seed: int) -> int:
    return random.Random(seed).getrandbits(64) - (1 << 63)


def pictures(seed: int, animals: int = 0) -> list[int]:
    """Eleven pictures of one scene, each some bits off; animals change a third of the bits."""
    rng = random.Random(seed * 31 + animals)
    made: list[int] = []
    for number in range(11):
        off = rng.sample(range(64), 22 if number < animals else 4)
        made.append(scene(seed) ^ sum(1 << bit for bit in off))
    return made


def test_day__is_what_most_of_its_pictures_agree_on() -> None:
    for seed in range(20):
        assert differ(day_hash(pictures(seed)), scene(seed)) == 0
        assert differ(day_hash(pictures(seed, animals=4)), scene(seed)) <= TURNED
    assert day_hash([]) == 0


def test_scenes__differ_by_about_half_of_their_bits() -> None:
    apart = [differ(scene(one), scene(other)) for one in range(30) for other in range(one)]
    assert min(apart) > TURNED


def test_view__ends_when_the_camera_was_turned_and_not_on_one_odd_day() -> None:
    here, there, fog = scene(1), scene(2), scene(3)
    assert views({1: here, 2: here, 3: fog, 4: here, 5: there, 6: there}) == {1: 0, 2: 0, 3: 0, 4: 0, 5: 1, 6: 1}
    assert views({1: here, 2: there}) == {1: 0, 2: 0}, "the last day waits for another one"
    assert views({}) == {}


def test_view__of_infrared_pictures_is_told_from_infrared_pictures() -> None:
    day, night, other = scene(1), scene(2), scene(3)
    seen = [(n * 86_400.0, day, False) for n in range(4)] + [
        (n * 86_400.0 + 40_000, night if n < 2 else other, True) for n in range(4)
    ]
    assert views_of(seen) == {
        (0, False): 0, (1, False): 0, (2, False): 0, (3, False): 0,
        (0, True): 0, (1, True): 0, (2, True): 1, (3, True): 1,
    }  # fmt: skip
    assert views_of(seen[::-1]) == views_of(seen)
