"""What the running hub can say about itself; the composition root provides it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A door: is it connected, and how many messages (pictures, mails, lost streams) wait there?"""

    connected: bool
    lag: int


class PipelineState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a site's pipeline stands: seconds since the oldest change it has not followed (0: none), its cursor."""

    lag_s: float
    cursor: str


class DrillState(msgspec.Struct, frozen=True, kw_only=True):
    """Speed (seconds per second, 0 = paused) and clock of a drill site."""

    speed: float
    clock: datetime


class DetectorState(msgspec.Struct, frozen=True, kw_only=True):
    """The model that finds animals, persons and vehicles in pictures. problem: why it does not, though it is active."""

    id: str
    problem: str = ""


class Vitals(Protocol):
    """Asked by `/health` and the console's status line. None of these may wait long or raise."""

    def mqtt(self) -> Door:
        """The broker's door."""
        ...

    def doors(self) -> dict[str, Door]:
        """The doors for pictures that are open beside HTTP and MQTT, by name."""
        ...

    def detector(self) -> DetectorState | None:
        """The active detector, or None where pictures are not looked at."""
        ...

    async def pipeline(self, site: str) -> PipelineState | None:
        """The pipeline of a site, or None while it has not started."""
        ...

    async def drill(self, site: str) -> DrillState | None:
        """The drill of a site, or None where the site is real."""
        ...
