"""What was seen in a picture, and what passes between the hub and the process that looks."""

from __future__ import annotations

from typing import Literal

import msgspec


class Box(msgspec.Struct, frozen=True):
    """One thing in a picture: left, top, width, height as parts of the picture's width and height."""

    label: str
    probability: float
    named: str
    x: float
    y: float
    width: float
    height: float


class Crop(msgspec.Struct, frozen=True):
    """What a classifier says of one box: labels with probabilities, the likeliest first; none where it is too small."""

    area: tuple[float, float, float, float]
    """Left, top, width, height as parts of the picture."""
    named: list[tuple[str, float]] = []


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One picture, looked at. `unreadable` has a reason and nothing else; `partial` had been cut off."""

    state: Literal["seen", "partial", "unreadable"]
    reason: str = ""
    kind: str = ""
    width_px: int = 0
    height_px: int = 0
    rows_kept: float = 1.0
    boxes: list[Box] = []
    """Of a detector; a classifier says the same of the whole picture."""
    embedding: list[float] = []
    crops: list[Crop] = []
    """Of a classifier that was asked for some boxes only."""
    facts: dict[str, str] = {}
    brightness: float = 0.0
    """Mean, 0 to 1."""
    sharpness: float = 0.0
    """Standard deviation of the Laplacian of a copy 256 pixels wide: below about 3 a picture is blurred, or empty."""
    infrared: bool = False
    perceptual_hash: int = 0
    """64 bits; pictures that are alike differ in few (`hub.see.quality`)."""
    decode_ms: float = 0.0
    model_ms: float = 0.0
    """Processor time."""


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Load the model of a folder; without one, pictures are only read."""

    folder: str


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Look at these bytes; a classifier that is given boxes looks at these cut-outs, and not at the whole."""

    data: bytes
    boxes: list[tuple[float, float, float, float]] = []


class Show(msgspec.Struct, frozen=True, tag="show"):
    """Make these bytes a JPEG that may be shown: parts pixelated, no wider than so many pixels (0: as it is)."""

    data: bytes
    parts: list[tuple[float, float, float, float]]
    width_px: int
    quality: int


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Cut these boxes (left, top, width, height as parts of the picture) out and find the points of their coats."""

    data: bytes
    boxes: list[tuple[float, float, float, float]]


class CutChip(msgspec.Struct, frozen=True):
    """The chip of one box; without a pattern there is a reason.

    to_picture: 2 x 3, row by row, takes (x, y, 1) in pixels of the chip to parts of the picture.
    """

    quality: float = 0.0
    to_picture: tuple[float, ...] = ()
    pattern: bytes = b""
    reason: str = ""


class Chips(msgspec.Struct, frozen=True, tag="chips"):
    """One chip for each box, in their order; none where the picture cannot be read, and why."""

    chips: list[CutChip] = []
    reason: str = ""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The model is loaded; how much memory the process has taken at most so far."""

    id: str
    memory_mb: float


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It could not be loaded, and why."""

    reason: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What was seen."""

    seen: Seen
    memory_mb: float


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """A JPEG; none, and why."""

    data: bytes = b""
    reason: str = ""


Order = Load | Look | Show | Cut
Reply = Ready | Failed | Answer | Shown | Chips
