"""Cut-outs for a classifier."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.camera.crop import square_crop

PICTURE = np.zeros((300, 400, 3), np.uint8)


def test_crop__is_a_square_with_a_margin_around_the_box() -> None:
    picture = PICTURE.copy()
    picture[100:200, 150:250] = 255
    cut = square_crop(picture, (150 / 400, 100 / 300, 100 / 400, 100 / 300))
    assert cut is not None and cut.shape == (130, 130, 3)
    assert (cut[15:115, 15:115] == 255).all() and cut[:15].max() == 0 and cut[115:].max() == 0


def test_crop__at_an_edge_is_moved_inside_and_one_too_small_is_none() -> None:
    cut = square_crop(PICTURE, (0.0, 0.0, 0.25, 0.1))
    assert cut is not None and cut.shape == (130, 130, 3)
    assert square_crop(PICTURE, (0.5, 0.5, 31 / 400, 31 / 300)) is None
    with pytest.raises(ValueError, match="u1"):
        square_crop(PICTURE[:, :, 0], (0, 0, 1, 1))


@given(st.tuples(*[st.floats(0, 1)] * 4))
def test_crop__is_never_empty_and_never_larger_than_the_picture(area: tuple[float, float, float, float]) -> None:
    cut = square_crop(PICTURE, area)
    if cut is not None:
        assert max(cut.shape[:2]) >= 32 and min(cut.shape[:2]) >= 1 and cut.shape[0] <= 300 and cut.shape[1] <= 400
