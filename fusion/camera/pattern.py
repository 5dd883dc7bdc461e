"""The pattern of a coat as points, and the bytes it is kept in. `fusion.camera.sift` finds them in a chip."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Descriptors = NDArray[np.uint8]
Points = NDArray[np.float16]

Flank = Literal["left", "right", "unknown"]
"""Which side of the animal is seen; `left`: its head points to the left of an upright picture. A person says it."""

LONG_SIDE_PX: Final = 480
"""Of a chip."""
METHOD: Final = "rootsift-1"
"""What made the points: patterns of another method, or of another version of one, are never compared."""
MOST_POINTS: Final = 700
SIZE: Final = 128
UNIT: Final = 512.0
"""Length of a descriptor in steps of its bytes."""
MAGIC: Final = b"RCP1"
_HEAD: Final = struct.Struct("<4sHHHH")
_SUM_BYTES: Final = 8


class PatternError(ValueError):
    """Bytes that are no pattern, with what was expected where."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """points f2[n, 4]: x, y and scale in pixels of the chip, angle in degrees clockwise; descriptors u1[n, 128].

    width_px, height_px of the chip. `id` is a hash of all that: equal patterns have equal ids.
    """

    points: Points
    descriptors: Descriptors
    width_px: int
    height_px: int
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        body = _body(self)
        object.__setattr__(self, "id", hashlib.sha256(body).digest()[:16])

    def __len__(self) -> int:
        return len(self.points)


def encode(pattern: Pattern) -> bytes:
    """12 bytes of head, 136 a point, 8 of checksum."""
    body = _body(pattern)
    return body + hashlib.sha256(body).digest()[:_SUM_BYTES]


def decode(data: bytes) -> Pattern:
    """Bytes of `encode` -> the pattern, without copying. Raises PatternError for anything else, and says what."""
    if len(data) < _HEAD.size + _SUM_BYTES:
        raise PatternError(f"a pattern has at least {_HEAD.size + _SUM_BYTES} bytes, not {len(data)}")
    magic, count, size, width, height = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise PatternError(f"a pattern of this version begins with {MAGIC!r}, not with {magic!r}: make it anew")
    if size != SIZE or not 0 < width <= 4096 or not 0 < height <= 4096 or count > MOST_POINTS:
        raise PatternError(
            f"at most {MOST_POINTS} points of {SIZE} numbers on a chip of at most 4096 pixels were expected, "
            f"not {count} of {size} on {width} x {height}"
        )
    wanted = _HEAD.size + count * (8 + SIZE) + _SUM_BYTES
    if len(data) != wanted:
        raise PatternError(f"a pattern of {count} points has {wanted} bytes, not {len(data)}")
    if hashlib.sha256(data[:-_SUM_BYTES]).digest()[:_SUM_BYTES] != data[-_SUM_BYTES:]:
        raise PatternError("the checksum is another: the bytes were damaged")
    points = np.frombuffer(data, "<f2", count * 4, _HEAD.size).reshape(count, 4)
    if not np.isfinite(points).all():
        raise PatternError("a point has a place, a scale or an angle that is not finite")
    descriptors = np.frombuffer(data, np.uint8, count * SIZE, _HEAD.size + count * 8).reshape(count, SIZE)
    return Pattern(points.astype(np.float16, copy=False), descriptors, width, height)


def _body(pattern: Pattern) -> bytes:
    count = len(pattern.points)
    if pattern.points.shape != (count, 4) or pattern.descriptors.shape != (count, SIZE) or count > MOST_POINTS:
        shapes = f"{list(pattern.points.shape)} and {list(pattern.descriptors.shape)}"
        raise PatternError(f"points f2[n, 4] and descriptors u1[n, {SIZE}], n <= {MOST_POINTS}, not {shapes}")
    head = _HEAD.pack(MAGIC, count, SIZE, pattern.width_px, pattern.height_px)
    return head + pattern.points.astype("<f2").tobytes() + pattern.descriptors.astype(np.uint8).tobytes()
