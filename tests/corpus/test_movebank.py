"""Movebank CSV: nothing is dropped, marks and failed fixes are kept, tags are claimed for who wore them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.ingest.dialects.movebank import DIALECT
from hub.ingest.dialects.reading import Source
from hub.records.errors import Malformed
from hub.records.observation import ErrorEllipse

Read = Callable[..., Any]
OWN = Path(__file__).parent / "payloads" / "movebank"
HEADER = b"event-id,timestamp,location-long,location-lat,tag-local-identifier,individual-local-identifier,comments\n"


@pytest.fixture
def rows(read_path: Read) -> dict[str | None, Any]:
    read = read_path(DIALECT, OWN / "hyphens.csv")
    assert not read.bad and read.conforms()
    return {fix.source_id: fix for fix in read.observations}


def test_row__becomes_a_fix_in_utc_with_its_units(rows: dict[str, Any]) -> None:
    fix = rows["1001"]
    assert (fix.device, fix.longitude, fix.latitude) == ("0075", 131.21, 43.11)
    assert fix.observed_at == datetime(2024, 3, 1, 6, tzinfo=UTC)
    assert (fix.speed_mps, fix.heading_deg, fix.altitude_m, fix.flags) == (0.5, 90, 310, ())
    assert fix.attributes["study-name"] == "Land, of the leopard"
    assert "ground-speed" not in fix.attributes and "argos:lc" not in fix.attributes


def test_uncertainty__is_the_owners_then_the_receivers_then_dilution_times_15_m(rows: dict[str, Any]) -> None:
    assert [rows[row].uncertainty_m for row in ("1001", "1002", "1003", "1006")] == [12.5, 8, 30, None]


def test_height_above_the_ellipsoid__stands_in_and_stays_visible_as_such(rows: dict[str, Any]) -> None:
    assert rows["1002"].altitude_m == 341 and rows["1002"].attributes["height-above-ellipsoid"] == "341"


def test_failed_attempt__is_a_fix_without_place(rows: dict[str, Any]) -> None:
    assert rows["1004"].longitude is None and rows["1004"].flags == ("failed_fix",)


def test_place_of_a_fix_that_the_receiver_calls_invalid__is_no_place_but_not_lost(rows: dict[str, Any]) -> None:
    fix = rows["1007"]
    assert fix.longitude is None and fix.flags == ("failed_fix",)
    assert fix.attributes["location-long"] == "131.25"


def test_marked_outlier__is_flagged_unless_the_owner_overrode_the_mark(rows: dict[str, Any]) -> None:
    assert rows["1005"].flags == ("marked_outlier",) and rows["1005"].longitude == 131.9
    assert rows["1006"].flags == ()


def test_argos_rows__have_their_class_and_its_radius_or_the_ellipse(rows: dict[str, Any]) -> None:
    assert rows["2001"].uncertainty_m == 10_280 and rows["2001"].attributes["argos_class"] == "B"
    assert rows["2002"].ellipse == ErrorEllipse(semi_major_m=900, semi_minor_m=300, orientation_deg=45)
    assert rows["2003"].flags == ("argos_z",) and rows["2003"].longitude == 131.3


def test_tag_with_one_wearer__is_claimed_without_interval_and_with_two_by_their_rows(read_path: Read) -> None:
    leo, first, second = read_path(DIALECT, OWN / "hyphens.csv").claims
    assert (leo.device, leo.carrier, leo.scientific_name) == ("0075", "Leo 7", "Panthera pardus")
    assert (leo.device_kind, leo.carrier_kind, leo.valid_from, leo.valid_to) == ("collar", "individual", None, None)
    assert (first.carrier, second.carrier) == ("Bear 1", "Bear 2")
    assert first.valid_from == datetime(2024, 3, 1, 6, tzinfo=UTC)
    assert first.valid_to == datetime(2024, 3, 1, 6, 30, 0, 1, tzinfo=UTC)


def test_tag_that_also_lay_in_a_drawer__is_claimed_for_the_worn_time_only(read_bytes: Read) -> None:
    body = HEADER + b"1,2024-03-01 06:00:00.000,1,2,T,,\n2,2024-03-02 06:00:00.000,1,2,T,Leo,\n"
    (claim,) = read_bytes(DIALECT, body).claims
    assert claim.valid_from == datetime(2024, 3, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize("style", [".", "_", " "])
def test_other_header_styles__say_the_same(style: str, read_bytes: Read) -> None:
    body = HEADER.replace(b"-", style.encode()) + b"1,2024-03-01 06:00:00.000,1,2,T,Leo,\n"
    (fix,) = read_bytes(DIALECT, body).observations
    assert (fix.source_id, fix.device, fix.longitude) == ("1", "T", 1)


def test_row_names_of_r_and_na__are_nothing(read_bytes: Read) -> None:
    body = b'"",' + HEADER + b'"1",44,"2024-03-01 06:00:00.000",NA,NA,1016,"Leo",NA\n'
    (fix,) = read_bytes(DIALECT, body).observations
    assert fix.flags == ("failed_fix",) and set(fix.attributes) == {"individual-local-identifier"}


def test_raw__is_the_line_byte_for_byte_without_its_end(read_bytes: Read) -> None:
    line = b'1,2024-03-01 06:00:00.000,1.50,2,T,"Leo","a ""b"" \xc3\xa9"'
    unix, windows = (
        read_bytes(DIALECT, b"\xef\xbb\xbf" + HEADER.strip() + end + line + end) for end in (b"\n", b"\r\n")
    )
    assert unix.raw == windows.raw == [line]
    assert unix.observations == windows.observations
    assert unix.observations[0].attributes["comments"] == 'a "b" é'


def test_line_break_within_quotes__belongs_to_the_row(read_bytes: Read) -> None:
    rows = b'1,2024-03-01 06:00:00.000,1,2,T,Leo,"two\nlines"\n2,2024-03-01 07:00:00.000,x,2,T,Leo,\n'
    read = read_bytes(DIALECT, HEADER + rows)
    assert read.raw == [rows.partition(b"\n2,")[0]]
    assert read.bad[0].reason.startswith("line 4: 'x' is not a number in location-long")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"1,2024-03-01 06:00:00.000,181,2,T,Leo,", "'181' is not between -180 and 180 in location-long"),
        (b"1,2024-03-01 06:00:00.000,inf,2,T,Leo,", "in location-long"),
        (b"1,2024-03-01 06:00:00.000,1_0,2,T,Leo,", "'1_0' is not a number in location-long"),
        (b"1,2024-03-01 06:00:00.000,1,NaN,T,Leo,", "nothing given in location-lat"),
        (b"1,2024-03-01,1,2,T,Leo,", "is not a date and time (ISO 8601) in timestamp"),
        (b"1,,1,2,T,Leo,", "nothing given in timestamp"),
        (b"1,2024-03-01 06:00:00.000,1,2,,,", "nothing given in tag-local-identifier"),
        (b"1,2024-03-01 06:00:00.000,1,2," + b"T" * 201 + b",Leo,", "longer than 200 characters"),
        (b"1,2024-03-01 06:00:00.000,1,2,T,Leo", "6 cells where the header has 7"),
        (b"1,2024-03-01 06:00:00.000,1,2,T,Leo,\0", "NUL character"),
        (b"1,2024-03-01 06:00:00.000,1,2,T,M\xfcller,", "not UTF-8"),
        (b'1,2024-03-01 06:00:00.000,1,2,T,Leo,"open', "not a row of this table"),
        (b'1,2024-03-01 06:00:00.000,1,2,T,"L"eo,', "not a row of this table"),
    ],
)
def test_wrong_row__is_bad_with_line_and_column_and_spoils_no_other(row: bytes, reason: str, read_bytes: Read) -> None:
    good = b'7,2024-03-01 06:00:00.000,1,2,T,Leo,"fine"\n'
    read = read_bytes(DIALECT, HEADER + good + row + b"\n" + good + good)
    assert [bad.raw for bad in read.bad] == [row]
    assert read.bad[0].reason.startswith("line 3: ") and reason in read.bad[0].reason
    assert len(read.observations) == 3


def test_file_without_newlines__is_bad_piecewise_and_bounded(read_bytes: Read) -> None:
    read = read_bytes(DIALECT, HEADER + b"x" * (5 << 19))
    assert [len(bad.raw) for bad in read.bad] == [1 << 20, 1 << 20, 1 << 19]


def test_unknown_header__says_what_is_missing_and_what_is_there(read_bytes: Read) -> None:
    with pytest.raises(Malformed, match=r"no column location-long, location-lat among timestamp, lon, lat"):
        read_bytes(DIALECT, b"timestamp,lon,lat\n")
    with pytest.raises(Malformed, match="not a header"):
        read_bytes(DIALECT, b"")


def test_rows__are_read_one_at_a_time() -> None:
    assert DIALECT.file is not None
    stream = io.BytesIO(HEADER + b"1,2024-03-01 06:00:00.000,1,2,T,Leo,\n" * 1000)
    next(iter(DIALECT.file(stream, Source(address="a.csv", received_at=datetime(2025, 1, 1, tzinfo=UTC)))))
    assert stream.tell() < 2 * len(HEADER)


def test_reference_data__claims_each_deployment_with_its_interval(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "reference.csv")
    first, second = read.claims
    assert (first.device, first.carrier, first.sex, first.life_stage) == ("0075", "Leo 7", "male", "adult")
    assert first.valid_from == datetime(2024, 2, 28, 9, 30, tzinfo=UTC)
    assert first.valid_to == datetime(2024, 9, 1, tzinfo=UTC)
    assert first.attributes["animal-comments"] == "shy, twice seen"
    assert (second.sex, second.valid_to) == ("female", None)
    assert [bad.reason for bad in read.bad] == [
        "line 4: deploy-off-date is not after deploy-on-date",
        "line 5: nothing given in tag-id",
    ]


def table(path: Path) -> list[dict[str, str]]:
    body = path.read_bytes()
    text = (gzip.decompress(body) if path.suffix == ".gz" else body).decode()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", ["fisher_leroy_movebank.csv.gz", "fisher_ricky_movebank.csv.gz"])
def test_real_fishers__keep_every_row_and_every_failed_fix(name: str, shared_data: Path, read_path: Read) -> None:
    path = shared_data / "telemetry" / name
    expected, read = table(path), read_path(DIALECT, path)
    column = "location-long" if "location-long" in expected[0] else "location.long"
    assert not read.bad and read.conforms()
    assert len(read.observations) == len(expected)
    assert read.flags == {"failed_fix": sum(row[column] in ("", "NA") for row in expected)}
    assert [claim.scientific_name for claim in read.claims] == ["Martes pennanti"]


def test_real_oystercatchers__keep_the_marked_outliers_and_their_places(shared_data: Path, read_path: Read) -> None:
    path = shared_data / "telemetry" / "oystercatcher_gps_2019_movebank.csv.gz"
    expected, read = table(path), read_path(DIALECT, path)
    assert not read.bad and read.conforms()
    assert [fix.source_id for fix in read.observations] == [row["event-id"] for row in expected]
    marked = [row["event-id"] for row in expected if row["import-marked-outlier"] == "true"]
    assert [fix.source_id for fix in read.observations if "marked_outlier" in fix.flags] == marked != []
    assert [fix.uncertainty_m for fix in read.observations] == [
        float(row["location-error-numerical"] or 0) or float(row["gps:dop"]) * 15 for row in expected
    ]


def test_real_reference_data__covers_the_fixes_of_its_tags(shared_data: Path, read_path: Read) -> None:
    folder = shared_data / "telemetry"
    claims = read_path(DIALECT, folder / "oystercatcher_reference_data.csv").claims
    assert len(claims) == len(table(folder / "oystercatcher_reference_data.csv"))
    fixes = read_path(DIALECT, folder / "oystercatcher_gps_2019_movebank.csv.gz").observations
    for device in {fix.device for fix in fixes}:
        (claim,) = (claim for claim in claims if claim.device == device)
        times = [fix.observed_at for fix in fixes if fix.device == device]
        assert claim.valid_from <= min(times) and (claim.valid_to is None or max(times) < claim.valid_to)
