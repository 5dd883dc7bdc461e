"""Real collars of the shared folder, as animals with evidence in metres: what `fusion_collars` judges parameters on."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from fusion.ellipse import Floats
from fusion.sensors import argos, gps
from geo.frames import LocalFrame

TELEMETRY = Path(__file__).resolve().parents[3] / "shared" / "data" / "telemetry"


@dataclass(frozen=True, slots=True, eq=False)
class Collar:
    """One animal's fixes in order of time, each time once: f8[n] each, covariance f8[n, 3]."""

    species: str
    name: str
    time_s: Floats
    x_m: Floats
    y_m: Floats
    covariance: Floats


Row = dict[str, str]


def collars(folder: Path = TELEMETRY) -> list[Collar]:
    """All animals of all files; raises FileNotFoundError where the folder is not there."""
    found: list[Collar] = []
    for reader in (
        _jaguars,
        _buffalo,
        _bear,
        _oystercatchers,
        _fishers,
        _bearded_seals,
        _harbour_seal,
        _elephant_seals,
    ):
        found += reader(folder)
    return [*found, *_fur_seal(folder)]


def _rows(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as lines:
        yield from csv.DictReader(lines)


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _collars(species: str, rows: dict[str, list[tuple[float, ...]]], metres: bool = False) -> list[Collar]:
    """rows: (time, longitude or x, latitude or y, xx, xy, yy) by animal."""
    found: list[Collar] = []
    for name, tuples in sorted(rows.items()):
        table = np.array(sorted(tuples))
        table = table[np.append(True, np.diff(table[:, 0]) > 0)]
        x, y = table[:, 1], table[:, 2]
        if not metres:
            x, y = LocalFrame.around(float(np.median(x)), float(np.median(y))).to_metres(x, y)
        if len(table) >= 60:
            found.append(Collar(species, name, table[:, 0], x, y, table[:, 3:]))
    return found


def _simple(
    species: str, path: Path, columns: tuple[str, str, str, str | None], covariance: Callable[[Row], Floats | None]
) -> list[Collar]:
    time, x, y, individual = columns
    rows: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for row in _rows(path):
        error = covariance(row) if row[x] not in ("", "NA") else None
        if error is not None:
            name = row[individual] if individual else path.stem.split(".")[0]
            rows[name].append((_seconds(row[time]), float(row[x]), float(row[y]), *error.tolist()))
    return _collars(species, rows, metres=x == "x")


def _plain(row: Row) -> Floats:
    return gps.covariance_from_dop(1.0)[0]


def _jaguars(folder: Path) -> list[Collar]:
    columns = ("timestamp", "longitude", "latitude", "individual")
    return _simple("jaguar", folder / "jaguar_gps_ctmm.csv", columns, _plain)


def _buffalo(folder: Path) -> list[Collar]:
    columns = ("timestamp", "longitude", "latitude", "individual")
    return _simple("buffalo", folder / "kruger_buffalo_gps_ctmm.csv.gz", columns, _plain)


def _bear(folder: Path) -> list[Collar]:
    return _simple("brown bear", folder / "brown_bear_gps_30min.csv", ("date", "x", "y", None), _plain)


def _oystercatchers(folder: Path) -> list[Collar]:
    columns = ("timestamp", "location-long", "location-lat", "individual-local-identifier")

    def stated(row: Row) -> Floats | None:
        if row["import-marked-outlier"] == "true" or row["manually-marked-outlier"] == "true":
            return None
        return gps.covariance_from_accuracy(float(row["location-error-numerical"] or 30.0))[0]

    return _simple("oystercatcher", folder / "oystercatcher_gps_2019_movebank.csv.gz", columns, stated)


def _fishers(folder: Path) -> list[Collar]:
    def stated(row: Row) -> Floats | None:
        if row.get("manually-marked-outlier", row.get("manually.marked.outlier")) == "true":
            return None
        accuracy = row.get("eobs:horizontal-accuracy-estimate", row.get("eobs.horizontal.accuracy.estimate", ""))
        return gps.covariance_from_accuracy(float(accuracy) if accuracy not in ("", "NA", None) else 30.0)[0]

    leroy = ("timestamp", "location-long", "location-lat", None)
    ricky = ("timestamp", "location.long", "location.lat", None)
    return [
        *_simple("fisher", folder / "fisher_leroy_movebank.csv.gz", leroy, stated),
        *_simple("fisher", folder / "fisher_ricky_movebank.csv.gz", ricky, stated),
    ]


def _by_class(column: str) -> Callable[[Row], Floats | None]:
    def covariance(row: Row) -> Floats | None:
        return argos.covariance_from_class([row[column]])[0] if row[column] in argos.CLASSES else None

    return covariance


def _bearded_seals(folder: Path) -> list[Collar]:
    def stated(row: Row) -> Floats | None:
        axes = [row[f"error_{name}"] for name in ("semimajor_axis", "semiminor_axis", "ellipse_orientation")]
        if row["quality"] == "Z":
            return None
        if "" in axes or "NA" in axes:
            return argos.covariance_from_class([row["quality"]])[0] if row["quality"] in argos.CLASSES else None
        return argos.covariance_from_ellipse(*(float(axis) for axis in axes))[0]

    columns = ("date_time", "longitude", "latitude", "deployid")
    return _simple("bearded seal", folder / "bearded_seal_argos_ellipses.csv.gz", columns, stated)


def _elephant_seals(folder: Path) -> list[Collar]:
    columns = ("date", "lon", "lat", "id")
    kalman = _simple(
        "elephant seal",
        folder / "elephant_seal_argos_kf.csv",
        columns,
        lambda row: argos.covariance_from_ellipse(*(float(row[name]) for name in ("smaj", "smin", "eor")))[0],
    )
    return [*kalman, *_simple("elephant seal", folder / "elephant_seal_argos_ls.csv", columns, _by_class("lc"))]


def _fur_seal(folder: Path) -> list[Collar]:
    columns = ("GMT", "long", "lat", None)
    return _simple("northern fur seal", folder / "northern_fur_seal_argos.csv", columns, _by_class("loc_class"))


def _harbour_seal(folder: Path) -> list[Collar]:
    # Hours from an unstated start.
    start = datetime(2000, 1, 1, tzinfo=UTC)
    rows: list[tuple[float, ...]] = []
    for row in _rows(folder / "harbor_seal_argos.csv"):
        if row["latitude"] and row["Argos_loc_class"] in argos.CLASSES:
            moment = (start + timedelta(hours=float(row["Time"]))).timestamp()
            error = argos.covariance_from_class([row["Argos_loc_class"]])[0]
            rows.append((moment, float(row["longitude"]), float(row["latitude"]), *error.tolist()))
    return _collars("harbour seal", {"harbour seal": rows})
