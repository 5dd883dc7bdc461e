"""What a file is, by its first bytes, whatever it is called."""

from __future__ import annotations

from typing import Final

from hub.records.medium import MediumKind

MOST_PICTURE_BYTES: Final = 25_000_000
HEAD: Final = 16
"""So many first bytes are enough."""


def kind_of(head: bytes | bytearray) -> MediumKind | None:
    """Of JPEG, PNG, WebP and MP4; None for anything else."""
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return "mp4"
    return None
