"""From a chip to the points of its coat: RootSIFT."""

from __future__ import annotations

import cv2
import numpy as np

from fusion.camera.chip import Chip
from fusion.camera.pattern import MOST_POINTS, SIZE, UNIT, Pattern


def pattern_of(chip: Chip) -> Pattern:
    """At most `MOST_POINTS` points on the coat, the clearest first.

    SIFT (Lowe 2004, IJCV 60) with square roots of the L1-normalised descriptor, RootSIFT (Arandjelović & Zisserman
    2012, CVPR), whose Euclidean distance is the Hellinger distance of the histograms.
    """
    found, raw = _sift().detectAndCompute(chip.grey, chip.coat.astype(np.uint8) * 255)
    if not len(found):
        return Pattern(np.zeros((0, 4), np.float16), np.zeros((0, SIZE), np.uint8), *chip.grey.shape[::-1])
    table = np.array([(*one.pt, one.size, one.angle, one.response) for one in found], np.float64)
    # A total order: what the detector gives in two runs or on two machines is the same set, not the same list.
    order = np.lexsort((table[:, 3], table[:, 2], table[:, 1], table[:, 0], -table[:, 4]))[:MOST_POINTS]
    histograms = np.asarray(raw, np.float64)[order]
    shares = histograms / np.maximum(histograms.sum(axis=1, keepdims=True), 1e-12)
    descriptors = np.minimum(np.rint(UNIT * np.sqrt(shares)), 255).astype(np.uint8)
    return Pattern(table[order, :4].astype(np.float16), descriptors, chip.grey.shape[1], chip.grey.shape[0])


def _sift() -> cv2.SIFT:
    # A low threshold of contrast: infrared and haze; how many are kept is limited by clearness anyway.
    return cv2.SIFT.create(nfeatures=MOST_POINTS, contrastThreshold=0.02, edgeThreshold=12.0, sigma=1.6)
