"""One picture of one camera, as votes are counted over it: when it was taken and what was seen on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

Area = tuple[float, float, float, float]
"""Left, top, width, height as parts of the picture's width and height."""

PERSON: Final = "person"
VEHICLE: Final = "vehicle"
ANIMAL: Final = "animal"


@dataclass(frozen=True, slots=True)
class FrameBox:
    """One thing on a picture. `group` is person, vehicle or animal; probabilities are calibrated.

    `named` is what a classifier says of the cut-out: its labels with probabilities that sum to at most 1, the rest
    being labels that it did not list; empty where none has looked. `sharpness` 0 to 1, 1 where it is not known.
    """

    group: str
    probability: float
    area: Area
    named: tuple[tuple[str, float], ...] = ()
    sharpness: float = 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture: `key` names its content, `at_s` is its time in seconds UTC; boxes in any order.

    `looked` by: the models, as id@version, for whoever asks. `infrared`: taken by the camera's own dark light.
    """

    key: str
    camera: str
    at_s: float
    boxes: tuple[FrameBox, ...] = ()
    infrared: bool = False
    looked: tuple[str, ...] = field(default=())


def in_order(frames: Iterable[Frame]) -> list[Frame]:
    """Each picture once, in the canonical order: camera, time, key. Raises ValueError where two of one key differ."""
    once: dict[tuple[str, str], Frame] = {}
    for frame in frames:
        known = once.setdefault((frame.camera, frame.key), frame)
        if known != frame:
            raise ValueError(f"two different pictures of camera {frame.camera!r} have the key {frame.key!r}")
    return sorted(once.values(), key=lambda one: (one.camera, one.at_s, one.key))


def split_at_gaps(frames: Sequence[Frame], gap_s: float) -> list[tuple[Frame, ...]]:
    """Frames in canonical order -> runs of one camera in which no two neighbours are more than `gap_s` apart."""
    runs: list[list[Frame]] = []
    for frame in frames:
        last = runs[-1][-1] if runs else None
        if last is not None and last.camera == frame.camera and frame.at_s - last.at_s <= gap_s:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return [tuple(run) for run in runs]


def overlap(one: Area, other: Area) -> float:
    """Intersection over union of two boxes, 0 for boxes without area."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(across, 0.0) * max(down, 0.0)
    union = one[2] * one[3] + other[2] * other[3] - shared
    return shared / union if union > 0 else 0.0
