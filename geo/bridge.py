"""How probable it is that an animal met a fence's border between two fixes, unseen; and how freely it moves."""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.bridge_kernels import DRAWN, bridges
from geo.edge_grid import edge_grid
from geo.fence_index import checked_positions
from geo.fence_table import Rings
from geo.uncertainty import checked_covariance, inside_probability

Floats = NDArray[np.float64]

PATHS: Final = 128


def crossing_probability(
    rings: Rings,
    fix0: tuple[float, float],
    fix1: tuple[float, float],
    dt_s: float,
    variance_rate_m2_s: float,
    covariance0: ArrayLike,
    covariance1: ArrayLike,
) -> float:
    """`crossing_probabilities` of one pair of fixes, (longitude, latitude) each, with covariances (xx, xy, yy)."""
    x0, y0, x1, y1, dt = ([value] for value in (*fix0, *fix1, dt_s))
    c0, c1 = (np.atleast_2d(np.asarray(covariance, np.float64)) for covariance in (covariance0, covariance1))
    one = crossing_probabilities(rings, x0, y0, x1, y1, dt, variance_rate_m2_s, c0, c1)
    return float(one[0])


def crossing_probabilities(
    rings: Rings,
    longitude0: ArrayLike,
    latitude0: ArrayLike,
    longitude1: ArrayLike,
    latitude1: ArrayLike,
    dt_s: ArrayLike,
    variance_rate_m2_s: ArrayLike,
    covariance0: ArrayLike,
    covariance1: ArrayLike,
) -> Floats:
    """P(the true path met the border at least once between two fixes) f8[n]; covariances f8[n, 3] in m2.

    The path is a Brownian bridge (Horne et al. 2007, Ecology 88, 2354-2363) of variance rate s2 in m2/s per axis
    between true places that are uncertain. Their errors are bound together by the step between them, which Horne's
    formula leaves out: Pozdnyakov et al. 2014, Ecology 95, 1809-1816, show that with errors the fixes are no Markov
    chain. Two fixes alone are taken, so this too is an approximation of what the whole track would say; no heavy tail.

    A straight border is exact: with d0, d1 the distances of the true ends on one side, P = exp(-2 d0 d1 / (s2 dt)),
    integrated over both ends. Otherwise that is the first guess, the sum of the nearest borders of four directions; up
    to 1 % it stands, and is generous to small fences. Above, PATHS paths are followed, the same for every call, each
    halved near the border until its steps see it as straight, and the half-planes' chances along a path multiplied. No
    state, so the same answer for the same input; standard error about 0.03 at P = 1/2, less towards 0 and 1.

    The plane is that of the middle of the fixes: at distance d a border is misplaced by d^2 tan|lat| / 2R, R = 6,357 km
    (8 m tan|lat| at 10 km). Raises ValueError for what is no place, no covariance, or no time or rate above 0.
    """
    x0, y0 = checked_positions(longitude0, latitude0)
    x1, y1 = checked_positions(longitude1, latitude1)
    if x0.shape != x1.shape:
        raise ValueError(f"first and second fixes must be of one length, not {len(x0)} and {len(x1)}")
    dt, rate = (np.array(np.broadcast_to(np.asarray(v, np.float64), x0.shape)) for v in (dt_s, variance_rate_m2_s))
    if not (np.all((dt > 0.0) & (rate > 0.0)) and np.isfinite(dt * rate).all()):
        raise ValueError("dt_s and variance_rate_m2_s must be finite and above 0")
    c0, c1 = checked_covariance(covariance0, len(x0)), checked_covariance(covariance1, len(x0))
    return bridges(edge_grid(rings), np.stack([x0, y0, x1, y1], axis=1), dt, rate, c0, c1, _drawn())


@lru_cache(maxsize=1)
def _drawn() -> Floats:
    """Normals f8[PATHS, DRAWN]: every column takes the same PATHS quantiles, in an order of its own.

    The orders of the middle of the path are a Hammersley set, those of the others follow from a hash: a Latin hypercube
    (McKay et al. 1979, Technometrics 21, 239-245). Whole numbers only, so it is the same on every machine.
    """
    quantile = np.array([NormalDist().inv_cdf((i + 0.5) / PATHS) for i in range(PATHS)])
    i = np.arange(PATHS, dtype=np.uint64)
    columns: list[Floats] = []
    for k in range(DRAWN):
        z = i * np.uint64(0x9E3779B97F4A7C15) + np.uint64((k + 1) * 0xBF58476D1CE4E5B9 % 2**64)
        z = (z ^ (z >> np.uint64(31))) * np.uint64(0x94D049BB133111EB)
        columns.append(quantile[np.argsort(z ^ (z >> np.uint64(29)), kind="stable")])
    bits = PATHS.bit_length() - 1
    columns[4] = quantile
    columns[5] = quantile[[int(f"{n:0{bits}b}"[::-1], 2) for n in range(PATHS)]]
    return np.stack(columns, axis=1)


def warm_up() -> None:
    """Compile every kernel of this file and of `uncertainty`, before the first fix arrives."""
    corner = np.array([0.0, 0.01, 0.01, 0.0])
    rings = Rings(corner, np.array([0.0, 0.0, 0.01, 0.0]), np.array([0, 4]))
    covariance = np.array([[900.0, 0.0, 900.0]])
    inside_probability(rings, corner[:1], corner[:1], covariance)
    crossing_probability(rings, (-0.001, 0.0), (0.0, -0.001), 60.0, 30.0, covariance[0], covariance[0])
