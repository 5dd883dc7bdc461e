"""A chip shows the animal alone, along its body, and says how much can be seen of it."""

from __future__ import annotations

import numpy as np
import pytest

from fusion.camera.chip import LONG_SIDE_PX, SMALLEST_PX, cut_chip, is_infrared
from fusion.camera.preprocess import Pixels


def rosettes(seed: int = 1) -> Pixels:
    """Dark rings on a bright ground, 300 x 400, with a border of even grey."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:300, :400]
    ink = np.zeros((300, 400))
    for x, y in rng.uniform([90, 90], [310, 210], (40, 2)):
        ink += np.exp(-(((np.hypot(columns - x, rows - y) - 8.0) / 2.5) ** 2))
    grey = 170.0 - 120.0 * np.clip(ink, 0, 1) + rng.normal(0, 3, ink.shape)
    return np.clip(grey[..., None] * [1.0, 0.8, 0.6], 0, 255).astype(np.uint8)


BOX = (80.0, 80.0, 320.0, 220.0)


def test_chip__has_its_long_side_and_leads_back_to_the_picture() -> None:
    chip = cut_chip(rosettes(), BOX, "left")
    assert max(chip.grey.shape) == chip.grey.shape[1] == LONG_SIDE_PX
    middle = chip.to_picture @ [(chip.grey.shape[1] - 1) / 2, (chip.grey.shape[0] - 1) / 2, 1]
    assert middle == pytest.approx([199.5, 149.5])
    corner = chip.to_picture @ [0, 0, 1]
    assert 60 < corner[0] < 80 and 60 < corner[1] < 80
    assert chip.coat[chip.grey.shape[0] // 2, 240] and not chip.coat[0, 0]
    assert (chip.flank, chip.is_infrared) == ("left", False)


def test_chip__is_the_same_whatever_surrounds_it_far_away() -> None:
    small = rosettes()
    large = np.full((900, 1200, 3), 90, np.uint8)
    large[300:600, 400:800] = small
    left, top, right, bottom = BOX
    one = cut_chip(small, BOX)
    other = cut_chip(large, (left + 400, top + 300, right + 400, bottom + 300))
    assert np.array_equal(one.grey, other.grey)


def test_chip__a_mask_turns_the_body_level_with_its_back_up() -> None:
    picture = np.full((400, 400, 3), 120, np.uint8)
    rows, columns = np.mgrid[:400, :400]
    turn = np.deg2rad(35.0)
    along = (columns - 200) * np.cos(turn) + (rows - 200) * np.sin(turn)
    across = -(columns - 200) * np.sin(turn) + (rows - 200) * np.cos(turn)
    mask = (np.abs(along) < 120) & (np.abs(across) < 40)
    picture[mask & (across < 0)] = 30
    chip = cut_chip(picture, (50, 50, 350, 350), "right", mask)
    height, width = chip.grey.shape
    assert (width, height) == (LONG_SIDE_PX, pytest.approx(160, abs=4))
    assert chip.grey[height // 4].mean() < chip.grey[3 * height // 4].mean()
    assert chip.coat.mean() > 0.8


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((500, 0, 600, 100), "outside the picture of 400 x 300"),
        ((10, 10, 10 + SMALLEST_PX - 1, 20), "smaller than 32 pixels"),
        ((np.nan, 0, 100, 100), "four finite sides"),
    ],
)
def test_chip__a_box_that_shows_nothing_is_refused(box: tuple[float, float, float, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cut_chip(rosettes(), box)


def test_chip__a_mask_of_another_picture_or_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="like its picture"):
        cut_chip(rosettes(), BOX, mask=np.ones((3, 3), np.bool_))
    with pytest.raises(ValueError, match="nothing within the box"):
        cut_chip(rosettes(), BOX, mask=np.zeros((300, 400), np.bool_))


def test_quality__falls_with_blur_size_burning_and_darkness() -> None:
    import cv2

    picture = rosettes()
    good = cut_chip(picture, BOX).quality
    blurred = cut_chip(np.asarray(cv2.GaussianBlur(picture, (0, 0), 6), np.uint8), BOX).quality
    small = cut_chip(np.asarray(cv2.resize(picture, (80, 60)), np.uint8), (16, 16, 64, 44)).quality
    burnt = cut_chip(np.minimum(picture.astype(int) * 3 + 60, 255).astype(np.uint8), BOX).quality
    black = cut_chip(picture // 40, BOX).quality
    assert blurred.sharpness < good.sharpness
    assert small.area < good.area
    assert burnt.exposure < 0.3 < good.exposure
    assert max(blurred.whole, small.whole, burnt.whole, black.whole) < good.whole
    assert black.whole < 0.1


def test_infrared__is_told_by_equal_channels() -> None:
    picture = rosettes()
    assert not is_infrared(picture)
    assert is_infrared(np.repeat(picture[..., :1], 3, axis=2))
