"""Argos locations: tables (Wildlife Computers, aniMotum, crawl, the CLS web service) and the DIAG text of CLS.

Each fix keeps its location class as the attribute ``argos_class``; class Z, which CLS calls invalid, has the flag
``argos_z`` and keeps its place. The error ellipse stays as CLS states it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import BinaryIO

from hub.ingest.dialects import argos_diag
from hub.ingest.dialects.argos_accuracy import AccuracyColumns
from hub.ingest.dialects.reading import Dialect, Item, Source
from hub.ingest.dialects.table_rows import (
    LONGEST_LINE,
    MISSING,
    Cells,
    Table,
    device_of,
    header_keys,
    key,
    observations,
    refused,
    text_at,
    utc,
)
from hub.ingest.dialects.wearers import Wearers
from hub.records.errors import Malformed
from hub.records.observation import Fix, Reading
from hub.records.receipt import Bad, Decoded

_TIME = ("locationdate", "date-time", "date", "gmt", "timestamp")
_CLASS = ("quality", "lc", "loc-class", "location-class", "locationclass", "argos-loc-class")
_LONGITUDE = ("longitude", "lon", "long")
_LATITUDE = ("latitude", "lat")
_DEVICE = ("ptt", "platformid", "id")
_ACCURACY = (
    ("error-radius", "errorradius"),
    ("error-semimajor-axis", "error-semi-major-axis", "smaj", "semimajor"),
    ("error-semiminor-axis", "error-semi-minor-axis", "smin", "semiminor"),
    ("error-ellipse-orientation", "eor", "orientation"),
)
_WILDLIFE_COMPUTERS = "%H:%M:%S %d-%b-%Y"


def file(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """Fixes of either form, then which animal (``DeployID``) wore which tag."""
    first = stream.readline(LONGEST_LINE)
    if argos_diag.begins(first):
        yield from argos_diag.fixes(chain([first], iter(lambda: stream.readline(LONGEST_LINE), b"")))
        return
    table = Table(stream, first)
    reader = _Fixes(table, source)
    if table.find("rawdata") is None:
        yield from observations(table, reader.read)
        yield from reader.wearers.claims()
    else:
        yield from _messages(table, reader)


class _Fixes:
    """Reads the location of one row; everything that the header decides is decided once."""

    def __init__(self, table: Table, source: Source) -> None:
        self.place = table.place(_LONGITUDE, _LATITUDE)
        if table.find("time") is not None and table.find(*_TIME) is None:
            raise Malformed(
                "the column Time counts hours from a start that the file does not name: "
                "replace it by a column date_time (start + hours, in UTC) and import the file again"
            )
        names = _TIME, _LONGITUDE, _LATITUDE, _CLASS
        self.time, longitude, latitude, self.location_class = table.require("a table of Argos locations", *names)
        self.time_name = table.names[self.time]
        self.tag, self.animal, self.type = table.find(*_DEVICE), table.find("deployid"), table.find("type")
        self.device = device_of(source) if self.tag is None else source.device
        self.accuracy = AccuracyColumns.of(table, *_ACCURACY)
        # In files of the CLS web service, what comes after this column is of the message, not of the location.
        last = table.find("bestdate")
        self.rest = tuple(
            (index, name)
            for index, name in table.rest(
                self.time, longitude, latitude, self.location_class, self.tag, *self.accuracy.used
            )
            if last is None or index < last
        )
        self.by_argos_only = table.find("ptt") is None
        self.wearers = Wearers()

    def tag_of(self, cells: Cells) -> str:
        """Key of the device of this row."""
        return key(text_at(cells, self.tag) or self.device or "", "ptt, platformId or id")

    def read(self, cells: Cells) -> Fix:
        """One fix; without a place it is a failed one."""
        at = _time(cells[self.time], self.time_name)
        place = self.place.read(cells)
        attributes = {name: cells[index] for index, name in self.rest if cells[index] not in MISSING}
        location_class = text_at(cells, self.location_class).strip().upper()
        # Wildlife Computers files mix Argos with Fastloc GPS, where ``Quality`` counts satellites.
        if not self.by_argos_only and text_at(cells, self.type) not in ("", "Argos"):
            attributes["quality"], location_class = location_class, ""
        if location_class:
            attributes["argos_class"] = location_class
        flags = ("argos_z",) if location_class == "Z" else ()
        accuracy = self.accuracy.read(cells, location_class, attributes)
        device, animal = self.tag_of(cells), text_at(cells, self.animal)
        fix = Fix(
            device=device,
            observed_at=at,
            longitude=place[0] if place else None,
            latitude=place[1] if place else None,
            uncertainty_m=accuracy.uncertainty_m if place else None,
            ellipse=accuracy.ellipse if place else None,
            flags=flags if place else (*flags, "failed_fix"),
            attributes=attributes,
        )
        if self.animal is not None:
            self.wearers.saw(device, key(animal, "DeployID") if animal else "", at)
        return fix


def _messages(table: Table, reader: _Fixes) -> Iterator[Item]:
    """CLS web service: a row is a message that repeats the location of its pass: a fix a pass, a reading a message."""
    raw_data = table.find("rawdata")
    sent, level = table.find("date", "bestmsgdate"), table.find("level")
    where: dict[str, tuple[str, ...]] = {}
    # After the message come its sensors, six columns each: order, name, valueType, value, valueStr.
    sensors = [
        (index, value)
        for index, name in enumerate(table.names)
        if name == "name" and (value := index + 2) < len(table.names) and table.names[value] == "value"
    ]
    for row in table.rows():
        if isinstance(row, Bad):
            yield row
            continue
        cells = row.cells
        try:
            device = reader.tag_of(cells)
            location = cells[reader.time], text_at(cells, reader.location_class)
            if location[0] and where.get(device) != location:
                yield Decoded(observation=reader.read(cells), raw=row.raw)
                where[device] = location
            reading = Reading(
                device=device,
                observed_at=utc(text_at(cells, sent), "date"),
                attributes={cells[name]: cells[value] for name, value in sensors if cells[name]}
                | ({"level": cells[level]} if text_at(cells, level) and level is not None else {}),
                quantity="argos_message",
                value=text_at(cells, raw_data) or None,
            )
            yield Decoded(observation=reading, raw=row.raw)
        except Malformed as error:
            yield refused(row, error)


def _time(text: str, name: str) -> datetime:
    """ISO 8601, or ``20:04:01 15-Dec-2016`` (Wildlife Computers); UTC."""
    if text[2:3] == ":":
        try:
            return datetime.strptime(text, _WILDLIFE_COMPUTERS).replace(tzinfo=UTC)
        except ValueError:
            raise Malformed(f"{text[:60]!r} is not a time in {name}") from None
    return utc(text, name)


def sniff(_name: str, head: bytes) -> bool:
    """By the columns, or by the first line of a DIAG text."""
    keys = header_keys(head)
    table = bool(keys & set(_LONGITUDE) and keys & set(_LATITUDE) and keys & set(_CLASS))
    return table or argos_diag.begins(head.partition(b"\n")[0])


DIALECT = Dialect(name="argos", title="Argos locations (CSV, CLS DIAG)", file=file, sniff=sniff)
