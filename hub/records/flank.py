"""Which flank of an animal is known, or a picture shows: of a spotted coat one side says nothing of the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Flank = Literal["left", "right"]


def flank_of(attributes: Mapping[str, Any]) -> Flank | None:
    """`flank` of a detection's or an individual's attributes; None where both sides, or neither, are known."""
    said = str(attributes.get("flank", "")).strip().lower()
    return said if said in ("left", "right") else None
