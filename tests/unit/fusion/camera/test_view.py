"""The hash of a day's median picture tells a turned camera from a change of light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fusion.camera.view import TURNED, differ, is_infrared, thumb, view_hash, views


def scene(seed: int) -> NDArray[np.uint8]:
    """Smooth hills, as a forest is at 32 pixels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:120, 0:160] / 120.0
    values = sum(
        rng.normal() * np.cos(2 * np.pi * (rng.uniform(0, 3) * x + rng.uniform(0, 3) * y + rng.uniform()))
        for _ in range(12)
    )
    grey = (128 + 90 * np.asarray(values) / np.abs(values).max()).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def day(seed: int, light: float, animals: int = 0) -> int:
    rng = np.random.default_rng(seed * 31 + animals)
    pictures = []
    for n in range(7):
        picture = np.clip(scene(seed) * light + rng.normal(0, 6, (120, 160, 1)), 0, 255).astype(np.uint8)
        if n < animals:
            picture[50:110, 20 + 10 * n : 70 + 10 * n] = 20
        pictures.append(thumb(picture))
    return view_hash(pictures)


def test_hash__stays_with_another_light_and_with_animals_that_pass() -> None:
    for seed in range(5):
        known = day(seed, 1.0)
        assert differ(known, day(seed, 0.6)) <= TURNED
        assert differ(known, day(seed, 0.9, animals=3)) <= TURNED


def test_hash__changes_when_the_camera_looks_elsewhere() -> None:
    hashes = [day(seed, 1.0) for seed in range(6)]
    apart = [differ(a, b) for at, a in enumerate(hashes) for b in hashes[:at]]
    assert min(apart) > TURNED


def test_view__ends_when_the_camera_was_turned_and_not_on_one_foggy_day() -> None:
    here, there, fog = day(1, 1.0), day(2, 1.0), day(3, 1.0)
    assert views({1: here, 2: here, 3: fog, 4: here, 5: there, 6: there}) == {1: 0, 2: 0, 3: 0, 4: 0, 5: 1, 6: 1}
    assert views({}) == {}


def test_infrared__has_no_colour() -> None:
    grey = scene(1)
    assert is_infrared(grey)
    coloured = grey.copy()
    coloured[:, :, 1] //= 2
    assert not is_infrared(coloured)
