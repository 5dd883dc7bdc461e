"""Camtrap DP: people's words are sightings, machines' are detections, cameras are claimed for their places."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from hub.ingest.dialects import camtrap_dp
from hub.ingest.dialects.camtrap_dp import DIALECT
from hub.records.errors import Malformed, TooLarge
from hub.records.observation import Detection, Reading, Sighting

Read = Callable[..., Any]
OWN = Path(__file__).parent / "payloads" / "camtrap_dp"


@pytest.fixture
def package(read_bytes: Read, zipped: Callable[[Path], bytes]) -> Any:
    body = zipped(OWN)
    assert DIALECT.sniff is not None and DIALECT.sniff("package.zip", body[:4096])
    read = read_bytes(DIALECT, body, "package.zip")
    assert read.conforms()
    return read


def test_deployment__claims_its_camera_for_its_place_and_time(package: Any) -> None:
    ridge, unnamed = package.claims
    assert (ridge.device, ridge.device_kind, ridge.carrier, ridge.carrier_kind) == (
        "cam-320",
        "camera",
        "North ridge",
        "place",
    )
    assert (ridge.longitude, ridge.latitude, ridge.uncertainty_m) == (131.2, 43.1, 30)
    assert ridge.valid_from == datetime(2024, 2, 29, 14, tzinfo=UTC)
    assert ridge.valid_to == datetime(2024, 3, 31, 14, tzinfo=UTC)
    assert (unnamed.device, unnamed.carrier) == ("d2", "l2")


def test_persons_classification__is_a_sighting_at_the_place_of_its_deployment(package: Any) -> None:
    first = package.observations[0]
    assert isinstance(first, Sighting)
    assert (first.source_id, first.device, first.longitude, first.uncertainty_m) == ("o1", "cam-320", 131.2, 30)
    assert first.observed_at == datetime(2024, 3, 2, 3, tzinfo=UTC)
    assert (first.label, first.scientific_name, first.count) == ("animal", "Panthera pardus", 1)
    assert (first.individual, first.observer, first.note) == ("Leo 7", "A. Ranger", "left flank")
    assert first.media == "media/m1.jpg"
    assert (first.attributes["sex"], first.attributes["behavior"]) == ("female", "walking")
    assert first.attributes["eventEnd"] == "2024-03-02T13:00:05+10:00"


def test_machines_classification__is_a_detection_with_probability_and_box(package: Any) -> None:
    second = package.observations[1]
    assert isinstance(second, Detection)
    assert (second.probability, second.bounding_box) == (0.92, (0.1, 0.2, 0.3, 0.4))
    assert second.attributes["classifiedBy"] == "MegaDetector v5"


def test_labels__are_those_of_the_hub(package: Any) -> None:
    labels = [one.label for one in package.observations if not isinstance(one, Reading)]
    assert labels == ["animal", "animal", "person", "blank", "animal"]


def test_count_and_probability_that_cannot_be__stay_attributes(package: Any) -> None:
    last = package.observations[4]
    assert isinstance(last, Detection) and last.count is None and last.probability is None
    assert (last.attributes["count"], last.attributes["classificationProbability"]) == ("many", "1.7")


def test_picture_that_no_observation_names__is_a_reading(package: Any) -> None:
    (picture,) = (one for one in package.observations if isinstance(one, Reading))
    assert (picture.quantity, picture.value, picture.device) == ("media", "media/m2.jpg", "cam-320")
    assert picture.observed_at == datetime(2024, 3, 2, 4, tzinfo=UTC)


def test_wrong_rows__are_bad_with_line_and_reason(package: Any) -> None:
    reasons = [bad.reason for bad in package.bad]
    assert reasons[0] == "line 4: '2024-03-01T00:00:00' has no offset from UTC in deploymentStart"
    assert reasons[1].startswith("line 6: the deployment 'd3' is not among")
    assert reasons[2] == "line 7: '2024-03-02T04:00:00' has no offset from UTC in eventStart"
    assert reasons[3].startswith("line 8: 'ghost' is not one of animal")
    assert reasons[4].startswith("line 4: the deployment 'd9' is not among")
    assert len(reasons) == 5
    assert package.bad[2].raw in (OWN / "observations.csv").read_bytes()


def test_package_within_a_folder__is_found(read_bytes: Read, package: Any) -> None:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path in OWN.iterdir():
            archive.write(path, f"export/{path.name}")
    assert read_bytes(DIALECT, buffer.getvalue()).items == package.items


def archive(**members: str) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as made:
        for name, text in members.items():
            made.writestr(name.replace("_", "."), text)
    return buffer.getvalue()


PROFILE = "camtrap-dp/1.0.2"
TABLES = [{"name": name, "path": "x.csv"} for name in ("deployments", "media", "observations")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"PK not at all", "the zip archive is broken"),
        (archive(readme_txt="hello"), "no datapackage.json"),
        (archive(datapackage_json="{"), "not JSON"),
        (archive(datapackage_json="{}"), "its profile does not say so"),
        (archive(datapackage_json=json.dumps({"profile": PROFILE})), "resources of datapackage.json"),
        (
            archive(datapackage_json=json.dumps({"profile": PROFILE, "resources": []})),
            "no file of the table deployments",
        ),
        (
            archive(datapackage_json=json.dumps({"profile": PROFILE, "resources": TABLES})),
            "x.csv is not in the archive",
        ),
        (
            archive(datapackage_json=json.dumps({"profile": PROFILE, "resources": TABLES}), x_csv="a,b\n"),
            "no column deploymentid, latitude, longitude, deploymentstart, deploymentend among a, b",
        ),
    ],
)
def test_something_else__is_refused_with_the_reason(body: bytes, reason: str, read_bytes: Read) -> None:
    with pytest.raises(Malformed, match=reason):
        read_bytes(DIALECT, body)


def test_archive_with_a_damaged_member__is_refused(read_bytes: Read, zipped: Callable[[Path], bytes]) -> None:
    body = bytearray(zipped(OWN))
    at = body.index(b"observations.csv") + 60
    body[at : at + 20] = b"\0" * 20
    with pytest.raises(Malformed, match="the zip archive is broken"):
        read_bytes(DIALECT, bytes(body))


def test_table_too_large_to_keep__is_refused(
    read_bytes: Read, zipped: Callable[[Path], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(camtrap_dp._IN_MEMORY, "media", 10)
    with pytest.raises(TooLarge, match="split the package"):
        read_bytes(DIALECT, zipped(OWN))


def test_official_example__keeps_every_deployment_and_observation(
    shared_data: Path, read_bytes: Read, zipped: Callable[[Path], bytes]
) -> None:
    folder = shared_data / "camera" / "camtrap_dp_1.0.2_example"
    tables: dict[str, list[dict[str, str]]] = {}
    for name in ("deployments", "media", "observations"):
        with (folder / f"{name}.csv").open(newline="") as lines:
            tables[name] = list(csv.DictReader(lines))
    read = read_bytes(DIALECT, zipped(folder))
    assert not read.bad and read.conforms()
    assert [claim.device for claim in read.claims] == [row["cameraID"] for row in tables["deployments"]]
    seen = [one for one in read.observations if not isinstance(one, Reading)]
    assert [one.source_id for one in seen] == [row["observationID"] for row in tables["observations"]]
    machine = [row["classificationMethod"] == "machine" for row in tables["observations"]]
    assert [isinstance(one, Detection) for one in seen] == machine
    named = {row["mediaID"] for row in tables["observations"]}
    assert len(read.observations) - len(seen) == sum(row["mediaID"] not in named for row in tables["media"])
    paths = {row["mediaID"]: row["filePath"] for row in tables["media"]}
    assert [one.media for one in seen] == [paths.get(row["mediaID"]) for row in tables["observations"]]
