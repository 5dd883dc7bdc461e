"""What a model saw in a picture: boxes of groups, or what the whole picture shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fusion.camera.calibrate import calibrated
from fusion.camera.decoders import END_TO_END, Numbers, suppress
from fusion.camera.manifest import ModelManifest
from fusion.camera.preprocess import Fit

MOST_CANDIDATES: Final = 2_000
"""Of one group: so that a picture in which a model sees something everywhere costs no minutes."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One box in pixels of the picture given, left and top included.

    `label` is the group (animal, person …), `named` the model's own most probable label in it.
    """

    label: str
    probability: float
    named: str
    left_px: float
    top_px: float
    right_px: float
    bottom_px: float


@dataclass(frozen=True, slots=True)
class Classification:
    """What the whole picture shows, with its probability."""

    label: str
    probability: float


def detections(manifest: ModelManifest, boxes: Numbers, scores: Numbers, fit: Fit) -> list[Detection]:
    """Boxes f4[n, 4] on the canvas and scores f4[n, labels] -> what is at or above `keep`, the most probable first.

    Scores of a group's labels are added up before anything else, and labels without a group are left out: a heron that
    looks a third like a bird, a third like a dog and a third like an aeroplane is two thirds of an animal.
    """
    labels = manifest.labels
    probabilities = calibrated(_grouped(scores, labels.group_of, len(labels.groups)), manifest.calibration)
    found: list[Detection] = []
    for group, label in enumerate(labels.groups):
        column = probabilities[:, group]
        rows = np.flatnonzero(column >= manifest.thresholds.keep)
        if len(rows) > MOST_CANDIDATES:
            rows = rows[np.argsort(-column[rows], kind="stable")[:MOST_CANDIDATES]]
        placed = fit.back(boxes[rows])
        whole = (placed[:, 2] > placed[:, 0]) & (placed[:, 3] > placed[:, 1])
        rows, placed = rows[whole], placed[whole]
        if manifest.output.decoder not in END_TO_END:
            kept = suppress(boxes[rows], column[rows], manifest.output.nms_iou)
            rows, placed = rows[kept], placed[kept]
        members = [index for index, one in enumerate(labels.group_of) if one == group]
        for row, (left, top, right, bottom) in zip(rows, placed.tolist(), strict=True):
            named = labels.names[members[int(np.argmax(scores[row, members]))]]
            found.append(Detection(label, float(column[row]), named, left, top, right, bottom))
    return sorted(found, key=lambda one: -one.probability)[: manifest.output.max_det]


def classifications(manifest: ModelManifest, probabilities: NDArray[np.float64]) -> list[Classification]:
    """Probabilities f8[labels] -> groups with their sums, the most probable first; masked labels take theirs along."""
    labels = manifest.labels
    sums = _grouped(probabilities[None].astype(np.float32), labels.group_of, len(labels.groups))[0]
    if manifest.calibration.method == "isotonic":
        sums = calibrated(sums, manifest.calibration)
    order = np.argsort(-sums, kind="stable")
    return [Classification(labels.groups[index], float(sums[index])) for index in order]


def _grouped(scores: Numbers, group_of: tuple[int, ...], count: int) -> Numbers:
    if group_of == tuple(range(count)):
        return scores
    # Columns added up one by one, not a product of matrices: that would wake threads for a millisecond's work.
    groups: Numbers = np.empty((len(scores), count), dtype=np.float32)
    for group in range(count):
        members = [label for label, one in enumerate(group_of) if one == group]
        np.minimum(scores[:, members].sum(axis=1), np.float32(1.0), out=groups[:, group])
    return groups
