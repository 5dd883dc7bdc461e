"""Patterns are kept in bytes that are read back exactly, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.camera.chip import cut_chip
from fusion.camera.pattern import MOST_POINTS, SIZE, UNIT, Pattern, PatternError, decode, encode
from fusion.camera.sift import pattern_of
from tests.unit.fusion.camera.test_chip import BOX, rosettes


@pytest.fixture(scope="module")
def pattern() -> Pattern:
    return pattern_of(cut_chip(rosettes(), BOX, "left"))


def test_pattern__lies_on_the_coat_and_is_of_unit_length(pattern: Pattern) -> None:
    assert 50 < len(pattern) <= MOST_POINTS
    lengths = np.linalg.norm(pattern.descriptors.astype(float), axis=1)
    assert lengths == pytest.approx(UNIT, rel=0.03)
    chip = cut_chip(rosettes(), BOX)
    x, y = np.rint(pattern.points[:, :2].astype(float)).astype(int).T
    assert chip.coat[np.minimum(y, chip.coat.shape[0] - 1), np.minimum(x, chip.coat.shape[1] - 1)].mean() > 0.95


def test_pattern__is_the_same_twice_and_another_of_another_coat(pattern: Pattern) -> None:
    assert pattern_of(cut_chip(rosettes(), BOX, "left")).id == pattern.id
    assert pattern_of(cut_chip(rosettes(2), BOX, "left")).id != pattern.id


def test_pattern__of_an_even_grey_is_empty_and_can_be_kept() -> None:
    nothing = pattern_of(cut_chip(np.full((100, 200, 3), 99, np.uint8), (0, 0, 200, 100)))
    assert len(nothing) == 0
    assert len(decode(encode(nothing))) == 0


def test_bytes__are_read_back_as_they_were(pattern: Pattern) -> None:
    data = encode(pattern)
    again = decode(data)
    assert len(data) == 20 + len(pattern) * 136
    assert np.array_equal(again.points, pattern.points) and np.array_equal(again.descriptors, pattern.descriptors)
    assert (again.id, encode(again)) == (pattern.id, data)


def test_bytes__that_are_no_pattern_say_what_was_expected(pattern: Pattern) -> None:
    data = encode(pattern)
    damaged = bytearray(data)
    damaged[100] ^= 1
    for wrong, message in (
        (b"", "at least 20 bytes, not 0"),
        (b"RCP9" + data[4:], "make it anew"),
        (data[:-1], f"has {len(data)} bytes, not {len(data) - 1}"),
        (bytes(damaged), "checksum"),
        (data[:4] + b"\xff\xff" + data[6:], f"at most {MOST_POINTS} points of {SIZE}"),
    ):
        with pytest.raises(PatternError, match=message):
            decode(wrong)


def test_bytes__of_points_that_are_nowhere_are_refused(pattern: Pattern) -> None:
    points = pattern.points.copy()
    points[0, 0] = np.nan
    with pytest.raises(PatternError, match="not finite"):
        decode(encode(Pattern(points, pattern.descriptors, pattern.width_px, pattern.height_px)))
