"""A picture becomes the tensor that a model takes, and the model's boxes become places in the picture again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from fusion.camera.manifest import Input

Pixels = NDArray[np.uint8]
Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in a model's canvas: canvas = picture * (across, down) + (left_px, top_px)."""

    across: float
    down: float
    left_px: float
    top_px: float
    width_px: int
    height_px: int
    """Of the picture."""

    def back(self, boxes: Numbers) -> Numbers:
        """Boxes f4[n, 4] as left, top, right, bottom on the canvas -> in pixels of the picture, inside it."""
        shift = np.array([self.left_px, self.top_px] * 2, dtype=np.float64)
        scale = np.array([self.across, self.down] * 2, dtype=np.float64)
        most = [self.width_px, self.height_px] * 2
        return np.clip((boxes - shift) / scale, 0.0, most).astype(np.float32)


def check_pixels(picture: Pixels) -> None:
    """Raises ValueError for what is not a colour picture u1[height, width, 3]."""
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ValueError(f"a picture is u1[height, width, 3], not {picture.dtype}{list(picture.shape)}")


def fit_picture(picture: Pixels, given: Input) -> tuple[Pixels, Fit]:
    """RGB u1[height, width, 3] -> canvas u1[height_px, width_px, 3] of a model and how the picture lies in it.

    `letterbox` keeps the shape and fills with `pad`, bilinear without smoothing, as the YOLO families were trained:
    anchored top left with sides rounded down as YOLOX's `preproc`, or centred with sides rounded as YOLOv5's
    `letterbox`. `squash` stretches, `crop` takes the middle (or top left) of the shape; both smooth when they shrink.
    """
    check_pixels(picture)
    height, width = picture.shape[:2]
    wide, high = given.width_px, given.height_px
    if given.resize == "squash":
        return _resized(picture, wide, high), Fit(wide / width, high / height, 0.0, 0.0, width, height)
    if given.resize == "crop":
        ratio = max(wide / width, high / height)
        columns, rows = min(width, max(1, round(wide / ratio))), min(height, max(1, round(high / ratio)))
        left, top = ((width - columns) // 2, (height - rows) // 2) if given.anchor == "center" else (0, 0)
        across, down = wide / columns, high / rows
        part = picture[top : top + rows, left : left + columns]
        return _resized(part, wide, high), Fit(across, down, -left * across, -top * down, width, height)
    ratio = min(wide / width, high / height)
    if given.anchor == "center":
        columns, rows = max(1, round(width * ratio)), max(1, round(height * ratio))
        left, top = round((wide - columns) / 2 - 0.1), round((high - rows) / 2 - 0.1)
    else:
        columns, rows, left, top = max(1, int(width * ratio)), max(1, int(height * ratio)), 0, 0
    canvas = np.full((high, wide, 3), given.pad, dtype=np.uint8)
    inner = canvas[top : top + rows, left : left + columns]
    if (columns, rows) == (width, height):
        inner[:] = picture
    else:
        inner[:] = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return canvas, Fit(columns / width, rows / height, float(left), float(top), width, height)


def _resized(picture: Pixels, width_px: int, height_px: int) -> Pixels:
    shrinks = picture.shape[1] >= width_px and picture.shape[0] >= height_px
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast("Pixels", cv2.resize(np.ascontiguousarray(picture), (width_px, height_px), interpolation=how))


def tensor(canvas: Pixels, given: Input) -> NDArray[np.float32] | Pixels:
    """Canvas RGB u1[height, width, 3] -> [1, 3, height, width] or channels last, in the model's order and units."""
    order = (2, 1, 0) if given.color == "BGR" else (0, 1, 2)
    if given.dtype == "uint8":
        planes = canvas[:, :, order]
        return np.ascontiguousarray(planes.transpose(2, 0, 1) if given.layout == "NCHW" else planes)[None]
    height, width = canvas.shape[:2]
    shape = (1, 3, height, width) if given.layout == "NCHW" else (1, height, width, 3)
    values: Numbers = np.empty(shape, dtype=np.float32)
    for channel, source in enumerate(order):
        plane = values[0, channel] if given.layout == "NCHW" else values[0, :, :, channel]
        factor, less = given.scale / given.std[channel], given.mean[channel] / given.std[channel]
        if factor == 1.0:
            plane[:] = canvas[:, :, source]
        else:
            np.multiply(canvas[:, :, source], np.float32(factor), out=plane)
        if less:
            plane -= np.float32(less)
    return values


def upright(picture: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels the way they are to be seen; orientation 1 to 8 as in EXIF 2.3, any other: as stored."""
    match orientation:
        case 2:
            turned = cv2.flip(picture, 1)
        case 3:
            turned = cv2.rotate(picture, cv2.ROTATE_180)
        case 4:
            turned = cv2.flip(picture, 0)
        case 5:
            turned = cv2.transpose(picture)
        case 6:
            turned = cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE)
        case 7:
            turned = cv2.rotate(cv2.transpose(picture), cv2.ROTATE_180)
        case 8:
            turned = cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE)
        case _:
            return picture
    return cast("Pixels", turned)
