"""By how much a camera's clock is wrong, as far as animals with collars, service pictures and times of receipt tell."""

from __future__ import annotations

import msgspec

LIKELY = 0.9
"""From this probability on a clock is told to be wrong, and its pictures are weighed at the time they were taken."""


class CameraClock(msgspec.Struct, frozen=True, kw_only=True):
    """device: key of the camera. offset_s: its stamps less true time, above 0 for a fast clock; sd_s: of that.

    probability: that the offset is within ten minutes of this; wrong: that the clock is off by more than ten minutes;
    witnesses: passages of collared animals, service pictures and live pictures that came at once. resets: how often it
    was set anew among the pictures that were looked at; all else is of the time since.
    """

    device: str
    offset_s: float
    sd_s: float
    probability: float
    wrong: float
    witnesses: int
    resets: int = 0

    @property
    def is_wrong(self) -> bool:
        """Is it known to be wrong, and by how much, in all pictures alike?"""
        return self.resets == 0 and self.wrong >= LIKELY and self.probability >= LIKELY
