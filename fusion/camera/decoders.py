"""A network's raw output becomes boxes: one function a family of models, numpy only."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

STRIDES: Final = (8, 16, 32)


def decode_yolox(output: Numbers, width_px: int, height_px: int) -> tuple[Numbers, Numbers]:
    """Raw f4[cells, 5 + labels] -> boxes f4[cells, 4] as left, top, right, bottom in px, and scores f4[cells, labels].

    A row is (dx, dy, log w, log h, objectness, label scores): centre (cell + d) * stride, size exp(log) * stride; cells
    come stride by stride (8, 16, 32), row by row. Ge et al. 2021, arXiv 2107.08430, and its `demo_postprocess`.
    Raises ValueError when the number of rows does not fit the picture's size.
    """
    cells: list[Numbers] = []
    for stride in STRIDES:
        y, x = np.mgrid[: height_px // stride, : width_px // stride]
        cells.append(np.stack([x.ravel(), y.ravel(), np.full(x.size, stride)], axis=1).astype(np.float32))
    grid: Numbers = np.concatenate(cells)
    if output.ndim != 2 or len(output) != len(grid) or output.shape[1] < 6:
        raise ValueError(f"a YOLOX output for {width_px} x {height_px} has {len(grid)} rows, not shape {output.shape}")
    stride = grid[:, 2:]
    centre = (output[:, :2] + grid[:, :2]) * stride
    half = np.exp(output[:, 2:4]) * stride / np.float32(2.0)
    boxes: Numbers = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32, copy=False)
    return boxes, output[:, 4:5] * output[:, 5:]


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
