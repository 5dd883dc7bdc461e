"""GPX: points with their very bytes, one wrong point spoils only itself, bombs do not go off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hub.ingest.dialects import gpx
from hub.ingest.dialects.gpx import DIALECT
from hub.records.errors import Malformed, TooLarge
from hub.records.observation import Fix, Sighting

Read = Callable[..., Any]
OWN = Path(__file__).parent / "payloads" / "gpx"
POINT = b'<trkpt lat="43.3" lon="131.2"><time>2024-03-01T06:00:00Z</time></trkpt>'


def document(*points: bytes, prolog: bytes = b"", root: bytes = b'version="1.1"') -> bytes:
    return prolog + b"<gpx " + root + b"><trk><trkseg>" + b"".join(points) + b"</trkseg></trk></gpx>"


def test_track_point__is_a_fix_with_its_extensions(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "patrol.gpx")
    fix = read.observations[2]
    assert (type(fix), fix.device, fix.longitude, fix.latitude, fix.altitude_m) == (Fix, "patrol", 131.2, 43.3, 300)
    assert fix.observed_at == datetime(2024, 3, 1, 6, tzinfo=UTC)
    assert (fix.speed_mps, fix.heading_deg, fix.uncertainty_m) == (1.25, 270, 30)
    assert fix.attributes == {
        "speed": "1.25",
        "course": "270",
        "hdop": 2.0,
        "gpx_creator": "Handheld 5",
        "gpx_track": "Morning",
    }
    assert read.conforms()


def test_waypoint__is_a_sighting_with_name_and_symbol(read_path: Read) -> None:
    sighting = read_path(DIALECT, OWN / "patrol.gpx").observations[0]
    assert isinstance(sighting, Sighting) and sighting.label == "waypoint" and sighting.note == "Snare & wire"
    assert (sighting.attributes["sym"], sighting.altitude_m) == ("Flag, Red", 310.5)


def test_route_point__is_a_fix_of_its_route(read_path: Read) -> None:
    fix = read_path(DIALECT, OWN / "patrol.gpx").observations[1]
    assert isinstance(fix, Fix) and fix.attributes["gpx_track"] == "Way home"


def test_time_without_zone__is_utc(read_path: Read) -> None:
    assert read_path(DIALECT, OWN / "patrol.gpx").observations[3].observed_at == datetime(2024, 3, 1, 6, 12, tzinfo=UTC)


def test_wrong_point__is_bad_with_its_line_and_bytes_and_spoils_no_other(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "patrol.gpx")
    lines = [bad.reason.partition(":")[0] for bad in read.bad]
    assert lines == ["line 5", "line 9", "line 10", "line 11", "line 12", "line 13"]
    assert "without <time>" in read.bad[0].reason
    assert read.bad[1].raw == b'<trkpt lat="95" lon="131.2"><time>2024-03-01T06:10:00Z</time></trkpt>'
    assert read.bad[5].raw == b'<trkpt lat="43.3" lon="131.2"/>'
    assert len(read.observations) == 4


def test_raw__is_the_element_byte_for_byte(read_path: Read) -> None:
    body = (OWN / "patrol.gpx").read_bytes()
    read = read_path(DIALECT, OWN / "patrol.gpx")
    assert all(raw in body and raw.startswith(b"<") and raw.endswith(b">") for raw in read.raw)
    assert read.raw[3] == b'<trkpt lat="43.4" lon="131.3"><time>2024-03-01T06:12:00</time></trkpt>'


def test_gpx_1_0_in_another_encoding__has_speed_and_course_of_its_own(read_path: Read) -> None:
    (fix,) = read_path(DIALECT, OWN / "old.gpx").observations
    assert (fix.speed_mps, fix.heading_deg, fix.attributes["name"]) == (2.5, 90, "Jäger")


def test_device__is_the_one_that_the_door_knows(read_bytes: Read) -> None:
    (fix,) = read_bytes(DIALECT, document(POINT), "a.gpx", "ranger-5/phone").observations
    assert fix.device == "ranger-5/phone"


@pytest.mark.parametrize("inner", ['<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/passwd">'])
def test_entity_declarations__are_refused(inner: str, read_bytes: Read) -> None:
    with pytest.raises(Malformed, match="entity declarations"):
        read_bytes(DIALECT, document(POINT, prolog=f"<!DOCTYPE gpx [{inner}]>".encode()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<kml/>",
        b'<?xml version="1.0" encoding="utf-16"?><gpx/>',
        b'<?xml version="1.0" encoding="no-8"?><gpx/>',
    ],
)
def test_something_else__is_refused(body: bytes, read_bytes: Read) -> None:
    with pytest.raises(Malformed):
        read_bytes(DIALECT, body)


def test_deep_nesting_and_many_namespaces__are_refused(read_bytes: Read) -> None:
    with pytest.raises(Malformed, match="nested"):
        read_bytes(DIALECT, document(b"<a>" * 100_000))
    with pytest.raises(Malformed, match="namespaces"):
        read_bytes(DIALECT, document(POINT, root=b" ".join(b'xmlns:a%d="x:%d"' % (n, n) for n in range(100))))


def test_file_that_ends_early__keeps_the_points_before(read_bytes: Read) -> None:
    read = read_bytes(DIALECT, document(POINT, POINT)[:-60])
    assert len(read.observations) == 1 and "ends early" in read.bad[0].reason


def test_point_within_a_point__is_not_a_point_of_its_own(read_bytes: Read) -> None:
    read = read_bytes(DIALECT, document(POINT, POINT.replace(b"</trkpt>", POINT + b"</trkpt>"), POINT))
    assert len(read.observations) + len(read.bad) == 3


def test_file_beyond_the_limit__is_too_large(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpx, "LARGEST_FILE", 64)
    with pytest.raises(TooLarge):
        read_bytes(DIALECT, document(POINT))


def test_one_wrong_point_among_many__costs_only_itself(read_bytes: Read) -> None:
    points = [POINT] * 700
    points[345] = b'<trkpt lat="?" lon="131.2"/>'
    read = read_bytes(DIALECT, document(*points))
    assert (len(read.observations), [bad.raw for bad in read.bad]) == (699, [points[345]])


@pytest.mark.parametrize("name", ["gpx1.1_with_all_fields.gpx", "korita-zbevnica.gpx", "tsavo_garmin_patrol.gpx"])
def test_real_file__gives_each_point_that_has_a_time(name: str, shared_data: Path, read_path: Read) -> None:
    path = shared_data / "patrol" / "gpx" / name
    points: list[tuple[str, bool]] = []
    for element in ElementTree.parse(path).getroot().iter():
        tag = element.tag.rpartition("}")[2]
        if tag in ("wpt", "rtept", "trkpt"):
            points.append((tag, any(child.tag.endswith("}time") for child in element)))
    read = read_path(DIALECT, path)
    assert read.conforms() and len(points) == len(read.observations) + len(read.bad)
    sightings = sum(isinstance(one, Sighting) for one in read.observations)
    assert sightings == sum(tag == "wpt" and timed for tag, timed in points)
    assert len(read.observations) - sightings == sum(tag != "wpt" and timed for tag, timed in points)
    assert all("without <time>" in bad.reason for bad in read.bad)
