"""An ONNX file of two nodes, written byte by byte: output = fixed rows * the brightest value of the picture."""

from __future__ import annotations

import numpy as np


def _field(number: int, value: bytes | str | int) -> bytes:
    """One protobuf field: a number as varint, anything else with its length before it."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    sides = b"".join(_field(1, _field(1, side)) for side in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, sides)))


def _node(operator: str, inputs: list[str], output: str) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, operator)


def brightest_times(rows: np.ndarray, width_px: int, height_px: int) -> bytes:
    """Model bytes; input `images` f4[1, 3, height, width], output f4[1, 1, *rows.shape]. Field numbers: onnx.proto3."""
    data = rows.astype("<f4")
    dims = b"".join(_field(1, side) for side in data.shape)
    weights = dims + _field(2, 1) + _field(8, "rows") + _field(9, data.tobytes())
    graph = (
        _field(1, _node("ReduceMax", ["images"], "brightest"))
        + _field(1, _node("Mul", ["rows", "brightest"], "output"))
        + _field(2, "tiny")
        + _field(5, weights)
        + _field(11, _value("images", (1, 3, height_px, width_px)))
        + _field(12, _value("output", (1, 1, *data.shape)))
    )
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))
