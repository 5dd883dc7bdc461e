"""A receiver that keeps pictures in memory, and small pictures that are whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image

from hub.media.receive import Picture, Taken
from hub.records.errors import DatabaseUnavailable
from hub.records.ids import content_id

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def picture_of(colour: int = 90, kind: str = "JPEG") -> bytes:
    """A small picture; another colour, another picture."""
    file = BytesIO()
    Image.new("RGB", (48, 32), (colour, 120, 40)).save(file, kind, comment=f"{colour}")
    return file.getvalue()


class Clock:
    """Moves only when told to."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class MemoryReceiver:
    """Keeps what it is given, as the hub's receiver does: by site and bytes. `down`: it can commit nothing."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, bytes], list[Picture]] = {}
        self.refused: list[Picture] = []
        self.order: list[Picture] = []
        self.down = False

    async def take(self, picture: Picture, data: bytes) -> Taken:
        if self.down:
            raise DatabaseUnavailable
        if not data.startswith((b"\xff\xd8", b"\x89PNG", b"RIFF")) and data[4:8] != b"ftyp":
            self.refused.append(picture)
            return Taken(content_id("medium", picture.site, data), False, "quarantined", "malformed", "no picture")
        known = self.kept.setdefault((picture.site, data), [])
        known.append(picture)
        self.order.append(picture)
        medium = content_id("medium", picture.site, data)
        return Taken(medium, len(known) > 1, "waiting")

    async def take_file(self, picture: Picture, path: Path) -> Taken:
        return await self.take(picture, path.read_bytes())

    @property
    def names(self) -> list[str]:
        """Names of the pictures in the order in which they were taken."""
        return [one.name for one in self.order]
