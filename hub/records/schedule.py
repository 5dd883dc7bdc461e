"""When a fence is watched, as people write it; times are those of the site's zone."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Clock = Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="HH:MM, up to 24:00")]
MonthDay = Annotated[str, msgspec.Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", description="MM-DD")]
# Twelve hours before or after.
Minutes = Annotated[int, msgspec.Meta(ge=-720, le=720)]


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """On these weekdays from `start` to `end`. An end at or before the start lies on the next day."""

    days: tuple[Day, ...] = DAYS
    start: Clock
    end: Clock


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """From one day of the year to another, both within; over the new year where the end is earlier."""

    start: MonthDay
    end: MonthDay


class SunBound(msgspec.Struct, frozen=True, kw_only=True):
    """So many minutes after sunrise or sunset at the fence; before it where negative."""

    at: Literal["sunrise", "sunset"]
    minutes: Minutes = 0


class SunPart(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """A part of the day by the sun: from sunset to sunrise is the night."""

    since: SunBound
    until: SunBound


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Watched when all agree: in one of the windows, in one of the seasons, in the part of the day. Empty is always."""

    windows: tuple[Window, ...] = ()
    seasons: tuple[Season, ...] = ()
    sun: SunPart | None = None
