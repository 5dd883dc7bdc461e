"""Simulated time: how fast the drill runs, and what time it is there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FASTEST: Final = 1000.0


class DrillClock:
    """Maps wall time to simulated time. Reads no clock: every question carries `now`.

    start: simulated time at the first `now`, which is `began` (the same as `start` when the drill starts in the
    present). speed: simulated seconds per second, 0 (paused) to 1000.
    """

    def __init__(self, start: datetime, speed: float = 1.0, began: datetime | None = None) -> None:
        self._simulated = start
        self._wall = began or start
        self._speed = _allowed(speed)

    @property
    def speed(self) -> float:
        """Simulated seconds per second of the wall."""
        return self._speed

    def simulated(self, now: datetime) -> datetime:
        """Simulated time at the wall time `now`; a wall clock set back does not turn simulated time back."""
        return self._simulated + max(now - self._wall, timedelta(0)) * self._speed

    def set_speed(self, speed: float, now: datetime) -> None:
        """From `now` on run at `speed`; simulated time goes on without a jump. ValueError outside 0 … 1000."""
        allowed = _allowed(speed)
        self._simulated, self._wall = self.simulated(now), max(now, self._wall)
        self._speed = allowed


def _allowed(speed: float) -> float:
    if not 0 <= speed <= FASTEST:
        raise ValueError(f"speed must be 0 (paused) to {FASTEST:g}, not {speed}")
    return speed
