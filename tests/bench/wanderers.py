"""Made-up wanderers for benchmarks: animals about their homes, cameras where they pass, others who follow them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from geo.frames import LocalFrame

SIDE_M = 600_000.0
_COLUMNS = ("longitude", "latitude", "time", "x", "y")


class Rows(NamedTuple):
    """Places in degrees and in metres of one plane, and times in seconds."""

    longitude: np.ndarray
    latitude: np.ndarray
    time: np.ndarray
    x: np.ndarray
    y: np.ndarray
    frame: LocalFrame

    @classmethod
    def of(cls, frame: LocalFrame, x: np.ndarray, y: np.ndarray, time: np.ndarray) -> Rows:
        """Rows at places of the plane; the plane is computed from the degrees again, so that both say the same."""
        longitude, latitude = frame.to_degrees(x, y)
        return cls(longitude, latitude, time, *frame.to_metres(longitude, latitude), frame)

    @property
    def nbytes(self) -> int:
        """Bytes of the columns that a join is given."""
        return self.longitude.nbytes + self.latitude.nbytes + self.time.nbytes

    def degrees(self) -> dict[str, np.ndarray]:
        """The table as a scientist has it."""
        return {"longitude": self.longitude, "latitude": self.latitude, "time": self.time}

    def taken(self, rows: np.ndarray) -> Rows:
        """Some of the rows, in the order given."""
        return Rows(*(np.ascontiguousarray(column[rows]) for column in self[:5]), self.frame)

    def by_time(self) -> Rows:
        """In the order of a log."""
        return self.taken(np.argsort(self.time, kind="stable"))

    def save(self, folder: Path, name: str) -> None:
        """A file for each column."""
        for column, values in zip(_COLUMNS, self[:5], strict=True):
            np.save(folder / f"{name}_{column}.npy", values)

    @classmethod
    def load(cls, folder: Path, name: str, frame: LocalFrame) -> Rows:
        """What was saved."""
        return cls(*(np.load(folder / f"{name}_{column}.npy") for column in _COLUMNS), frame)


def _wander(rng: np.random.Generator, home: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlated walks of (steps) hours about homes f8[animals, 2]: x, y f8[animals, steps]."""
    stride = 400.0 * np.exp(rng.normal(0.0, 0.5, len(home)))[:, None]
    place, speed = home.copy(), np.zeros_like(home)
    out = np.empty((2, len(home), steps))
    for step in range(steps):
        speed = 0.6 * speed + rng.normal(size=home.shape) * stride + 2e-3 * (home - place)
        place = place + speed
        out[:, :, step] = place.T
    return out[0], out[1]


def fixes(frame: LocalFrame, animals: int, steps: int, seed: int) -> Rows:
    """Hourly fixes, animal after animal; homes stand in clusters, as reserves do."""
    rng = np.random.default_rng(seed)
    reserves = rng.uniform(-SIDE_M / 2, SIDE_M / 2, (max(1, animals // 10), 2))
    home = reserves[rng.integers(len(reserves), size=animals)] + rng.normal(0.0, 8_000.0, (animals, 2))
    x, y = _wander(rng, home, steps)
    hour = np.arange(steps) * 3600.0 + rng.uniform(-300.0, 300.0, (animals, 1))
    return Rows.of(frame, x.ravel(), y.ravel(), 1.6e9 + hour.ravel())


def detections(tracks: Rows, count: int, seed: int) -> Rows:
    """Detections of cameras that stand where animals pass, in order of time; two in five follow a visit."""
    rng = np.random.default_rng(seed)
    stations = max(10, count // 667)
    at = rng.integers(len(tracks.x), size=stations)
    x, y = tracks.x[at] + rng.normal(0.0, 100.0, stations), tracks.y[at] + rng.normal(0.0, 100.0, stations)
    weight = rng.gamma(0.7, 1.0, stations)
    station = rng.choice(stations, count, p=weight / weight.sum())
    time = rng.uniform(tracks.time.min(), tracks.time.max(), count)
    side = 200.0
    cell = np.floor(tracks.x / side).astype(np.int64) << 32 | np.floor(tracks.y / side).astype(np.int64) & 0xFFFFFFFF
    here = np.floor(x / side).astype(np.int64) << 32 | np.floor(y / side).astype(np.int64) & 0xFFFFFFFF
    visits = np.flatnonzero(np.isin(cell, here))
    visits = visits[np.argsort(cell[visits], kind="stable")]
    low, high = (np.searchsorted(cell[visits], here, way) for way in ("left", "right"))
    follows = (rng.uniform(size=count) < 0.4) & (high > low)[station]
    chosen = low[station] + (rng.uniform(size=count) * (high - low)[station]).astype(np.int64)
    time[follows] = tracks.time[visits[chosen[follows]]] + rng.normal(0.0, 1800.0, int(follows.sum()))
    order = np.argsort(time, kind="stable")
    return Rows.of(tracks.frame, x[station[order]], y[station[order]], time[order])


def followers(tracks: Rows, seed: int) -> Rows:
    """As many fixes of others on the move: a tenth of the time they are on the heels of one of the first."""
    rng = np.random.default_rng(seed)
    count = len(tracks.x)
    with_them = np.repeat(rng.uniform(size=-(-count // 24)) < 0.1, 24)[:count]
    gap = np.where(with_them, 150.0, 8_000.0)
    time = tracks.time + rng.uniform(-1800.0, 1800.0, count)
    return Rows.of(tracks.frame, tracks.x + gap * rng.normal(size=count), tracks.y + gap * rng.normal(size=count), time)


def without_doubt(tracks: Rows, other: Rows, radius_m: float, window_s: float, doubt_m: float = 0.25) -> Rows:
    """The rows of `other` that have no pair so near the radius that a plane may say otherwise than the ellipsoid."""
    from geo.spacetime import join

    pairs = join(tracks.degrees(), other.degrees(), radius_m=radius_m + doubt_m, window_s=window_s)
    kept = np.ones(len(other.x), np.bool_)
    kept[pairs.right_ix[pairs.distance_m > radius_m - doubt_m]] = False
    return other.taken(np.flatnonzero(kept))
