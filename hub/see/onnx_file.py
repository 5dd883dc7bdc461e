"""Does an ONNX file keep its weights in other files? Found by walking its protobuf, without loading it.

A file that does is refused: the manifest's sha256 would say nothing of the weights, and the path may lead anywhere.
Field numbers: onnx.proto3 of ONNX 1.19.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fusion.camera.manifest import ManifestError

MOST_DEPTH: Final = 30
# kind of message -> {field number: kind of what it holds}
FIELDS: Final[dict[str, dict[int, str]]] = {
    "model": {7: "graph", 25: "function", 20: "training"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "training": {1: "graph", 2: "graph"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {},
}


def refuse_other_files(model: bytes) -> None:
    """Raises ManifestError where weights are elsewhere, and for what is no protobuf."""
    _walk(memoryview(model), "model", 0)


def _walk(message: memoryview, kind: str, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise ManifestError(f"model.file: graphs within graphs, deeper than {MOST_DEPTH}")
    inner = FIELDS[kind]
    for number, content in _fields(message):
        if kind == "tensor" and (number == 13 or (number == 14 and content == 1)):
            where = ""
            if isinstance(content, memoryview):
                where = " ".join(bytes(one).decode("utf-8", "replace") for _, one in _fields(content) if _is_bytes(one))
            raise ManifestError(f"model.file: it keeps weights in another file ({where[:100]}); pack all into one")
        if isinstance(content, memoryview) and number in inner:
            _walk(content, inner[number], depth + 1)


def _is_bytes(content: memoryview | int) -> bool:
    return isinstance(content, memoryview)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
            case 2:
                length, at = _varint(message, at)
                if at + length > end:
                    raise ManifestError("model.file: no ONNX file, or cut off")
                yield key >> 3, message[at : at + length]
                at += length
            case 1 | 5 as wire:
                at += 8 if wire == 1 else 4
            case _:
                raise ManifestError("model.file: no ONNX file")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ManifestError("model.file: no ONNX file")
