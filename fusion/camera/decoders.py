"""A network's raw output becomes boxes or probabilities: one function a family of models, numpy only.

The set is closed: what a manifest does not name is not guessed. Each raises ManifestError when what came out has not
the shape that the manifest promises.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fusion.camera.manifest import Boxes, DecoderName, ManifestError, ModelManifest

Numbers = NDArray[np.float32]
Found = tuple[Numbers, Numbers]
"""Boxes f4[n, 4] as left, top, right, bottom in pixels of the canvas, and scores f4[n, labels]."""

STRIDES: Final = (8, 16, 32)
END_TO_END: Final[tuple[DecoderName, ...]] = ("yolov10_e2e", "rtdetr", "ssd")
"""These give each thing once: nothing has to be suppressed."""


def decode_boxes(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """What a detector gave, read as its manifest says."""
    return _FAMILIES[manifest.output.decoder](manifest, outputs)


def _yolox(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """Raw [1, cells, 5 + labels]: a row is (dx, dy, log w, log h, objectness, label scores).

    Centre (cell + d) * stride, size exp(log) * stride; cells come stride by stride (8, 16, 32), row by row. Ge et al.
    2021, arXiv 2107.08430, and its `demo_postprocess`.
    """
    grid = _grid(manifest.input.width_px, manifest.input.height_px)
    rows = _rows(manifest, outputs, len(grid), 5 + len(manifest.labels.names))
    stride = grid[:, 2:]
    centre = (rows[:, :2] + grid[:, :2]) * stride
    # A hostile or broken model may say exp(1000): infinite boxes are clipped to the picture later, without a warning.
    half = np.exp(np.minimum(rows[:, 2:4], np.float32(20.0))) * stride / np.float32(2.0)
    boxes: Numbers = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32, copy=False)
    return boxes, rows[:, 4:5] * rows[:, 5:]


def _yolov5(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """[1, n, 5 + labels]: box, objectness, label scores."""
    rows = _rows(manifest, outputs, None, 5 + len(manifest.labels.names))
    return _corners(manifest, rows[:, :4]), rows[:, 4:5] * rows[:, 5:]


def _yolov8(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """[1, 4 + labels, n]: box, label scores; versions 8, 9 and 11."""
    wanted = 4 + len(manifest.labels.names)
    array = _only(manifest, outputs)
    if array.ndim != 3 or array.shape[:2] != (1, wanted):
        raise _shape(manifest, f"[1, {wanted}, n]: 4 and {wanted - 4} labels", array)
    rows = array[0].T
    return _corners(manifest, rows[:, :4]), rows[:, 4:]


def _yolov10(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """[1, n, 6]: left, top, right, bottom, score, number of the label; nothing overlaps."""
    rows = _rows(manifest, outputs, None, 6)
    return _corners(manifest, rows[:, :4]), _one_label(manifest, rows[:, 5], rows[:, 4])


def _rtdetr(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """Three outputs, in the manifest's order: labels [1, n], boxes [1, n, 4], scores [1, n]."""
    labels, boxes, scores = (np.asarray(one)[0] if np.ndim(one) else np.asarray(one) for one in outputs)
    _agree(manifest, boxes, labels, scores)
    return _corners(manifest, boxes.astype(np.float32, copy=False)), _one_label(manifest, labels, scores)


def _ssd(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Found:
    """TensorFlow's detectors: boxes [1, n, 4], numbers of labels [1, n], scores [1, n], and how many count [1]."""
    boxes, labels, scores = (np.asarray(one)[0] if np.ndim(one) else np.asarray(one) for one in outputs[:3])
    _agree(manifest, boxes, labels, scores)
    count = len(boxes)
    if len(outputs) == 4:
        count = int(np.clip(np.ravel(outputs[3])[0], 0, count))
    boxes = _corners(manifest, boxes[:count].astype(np.float32, copy=False))
    return boxes, _one_label(manifest, labels[:count], scores[:count])


_FAMILIES: Final[dict[DecoderName, Callable[[ModelManifest, Sequence[Numbers]], Found]]] = {
    "yolox": _yolox,
    "yolov5": _yolov5,
    "yolov8": _yolov8,
    "yolov10_e2e": _yolov10,
    "rtdetr": _rtdetr,
    "ssd": _ssd,
}


def decode_probabilities(manifest: ModelManifest, outputs: Sequence[Numbers]) -> NDArray[np.float64]:
    """What a classifier gave -> f8[labels]: probabilities that sum to 1, at the manifest's temperature.

    Guo et al. 2017, arXiv 1706.04599. A model that gives probabilities is given back its logits first.
    """
    wanted = len(manifest.labels.names)
    array = _only(manifest, outputs)
    if array.ndim != 2 or array.shape != (1, wanted):
        raise _shape(manifest, f"[1, {wanted}]: {wanted} labels", array)
    values = array[0].astype(np.float64)
    if manifest.output.decoder == "probs":
        if not (values.min() >= -1e-6 and values.max() <= 1 + 1e-6 and abs(values.sum() - 1) < 1e-2):
            raise ManifestError("output.decoder: probs from 0 to 1 that sum to 1 were expected; is it logits?")
        values = np.log(np.maximum(values, 1e-12))
    values = values / manifest.calibration.t
    powers = np.exp(values - values.max())
    return powers / powers.sum()


def decode_embedding(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Numbers:
    """What an embedding network gave -> f4[size] of length 1; a zero vector stays zero."""
    array = _only(manifest, outputs)
    if array.size != manifest.output.size or array.shape[0] != 1:
        raise _shape(manifest, f"[1, {manifest.output.size}]", array)
    vector = array.reshape(-1).astype(np.float32)
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def suppress(boxes: Numbers, scores: Numbers, overlap: float) -> NDArray[np.intp]:
    """Greedy non-maximum suppression of boxes f4[n, 4] of one label -> indices kept, best first, ties by index."""
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    waiting = np.argsort(-scores, kind="stable")
    kept: list[np.intp] = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        corner = np.minimum(boxes[best, 2:], boxes[waiting, 2:]) - np.maximum(boxes[best, :2], boxes[waiting, :2])
        shared = np.prod(np.maximum(corner, 0.0), axis=1)
        # shared > overlap * union, written without a division: two empty boxes have no union.
        waiting = waiting[shared <= overlap * (areas[best] + areas[waiting] - shared)]
    return np.array(kept, dtype=np.intp)


@lru_cache(maxsize=8)
def _grid(width_px: int, height_px: int) -> Numbers:
    cells: list[Numbers] = []
    for stride in STRIDES:
        y, x = np.mgrid[: height_px // stride, : width_px // stride]
        cells.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride)], axis=1).astype(np.float32))
    return np.concatenate(cells)


def _corners(manifest: ModelManifest, boxes: Numbers) -> Numbers:
    """Boxes in the manifest's form and unit -> left, top, right, bottom in pixels of the canvas."""
    form: Boxes = manifest.output.boxes
    if form == "cxcywh":
        half = boxes[:, 2:] / np.float32(2.0)
        boxes = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1).astype(np.float32, copy=False)
    elif form == "yxyx":
        boxes = boxes[:, [1, 0, 3, 2]]
    if manifest.output.unit == "fraction":
        sides = [manifest.input.width_px, manifest.input.height_px] * 2
        boxes = (boxes * np.array(sides, dtype=np.float32)).astype(np.float32, copy=False)
    return boxes


def _one_label(manifest: ModelManifest, numbers: NDArray[np.generic], scores: Numbers) -> Numbers:
    """The number of one label and its score per box -> scores f4[n, labels]."""
    count = len(manifest.labels.names)
    index = np.rint(np.asarray(numbers, dtype=np.float64)) - manifest.output.first_label
    table: Numbers = np.zeros((len(index), count), dtype=np.float32)
    sure = np.asarray(scores, dtype=np.float32) > 0
    # Rows without a score may hold any number: exporters fill up to a fixed count.
    if not (np.isfinite(index[sure]) & (index[sure] >= 0) & (index[sure] < count)).all():
        low, high = manifest.output.first_label, manifest.output.first_label + count - 1
        seen = sorted({float(one) + manifest.output.first_label for one in index[sure]})
        raise ManifestError(f"labels: numbers of labels from {low} to {high} were expected, not {seen[-1]:g}")
    rows = np.flatnonzero(sure)
    table[rows, index[rows].astype(np.intp)] = scores[rows]
    return table


def _only(manifest: ModelManifest, outputs: Sequence[Numbers]) -> Numbers:
    if len(outputs) != 1:
        raise ManifestError(f"output.names: one output was expected for {manifest.output.decoder}, not {len(outputs)}")
    return outputs[0]


def _rows(manifest: ModelManifest, outputs: Sequence[Numbers], count: int | None, columns: int) -> Numbers:
    array = _only(manifest, outputs)
    if array.ndim != 3 or array.shape[0] != 1 or array.shape[2] != columns or count not in (None, array.shape[1]):
        more = {5: "5 and the labels", 6: "6"}.get(columns, f"5 and {columns - 5} labels")
        raise _shape(manifest, f"[1, {'n' if count is None else count}, {columns}]: {more}", array)
    return array[0]


def _agree(
    manifest: ModelManifest, boxes: NDArray[np.generic], labels: NDArray[np.generic], scores: NDArray[np.generic]
) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4 or labels.shape != scores.shape or labels.shape != boxes.shape[:1]:
        found = f"boxes {list(boxes.shape)}, labels {list(labels.shape)}, scores {list(scores.shape)}"
        raise ManifestError(f"output.names: boxes [1, n, 4], labels [1, n], scores [1, n] were expected, not {found}")


def _shape(manifest: ModelManifest, expected: str, array: Numbers) -> ManifestError:
    return ManifestError(
        f"output: decoder {manifest.output.decoder} expects {expected}; the model gives {list(array.shape)}"
    )
