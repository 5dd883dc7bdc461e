"""Observations of a site as a stream of bytes, in one of several formats; memory does not grow with the log."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, Protocol, get_args

import msgspec

from hub.pipeline.world import NOUNS, World
from hub.records.observation import Fix, Observation, Stored
from hub.store import merges, observations, reference, sites
from hub.store.database import Database

Format = Literal["jsonl", "csv", "movebank", "geojson"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
BLOCK_ROWS = 1_000

_json = msgspec.json.Encoder(order="deterministic").encode


class Block(NamedTuple):
    """Some bytes of an export, and how many observations they hold."""

    data: bytes
    rows: int


def _exact(stored: Stored) -> Stored:
    return stored


async def export(
    database: Database,
    site: str,
    form: Format,
    since: datetime,
    until: datetime,
    as_seen: Callable[[Stored], Stored | None] = _exact,
) -> AsyncGenerator[Block]:
    """Observations of [since, until) in order of time, by a server-side cursor.

    as_seen: what the reader may see of an observation (None: nothing). Raises NotFound for a site that there is not.
    """
    record = await sites.get(database, site)
    records = await reference.everything(database, site, NOUNS)
    # What an entry that was merged carried is told under the one that stands for it.
    world = World(record, records, merges=await merges.holding(database, site))
    writer = _WRITERS[form](world)
    pending, rows = [writer.head], 0
    async with database.transaction() as connection:
        async for stored in observations.stream(connection, site, since, until):
            seen = as_seen(stored)
            if seen is None or (written := writer.row(seen)) is None:
                continue
            pending.append(written)
            rows += 1
            if rows == BLOCK_ROWS:
                yield Block(b"".join(pending), rows)
                pending, rows = [], 0
    yield Block(b"".join([*pending, writer.tail]), rows)


class Writer(Protocol):
    """One format. `row` gives None for an observation that the format cannot hold."""

    head: bytes
    tail: bytes

    def __init__(self, world: World) -> None: ...

    def row(self, stored: Stored) -> bytes | None:
        """Bytes of one observation."""
        ...


class JsonLines:
    """The hub's own messages, one a line: the dialect `envelope`."""

    head = tail = b""

    def __init__(self, world: World) -> None:
        pass

    def row(self, stored: Stored) -> bytes:
        """One message."""
        return _json(stored.observation) + b"\n"


class FlatCsv:
    """One table of all kinds. Lists are joined with spaces, attributes are JSON."""

    COLUMNS: Final = (
        "id", "kind", "device", "carrier", "observed_at", "received_at", "longitude", "latitude", "uncertainty_m",
        "altitude_m", "flags", "label", "scientific_name", "individual", "count", "probability", "speed_mps",
        "heading_deg", "battery_percent", "quantity", "value", "unit", "media", "observer", "note", "source_id",
        "attributes",
    )  # fmt: skip
    tail = b""

    def __init__(self, world: World) -> None:
        self._world = world
        self.head = _line(self.COLUMNS)

    def row(self, stored: Stored) -> bytes:
        """One row."""
        one = stored.observation
        fields: dict[str, Any] = msgspec.to_builtins(one)
        fields["id"] = str(stored.id)
        fields["carrier"] = _carrier(self._world, one)
        fields["received_at"] = _time(stored.received_at)
        fields["observed_at"] = _time(one.observed_at)
        fields["flags"] = " ".join(one.flags)
        fields["attributes"] = _json(one.attributes).decode() if one.attributes else ""
        return _line([fields.get(column, "") for column in self.COLUMNS])


class Movebank:
    """Fixes as Movebank tracking data (terms of the Movebank Attribute Dictionary); times are UTC."""

    COLUMNS: Final = (
        "event-id", "visible", "timestamp", "location-long", "location-lat", "ground-speed", "heading",
        "height-above-msl", "location-error-numerical", "manually-marked-outlier", "sensor-type",
        "individual-taxon-canonical-name", "tag-local-identifier", "individual-local-identifier", "study-name",
    )  # fmt: skip
    tail = b""

    def __init__(self, world: World) -> None:
        self._world = world
        self.head = _line(self.COLUMNS)

    def row(self, stored: Stored) -> bytes | None:
        """One fix, failed ones included; nothing for what is no fix."""
        one = stored.observation
        if not isinstance(one, Fix):
            return None
        outlier = "marked_outlier" in one.flags
        subject = self._world.subject_of(one.device, one.observed_at)
        individual = self._world.individuals.get(subject.id)
        return _line(
            [
                one.source_id or str(stored.id),
                "false" if outlier else "true",
                one.observed_at.replace(tzinfo=None).isoformat(" ", "milliseconds"),
                one.longitude,
                one.latitude,
                one.speed_mps,
                one.heading_deg,
                one.altitude_m,
                one.uncertainty_m,
                "true" if outlier else "false",
                "argos-doppler-shift" if "argos_class" in one.attributes else "gps",
                individual.scientific_name if individual else "",
                one.device,
                individual.name if individual else "",
                self._world.site.name,
            ]
        )


class GeoJson:
    """A FeatureCollection (RFC 7946); an observation without a place has no geometry."""

    head = b'{"type":"FeatureCollection","features":[\n'
    tail = b"\n]}\n"

    def __init__(self, world: World) -> None:
        self._world = world
        self._first = True

    def row(self, stored: Stored) -> bytes:
        """One feature."""
        one = stored.observation
        properties: dict[str, Any] = msgspec.to_builtins(one)
        longitude, latitude = properties.pop("longitude", None), properties.pop("latitude", None)
        properties |= {"received_at": stored.received_at, "carrier": _carrier(self._world, one)}
        feature = {
            "type": "Feature",
            "id": stored.id,
            "geometry": None if longitude is None else {"type": "Point", "coordinates": [longitude, latitude]},
            "properties": properties,
        }
        separator, self._first = b"" if self._first else b",\n", False
        return separator + _json(feature)


_WRITERS: dict[Format, type[Writer]] = {"jsonl": JsonLines, "csv": FlatCsv, "movebank": Movebank, "geojson": GeoJson}


def _carrier(world: World, one: Observation) -> str:
    """Name of who or what carried the device then; empty for nobody."""
    subject = world.subject_of(one.device, one.observed_at)
    return "" if subject.kind == "device" else world.name_of(subject)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _line(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
