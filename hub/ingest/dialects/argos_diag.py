"""The DIAG text of CLS Argos: a few lines a location, as mailed since the 1990s.

The first of the two mirror solutions (``Lat1``, ``Lon1``) is the one that CLS holds for more plausible; the second
stays among the attributes. Years have two digits: 78-99 are 1978-1999 (Argos began in 1978).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from hub.ingest.dialects.argos_accuracy import CLASS_RADIUS_M
from hub.ingest.dialects.reading import bad
from hub.records.errors import Malformed
from hub.records.observation import Fix
from hub.records.receipt import Bad, Decoded

_FIRST_YEAR = 78
_MOST_LINES = 100
_BEGIN = re.compile(
    rb"\s*(\d{1,10})\s+Date : (\d\d)\.(\d\d)\.(\d\d) (\d\d):(\d\d):(\d\d)\s+LC : (\S)(?:\s+IQ : (\S+))?", re.ASCII
)
_FIELD = re.compile(r"([A-Za-z][^:\n]*?) : *([^ \n]+(?: [^ \n]+)*?)(?= {2,}|\s*$)", re.MULTILINE)
_DEGREES = re.compile(r"(\d{1,3}(?:\.\d+)?)([NSEW])")


def begins(line: bytes) -> bool:
    """Whether this line is the first of a location."""
    return _BEGIN.match(line) is not None


def fixes(lines: Iterable[bytes]) -> Iterator[Decoded | Bad]:
    """One fix a location; lines that belong to none are Bad."""
    block: list[bytes] = []
    first = 1
    for number, line in enumerate(lines, 1):
        if block and (_BEGIN.match(line) or len(block) == _MOST_LINES):
            yield _fix(b"".join(block), first)
            block = []
        if not block:
            first = number
        block.append(line)
    if block:
        yield _fix(b"".join(block), first)


def _fix(block: bytes, line: int) -> Decoded | Bad:
    raw = block.rstrip()
    try:
        return Decoded(observation=_read(raw), raw=raw)
    except Malformed as error:
        return bad(raw, f"line {line}: {error}", error.code)


def _read(raw: bytes) -> Fix:
    begin = _BEGIN.match(raw)
    if begin is None:
        raise Malformed("no location begins here")
    if not raw.isascii() or 0 in raw:
        raise Malformed("NUL or a character beyond ASCII")
    device, day, month, year, hour, minute, second = begin.groups()[:7]
    location_class, quality = begin[8].decode().upper(), begin[9]
    years = int(year) + (1900 if int(year) >= _FIRST_YEAR else 2000)
    try:
        at = datetime(years, int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError as error:
        raise Malformed(f"{error} in Date") from None
    text = raw[begin.end() :].decode()
    fields = {name: value for name, value in _FIELD.findall(text) if "?" not in value}
    longitude, latitude = _degrees(fields.pop("Lon1", ""), "EW", 180), _degrees(fields.pop("Lat1", ""), "NS", 90)
    if (longitude is None) != (latitude is None):
        raise Malformed("Lat1 or Lon1 is missing")
    attributes = fields | {"argos_class": location_class} | ({"IQ": quality.decode()} if quality else {})
    if sensors := " ".join(word for row in text.splitlines() if ":" not in row for word in row.split()):
        attributes["sensors"] = sensors
    placed = longitude is not None
    return Fix(
        device=device.decode(),
        observed_at=at,
        longitude=longitude,
        latitude=latitude,
        uncertainty_m=CLASS_RADIUS_M.get(location_class) if placed else None,
        flags=(("argos_z",) if location_class == "Z" else ()) + (() if placed else ("failed_fix",)),
        attributes=attributes,
    )


def _degrees(text: str, signs: str, most: float) -> float | None:
    """``53.773S`` → -53.773."""
    if not text:
        return None
    match = _DEGREES.fullmatch(text)
    if match is None or match[2] not in signs or float(match[1]) > most:
        raise Malformed(f"{text[:60]!r} is not degrees {' or '.join(signs)} in Lat1 or Lon1")
    return float(match[1]) * (1 if match[2] in "NE" else -1)
