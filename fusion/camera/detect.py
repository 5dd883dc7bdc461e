"""What is in a picture, and where: a detector model run on an array of pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from fusion.camera.decoders import Numbers, decode_yolox, suppress
from fusion.camera.manifest import ManifestError, ModelManifest

Pixels = NDArray[np.uint8]

PAD = 114
"""Grey that fills what the picture does not: the value YOLO models are trained with."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One box in pixels of the picture given, left and top included, and how probable its label is."""

    label: str
    probability: float
    left_px: float
    top_px: float
    right_px: float
    bottom_px: float


class Detector:
    """One loaded model. `detect` may be called from several threads; the session releases the GIL.

    Raises ManifestError when the bytes are not those the manifest names or the model takes another picture size.
    """

    def __init__(self, manifest: ModelManifest, model: bytes, threads: int = 1) -> None:
        if (found := hashlib.sha256(model).hexdigest()) != manifest.sha256:
            raise ManifestError(f"sha256: the model's bytes have {found}, the manifest names {manifest.sha256}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0]
        expected = [1, 3, manifest.height_px, manifest.width_px]
        if any(isinstance(side, int) and side != want for side, want in zip(self._input.shape, expected, strict=True)):
            raise ManifestError(f"input: the model takes {self._input.shape}, the manifest says {expected}")
        self.manifest = manifest

    def detect(self, picture: Pixels) -> list[Detection]:
        """RGB u1[height, width, 3] -> boxes at or above the manifest's score, the most probable first."""
        m = self.manifest
        fitted, ratio = letterbox(picture, m.width_px, m.height_px)
        planes = fitted[:, :, ::-1] if m.channels == "bgr" else fitted
        tensor = np.ascontiguousarray(planes.transpose(2, 0, 1)[None]).astype(np.float32) * np.float32(m.scale)
        raw = cast("Numbers", self._session.run(None, {self._input.name: tensor})[0])
        if raw.shape[-1] != 5 + len(m.labels):
            raise ManifestError(f"labels: the model gives {raw.shape[-1] - 5} of them, the manifest {len(m.labels)}")
        boxes, scores = decode_yolox(raw.reshape(-1, raw.shape[-1]), m.width_px, m.height_px)
        height, width = picture.shape[:2]
        boxes = np.clip(boxes / ratio, 0.0, [width, height, width, height]).astype(np.float32)
        found: list[Detection] = []
        for index, label in enumerate(m.labels):
            sure = np.flatnonzero(scores[:, index] >= m.score)
            for row in sure[suppress(boxes[sure], scores[sure, index], m.overlap)]:
                left, top, right, bottom = (float(side) for side in boxes[row])
                found.append(Detection(label, float(scores[row, index]), left, top, right, bottom))
        return sorted(found, key=lambda one: -one.probability)


def letterbox(picture: Pixels, width_px: int, height_px: int) -> tuple[Pixels, float]:
    """Scale a picture, shape kept, into the top left of a grey canvas -> (u1[height, width, 3], the ratio applied).

    Bilinear between pixel centres, as OpenCV's INTER_LINEAR. Raises ValueError for what is not a colour picture.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(f"a picture is u1[height, width, 3], not {picture.dtype}{list(picture.shape)}")
    height, width = picture.shape[:2]
    ratio = min(width_px / width, height_px / height)
    rows, columns = max(1, int(height * ratio)), max(1, int(width * ratio))
    top, bottom, down = _neighbours(rows, height, ratio)
    left, right, across = _neighbours(columns, width, ratio)
    upper = picture[np.ix_(top, left)] * (1 - across) + picture[np.ix_(top, right)] * across
    lower = picture[np.ix_(bottom, left)] * (1 - across) + picture[np.ix_(bottom, right)] * across
    canvas = np.full((height_px, width_px, 3), PAD, dtype=np.uint8)
    canvas[:rows, :columns] = np.rint(upper * (1 - down[:, None]) + lower * down[:, None])
    return canvas, ratio


def _neighbours(count: int, size: int, ratio: float) -> tuple[NDArray[np.intp], NDArray[np.intp], Numbers]:
    place = np.clip((np.arange(count) + 0.5) / ratio - 0.5, 0, size - 1)
    low = np.floor(place).astype(np.intp)
    return low, np.minimum(low + 1, size - 1), (place - low).astype(np.float32)[:, None]
