"""Plain CSV of fixes: ``individual,timestamp,longitude,latitude`` and, if given, ``uncertainty_m``, ``altitude_m``, ….

Degrees on WGS 84, times in ISO 8601 (UTC without an offset). A file that names no device column has its devices called
``tag of <individual>``, or, without individuals, by the door or the file's name. ``id`` is an individual (as in ctmm,
amt and aniMotum), ``source_id`` the id of a row. Every other column is an attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hub.ingest.dialects.reading import Dialect, Item, Source
from hub.ingest.dialects.table_rows import (
    MISSING,
    Attributes,
    Cells,
    Table,
    device_of,
    header_keys,
    identifier,
    key,
    observations,
    text_at,
    utc,
)
from hub.ingest.dialects.wearers import Wearers, tag_of
from hub.records.errors import Malformed
from hub.records.observation import Fix

_TIME = ("timestamp", "time", "date-time", "datetime", "date")
_LONGITUDE = ("longitude", "lon", "long", "lng")
_LATITUDE = ("latitude", "lat")
_INDIVIDUAL = ("individual", "animal", "animal-id", "individual-id", "id")
_DEVICE = ("device", "tag", "tag-id", "device-id", "collar", "collar-id")


def file(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """One fix a row, then who wore what."""
    table = Table(stream)
    if table.find(*_LONGITUDE) is None and table.find("x") is not None and table.find("y") is not None:
        raise Malformed(
            "x and y are projected metres, and the file does not name their coordinate system: "
            "add the columns longitude and latitude in degrees (WGS 84) and import it again"
        )
    time, longitude, latitude = table.require("a plain table of fixes", _TIME, _LONGITUDE, _LATITUDE)
    individual, device, record = (
        table.find(*_INDIVIDUAL),
        table.find(*_DEVICE),
        table.find("source-id", "fix-id", "event-id"),
    )
    place = table.place(_LONGITUDE, _LATITUDE)
    uncertainty = table.number("uncertainty-m", "accuracy-m", low=0)
    altitude = table.number("altitude-m")
    speed = table.number("speed-mps", low=0)
    heading = table.number("heading-deg", low=0, high=360)
    battery = table.number("battery-percent", low=0, high=100)
    columns = (column.column for column in (uncertainty, altitude, speed, heading, battery))
    rest = table.rest(time, longitude, latitude, individual, device, record, *columns)
    unnamed = source.device
    if individual is None and device is None:
        unnamed = device_of(source)
    wearers = Wearers()

    def fix(cells: Cells) -> Fix:
        at = utc(cells[time], table.names[time])
        where = place.read(cells)
        attributes: Attributes = {name: cells[index] for index, name in rest if cells[index] not in MISSING}
        wearer = text_at(cells, individual)
        tag = text_at(cells, device) or unnamed or (tag_of(wearer) if wearer else "")
        result = Fix(
            device=key(tag, "individual" if device is None else table.names[device]),
            observed_at=at,
            source_id=identifier(text_at(cells, record), "source_id"),
            longitude=None if where is None else where[0],
            latitude=None if where is None else where[1],
            uncertainty_m=uncertainty.spare(cells, attributes),
            altitude_m=altitude.spare(cells, attributes),
            flags=() if where else ("failed_fix",),
            attributes=attributes,
            speed_mps=speed.spare(cells, attributes),
            heading_deg=heading.spare(cells, attributes),
            battery_percent=battery.spare(cells, attributes),
        )
        wearers.saw(tag, key(wearer, "individual") if wearer else "", at)
        return result

    yield from observations(table, fix)
    yield from wearers.claims()


def sniff(_name: str, head: bytes) -> bool:
    """By the columns: a time and a place (or x and y, which it refuses with what to do)."""
    keys = header_keys(head)
    degrees = keys & set(_LONGITUDE) and keys & set(_LATITUDE)
    return bool(keys & set(_TIME) and (degrees or {"x", "y"} <= keys))


DIALECT = Dialect(name="gpsplain", title="Plain table of GPS fixes (CSV)", file=file, sniff=sniff)
