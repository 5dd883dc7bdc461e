"""Default parameters judged on real collars: fixes kept from the filter must lie where it says they may."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from fusion.ellipse import covariance_from_ellipse
from fusion.evidence import Evidence, keys_from
from fusion.motion import PARAMETERS
from fusion.tracks import positions_at, smooth

GPS_ERROR_M2 = np.array([15.0**2, 0.0, 15.0**2])


def animals(file: Path, x: str, y: str, time: str, individual: str | None) -> list[np.ndarray]:
    """One f8[n, 3] of (seconds, metres, metres) an animal; degrees go through a plane good to a few tens of km."""
    found: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with file.open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row[x]:
                seconds = datetime.fromisoformat(row[time]).timestamp()
                found[row[individual] if individual else ""].append((seconds, float(row[x]), float(row[y])))
    walks = [np.array(rows) for rows in found.values()]
    for walk in walks:
        walk[:, 1:] -= walk[:, 1:].mean(axis=0)
        if x == "longitude":
            walk[:, 1:] *= 111_320.0 * math.cos(math.radians(20.0)), 110_574.0
    return walks


def held(walk: np.ndarray, kind: str, every: int) -> np.ndarray:
    """For each fix withheld (all but each `every`-th): does it lie in its 95 % ellipse."""
    keys = keys_from([k.to_bytes(16, "big") for k in range(len(walk))])
    shown = np.arange(len(walk)) % every == 0
    covariance = np.tile(GPS_ERROR_M2, (int(shown.sum()), 1))
    _, checkpoint = smooth(Evidence.canonical(*walk[shown].T, covariance, keys[shown]), PARAMETERS[kind])
    found = positions_at(checkpoint, walk[~shown, 0])
    xx, xy, yy = (found.covariance + GPS_ERROR_M2).T
    dx, dy = found.x_m - walk[~shown, 1], found.y_m - walk[~shown, 2]
    return (dx**2 * yy - 2 * dx * dy * xy + dy**2 * xx) / (xx * yy - xy**2) < -2 * math.log(0.05)


@pytest.mark.parametrize("every", [2, 6])
def test_jaguars__withheld_fixes_lie_in_their_ellipses(shared_data: Path, every: int) -> None:
    file = shared_data / "telemetry" / "jaguar_gps_ctmm.csv"
    jaguars = animals(file, "longitude", "latitude", "timestamp", "individual")
    inside = np.concatenate([held(walk, "leopard", every) for walk in jaguars])
    assert len(inside) > 1500
    assert 0.93 < inside.mean() < 0.97


@pytest.mark.parametrize("every", [2, 6])
def test_brown_bear__withheld_fixes_lie_in_their_ellipses(shared_data: Path, every: int) -> None:
    file = shared_data / "telemetry" / "brown_bear_gps_30min.csv"
    (bear,) = animals(file, "x", "y", "date", None)
    inside = held(bear, "bear", every)
    assert len(inside) >= 500
    assert 0.93 < inside.mean() < 0.99


def test_elephant_seals__argos_ellipses_are_taken_in_whole(shared_data: Path) -> None:
    with (shared_data / "telemetry" / "elephant_seal_argos_kf.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    columns = {name: np.array([float(row[name]) for row in rows]) for name in ("lon", "lat", "smaj", "smin", "eor")}
    seconds = [datetime.fromisoformat(row["date"]).timestamp() for row in rows]
    east = (columns["lon"] - columns["lon"][0]) * 111_320.0 * math.cos(math.radians(-66.0))
    north = (columns["lat"] - columns["lat"][0]) * 110_574.0
    covariance = covariance_from_ellipse(columns["smaj"], columns["smin"], columns["eor"])
    keys = keys_from([k.to_bytes(16, "big") for k in range(len(rows))])
    evidence = Evidence.canonical(seconds, east, north, covariance, keys)
    track, _ = smooth(evidence, PARAMETERS["bear"])
    given = covariance[:, 0] + covariance[:, 2]
    assert len(track) == len(rows)
    assert ((track.covariance[:, 0] + track.covariance[:, 2]) < np.sort(given)[-1]).all()
    assert np.median((track.covariance[:, 0] + track.covariance[:, 2]) / given[np.argsort(seconds)]) < 0.9
