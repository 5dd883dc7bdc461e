"""GPX 1.0 and 1.1 (Topografix): points of tracks and routes → fixes, waypoints → sightings. Times are UTC.

Expat finds where each point begins and ends, which gives its very bytes and lets one wrong point spoil only itself;
gpxpy reads the points. Entity declarations are refused. ``creator`` is a program, not a device: the device is the one
that the door knows, else the file's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple
from xml.etree.ElementTree import Element
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import gpxpy
from gpxpy.gpx import GPXException
from msgspec import ValidationError

from hub.ingest.dialects import vet
from hub.ingest.dialects.movebank import RANGE_ERROR_M
from hub.ingest.dialects.reading import Dialect, Item, Source, bad, observe
from hub.ingest.dialects.table_rows import device_of
from hub.records.errors import Malformed, TooLarge
from hub.records.observation import Fix, Observation, Sighting
from hub.records.receipt import Bad, Decoded

LARGEST_FILE = 50 << 20
_TOGETHER = 256
_DEEPEST = 64
_WRAPPED = {"wpt": ("", ""), "rtept": ("<rte>", "</rte>"), "trkpt": ("<trk><trkseg>", "</trkseg></trk>")}
_PLACES = (("wpt",), ("rte", "rtept"), ("trk", "trkseg", "trkpt"))
# Name in gpxpy → element of GPX.
_NAMES = {
    "name": "name",
    "comment": "cmt",
    "description": "desc",
    "source": "src",
    "symbol": "sym",
    "type": "type",
    "type_of_gpx_fix": "fix",
    "satellites": "sat",
    "horizontal_dilution": "hdop",
    "vertical_dilution": "vdop",
    "position_dilution": "pdop",
    "age_of_dgps_data": "ageofdgpsdata",
    "dgps_id": "dgpsid",
    "magnetic_variation": "magvar",
    "geoid_height": "geoidheight",
    "speed": "speed",
    "course": "course",
}


class _Point(NamedTuple):
    kind: str
    line: int
    raw: bytes
    track: str


def file(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """One fix or sighting a point, in the order of the file."""
    document = stream.read(LARGEST_FILE + 1)
    if len(document) > LARGEST_FILE:
        raise TooLarge(f"a GPX file of more than {LARGEST_FILE >> 20} MB: split it by day")
    device, outline = device_of(source), _Outline(document)
    points = outline.points
    start = 0
    while start < len(points):
        stop = start
        while stop < min(len(points), start + _TOGETHER) and points[stop].kind == points[start].kind:
            stop += 1
        yield from _read(outline, points[start:stop], device)
        start = stop
    if outline.problem is not None:
        yield outline.problem


class _Outline:
    """Where the points are, the root's attributes, the names of tracks, and what ended the file early, if anything."""

    def __init__(self, document: bytes) -> None:
        self.points: list[_Point] = []
        self.root: dict[str, str] = {}
        self.encoding = "utf-8"
        self.problem: Bad | None = None
        self._document, self._path = document, list[str]()
        self._begin, self._line, self._track = 0, 0, ""
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.EntityDeclHandler = self._entity
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(document, True)
        except (LookupError, ValueError) as error:
            raise Malformed(f"encoding: {error}: save the file as UTF-8") from None
        except expat.ExpatError as error:
            if not self.root:
                raise Malformed(f"not GPX: {error}") from None
            tail = document[parser.ErrorByteIndex :][:200]
            self.problem = bad(tail, f"line {error.lineno}: the file ends early or is broken here: {error}")
        if not self.root:
            raise Malformed("not GPX: no element <gpx>")

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding or "utf-8"
        if self.encoding.lower().startswith("utf-16"):
            raise Malformed("UTF-16 is not supported: save the file as UTF-8")

    def _entity(self, *_declaration: Any) -> None:
        raise Malformed("entity declarations are refused in GPX")

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        if not self._path:
            if name != "gpx":
                raise Malformed(f"not GPX: the root is <{name[:60]}>")
            self.root["version"] = attributes.get("version", "1.1")
            self.root["creator"] = attributes.get("creator", "")
        elif len(self._path) == _DEEPEST:
            raise Malformed(f"nested deeper than {_DEEPEST} levels")
        self.root |= {key: value for key, value in attributes.items() if key.startswith("xmlns:")}
        if len(self.root) > _DEEPEST:
            raise Malformed(f"more than {_DEEPEST} namespaces")
        self._path.append(name)
        if name in ("trk", "rte"):
            self._track = ""
        elif self._at_point():
            self._begin, self._line = self._parser.CurrentByteIndex, self._parser.CurrentLineNumber

    def _closed(self, name: str) -> None:
        if self._at_point():
            end = self._parser.CurrentByteIndex
            # For <trkpt/> expat stands behind the element, otherwise before </trkpt>.
            if self._document.startswith(f"</{name}".encode(), end):
                end = self._document.index(b">", end) + 1
            track = "" if name == "wpt" else self._track
            self.points.append(_Point(name, self._line, self._document[self._begin : end], track))
        self._path.pop()

    def _text(self, text: str) -> None:
        if self._path[1:] in (["trk", "name"], ["rte", "name"]):
            self._track += text

    def _at_point(self) -> bool:
        return self._path[-1] in _WRAPPED and tuple(self._path[1:]) in _PLACES


def _read(outline: _Outline, points: list[_Point], device: str) -> Iterator[Decoded | Bad]:
    """Points of one kind, together if gpxpy takes them, else by halves down to the wrong one."""
    try:
        parsed = _parsed(outline, points)
    except (GPXException, ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        if len(points) == 1:
            yield bad(points[0].raw, f"line {points[0].line}: not a point: {error}")
        else:
            yield from _read(outline, points[: len(points) // 2], device)
            yield from _read(outline, points[len(points) // 2 :], device)
        return
    for point, values in zip(points, parsed, strict=True):
        try:
            yield Decoded(observation=_observation(outline, point, values, device), raw=point.raw)
        except (Malformed, ValidationError) as error:
            yield bad(point.raw, f"line {point.line}: {error}")


def _parsed(outline: _Outline, points: list[_Point]) -> list[Any]:
    """gpxpy's objects for these points, from a document that holds nothing else."""
    root = "".join(f" {name}={quoteattr(value)}" for name, value in outline.root.items())
    head, foot = _WRAPPED[points[0].kind]
    body = b"".join(point.raw for point in points).decode(outline.encoding)
    document = gpxpy.parse(f"<gpx{root}>{head}{body}{foot}</gpx>")
    found: list[Any] = [*document.waypoints]
    found += [point for route in document.routes for point in route.points]
    found += [point for track in document.tracks for segment in track.segments for point in segment.points]
    if len(found) != len(points):
        raise ValueError("points within points")
    return found


def _observation(outline: _Outline, point: _Point, values: Any, device: str) -> Observation:
    if values.time is None:
        raise Malformed("a point without <time> cannot be placed in time")
    at: datetime = values.time
    attributes: dict[str, str | float] = {}
    for extension in values.extensions:
        attributes |= _leaves(extension)
    for name, element in _NAMES.items():
        if (value := getattr(values, name, None)) is not None and value != "":
            attributes[element] = value if isinstance(value, str) else vet.number(value, element)
    attributes |= {"gpx_creator": outline.root["creator"]} if outline.root["creator"] else {}
    attributes |= {"gpx_track": point.track.strip()} if point.track.strip() else {}
    said = {
        "device": device,
        "observed_at": at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
        "longitude": vet.number(values.longitude, "lon"),
        "latitude": vet.number(values.latitude, "lat"),
        "altitude_m": None if values.elevation is None else vet.number(values.elevation, "ele"),
        "attributes": attributes,
    }
    if dilution := _number(attributes.get("hdop"), 1e6):
        said["uncertainty_m"] = dilution * RANGE_ERROR_M
    if point.kind == "wpt":
        return observe(Sighting, **said, label="waypoint", note=attributes.get("name"))
    speed_mps, heading_deg = _number(attributes.get("speed"), 1e6), _number(attributes.get("course"), 360)
    return observe(Fix, **said, speed_mps=speed_mps, heading_deg=heading_deg)


def _number(value: str | float | None, high: float) -> float | None:
    """A number in [0, high]; anything else stays in the attributes only."""
    try:
        number = None if value is None else vet.number(value, "extensions")
    except Malformed:
        return None
    return number if number is not None and 0 <= number <= high else None


def _leaves(extension: Element) -> dict[str, str]:
    """``<gpxtpx:TrackPointExtension><gpxtpx:speed>1.2…`` → {"speed": "1.2"}."""
    return {
        element.tag.rpartition("}")[2]: element.text.strip()
        for element in extension.iter()
        if element.text and element.text.strip()
    }


def sniff(_name: str, head: bytes) -> bool:
    """By the root element."""
    return b"<gpx" in head


DIALECT = Dialect(name="gpx", title="GPX tracks, routes and waypoints", file=file, sniff=sniff)
