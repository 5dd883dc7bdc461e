"""NASA FIRMS: a fire pixel is a detection with the size of its pixel."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.ingest.dialects.firms import DIALECT
from hub.records.errors import Malformed

Read = Callable[..., Any]
OWN = Path(__file__).parent / "payloads" / "firms"


def test_viirs_pixel__is_a_fire_with_half_its_longer_side_as_uncertainty(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "viirs.csv")
    fire = read.observations[0]
    assert (fire.label, fire.device, fire.longitude, fire.latitude) == ("fire", "firms/NOAA-20/VIIRS", 131.2, 43.1)
    assert fire.observed_at == datetime(2024, 4, 1, 0, 39, tzinfo=UTC)
    assert fire.uncertainty_m == 400 and fire.source_id is None
    assert (fire.attributes["frp"], fire.attributes["daynight"]) == ("3.34", "D")
    assert read.conforms()


def test_satellite__is_one_device_however_it_is_written(read_path: Read) -> None:
    devices = [fire.device for fire in read_path(DIALECT, OWN / "viirs.csv").observations]
    assert devices == ["firms/NOAA-20/VIIRS", "firms/NOAA-20/VIIRS", "firms/Suomi-NPP/VIIRS"]


def test_confidence__is_a_probability(read_path: Read) -> None:
    assert [fire.probability for fire in read_path(DIALECT, OWN / "viirs.csv").observations] == [0.55, 0.9, 0.15]
    assert [fire.probability for fire in read_path(DIALECT, OWN / "modis.csv").observations] == [0.83]


def test_pixel_without_size_and_time_without_zeros__are_understood(read_path: Read) -> None:
    fire = read_path(DIALECT, OWN / "viirs.csv").observations[2]
    assert fire.uncertainty_m is None and fire.observed_at.minute == 39


def test_modis_file_without_instrument__is_modis(read_path: Read) -> None:
    read = read_path(DIALECT, OWN / "modis.csv")
    (fire,) = read.observations
    assert (fire.device, fire.uncertainty_m) == ("firms/Terra/MODIS", 600)
    assert fire.observed_at == datetime(2024, 4, 1, 1, 5, tzinfo=UTC)
    assert "'101' is neither l, n, h nor 0-100" in read.bad[0].reason


def test_wrong_rows__are_bad_with_line_and_column(read_path: Read) -> None:
    assert [bad.reason[:7] for bad in read_path(DIALECT, OWN / "viirs.csv").bad] == ["line 5:", "line 6:", "line 7:"]


def test_table_of_something_else__is_refused(read_bytes: Read) -> None:
    with pytest.raises(Malformed, match="no column acq-date, acq-time, satellite, confidence"):
        read_bytes(DIALECT, b"latitude,longitude\n1,2\n")


def test_real_hawaii__keeps_every_pixel(shared_data: Path, read_path: Read) -> None:
    path = shared_data / "fires" / "firms_viirs_hawaii_2024.csv"
    with path.open(newline="") as lines:
        expected = list(csv.DictReader(lines))
    read = read_path(DIALECT, path)
    assert not read.bad and read.conforms()
    assert [fire.attributes["frp"] for fire in read.observations] == [row["frp"] for row in expected]
    assert {fire.device for fire in read.observations} <= {
        f"firms/{name}/VIIRS" for name in ("NOAA-20", "NOAA-21", "Suomi-NPP")
    }
