"""Camtrap DP 1.0 (TDWG), zipped: deployments → claims, observations → sightings and detections.

An observation classified by a person is a `Sighting`, by a machine a `Detection`; its place is its deployment's. A
picture that no observation names becomes a `Reading` of the quantity ``media``. Times must have an offset, as the
standard asks: a camera's wall clock without one cannot be placed in time.

Observations and media are read row by row; deployments and the paths of the media stay in memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import msgspec

from hub.ingest.dialects import vet
from hub.ingest.dialects.reading import Claim, Dialect, Item, Source
from hub.ingest.dialects.table_rows import (
    MISSING,
    Attributes,
    Cells,
    Table,
    identifier,
    key,
    observations,
    refused,
    text_at,
    utc,
)
from hub.records.errors import Malformed, TooLarge
from hub.records.observation import Detection, Observation, Reading, Sighting
from hub.records.receipt import Bad, Decoded

LABELS = {"human": "person"}
_KINDS = ("animal", "human", "vehicle", "blank", "unknown", "unclassified")
_IN_MEMORY = {"datapackage.json": 16 << 20, "deployments": 64 << 20, "media": 512 << 20}
# What zipfile raises for a password (RuntimeError) and for offsets and sizes that cannot be.
_BROKEN = (BadZipFile, RuntimeError, ValueError, OverflowError, EOFError, struct.error)
_BOX = ("bboxx", "bboxy", "bboxwidth", "bboxheight")


def file(stream: BinaryIO, _source: Source) -> Iterator[Item]:
    """Claims of the deployments, then the observations, then the media that no observation names."""
    try:
        archive = ZipFile(stream)
    except _BROKEN as error:
        raise Malformed(f"the zip archive is broken: {error}") from None
    with archive:
        try:
            yield from _package(archive)
        except (BadZipFile, zlib.error, EOFError) as error:
            raise Malformed(f"the zip archive is broken: {error}") from None


def _package(archive: ZipFile) -> Iterator[Item]:
    names = [name for name in archive.namelist() if name.rpartition("/")[2] == "datapackage.json"]
    if not names:
        raise Malformed("not a Camtrap DP: no datapackage.json in the archive")
    descriptor = min(names, key=len)
    package = vet.fields(_open(archive, descriptor, "datapackage.json").read())
    if "camtrap-dp" not in str(package.get("profile")):
        raise Malformed("not a Camtrap DP: its profile does not say so")
    folder = descriptor.removesuffix("datapackage.json")
    paths = {name: folder + _path(package, name) for name in ("deployments", "media", "observations")}

    stations: dict[str, Claim] = {}
    yield from _deployments(Table(_open(archive, paths["deployments"], "deployments")), stations)
    media = _paths(Table(_open(archive, paths["media"], "media")))
    classified = _Classified(Table(_open(archive, paths["observations"], "observations")), stations, media)
    yield from observations(classified.table, classified.read)
    yield from _unnamed(Table(_open(archive, paths["media"], "media")), stations, classified.named)


def _open(archive: ZipFile, path: str, what: str) -> BinaryIO:
    """A member, if it is there and small enough for what is kept of it."""
    try:
        member = archive.getinfo(path)
    except KeyError:
        raise Malformed(f"{path[:200]} is not in the archive") from None
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Malformed(f"{path[:200]} is compressed in an unusual way: zip it anew")
    if what in _IN_MEMORY and member.file_size > _IN_MEMORY[what]:
        raise TooLarge(f"{path[:200]} is larger than {_IN_MEMORY[what] >> 20} MB: split the package")
    try:
        return cast("BinaryIO", archive.open(member))
    except _BROKEN as error:
        raise Malformed(f"{path[:200]}: {error}") from None


def _path(package: dict[str, Any], name: str) -> str:
    """File of a table, beside datapackage.json."""
    try:
        resources = msgspec.convert(package.get("resources"), list[dict[str, Any]])
    except msgspec.ValidationError as error:
        raise Malformed(f"resources of datapackage.json: {error}") from None
    path = next((resource.get("path") for resource in resources if resource.get("name") == name), None)
    if not isinstance(path, str):
        raise Malformed(f"datapackage.json names no file of the table {name}")
    return path


def _deployments(table: Table, stations: dict[str, Claim]) -> Iterator[Item]:
    """One claim a deployment; `stations` gets them by deploymentID."""
    names = ("deploymentid",), ("latitude",), ("longitude",), ("deploymentstart",), ("deploymentend",)
    deployment, latitude, longitude, start, end = table.require("deployments of Camtrap DP", *names)
    camera, name, location = table.find("cameraid"), table.find("locationname"), table.find("locationid")
    place, uncertainty = table.place(("longitude",), ("latitude",)), table.number("coordinateuncertainty", low=0)
    rest = table.rest(latitude, longitude, start, end, camera, name, uncertainty.column)
    for row in table.rows():
        if isinstance(row, Bad):
            yield row
            continue
        cells = row.cells
        try:
            own_id = key(cells[deployment], "deploymentID")
            where = place.read(cells)
            if where is None:
                raise Malformed("nothing given in longitude and latitude")
            valid_from, valid_to = _time(cells[start], "deploymentStart"), _time(cells[end], "deploymentEnd")
            if valid_to <= valid_from:
                raise Malformed("deploymentEnd is not after deploymentStart")
            attributes = {label: cells[index] for index, label in rest if cells[index] not in MISSING}
            claim = Claim(
                device=key(text_at(cells, camera) or own_id, "cameraID"),
                device_kind="camera",
                carrier_kind="place",
                carrier=key(text_at(cells, name) or text_at(cells, location) or own_id, "locationName"),
                longitude=where[0],
                latitude=where[1],
                uncertainty_m=uncertainty.spare(cells, attributes) or 0.0,
                valid_from=valid_from,
                valid_to=valid_to,
                attributes=attributes,
            )
        except Malformed as error:
            yield refused(row, error)
            continue
        stations[own_id] = claim
        yield claim


def _paths(table: Table) -> dict[str, str]:
    """mediaID → file path or URL."""
    media, path = table.require("media of Camtrap DP", ("mediaid",), ("filepath",))
    return {row.cells[media]: row.cells[path] for row in table.rows() if not isinstance(row, Bad)}


class _Classified:
    """Reads one row of observations; everything that the header decides is decided once."""

    def __init__(self, table: Table, stations: dict[str, Claim], paths: dict[str, str]) -> None:
        names = ("observationid",), ("deploymentid",), ("eventstart",), ("observationtype",)
        self.record, self.deployment, self.start, self.kind = table.require("observations of Camtrap DP", *names)
        self.table, self.stations, self.paths = table, stations, paths
        self.media, self.method = table.find("mediaid"), table.find("classificationmethod")
        self.species, self.individual = table.find("scientificname"), table.find("individualid")
        self.observer, self.note = table.find("classifiedby"), table.find("observationcomments")
        self.count = table.number("count", low=0, high=10**9)
        self.probability = table.number("classificationprobability", low=0, high=1)
        self.box = [table.number(name, low=0, high=1) for name in _BOX]
        self.rest = table.rest(self.record, self.start, self.kind, self.species, self.individual, self.count.column)
        self.named: set[str] = set()

    def read(self, cells: Cells) -> Observation:
        """A sighting (a person's word) or a detection (a machine's)."""
        station = _station(self.stations, cells[self.deployment])
        kind = cells[self.kind]
        if kind not in _KINDS:
            raise Malformed(f"{kind[:60]!r} is not one of {', '.join(_KINDS)} in observationType")
        attributes: Attributes = {name: cells[index] for index, name in self.rest if cells[index] not in MISSING}
        media = text_at(cells, self.media)
        individual, count = text_at(cells, self.individual), self.count.spare(cells, attributes)
        said: dict[str, Any] = {
            "device": station.device,
            "observed_at": _time(cells[self.start], "eventStart"),
            "source_id": identifier(cells[self.record], "observationID"),
            "longitude": station.longitude,
            "latitude": station.latitude,
            "uncertainty_m": station.uncertainty_m or None,
            "attributes": attributes,
            "label": LABELS.get(kind, kind),
            "scientific_name": text_at(cells, self.species) or None,
            "individual": individual or None,
            "count": None if count is None else round(count),
            "media": self.paths.get(media, media) or None,
        }
        if media:
            self.named.add(media)
        probability = self.probability.spare(cells, attributes)
        method = text_at(cells, self.method)
        if method == "machine" or (not method and probability is not None):
            box = [column.spare(cells, attributes) for column in self.box]
            bounding_box = cast("tuple[float, float, float, float]", tuple(box)) if None not in box else None
            return Detection(**said, probability=probability, bounding_box=bounding_box)
        return Sighting(**said, observer=text_at(cells, self.observer) or None, note=text_at(cells, self.note) or None)


def _unnamed(table: Table, stations: dict[str, Claim], named: set[str]) -> Iterator[Item]:
    """A reading for each picture that no observation names."""
    names = ("mediaid",), ("deploymentid",), ("timestamp",), ("filepath",)
    media, deployment, time, path = table.require("media of Camtrap DP", *names)
    rest = table.rest(media, time, path)
    for row in table.rows():
        if isinstance(row, Bad):
            yield row
            continue
        cells = row.cells
        if cells[media] in named:
            continue
        try:
            station = _station(stations, cells[deployment])
            reading = Reading(
                device=station.device,
                observed_at=_time(cells[time], "timestamp"),
                source_id=identifier(f"media/{cells[media]}", "mediaID"),
                longitude=station.longitude,
                latitude=station.latitude,
                uncertainty_m=station.uncertainty_m or None,
                attributes={name: cells[index] for index, name in rest if cells[index] not in MISSING},
                quantity="media",
                value=cells[path],
            )
        except Malformed as error:
            yield refused(row, error)
            continue
        yield Decoded(observation=reading, raw=row.raw)


def _station(stations: dict[str, Claim], deployment: str) -> Claim:
    try:
        return stations[deployment]
    except KeyError:
        raise Malformed(f"the deployment {deployment[:60]!r} is not among the deployments, or it is bad") from None


def _time(text: str, name: str) -> datetime:
    return utc(text, name, zone=True)


def sniff(_name: str, head: bytes) -> bool:
    """A zip archive whose first member belongs to a package."""
    members = (b"datapackage.json", b"deployments.csv", b"media.csv", b"observations.csv")
    return head.startswith(b"PK\x03\x04") and any(member in head for member in members)


DIALECT = Dialect(name="camtrap_dp", title="Camtrap DP 1.0 package (zip)", file=file, sniff=sniff)
