from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.camera.decoders import decode_yolox, suppress


def test_yolox__rows_become_boxes_cell_by_cell_and_stride_by_stride() -> None:
    raw = np.zeros((16 + 4 + 1, 7), dtype=np.float32)  # 32 x 32
    raw[6] = [0.5, 0.25, math.log(2), math.log(3), 0.5, 0.8, 0.1]  # stride 8, column 2, row 1
    raw[18] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.3]  # stride 16, column 0, row 1
    boxes, scores = decode_yolox(raw, 32, 32)
    np.testing.assert_allclose(boxes[6], [20 - 8, 10 - 12, 20 + 8, 10 + 12], atol=1e-5)
    np.testing.assert_allclose(scores[6], [0.4, 0.05], atol=1e-6)
    np.testing.assert_allclose(boxes[18], [-8, 8, 8, 24], atol=1e-5)
    np.testing.assert_allclose(boxes[20], [-16, -16, 16, 16], atol=1e-5)


def test_yolox__a_wide_picture_has_its_columns_in_the_row() -> None:
    raw = np.zeros((32 + 8 + 2, 6), dtype=np.float32)  # 64 wide, 32 high
    boxes, _ = decode_yolox(raw, 64, 32)
    np.testing.assert_allclose(boxes[8], [-4, 4, 4, 12])  # second row of the finest grid
    np.testing.assert_allclose(boxes[41], [16, -16, 48, 16])


@pytest.mark.parametrize("shape", [(20, 7), (21, 5), (1, 21, 7)])
def test_yolox__an_output_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="has 21 rows"):
        decode_yolox(np.zeros(shape, dtype=np.float32), 32, 32)


def boxes_of(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def test_suppress__of_overlapping_boxes_the_best_stays() -> None:
    boxes = boxes_of((0, 0, 10, 10), (1, 0, 11, 10), (30, 30, 40, 40))
    assert suppress(boxes, np.array([0.6, 0.9, 0.5], np.float32), 0.5).tolist() == [1, 2]


def test_suppress__boxes_that_share_little_both_stay() -> None:
    boxes = boxes_of((0, 0, 10, 10), (5, 0, 15, 10))  # one third of the union
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(boxes, scores, 0.34).tolist() == [0, 1]
    assert suppress(boxes, scores, 0.32).tolist() == [0]


def test_suppress__a_suppressed_box_suppresses_nothing() -> None:
    boxes = boxes_of((0, 0, 10, 10), (3, 0, 13, 10), (6, 0, 16, 10))
    assert suppress(boxes, np.array([0.9, 0.8, 0.7], np.float32), 0.5).tolist() == [0, 2]


def test_suppress__of_equals_the_first_stays() -> None:
    boxes = boxes_of((0, 0, 10, 10), (0, 0, 10, 10))
    assert suppress(boxes, np.array([0.5, 0.5], np.float32), 0.5).tolist() == [0]


def test_suppress__of_nothing_is_nothing() -> None:
    assert suppress(boxes_of(), np.zeros(0, np.float32), 0.5).tolist() == []
