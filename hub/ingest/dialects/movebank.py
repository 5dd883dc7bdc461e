"""Movebank CSV: tracking data (one row a fix) and reference data (one row a deployment).

Columns by the Movebank Attribute Dictionary (NERC vocabulary MVB), written ``event-id``, ``event.id`` (R) or
``event_id`` (REST). Times are UTC.

uncertainty_m, the first of: ``location-error-numerical`` (m, by the data owner), ``eobs:horizontal-accuracy-estimate``
(m, standard deviation by the receiver), ``gps:hdop`` or ``gps:dop`` × 15 m (user equivalent range error; 10-15 m is
typical, R package ctmm, vignette "error"); Argos rows by `argos_accuracy`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from hub.ingest.dialects.argos_accuracy import AccuracyColumns
from hub.ingest.dialects.reading import Claim, Dialect, Item, Source
from hub.ingest.dialects.table_rows import (
    MISSING,
    Attributes,
    Cells,
    Place,
    Table,
    header_keys,
    identifier,
    key,
    observations,
    refused,
    text_at,
    utc,
)
from hub.ingest.dialects.wearers import Wearers, tag_of
from hub.records.errors import Malformed
from hub.records.observation import Fix
from hub.records.receipt import Bad

RANGE_ERROR_M = 15.0
_MARKS = ("manually-marked-outlier", "import-marked-outlier", "algorithm-marked-outlier")
_SEXES = {"f": "female", "m": "male", "female": "female", "male": "male"}
_TAG = ("tag-local-identifier", "tag-id")
_ANIMAL = ("individual-local-identifier", "animal-id")
_TAXON = ("individual-taxon-canonical-name", "animal-taxon")


def file(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """Rows of either kind of Movebank file."""
    table = Table(stream)
    if table.find("deploy-on-date", "deploy-on-timestamp") is not None:
        yield from _deployments(table)
        return
    reader = _Fixes(table, source)
    yield from observations(table, reader.read)
    yield from reader.wearers.claims()


class _Fixes:
    """Reads one row of tracking data; everything that the header decides is decided once."""

    def __init__(self, table: Table, source: Source) -> None:
        names = ("timestamp",), ("location-long",), ("location-lat",)
        self.time, longitude, latitude = table.require("Movebank tracking data", *names)
        self.tag, self.animal, self.taxon = table.find(*_TAG), table.find(*_ANIMAL), table.find(*_TAXON)
        if self.tag is None and self.animal is None and source.device is None:
            raise Malformed("no column tag-local-identifier or individual-local-identifier: whose fixes are these?")
        self.device = source.device
        self.record = table.find("event-id")
        self.place: Place = table.place(("location-long",), ("location-lat",))
        self.status = table.find("eobs-status")
        self.visible, self.valid = table.find("visible"), table.find("manually-marked-valid")
        self.marks = [(index, table.names[index]) for mark in _MARKS if (index := table.find(mark)) is not None]
        self.speed = table.number("ground-speed", low=0)
        self.heading = table.number("heading", low=0, high=360)
        self.above_sea = table.number("height-above-msl")
        self.above_ellipsoid = table.number("height-above-ellipsoid")
        self.error = table.number("location-error-numerical", low=0)
        self.eobs_error = table.number("eobs-horizontal-accuracy-estimate", low=0)
        self.dilution = table.number("gps-hdop", "gps-dop", low=0)
        self.argos_class = table.find("argos-lc")
        self.argos = AccuracyColumns.of(
            table, ("argos-error-radius",), ("argos-semi-major",), ("argos-semi-minor",), ("argos-orientation",)
        )
        self.by_argos = self.argos_class is not None or self.argos.major.column is not None
        # Kept among the attributes: what a value was made of where the observation alone does not tell.
        self.rest = table.rest(
            self.time,
            longitude,
            latitude,
            self.tag,
            self.record,
            self.visible,
            self.speed.column,
            self.heading.column,
            self.above_sea.column,
            *(index for index, _ in self.marks),
            *self.argos.used,
        )
        self.where = (table.names[longitude], longitude), (table.names[latitude], latitude)
        self.wearers = Wearers()

    def read(self, cells: Cells) -> Fix:
        """One fix, or one failed attempt at one."""
        at = utc(cells[self.time], "timestamp")
        attributes = {name: cells[index] for index, name in self.rest if cells[index] not in MISSING}
        individual = text_at(cells, self.animal)
        device = self._device(cells, individual)
        flags = ("marked_outlier",) if self._outlier(cells, attributes) else ()
        place = self.place.read(cells)
        # Status A: position valid; B, C: only the time is; D: nothing is (e-obs in the Attribute Dictionary).
        if place is not None and self.status is not None and cells[self.status] in ("B", "C", "D"):
            attributes.update((name, cells[index]) for name, index in self.where)
            place = None
        if place is None:
            flags += ("failed_fix",)
        above_sea = self.above_sea.spare(cells, attributes)
        uncertainty_m, ellipse = self._uncertainty_m(cells, attributes), None
        if self.by_argos:
            location_class = text_at(cells, self.argos_class).strip().upper()
            if location_class:
                attributes["argos_class"] = location_class
            flags += ("argos_z",) if location_class == "Z" else ()
            by_class, ellipse = self.argos.read(cells, location_class, attributes)
            uncertainty_m = uncertainty_m or by_class
        fix = Fix(
            device=device,
            observed_at=at,
            source_id=None if self.record is None else identifier(cells[self.record], "event-id"),
            longitude=place[0] if place else None,
            latitude=place[1] if place else None,
            uncertainty_m=uncertainty_m if place else None,
            ellipse=ellipse if place else None,
            altitude_m=self.above_ellipsoid.spare(cells, attributes) if above_sea is None else above_sea,
            flags=flags,
            attributes=attributes,
            speed_mps=self.speed.spare(cells, attributes),
            heading_deg=self.heading.spare(cells, attributes),
        )
        self.wearers.saw(device, individual, at, text_at(cells, self.taxon))
        return fix

    def _device(self, cells: Cells, individual: str) -> str:
        if individual:
            key(individual, "individual-local-identifier")
        if tag := text_at(cells, self.tag):
            return key(tag, "tag-local-identifier")
        if self.device is not None:
            return self.device
        if not individual:
            raise Malformed("nothing given in tag-local-identifier and individual-local-identifier")
        return key(tag_of(individual), "individual-local-identifier")

    def _outlier(self, cells: Cells, attributes: Attributes) -> bool:
        """Any mark, unless the data owner overrode it (``manually-marked-valid``)."""
        marked = False
        for index, name in self.marks:
            if cells[index].lower() == "true":
                attributes[name] = cells[index]
                marked = True
        if marked and self.valid is not None and cells[self.valid].lower() == "true":
            marked = False
        return marked or (self.visible is not None and cells[self.visible].lower() == "false")

    def _uncertainty_m(self, cells: Cells, attributes: Attributes) -> float | None:
        for column in (self.error, self.eobs_error):
            # Senders write 0 for "unknown" too; no receiver is exact.
            if (radius := column.spare(cells, attributes)) is not None and radius > 0:
                return radius
        dilution = self.dilution.spare(cells, attributes)
        return dilution * RANGE_ERROR_M if dilution else None


def _deployments(table: Table) -> Iterator[Item]:
    """Reference data: one claim a row, with its interval."""
    tag, animal = table.require("Movebank reference data", _TAG, _ANIMAL)
    begin = table.find("deploy-on-date", "deploy-on-timestamp")
    end = table.find("deploy-off-date", "deploy-off-timestamp")
    taxon, sex, stage = table.find(*_TAXON), table.find("animal-sex", "sex"), table.find("animal-life-stage")
    rest = table.rest(tag, animal, begin, end, taxon, sex, stage)

    for row in table.rows():
        if isinstance(row, Bad):
            yield row
            continue
        cells = row.cells
        try:
            on, off = text_at(cells, begin), text_at(cells, end)
            valid_from = utc(on, "deploy-on-date") if on else None
            valid_to = utc(off, "deploy-off-date") if off else None
            if valid_from is not None and valid_to is not None and valid_to <= valid_from:
                raise Malformed("deploy-off-date is not after deploy-on-date")
            yield Claim(
                device=key(cells[tag], "tag-id"),
                device_kind="collar",
                carrier_kind="individual",
                carrier=key(cells[animal], "animal-id"),
                scientific_name=text_at(cells, taxon),
                sex=_SEXES.get(text_at(cells, sex).lower(), "unknown"),
                life_stage=text_at(cells, stage),
                valid_from=valid_from,
                valid_to=valid_to,
                attributes={name: cells[index] for index, name in rest if cells[index] not in MISSING},
            )
        except Malformed as error:
            yield refused(row, error)


def sniff(_name: str, head: bytes) -> bool:
    """By the columns."""
    keys = header_keys(head)
    tracking = {"timestamp", "location-long", "location-lat"} <= keys
    return tracking or ({"tag-id", "animal-id"} <= keys and "deploy-on-date" in keys)


DIALECT = Dialect(name="movebank", title="Movebank tracking and reference data (CSV)", file=file, sniff=sniff)
