"""What a sighting that is only probably an individual tells that individual's track."""

from __future__ import annotations

from fusion.ellipse import Floats


def effective_covariance(covariance: Floats, share: Floats, spread_m2: Floats) -> Floats:
    """R/r + P (1 - r)/r of every sighting: covariance f8[n, 3] as (xx, xy, yy) in m2, share r f8[n] in (0, 1].

    spread_m2 f8[n] is P, the variance per axis of the individual's place by all other evidence. With this covariance
    the gain of a Kalman update is r times the gain with R: the mean update of probabilistic data association
    (Bar-Shalom & Tse 1975). R/r alone would pin the individual to a precise camera however small its share. A share of
    1 is exact.
    """
    effective = covariance / share[:, None]
    more = spread_m2 * (1.0 - share) / share
    effective[:, 0] += more
    effective[:, 2] += more
    return effective
