"""Occurrence: where an animal was in the time that it was followed, between its fixes too; no word on the long run.

The time integral of its smoothed densities. It shrinks as fixes become denser, and does not grow with what the animal
might have done: a home range (`ranges`) is the other question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from fusion.contours import Grid, area_of, level_of, region
from fusion.ellipse import Floats
from fusion.ranges import MOST_CELLS, REGIONS, Region
from fusion.tracks import Checkpoint, positions_at

MOMENTS: Final = 4_000
REACH: Final = 4.0
"""Standard deviations to which a density is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """Regions of 50 and 95 % of the time from since_s to until_s, as far as it was seen.

    known_share: of that time that is near enough to a fix to be counted; the rest, when the animal was merely somewhere
    in its home range, is left out.
    """

    since_s: float
    until_s: float
    known_share: float
    regions: tuple[Region, ...]


def occurrence(checkpoint: Checkpoint, since_s: float, until_s: float) -> Occurrence:
    """Occurrence distribution of a track in [since_s, until_s], `MOMENTS` moments evenly spaced.

    Raises ValueError if the interval is empty or no moment of it is near a fix.
    """
    if not until_s > since_s:
        raise ValueError("the interval is empty")
    step = (until_s - since_s) / MOMENTS
    found = positions_at(checkpoint, since_s + step * (np.arange(MOMENTS) + 0.5))
    known = ~found.is_home_range
    if not known.any():
        raise ValueError("no fix is near: nothing is known of that time")
    grid = _integral(found.x_m[known], found.y_m[known], found.covariance[known])
    regions: list[Region] = []
    for probability in REGIONS:
        area = area_of(grid, probability)
        regions.append(Region(probability, region(grid, level_of(grid, area)), area / 1e6, None))
    return Occurrence(since_s, until_s, float(known.mean()), tuple(regions))


def _integral(x_m: Floats, y_m: Floats, covariance: Floats) -> Grid:
    sd = np.sqrt(covariance[:, [0, 2]])
    place = np.stack([x_m, y_m], axis=1)
    low, high = (place - REACH * sd).min(axis=0), (place + REACH * sd).max(axis=0)
    step = max(float((high - low).max()) / MOST_CELLS, 1e-3)
    columns, rows = (int(n) for n in np.ceil((high - low) / step) + 1)
    share = np.zeros((rows, columns))
    _add_gaussians((place - low) / step, np.ascontiguousarray(covariance / step**2), share)
    return Grid(float(low[0]), float(low[1]), step, share / share.sum())


@njit(nogil=True, cache=True)
def _add_gaussians(at: Floats, covariance: Floats, share: Floats) -> None:
    """Add Gaussians of mass 1 each, in units of cells; one narrower than a cell is widened to a third of it.

    Along a row the ratio of neighbours changes by one factor, so a row takes three exponentials, not one a cell. It
    begins at its highest cell: from there on values only fall, and nothing that counts is lost below the least number.
    """
    rows, columns = share.shape
    drawn = np.empty((rows, columns))
    for k in range(at.shape[0]):
        xx, xy, yy = covariance[k, 0] + 1.0 / 9.0, covariance[k, 1], covariance[k, 2] + 1.0 / 9.0
        det = xx * yy - xy * xy
        ixx, ixy, iyy = yy / det, -xy / det, xx / det
        wide, high = 4.0 * np.sqrt(xx), 4.0 * np.sqrt(yy)
        j0, j1 = max(int(at[k, 0] - wide), 0), min(int(at[k, 0] + wide) + 1, columns - 1)
        i0, i1 = max(int(at[k, 1] - high), 0), min(int(at[k, 1] + high) + 1, rows - 1)
        falling = np.exp(-ixx)
        total = 0.0
        for i in range(i0, i1 + 1):
            dy = i - at[k, 1]
            peak = min(max(int(np.rint(at[k, 0] - ixy * dy / ixx)), j0), j1)
            dx = peak - at[k, 0]
            highest = np.exp(-0.5 * (dx * dx * ixx + 2.0 * dx * dy * ixy + dy * dy * iyy))
            value, ratio = highest, np.exp(-0.5 * ixx - dx * ixx - dy * ixy)
            for j in range(peak, j1 + 1):
                drawn[i, j] = value
                total += value
                value *= ratio
                ratio *= falling
            value, ratio = highest, np.exp(-0.5 * ixx + dx * ixx + dy * ixy)
            for j in range(peak - 1, j0 - 1, -1):
                value *= ratio
                ratio *= falling
                drawn[i, j] = value
                total += value
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                share[i, j] += drawn[i, j] / total
