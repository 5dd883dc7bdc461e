"""When was a picture taken? What its camera wrote into it, unless that cannot be; what is left then. Pure.

A camera's clock knows no zone: it is read as the time of its site. Whether it runs right is not judged here but by the
pipeline, from animals with collars that pass it (`hub/pipeline/clocks.py`), and that may change as more is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

STAMPS: Final = ("DateTimeOriginal", "DateTimeDigitized", "DateTime")
OFFSETS: Final = ("OffsetTimeOriginal", "OffsetTime")
STAMP: Final = re.compile(r"(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?")
OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)$")
FACTORY_YEARS: Final = frozenset({1970, 1980, 2000, 2015})
"""From which cameras start once their battery was out."""
ARCHIVED: Final = 2015
"""A card may well be of this year. Of it the first month alone is taken for a reset clock, on a card."""
FIRST_DIGITAL: Final = 1995
AHEAD: Final = timedelta(minutes=15)
"""No picture is taken after it came; so far a clock may be ahead."""
OLDEST_LIVE: Final = timedelta(days=2 * 365)
"""What is sent live was taken lately, if days ago where a repeater was down."""

Clock = Literal["", "none", "reset", "ahead"]


class Taken(NamedTuple):
    """`taken_at` None: nobody knows. clock: what is wrong with the camera's, if anything."""

    camera_time: datetime | None
    taken_at: datetime | None
    method: Literal["exif", "told", "received"] | None
    clock: Clock = ""


def taken(
    facts: Mapping[str, str], *, time_zone: str, received_at: datetime, told_at: datetime | None, live: bool
) -> Taken:
    """From tags of EXIF, and what the door knows. Live pictures without a time of their own were taken as they came."""
    said = camera_time(facts)
    at = None if said is None else _aware(said, facts, time_zone)
    clock = _wrong(said, at, received_at, live)
    if not clock:
        return Taken(said, at, "exif")
    if told_at is not None and told_at <= received_at + AHEAD:
        return Taken(said, told_at.astimezone(UTC), "told", clock)
    if live:
        return Taken(said, received_at.astimezone(UTC), "received", clock)
    return Taken(said, None, None, clock)


def camera_time(facts: Mapping[str, str]) -> datetime | None:
    """By the camera's own clock, without a zone; None where it says none, or no time at all."""
    for name in STAMPS:
        found = STAMP.match(facts.get(name, ""))
        if found is None:
            continue
        try:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            at = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 the camera knows no zone
        except ValueError:
            continue
        fraction = facts.get("SubSecTimeOriginal", "")
        if name == STAMPS[0] and fraction.isascii() and fraction.isdigit():
            at = at.replace(microsecond=int(fraction[:6].ljust(6, "0")))
        return at
    return None


def _aware(said: datetime, facts: Mapping[str, str], time_zone: str) -> datetime | None:
    for name in OFFSETS:
        if (found := OFFSET.match(facts.get(name, ""))) is not None:
            sign, hours, minutes = found.groups()
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            if offset < timedelta(hours=15):
                zone: timezone | ZoneInfo = timezone(offset if sign == "+" else -offset)
                break
    else:
        zone = ZoneInfo(time_zone)
    try:
        return said.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return None


def _wrong(said: datetime | None, at: datetime | None, received_at: datetime, live: bool) -> Clock:
    if said is None or at is None:
        return "none"
    if said.year < FIRST_DIGITAL or (said.year in FACTORY_YEARS and (live or _is_fresh(said))):
        return "reset"
    if at > received_at + AHEAD:
        return "ahead"
    return "reset" if live and at < received_at - OLDEST_LIVE else ""


def _is_fresh(said: datetime) -> bool:
    return said.year < ARCHIVED or said.month == 1
