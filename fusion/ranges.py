"""Home range: what an animal uses in the long run, estimated from a record of it, with how sure that is.

Autocorrelated kernel density estimation, AKDE: Fleming et al. 2015, Ecology 96, 1182-1188. Fixes an hour apart are not
independent, and a kernel that takes them to be is too narrow: the bandwidth is that which a Gaussian range with this
animal's autocorrelation would need, and the area is corrected for the bias that the bandwidth brings (AKDEc: Fleming
and Calabrese 2017, Methods in Ecology and Evolution 8, 571-579). What it did in these weeks is `occurrence`, which is
another thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from shapely import MultiPolygon, affinity

from fusion.contours import Grid, area_of, level_of, region
from fusion.ellipse import Floats
from fusion.motion import MotionParameters

LEAST_EFFECTIVE: Final = 5.0
"""Crossings of the range: with fewer, an area would be a guess with digits."""
REGIONS: Final = (0.5, 0.95)
MOST_CELLS: Final = 400
"""Along one side of the grid."""
MARGIN: Final = 4.0
LAGS: Final = 2_048


class TooShort(ValueError):
    """The record is too short for a home range; `effective_size` says what it is worth."""

    def __init__(self, effective_size: float) -> None:
        super().__init__(
            f"the record is worth {effective_size:.1f} independent positions, and a home range needs "
            f"{LEAST_EFFECTIVE:.0f}: it must last that many times as long as the animal takes to cross its range"
        )
        self.effective_size = effective_size


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The smallest region of a probability; area in km2 with its 95 % interval, None where nothing is estimated."""

    probability: float
    polygon: MultiPolygon
    area_km2: float
    interval_km2: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class HomeRange:
    """effective_size: how many independent positions the record is worth.

    bandwidth: of the kernel, in standard deviations of the range.
    """

    effective_size: float
    bandwidth: float
    regions: tuple[Region, ...]


def home_range(time_s: Floats, x_m: Floats, y_m: Floats, parameters: MotionParameters) -> HomeRange:
    """AKDE of one animal's positions, f8[n] each in order of time, with regions of 50 and 95 % in the same metres.

    Positions count by the time that they stand for, at most tau_position. An area goes with the root of the determinant
    of a covariance, which from n + 1 independent positions is chi-square with 2 (n - 1) degrees of freedom over 2 n
    (that of a Wishart matrix): hence its correction and its interval, which is of the estimate, not of where the border
    is. Raises TooShort below `LEAST_EFFECTIVE`, ValueError where all positions are one.
    """
    weight = time_weights(time_s, parameters.tau_position_s)
    lag_s, mass = _lag_masses(time_s, weight)
    correlation = _correlation(lag_s, parameters)
    of_mean, of_variance = float(mass @ correlation), float(mass @ correlation**2)
    effective = 1.0 / of_variance
    if effective < LEAST_EFFECTIVE:
        raise TooShort(effective)
    bandwidth = best_bandwidth(1.0 - correlation, mass)
    centre = np.array([weight @ x_m, weight @ y_m])
    dx, dy = x_m - centre[0], y_m - centre[1]
    spread = np.array([[weight @ (dx * dx), weight @ (dx * dy)], [weight @ (dx * dy), weight @ (dy * dy)]])
    spread /= 1.0 - of_mean
    if not np.linalg.det(spread) > 0.0:
        raise ValueError("all positions are one: there is no range")
    root = np.linalg.cholesky(spread)
    white = np.asarray(np.linalg.solve(root, np.stack([dx, dy])), dtype=np.float64)
    grid = _kernel_density(white, weight, bandwidth)
    bias = 1.0 - of_mean + bandwidth**2
    degrees = 2.0 * (effective - 2.0)
    bias *= degrees / (degrees + 2.0)
    per_km2 = float(np.linalg.det(root)) / bias / 1e6
    low, high = _interval(degrees)
    regions: list[Region] = []
    for probability in REGIONS:
        raw = area_of(grid, probability)
        shape = region(grid, level_of(grid, raw / bias))
        moved = affinity.affine_transform(shape, [*root[0], *root[1], *centre])
        area = raw * per_km2
        regions.append(Region(probability, moved, area, (area * low, area * high)))
    return HomeRange(effective, bandwidth, tuple(regions))


def time_weights(time_s: Floats, longest_s: float) -> Floats:
    """Share f8[n] of each position: half the gap on either side, none longer than longest_s. Sums to 1."""
    gaps = np.minimum(np.diff(time_s), longest_s)
    share = np.concatenate([gaps, [0.0]]) + np.concatenate([[0.0], gaps])
    total = float(share.sum())
    return share / total if total > 0.0 else np.full(len(time_s), 1.0 / max(len(time_s), 1))


def best_bandwidth(semivariance: Floats, mass: Floats) -> float:
    """h that minimises the expected integrated squared error of a kernel of covariance h^2 times that of the range.

    MISE(h) of a Gaussian range = sum over pairs of mass / (2 h^2 + 2 semivariance) - 2 / (2 + h^2) + 1/2, in units of
    1 / (2 pi sqrt det covariance); semivariance f8[k] in 0..1 and mass f8[k] of the pairs at each lag.
    """

    def error(log_h: float) -> float:
        h2 = math.exp(2.0 * log_h)
        return float((mass / (2.0 * h2 + 2.0 * semivariance)).sum()) - 2.0 / (2.0 + h2)

    coarse = np.linspace(math.log(1e-3), math.log(2.0), 60)
    best = int(np.argmin([error(one) for one in coarse]))
    low, high = float(coarse[max(best - 1, 0)]), float(coarse[min(best + 1, 59)])
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(40):
        one, other = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, other) if error(one) < error(other) else (one, high)
    return math.exp(0.5 * (low + high))


def _correlation(lag_s: Floats, parameters: MotionParameters) -> Floats:
    a, b = 1.0 / parameters.tau_position_s, 1.0 / parameters.tau_velocity_s
    return (b * np.exp(-a * lag_s) - a * np.exp(-b * lag_s)) / (b - a)


def _lag_masses(time_s: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Lags f8[k] in seconds and the share of all pairs at each: the pairs of one position with itself first, lag 0."""
    span = float(time_s[-1] - time_s[0])
    step = max(span / LAGS, 1e-9)
    mass = np.zeros(LAGS + 2)
    moment = np.zeros(LAGS + 2)
    _add_pairs(np.ascontiguousarray(time_s), weight, step, mass, moment)
    kept = mass > 0.0
    return moment[kept] / mass[kept], mass[kept]


@njit(nogil=True, cache=True)
def _add_pairs(time_s: Floats, weight: Floats, step: float, mass: Floats, moment: Floats) -> None:
    for i in range(time_s.size):
        mass[0] += weight[i] * weight[i]
        for j in range(i):
            lag = time_s[i] - time_s[j]
            k = 1 + int(lag / step)
            w = 2.0 * weight[i] * weight[j]
            mass[k] += w
            moment[k] += w * lag


def _kernel_density(places: Floats, weight: Floats, bandwidth: float) -> Grid:
    """Sum of round Gaussians of sd `bandwidth` at places f8[2, n]: points spread on a grid, which is then blurred."""
    reach = MARGIN * bandwidth
    low, high = places.min(axis=1) - reach, places.max(axis=1) + reach
    step = max(float((high - low).max()) / MOST_CELLS, bandwidth / 8.0)
    columns, rows = (int(n) for n in np.ceil((high - low) / step) + 1)
    share = np.zeros((rows, columns))
    at = (places - low[:, None]) / step
    j, i = np.minimum(at.astype(np.int64), np.array([[columns - 2], [rows - 2]]))
    u, v = at[0] - j, at[1] - i
    for di, dj, part in ((0, 0, (1 - u) * (1 - v)), (0, 1, u * (1 - v)), (1, 0, (1 - u) * v), (1, 1, u * v)):
        np.add.at(share, (i + di, j + dj), weight * part)
    # Sharing a point between four cells blurs it too, by a sixth of a cell's square at most on average.
    sd = math.sqrt(max(bandwidth**2 - step**2 / 6.0, (0.3 * step) ** 2)) / step
    share = _blur(rows, sd) @ share @ _blur(columns, sd)
    return Grid(float(low[0]), float(low[1]), step, share / share.sum())


def _blur(cells: int, sd: float) -> Floats:
    index = np.arange(cells)
    return np.exp(-0.5 * ((index[:, None] - index[None, :]) / sd) ** 2)


def _interval(degrees: float) -> tuple[float, float]:
    """95 % bounds of truth over estimate, for chi-square over its degrees by Wilson and Hilferty's cube root."""
    spread = math.sqrt(2.0 / (9.0 * degrees))
    middle = 1.0 - 2.0 / (9.0 * degrees)
    upper, lower = (middle + 1.96 * spread) ** 3, (middle - 1.96 * spread) ** 3
    return 1.0 / upper, 1.0 / lower
