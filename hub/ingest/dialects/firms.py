"""NASA FIRMS active fires, CSV, VIIRS (375 m) and MODIS (1 km). Credit: NASA FIRMS / LANCE.

probability: MODIS states 0-100 %. VIIRS states classes, which FIRMS also gives for MODIS as ranges (low < 30 %, nominal
30-80 %, high > 80 %); a class gets the middle of its range. uncertainty_m: half the longer side of the pixel
(``scan`` along the scan line, ``track`` along the orbit, both in km); the place is the middle of the pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from hub.ingest.dialects.reading import Dialect, Item, Source
from hub.ingest.dialects.table_rows import (
    MISSING,
    Cells,
    Table,
    header_keys,
    key,
    number,
    observations,
    text_at,
    utc,
)
from hub.records.errors import Malformed
from hub.records.observation import Detection

CLASS_PROBABILITY = {"l": 0.15, "low": 0.15, "n": 0.55, "nominal": 0.55, "h": 0.9, "high": 0.9}
# Feeds and archives name the same satellite in two ways; it is one device.
_SATELLITES = {"N": "Suomi-NPP", "N20": "NOAA-20", "N21": "NOAA-21", "T": "Terra", "A": "Aqua"}


def file(stream: BinaryIO, _source: Source) -> Iterator[Item]:
    """One fire pixel a row."""
    table = Table(stream)
    names = ("latitude",), ("longitude",), ("acq-date",), ("acq-time",), ("satellite",), ("confidence",)
    latitude, longitude, day, clock, satellite, confidence = table.require("FIRMS active fires", *names)
    instrument = table.find("instrument")
    by_default = "VIIRS" if table.find("bright-ti4") is not None else "MODIS"
    place = table.place(("longitude",), ("latitude",))
    scan, track = table.number("scan", low=0), table.number("track", low=0)
    rest = table.rest(latitude, longitude, day, clock, satellite, instrument)

    def fire(cells: Cells) -> Detection:
        where = place.read(cells)
        if where is None:
            raise Malformed("nothing given in longitude and latitude")
        attributes = {name: cells[index] for index, name in rest if cells[index] not in MISSING}
        sides_km = [side for column in (scan, track) if (side := column.spare(cells, attributes))]
        name = _SATELLITES.get(cells[satellite], cells[satellite])
        return Detection(
            device=key(f"firms/{key(name, 'satellite')}/{text_at(cells, instrument) or by_default}", "satellite"),
            observed_at=_overpass(cells[day], cells[clock]),
            longitude=where[0],
            latitude=where[1],
            uncertainty_m=max(sides_km) * 500 if sides_km else None,
            attributes=attributes,
            label="fire",
            probability=_probability(cells[confidence]),
        )

    yield from observations(table, fire)


def _overpass(day: str, clock: str) -> datetime:
    """2024-04-01 and 0039 (also 39, or 00:39) → UTC."""
    digits = clock.replace(":", "").zfill(4)
    return utc(f"{day} {digits[:2]}:{digits[2:]}", "acq_date and acq_time")


def _probability(confidence: str) -> float | None:
    text = confidence.strip().lower()
    if text in MISSING:
        return None
    if text in CLASS_PROBABILITY:
        return CLASS_PROBABILITY[text]
    percent = number(text, "confidence")
    if not 0 <= percent <= 100:
        raise Malformed(f"{confidence[:60]!r} is neither l, n, h nor 0-100 in confidence")
    return percent / 100


def sniff(_name: str, head: bytes) -> bool:
    """By the columns."""
    return {"latitude", "longitude", "acq-date", "acq-time", "satellite"} <= header_keys(head)


DIALECT = Dialect(name="firms", title="NASA FIRMS active fires (CSV)", file=file, sniff=sniff)
