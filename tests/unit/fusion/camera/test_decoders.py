"""Each family against a plain twin: loops over rows, written from the family's description and from nothing of ours."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fusion.camera.decoders import decode_boxes, decode_embedding, decode_probabilities, suppress
from fusion.camera.manifest import ManifestError
from tests.unit.fusion.camera.tiny_onnx import SIDE, manifest_of, tiny, white

RNG = np.random.default_rng(5)
LABELS = ("animal", "person")
Box = tuple[float, float, float, float]


def plain_centre(row: np.ndarray) -> Box:
    x, y, w, h = (float(one) for one in row[:4])
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def plain_yolox(raw: np.ndarray) -> list[tuple[Box, list[float]]]:
    found, row = [], 0
    for stride in (8, 16, 32):
        for y in range(SIDE // stride):
            for x in range(SIDE // stride):
                dx, dy, w, h, sure, *scores = (float(one) for one in raw[row])
                cx, cy = (x + dx) * stride, (y + dy) * stride
                w, h = math.exp(w) * stride, math.exp(h) * stride
                found.append(((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), [sure * one for one in scores]))
                row += 1
    return found


def plain_yolov5(raw: np.ndarray) -> list[tuple[Box, list[float]]]:
    return [(plain_centre(row), [float(row[4] * one) for one in row[5:]]) for row in raw]


def plain_yolov8(raw: np.ndarray) -> list[tuple[Box, list[float]]]:
    return [(plain_centre(raw[:, i]), [float(one) for one in raw[4:, i]]) for i in range(raw.shape[1])]


def plain_yolov10(raw: np.ndarray) -> list[tuple[Box, list[float]]]:
    return [
        ((float(r[0]), float(r[1]), float(r[2]), float(r[3])), [float(r[4]) if r[5] == i else 0.0 for i in range(2)])
        for r in raw
    ]


@pytest.mark.parametrize(
    ("decoder", "shape", "plain"),
    [
        ("yolox", (1, 21, 7), plain_yolox),
        ("yolov5", (1, 40, 7), plain_yolov5),
        ("yolov8", (1, 6, 40), plain_yolov8),
    ],
)
def test_yolo__rows_become_the_boxes_and_scores_of_the_plain_twin(decoder, shape, plain) -> None:
    raw = RNG.uniform(0, 1.5, shape).astype(np.float32)
    boxes, scores = decode_boxes(manifest_of("detect", f'decoder = "{decoder}"'), [raw])
    twin = plain(raw[0])
    np.testing.assert_allclose(boxes, [box for box, _ in twin], atol=1e-4)
    np.testing.assert_allclose(scores, [one for _, one in twin], atol=1e-6)


def test_yolov10__a_row_is_a_box_with_one_label_and_filling_rows_count_for_nothing() -> None:
    raw = np.array([[[1, 2, 9, 8, 0.9, 1], [0, 0, 4, 4, 0.5, 0], [0, 0, 0, 0, 0.0, -7]]], np.float32)
    boxes, scores = decode_boxes(manifest_of("detect", 'decoder = "yolov10_e2e"'), [raw])
    twin = plain_yolov10(raw[0])
    np.testing.assert_allclose(boxes, [box for box, _ in twin])
    np.testing.assert_allclose(scores, [one for _, one in twin])


def test_rtdetr__three_outputs_are_taken_in_the_order_of_the_manifest() -> None:
    labels, scores = np.array([[1, 0]]), np.array([[0.75, 0.5]], np.float32)
    boxes = np.array([[[1, 2, 9, 8], [0, 0, 4, 4]]], np.float32)
    manifest = manifest_of("detect", 'decoder = "rtdetr"\nnames = ["labels", "boxes", "scores"]')
    found, table = decode_boxes(manifest, [labels, boxes, scores])
    np.testing.assert_allclose(found, boxes[0])
    np.testing.assert_allclose(table, [[0, 0.75], [0.5, 0]])


def test_ssd__boxes_are_fractions_top_first_labels_begin_with_1_and_the_count_counts() -> None:
    manifest = manifest_of("detect", 'decoder = "ssd"\nnames = ["b", "l", "s", "n"]')
    boxes = np.array([[[0.25, 0.5, 0.75, 1.0], [0, 0, 1, 1], [0, 0, 1, 1]]], np.float32)
    labels, scores = np.array([[2, 1, 1]], np.float32), np.array([[0.75, 0.5, 0.9]], np.float32)
    found, table = decode_boxes(manifest, [boxes, labels, scores, np.array([2.0], np.float32)])
    np.testing.assert_allclose(found, [[16, 8, 32, 24], [0, 0, 32, 32]])
    np.testing.assert_allclose(table, [[0, 0.75], [0.5, 0]])


def test_labels__a_number_that_no_label_has_is_an_error_and_no_guess() -> None:
    raw = np.array([[[1, 2, 9, 8, 0.9, 2]]], np.float32)
    with pytest.raises(ManifestError, match="labels: numbers of labels from 0 to 1 were expected, not 2"):
        decode_boxes(manifest_of("detect", 'decoder = "yolov10_e2e"'), [raw])


@pytest.mark.parametrize(
    ("decoder", "shape", "says"),
    [
        ("yolox", (1, 20, 7), r"decoder yolox expects \[1, 21, 7\]: 5 and 2 labels; the model gives \[1, 20, 7\]"),
        ("yolox", (1, 21, 6), r"expects \[1, 21, 7\]"),
        ("yolov5", (1, 9, 85), r"decoder yolov5 expects \[1, n, 7\]: 5 and 2 labels; the model gives \[1, 9, 85\]"),
        ("yolov8", (1, 9, 6), r"decoder yolov8 expects \[1, 6, n\]: 4 and 2 labels; the model gives \[1, 9, 6\]"),
        ("yolov10_e2e", (300, 6), r"decoder yolov10_e2e expects \[1, n, 6\]: 6; the model gives \[300, 6\]"),
    ],
)
def test_shape__another_one_is_refused_with_both(decoder: str, shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(ManifestError, match=says):
        decode_boxes(manifest_of("detect", f'decoder = "{decoder}"'), [np.zeros(shape, np.float32)])


def test_shape__outputs_that_do_not_belong_together_are_refused() -> None:
    manifest = manifest_of("detect", 'decoder = "rtdetr"\nnames = ["labels", "boxes", "scores"]')
    with pytest.raises(ManifestError, match=r"not boxes \[3, 4\], labels \[2\], scores \[2\]"):
        decode_boxes(manifest, [np.zeros((1, 2)), np.zeros((1, 3, 4)), np.zeros((1, 2))])


def test_logits__are_powers_that_sum_to_1_and_a_temperature_makes_them_less_sure() -> None:
    logits = np.array([[2.0, -1.0]], np.float32)
    plain = [math.exp(2) / (math.exp(2) + math.exp(-1)), math.exp(-1) / (math.exp(2) + math.exp(-1))]
    manifest = manifest_of("classify", 'decoder = "logits"')
    np.testing.assert_allclose(decode_probabilities(manifest, [logits]), plain)
    cooled = manifest_of("classify", 'decoder = "logits"', more='[calibration]\nmethod = "temperature"\nt = 2')
    np.testing.assert_allclose(decode_probabilities(cooled, [logits]), decode_probabilities(manifest, [logits / 2]))


def test_probs__are_taken_as_they_are_and_logits_in_their_place_are_noticed() -> None:
    manifest = manifest_of("classify", 'decoder = "probs"')
    np.testing.assert_allclose(
        decode_probabilities(manifest, [np.array([[0.9, 0.1]], np.float32)]), [0.9, 0.1], rtol=1e-6
    )
    with pytest.raises(ManifestError, match="is it logits"):
        decode_probabilities(manifest, [np.array([[5.0, -1.0]], np.float32)])


def test_embedding__has_length_1_and_nothing_stays_nothing() -> None:
    manifest = manifest_of("embed", 'decoder = "embedding"\nsize = 2')
    np.testing.assert_allclose(decode_embedding(manifest, [np.array([[3.0, 4.0]], np.float32)]), [0.6, 0.8])
    assert not decode_embedding(manifest, [np.zeros((1, 2), np.float32)]).any()
    with pytest.raises(ManifestError, match=r"decoder embedding expects \[1, 2\]; the model gives \[1, 3\]"):
        decode_embedding(manifest, [np.zeros((1, 3), np.float32)])


def test_graphs__of_every_family_are_loaded_run_and_read() -> None:
    """The whole way for each decoder: generated graph, manifest, session, boxes in the picture."""
    eye = (8.0, 4.0, 24.0, 20.0)
    yolox = np.zeros((1, 21, 7), np.float32)
    yolox[0, 18] = [0.0, -0.25, math.log(1), math.log(1), 1, 0.9, 0]  # stride 16, column 0, row 1: centre 0, 12
    yolox[0, 17] = [0.0, 0.75, math.log(1), math.log(1), 1, 0.9, 0]  # stride 16, column 1, row 0: centre 16, 12
    yolox[0, 18, 4] = 0
    five = np.array([[[16, 12, 16, 16, 1, 0.9, 0]]], np.float32)
    ten = np.array([[[*eye, 0.9, 0]]], np.float32)
    models = {
        "yolox": tiny({"out": yolox}, task="detect", output='decoder = "yolox"'),
        "yolov5": tiny({"out": five}, task="detect", output='decoder = "yolov5"'),
        "yolov8": tiny(
            {"out": np.array([[16, 12, 16, 16, 0.9, 0]], np.float32).T[None]},
            task="detect",
            output='decoder = "yolov8"',
        ),
        "yolov10_e2e": tiny({"out": ten}, task="detect", output='decoder = "yolov10_e2e"'),
        "rtdetr": tiny(
            {
                "labels": np.array([[0]]),
                "boxes": np.array([[eye]], np.float32),
                "scores": np.array([[0.9]], np.float32),
            },
            task="detect",
            output='decoder = "rtdetr"\nnames = ["labels", "boxes", "scores"]',
            sizes="orig_target_sizes",
        ),
        "ssd": tiny(
            {
                "b": np.array([[[4 / 32, 8 / 32, 20 / 32, 24 / 32]]], np.float32),
                "l": np.array([[1]]),
                "s": np.array([[0.9]], np.float32),
            },
            task="detect",
            output='decoder = "ssd"\nnames = ["b", "l", "s"]',
        ),
    }
    for name, model in models.items():
        (found,) = model.detect(white(64, 64))
        assert (found.label, round(found.probability, 5)) == ("animal", 0.9), name
        box = (found.left_px, found.top_px, found.right_px, found.bottom_px)
        assert box == pytest.approx([2 * side for side in eye], abs=1e-4), name


def boxes_of(*rows: Box) -> np.ndarray:
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
