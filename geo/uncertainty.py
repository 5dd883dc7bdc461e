"""How probable it is that a fix with an error ellipse lies inside a fence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.edge_grid import edge_grid
from geo.fence_index import checked_positions
from geo.fence_table import Rings
from geo.uncertainty_kernels import masses

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DEVICE_FLOOR_M: Final = 3.0
"""No receiver in the field is better than this, whatever it says: multipath under trees, a datum, a map's own error."""
_LEAST_SD_M = 1e-6


@dataclass(frozen=True, slots=True)
class HeavyTail:
    """Share of fixes that are worse than they say, and how many times; so that one spike cannot decide."""

    weight: float = 0.05
    scale: float = 5.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.weight <= 1.0 and 1.0 <= self.scale <= 1000.0):
            raise ValueError(f"a tail of weight {self.weight} and scale {self.scale} is not within 0..1 and 1..1000")


DEFAULT_TAIL: Final = HeavyTail()


def floored(covariance: ArrayLike, sd_m: float = DEVICE_FLOOR_M) -> Floats:
    """Covariances f8[n, 3] (xx, xy, yy) in m2 whose standard deviation is at least `sd_m` in every direction."""
    xx, xy, yy = checked_covariance(covariance).T
    mean, half = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
    least = sd_m * sd_m
    large, small = np.maximum(mean + half, least), np.maximum(mean - half, least)
    # The directions stay; (c, s) are cosine and sine of twice the angle of the major axis.
    round_ = np.where(half > 0.0, half, 1.0)
    c, s = (xx - yy) / 2.0 / round_, xy / round_
    mean, half = (large + small) / 2.0, (large - small) / 2.0
    return np.stack([mean + half * c, half * s, mean - half * c], axis=1)


def checked_covariance(covariance: ArrayLike, n: int | None = None) -> Floats:
    """Contiguous f8[n, 3]; raises ValueError for what is no covariance."""
    out = np.require(covariance, np.float64, ["C", "W"])
    if out.ndim != 2 or out.shape[1] != 3 or (n is not None and len(out) != n):
        raise ValueError(f"covariances must be {'n' if n is None else n} rows of (xx, xy, yy), not {out.shape}")
    xx, xy, yy = out.T
    # Written so that NaN falls out; rounding may leave a line-like ellipse a hair outside.
    good = (xx >= 0.0) & (yy >= 0.0) & (xy * xy <= xx * yy * (1.0 + 1e-9) + 1e-300) & np.isfinite(xx + yy)
    if not good.all():
        at = int(np.flatnonzero(~good)[0])
        raise ValueError(f"covariance {at} ({xx[at]}, {xy[at]}, {yy[at]}) is not positive semidefinite")
    return out


def inside_probability(
    rings: Rings,
    longitude: ArrayLike,
    latitude: ArrayLike,
    covariance: ArrayLike,
    *,
    heavy_tail: HeavyTail | None = DEFAULT_TAIL,
) -> Floats:
    """P(true place inside one fence) f8[n], for fixes f8[n] in degrees with covariances f8[n, 3] (xx, xy, yy) in m2.

    The true place is Gaussian around the fix in the plane that touches the ellipsoid there, x east and y north; with a
    tail, it is a mixture: weight (1 - w) of that Gaussian and w of one `scale` times as wide. Edges are straight in
    longitude and latitude. Holes and parts count by even-odd, so rings may run either way; the antimeridian is an
    ordinary place. A border has no mass of its own: on a straight one P = 1/2, on a corner its angle by 360 degrees.

    Error: below 2e-7 against the integral of this model (9e-8 is the worst measured, 5,000 vertices; an edge 1e-8). The
    model takes longitude and latitude as straight axes around the fix: at distance d that misplaces an edge by
    d^2 tan|lat| / R, R = 6,357 km. Six standard deviations of GPS (10 m) away that is 0.6 mm tan|lat|, of Argos class B
    (3 km) 51 m tan|lat|; weighed by the density, P is off by no more than 0.3 sd tan|lat| / R: 5e-7 and 1.4e-4 at 45
    degrees. Not for fixes within a few reaches of a pole, where a longitude is no axis.

    Standard deviations below 1 um are taken as 1 um: with no error at all P is 0 or 1, and between only on the border.
    Raises ValueError for what is no place or no covariance.
    """
    longitude, latitude = checked_positions(longitude, latitude)
    sure = _regular(checked_covariance(covariance, len(longitude)))
    weight, scale = _tail(heavy_tail)
    return masses(edge_grid(rings), longitude, latitude, sure, weight, scale)


def _tail(heavy_tail: HeavyTail | None) -> tuple[float, float]:
    if heavy_tail is None or heavy_tail.weight == 0.0:
        return 0.0, 1.0
    return heavy_tail.weight, heavy_tail.scale


def _regular(covariance: Floats) -> Floats:
    """With a least standard deviation added where an ellipse is a line or a point."""
    xx, xy, yy = covariance.T
    least = _LEAST_SD_M**2
    flat = (xx * yy - xy * xy <= 1e-12 * xx * yy) | (xx < least) | (yy < least)
    if not flat.any():
        return covariance
    more = np.where(flat, least + 1e-12 * (xx + yy), 0.0)
    return np.stack([xx + more, xy, yy + more], axis=1)
