"""How long P(inside a fence) takes, how exact it is, and whether what it and the bridge say comes true.

Fences of 64 and 1,000 vertices, 5 km across or so. The mix of fixes lies in a square of 14 km around them: 90 % GPS of
4 to 15 m (standard deviation), 8 % phones of 30 m, 2 % Argos of 250 to 1,000 m; the heavy tail is on. Near fixes lie
on the border within their error. The peer draws 1,000,000 places from the ellipse and asks GEOS. Processor time of one
thread, the median of the runs.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from geo import bridge
from geo.bridge import crossing_probabilities
from geo.edge_grid import build_edge_grid
from geo.fences import rings_of
from geo.uncertainty import DEFAULT_TAIL, inside_probability
from tests.unit.geo import strips

Floats = NDArray[np.float64]
LONGITUDE, LATITUDE = 30.0, 3.0
EAST_M, NORTH_M = strips.metres(LATITUDE)
RATE_M2_S = 30.0


def degrees(metres: Floats) -> Floats:
    return np.array([LONGITUDE, LATITUDE]) + metres / np.array([EAST_M, NORTH_M])


def park(vertices: int, radius_m: float, seed: int = 1) -> Polygon:
    """A closed line, rough at all scales, around the middle."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0.0, 2.0 * math.pi, vertices, endpoint=False)
    radius = np.ones(vertices)
    for k in range(1, vertices // 3):
        radius += 0.2 / k**1.4 * rng.normal() * np.cos(k * angle + rng.uniform(0.0, 2.0 * math.pi))
    return Polygon(degrees(radius_m * radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)))


def covariances(sd_m: Floats, rng: np.random.Generator) -> Floats:
    """Ellipses up to twice as long as wide, in any direction."""
    ratio, turn = rng.uniform(0.5, 1.0, len(sd_m)) ** 2, rng.uniform(0.0, math.pi, len(sd_m))
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([c * c + ratio * s * s, (1.0 - ratio) * c * s, s * s + ratio * c * c], axis=1) * sd_m[:, None] ** 2


def mixed(n: int, half_m: float, rng: np.random.Generator, argos: float = 0.02) -> tuple[Floats, Floats]:
    """(places, covariances) of the mix."""
    kind = rng.uniform(size=n)
    sd = np.where(kind < 0.9, rng.uniform(4.0, 15.0, n), 30.0)
    sd = np.where(kind > 1.0 - argos, rng.uniform(250.0, 1000.0, n), sd)
    return degrees(rng.uniform(-half_m, half_m, (n, 2))), covariances(sd, rng)


def on_border(shape: Polygon, covariance: Floats, rng: np.random.Generator) -> Floats:
    """Places on the border, moved by their errors."""
    there = shapely.line_interpolate_point(shape.exterior, rng.uniform(size=len(covariance)), normalized=True)
    root = np.linalg.cholesky(covariance[:, [0, 1, 1, 2]].reshape(-1, 2, 2))
    moved = np.einsum("nij,nj->ni", root, rng.normal(size=(len(covariance), 2)))
    return shapely.get_coordinates(there) + moved / np.array([EAST_M, NORTH_M])


def us_each(work: Callable[[], object], n: int, repeat: int) -> float:
    spent: list[float] = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1e6 / n)
    return round(float(np.median(spent)), 3)


def speed(shape: Polygon, n: int, repeat: int) -> dict[str, Any]:
    rings, rng = rings_of(shape), np.random.default_rng(2)
    told: dict[str, Any] = {}
    for name, argos in (("mix", 0.02), ("mix_without_argos", 0.0), ("argos_alone", 1.0)):
        count = n if argos < 1.0 else max(n // 50, 1)
        xy, covariance = mixed(count, 7000.0, rng, argos)
        x, y = xy.T.copy()
        p = inside_probability(rings, x, y, covariance)
        told[name] = {
            "evaluations": count,
            "between_0_and_1_share": round(float(np.mean((p > 1e-9) & (p < 1.0 - 1e-9))), 4),
            "us": us_each(lambda x=x, y=y, c=covariance: inside_probability(rings, x, y, c), count, repeat),
        }
    covariance = covariances(rng.uniform(4.0, 15.0, n // 5), rng)
    x, y = on_border(shape, covariance, rng).T.copy()
    for name, tail in (("near", DEFAULT_TAIL), ("near_without_tail", None)):
        told[name] = {"evaluations": n // 5} | {
            "us": us_each(lambda t=tail: inside_probability(rings, x, y, covariance, heavy_tail=t), n // 5, repeat)
        }
    told["grid_ms"] = round(us_each(lambda: build_edge_grid(rings), 1, 5) / 1e3, 2)
    return told


def exactness(shape: Polygon, n: int) -> dict[str, Any]:
    """Against quadrature in strips, near the border, all kinds of fixes; order 24 against 16 tells its own error."""
    rng = np.random.default_rng(3)
    rings, edges = rings_of(shape), strips.edges_of(shape)
    covariance = covariances(10.0 ** rng.uniform(0.5, 3.0, n), rng)
    x, y = on_border(shape, covariance, rng).T.copy()
    worst = {"without_tail": 0.0, "with_tail": 0.0, "quadrature": 0.0}
    plain, tailed = (inside_probability(rings, x, y, covariance, heavy_tail=tail) for tail in (None, DEFAULT_TAIL))
    for i in range(n):
        narrow = strips.mass(edges, x[i], y[i], covariance[i])
        wide = strips.mass(edges, x[i], y[i], covariance[i] * DEFAULT_TAIL.scale**2)
        want = (1.0 - DEFAULT_TAIL.weight) * narrow + DEFAULT_TAIL.weight * wide
        worst["without_tail"] = max(worst["without_tail"], abs(plain[i] - narrow))
        worst["with_tail"] = max(worst["with_tail"], abs(tailed[i] - want))
        if i < n // 10 + 1:
            again = strips.mass(edges, x[i], y[i], covariance[i], order=24)
            worst["quadrature"] = max(worst["quadrature"], abs(again - narrow))
    return {"evaluations": n} | {f"max_error_{name}": float(f"{value:.2g}") for name, value in worst.items()}


def against_draws(shape: Polygon, n: int, draws: int) -> dict[str, Any]:
    """The peer: GEOS on draws. Its error falls with the root of their number, so equal accuracy is reckoned."""
    rng = np.random.default_rng(4)
    covariance = covariances(rng.uniform(4.0, 15.0, n), rng)
    x, y = on_border(shape, covariance, rng).T.copy()
    rings = rings_of(shape)
    p = inside_probability(rings, x, y, covariance, heavy_tail=None)
    shapely.prepare(shape)
    spent, errors = 0.0, []
    for i in range(n):
        start = time.process_time()
        xx, xy, yy = covariance[i]
        drawn = rng.normal(size=(draws, 2)) @ np.linalg.cholesky([[xx, xy], [xy, yy]]).T
        share = shapely.contains_xy(shape, x[i] + drawn[:, 0] / EAST_M, y[i] + drawn[:, 1] / NORTH_M).mean()
        spent += time.process_time() - start
        errors.append(float(share - p[i]))
    rms = math.sqrt(float(np.mean(np.square(errors))))
    repeated = np.tile(np.arange(n), 1 + 20_000 // n)
    ours = us_each(
        lambda: inside_probability(rings, x[repeated], y[repeated], covariance[repeated], heavy_tail=None),
        len(repeated), 3,
    )  # fmt: skip
    us = spent / n * 1e6
    return {
        "draws": draws,
        "evaluations": n,
        "peer_us": round(us),
        "peer_rms_error": float(f"{rms:.2g}"),
        "our_us": ours,
        "times_faster_at_the_peers_accuracy": round(us / ours),
        "peer_us_at_1e-6_reckoned": float(f"{us * (rms / 1e-6) ** 2:.2g}"),
    }


def by_band(stated: Floats, true: NDArray[np.bool_], edges: list[float]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for low, high in pairwise(edges):
        held = (stated >= low) & (stated < high)
        if n := int(held.sum()):
            share = float(true[held].mean())
            row = {"from": low, "to": high, "n": n, "stated": float(stated[held].mean()), "true": share}
            row["standard_error"] = math.sqrt(max(share * (1.0 - share), 1e-9) / n)
            rows.append({name: round(value, 4) for name, value in row.items()})
    return rows


def calibration_inside(n: int) -> dict[str, Any]:
    """True places all over a square, fixes with errors from the mixture; of those stated 0.775..0.825, how many are in.

    The engine sees the fix and its covariance alone. Fence: 64 vertices, 110 m in radius; errors of 6 to 20 m.
    """
    rng, shape = np.random.default_rng(5), park(64, 110.0)
    rings = rings_of(shape)
    stated, true = np.empty(n), np.empty(n, np.bool_)
    for begin in range(0, n, 1_000_000):
        part = slice(begin, min(begin + 1_000_000, n))
        count = part.stop - part.start
        place = rng.uniform(-600.0, 600.0, (count, 2))
        covariance = covariances(rng.uniform(6.0, 20.0, count), rng)
        wide = np.where(rng.uniform(size=count) < DEFAULT_TAIL.weight, DEFAULT_TAIL.scale, 1.0)
        root = np.linalg.cholesky(covariance[:, [0, 1, 1, 2]].reshape(-1, 2, 2))
        error = np.einsum("nij,nj->ni", root, rng.normal(size=(count, 2))) * wide[:, None]
        x, y = degrees(place + error).T.copy()
        stated[part] = inside_probability(rings, x, y, covariance)
        true[part] = shapely.contains_xy(shape, *degrees(place).T)
    (band,) = by_band(stated, true, [0.775, 0.825])
    return {"fixes": n, "band_80": band, "bands": by_band(stated, true, [0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99])}


def calibration_bridge(n: int, steps: int = 512) -> dict[str, Any]:
    """Brownian animals seen twice with errors; the truth is a path of 512 steps, gaps closed by half-planes.

    Starts lie all over a square, so the prior of the place is flat. Fence: 64 vertices, 600 m in radius; an hour at
    30 m2/s (330 m per axis), errors of 20 to 100 m.
    """
    rng, shape = np.random.default_rng(6), park(64, 600.0)
    dt, q = 3600.0, 3600.0 * RATE_M2_S
    flat = shapely.transform(shape, lambda xy: (xy - [LONGITUDE, LATITUDE]) * [EAST_M, NORTH_M])
    shapely.prepare(flat)
    border = flat.exterior
    start = rng.uniform(-1500.0, 1500.0, (n, 2))
    place, crossed = start.copy(), np.zeros(n, np.bool_)
    was, far = shapely.contains_xy(flat, *place.T), shapely.distance(border, shapely.points(place))
    for _ in range(steps):
        place += rng.normal(size=(n, 2)) * math.sqrt(q / steps)
        now, near = shapely.contains_xy(flat, *place.T), shapely.distance(border, shapely.points(place))
        crossed |= (was != now) | (rng.uniform(size=n) < np.exp(-2.0 * far * near / (q / steps)))
        was, far = now, near
    sides = [covariances(rng.uniform(20.0, 100.0, n), rng) for _ in range(2)]
    seen: list[Floats] = []
    for true_place, covariance in zip((start, place), sides, strict=True):
        root = np.linalg.cholesky(covariance[:, [0, 1, 1, 2]].reshape(-1, 2, 2))
        seen += list(degrees(true_place + np.einsum("nij,nj->ni", root, rng.normal(size=(n, 2)))).T.copy())
    rings = rings_of(shape)
    begin = time.process_time()
    stated = crossing_probabilities(rings, *seen, dt, RATE_M2_S, *sides)
    spent = time.process_time() - begin
    return {
        "pairs": n,
        "us_mean": round(spent / n * 1e6, 1),
        "sampled_share": round(float(np.mean(stated >= 0.01)), 3),
        "mean_stated": round(float(stated.mean()), 4),
        "mean_true": round(float(crossed.mean()), 4),
        "bands": by_band(stated, crossed, [0.0, 0.01, 0.05, 0.2, 0.4, 0.6, 0.75, 0.85, 0.95, 1.0 + 1e-9]),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="accepted for uniformity: JSON is all it prints")
    arguments.add_argument("--quick", action="store_true", help="tiny sizes: does it still run")
    quick = arguments.parse_args().quick
    bridge.warm_up()
    n, repeat, draws = (2_000, 1, 10_000) if quick else (200_000, 5, 1_000_000)
    told: dict[str, Any] = {"goals": {"mean_us": 0.5, "max_error": 1e-6, "band_80": [0.78, 0.82]}}
    for vertices in (64, 1000):
        shape = park(vertices, 5000.0)
        told[f"{vertices}_vertices"] = {
            "speed": speed(shape, n, repeat),
            "exactness": exactness(shape, 20 if quick else 400),
            "peer": against_draws(shape, 2 if quick else 10, draws),
        }
    told["calibration"] = {
        "inside": calibration_inside(200_000 if quick else 12_000_000),
        "bridge": calibration_bridge(200 if quick else 20_000, 64 if quick else 512),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
