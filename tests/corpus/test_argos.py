"""Argos: ellipses as stated, classes with documented radii, invalid locations flagged and kept."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.ingest.dialects.argos import DIALECT
from hub.records.errors import Malformed
from hub.records.observation import ErrorEllipse, Reading

Read = Callable[..., Any]
OWN = Path(__file__).parent / "payloads" / "argos"


def test_ellipse__is_kept_as_stated_with_the_class(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "ellipses.csv")
    fix = read.observations[0]
    assert (fix.device, fix.longitude, fix.latitude) == ("66971", -163.017, 66.628)
    assert fix.ellipse == ErrorEllipse(semi_major_m=3310, semi_minor_m=78, orientation_deg=71)
    assert fix.uncertainty_m is None and fix.attributes["argos_class"] == "1"
    assert fix.attributes["error_radius"] == "510"


def test_without_ellipse__the_stated_radius_counts_and_then_the_class(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "ellipses.csv")
    assert [fix.uncertainty_m for fix in read.observations[1:3]] == [319, 10_280]


def test_class_z__is_flagged_and_keeps_its_place(read_path: Read) -> None:
    placed, empty = read_path(DIALECT, OWN / "ellipses.csv").observations[3:5]
    assert placed.flags == ("argos_z",) and placed.longitude == -162.856 and placed.ellipse is not None
    assert empty.flags == ("argos_z", "failed_fix") and empty.longitude is None and empty.uncertainty_m is None


def test_gps_row_among_argos_rows__has_no_argos_class(read_path: Read) -> None:
    gps = read_path(DIALECT, OWN / "ellipses.csv").observations[5]
    assert gps.uncertainty_m is None and gps.attributes["quality"] == "7" and "argos_class" not in gps.attributes


def test_place_beyond_the_pole__is_bad(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "ellipses.csv")
    assert [bad.reason for bad in read.bad] == ["line 8: '91' is not between -90 and 90 in latitude"]
    assert len(read.observations) == 6 and read.conforms()


def test_deploy_id__names_the_animal_that_wore_the_tag(read_path: Read) -> None:
    (claim,) = read_path(DIALECT, OWN / "ellipses.csv").claims
    assert (claim.device, claim.carrier) == ("66971", "Nerpa-1")


def test_wildlife_computers_export__has_its_own_names_and_dates(read_path: Read) -> None:
    (fix,) = read_path(DIALECT, OWN / "wildlife_computers.csv").observations
    assert fix.observed_at == datetime(2023, 12, 15, 20, 4, 1, tzinfo=UTC)
    assert fix.ellipse == ErrorEllipse(semi_major_m=900, semi_minor_m=150, orientation_deg=80)


def test_part_of_an_ellipse__is_no_ellipse_but_not_lost(read_bytes: Read) -> None:
    body = b"id,date,lc,lon,lat,smaj,smin,eor\n54591,2012-03-05T05:09:33Z,1,110.5,-66.4,2442,,42\n"
    (fix,) = read_bytes(DIALECT, body).observations
    assert fix.ellipse is None and fix.uncertainty_m == 1500
    assert (fix.attributes["smaj"], fix.attributes["eor"]) == ("2442", "42")


@pytest.mark.parametrize(
    ("location_class", "radius"),
    [("G", 100), ("3", 250), ("2", 500), ("1", 1500), ("0", 4180), ("A", 6190), ("B", 10280), ("?", None)],
)
def test_class__has_the_documented_radius(location_class: str, radius: float | None, read_bytes: Read) -> None:
    body = f"id,date,lc,lon,lat\nt,2012-03-05T05:09:33Z,{location_class},1,2\n".encode()
    (fix,) = read_bytes(DIALECT, body).observations
    assert fix.uncertainty_m == radius


def test_file_that_names_no_device__is_named_by_the_door_or_the_file(read_bytes: Read) -> None:
    body = b"GMT,long,lat,loc_class\n2005-11-10T14:52:00Z,-170.292,57.109,3\n"
    (by_file,) = read_bytes(DIALECT, body, "in/Seal 9.csv.gz").observations
    (by_door,) = read_bytes(DIALECT, body, "in/Seal 9.csv.gz", "ptt-3").observations
    assert (by_file.device, by_door.device) == ("Seal 9", "ptt-3")


def test_hours_from_an_unknown_start__are_refused_with_what_to_do(read_bytes: Read) -> None:
    with pytest.raises(Malformed, match="replace it by a column date_time"):
        read_bytes(DIALECT, b"Time,latitude,longitude,DryTime,Argos_loc_class\n0.24,59.2,-154,0,B\n")


def test_diag_text__is_a_fix_a_block(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "diag.dia")
    first, invalid = read.observations
    assert (first.device, first.longitude, first.latitude) == ("02163", -39.255, -53.773)
    assert first.observed_at == datetime(1998, 2, 1, 3, 32, 32, tzinfo=UTC)
    assert (first.uncertainty_m, first.attributes["argos_class"]) == (10_280, "B")
    assert (first.attributes["Lat2"], first.attributes["Best level"]) == ("57.840S", "-125 dB")
    assert (first.attributes["sensors"], "NOPC" in first.attributes) == ("12161 7F", False)
    assert invalid.observed_at.year == 2024 and invalid.flags == ("argos_z", "failed_fix")
    assert read.raw[0].startswith(b" 02163  Date") and read.raw[0].endswith(b"7F") and read.conforms()


def test_diag_block_that_is_wrong__is_bad_alone(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "diag.dia")
    assert [bad.reason for bad in read.bad] == [
        "line 9: day is out of range for month in Date",
        "line 11: '53.773E' is not degrees N or S in Lat1 or Lon1",
    ]


def test_cls_web_service__gives_one_fix_a_pass_and_one_reading_a_message(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "cls.csv")
    readings = [one for one in read.observations if isinstance(one, Reading)]
    fixes = [one for one in read.observations if not isinstance(one, Reading)]
    assert [reading.value for reading in readings] == ["2800", "2801", "2802", "2803"]
    assert readings[1].attributes == {"TEMPERATURE": "41", "ACTIVITY": "8", "level": "-134.0"}
    assert [fix.observed_at.hour for fix in fixes] == [4, 6]
    assert (fixes[0].uncertainty_m, fixes[0].ellipse) == (6_190, None)
    assert fixes[1].ellipse == ErrorEllipse(semi_major_m=684, semi_minor_m=58, orientation_deg=86)
    assert not read.bad and read.conforms()


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    body = path.read_bytes()
    text = (gzip.decompress(body) if path.suffix == ".gz" else body).decode()
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def test_real_bearded_seals__keep_every_row_ellipse_and_invalid_class(shared_data: Path, read_path: Read) -> None:
    path = shared_data / "telemetry" / "bearded_seal_argos_ellipses.csv.gz"
    expected, read = table(path), read_path(DIALECT, path)
    assert not read.bad and read.conforms()
    assert len(read.observations) == len(expected)
    stated = [row["error_semimajor_axis"] != "" for row in expected]
    assert [fix.ellipse is not None for fix in read.observations] == stated
    assert read.flags == {"argos_z": sum(row["quality"] == "Z" for row in expected)}
    assert {fix.device for fix in read.observations} == {row["ptt"] for row in expected}
    assert {claim.carrier for claim in read.claims} == {row["deployid"] for row in expected}


@pytest.mark.parametrize("name", ["elephant_seal_argos_ls.csv", "elephant_seal_argos_kf.csv"])
def test_real_elephant_seals__keep_every_row_with_its_accuracy(name: str, shared_data: Path, read_path: Read) -> None:
    expected, read = table(shared_data / "telemetry" / name), read_path(DIALECT, shared_data / "telemetry" / name)
    assert not read.bad and read.conforms()
    assert [fix.attributes["argos_class"] for fix in read.observations] == [row["lc"] for row in expected]
    assert [fix.device for fix in read.observations] == [row["id"] for row in expected]
    assert all((fix.ellipse is None) != (fix.uncertainty_m is None) for fix in read.observations)
    assert any(fix.ellipse for fix in read.observations) == ("smaj" in expected[0])


def test_real_fur_seal__is_one_device_named_by_the_file(shared_data: Path, read_path: Read) -> None:
    path = shared_data / "telemetry" / "northern_fur_seal_argos.csv"
    expected, read = table(path), read_path(DIALECT, path)
    assert not read.bad and len(read.observations) == len(expected)
    assert {fix.device for fix in read.observations} == {"northern_fur_seal_argos"}


def test_real_harbor_seal__is_refused_because_it_has_no_start_date(shared_data: Path, read_path: Read) -> None:
    with pytest.raises(Malformed, match="counts hours from a start that the file does not name"):
        read_path(DIALECT, shared_data / "telemetry" / "harbor_seal_argos.csv")


def test_real_diag_mail__keeps_every_location(shared_data: Path, read_path: Read) -> None:
    path = shared_data / "wire" / "argos" / "98feb_a.dia"
    text, read = path.read_text(), read_path(DIALECT, path)
    assert not read.bad and read.conforms()
    assert len(read.observations) == text.count("LC : ")
    assert read.flags["argos_z"] == text.count("LC : Z") and read.flags["failed_fix"] == text.count("Lat1 : ?")


def test_real_cls_reply__keeps_every_message_and_every_location(shared_data: Path, read_path: Read) -> None:
    path = shared_data / "wire" / "argos" / "getCsv.csv"
    expected, read = table(path, ";"), read_path(DIALECT, path)
    assert not read.bad and read.conforms()
    assert sum(isinstance(one, Reading) for one in read.observations) == len(expected)
    located = {row["locationDate"] for row in expected} - {""}
    assert sum(not isinstance(one, Reading) for one in read.observations) == len(located)
