"""Coats: chips of detections, and whom each looks like."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from hub.records.flank import Flank
from hub.records.ids import content_id

Line = tuple[float, float, float, float]


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """One animal cut from a picture. `flank`: what holds; `told_flank`: what the sender said.

    box: left, top, width, height as parts of the picture; to_picture: 2 x 3, takes (x, y, 1) in pixels of the chip to
    parts of the picture; gallery: digest of what it was compared with, None before. Without a
    pattern there is a reason.
    """

    id: UUID
    site: str
    observation: UUID
    observed_at: datetime
    device: str
    medium: UUID
    box: tuple[float, float, float, float]
    method: str
    reason: str = ""
    told_flank: Flank | None = None
    flank: Flank | None = None
    quality: float = 0.0
    to_picture: tuple[float, ...] | None = None
    gallery: str | None = None


class ChipCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """How much a chip looks like one individual.

    flank: of the gallery that it was found in; votes, inliers: `fusion.camera.gallery`; log_ratio: natural logarithm of
    the likelihood ratio against somebody of no gallery; chip: the one most alike; lines: x, y on the chip and x, y on
    that one, in pixels of chips.
    """

    individual: UUID
    flank: Flank
    votes: float
    inliers: int
    log_ratio: float
    chip: UUID | None = None
    lines: tuple[Line, ...] = ()


class FlankWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of the flank that a detection shows; None: it cannot be told."""

    id: UUID
    flank: Flank | None
    decided_by: str
    decided_at: datetime


def chip_id(observation: UUID, medium: UUID, box: tuple[float, float, float, float], method: str) -> UUID:
    """The same detection, picture, box and method give the same chip. The detection's id has the model in it."""
    return content_id("chip", str(observation), str(medium), repr(tuple(map(float, box))), method)
