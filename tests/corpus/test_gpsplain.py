"""Plain tables of fixes: tags named by their wearers, projected metres refused."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.ingest.dialects.gpsplain import DIALECT
from hub.records.errors import Malformed

Read = Callable[..., Any]
OWN = Path(__file__).parent / "payloads" / "gpsplain"


def test_rows__are_fixes_of_the_tag_of_their_individual(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "two.csv")
    first, second, failed = read.observations
    assert (first.device, first.longitude, first.latitude) == ("tag of Leo 7", 131.21, 43.11)
    assert (first.uncertainty_m, first.altitude_m, first.battery_percent) == (12, 310, 80)
    assert first.attributes == {"activity": "resting"}
    assert second.device == "tag of Leo 8" and second.observed_at == datetime(2024, 3, 1, 6, tzinfo=UTC)
    assert failed.flags == ("failed_fix",) and read.conforms()
    assert [(claim.device, claim.carrier, claim.valid_from) for claim in read.claims] == [
        ("tag of Leo 7", "Leo 7", None),
        ("tag of Leo 8", "Leo 8", None),
    ]


def test_number_that_cannot_be__stays_an_attribute_and_spoils_no_fix(read_path: Read) -> None:
    second = read_path(DIALECT, OWN / "two.csv").observations[1]
    assert second.uncertainty_m is None and second.attributes["uncertainty_m"] == "-1"


def test_half_a_place_or_nobody__is_bad_with_the_column(read_path: Read) -> None:
    assert [bad.reason for bad in read_path(DIALECT, OWN / "two.csv").bad] == [
        "line 5: nothing given in latitude",
        "line 6: nothing given in individual",
    ]


def test_semicolons_and_tabs__are_delimiters_too(read_bytes: Read) -> None:
    body = b"animal,time,lon,lat\nLeo,2024-03-01 06:00:00,131.2,43.1\n"
    plain = read_bytes(DIALECT, body).observations
    assert len(plain) == 1
    assert read_bytes(DIALECT, body.replace(b",", b";")).observations == plain
    assert read_bytes(DIALECT, body.replace(b",", b"\t")).observations == plain


def test_projected_metres__are_refused_with_what_to_do(read_bytes: Read) -> None:
    with pytest.raises(Malformed, match="add the columns longitude and latitude in degrees"):
        read_bytes(DIALECT, b"x,y,date\n518920,6812988,2004-04-19T16:30:00Z\n")


def test_real_bear__is_refused_because_its_metres_have_no_coordinate_system(shared_data: Path, read_path: Read) -> None:
    with pytest.raises(Malformed, match="does not name their coordinate system"):
        read_path(DIALECT, shared_data / "telemetry" / "brown_bear_gps_30min.csv")


@pytest.mark.parametrize("name", ["jaguar_gps_ctmm.csv", "kruger_buffalo_gps_ctmm.csv.gz"])
def test_real_jaguars_and_buffalo__keep_every_row(name: str, shared_data: Path, read_path: Read) -> None:
    path = shared_data / "telemetry" / name
    body = path.read_bytes()
    text = (gzip.decompress(body) if path.suffix == ".gz" else body).decode()
    expected, read = list(csv.DictReader(io.StringIO(text))), read_path(DIALECT, path)
    assert not read.bad and not read.flags and read.conforms()
    assert [(fix.longitude, fix.latitude) for fix in read.observations] == [
        (float(row["longitude"]), float(row["latitude"])) for row in expected
    ]
    assert {claim.carrier for claim in read.claims} == {row["individual"] for row in expected}
    assert b"\n".join(read.raw) == text.partition("\n")[2].strip().encode()
