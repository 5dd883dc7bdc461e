"""A place that is no ellipse (along a bearing, on a ring), as a sum of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusion.ellipse import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Likelihood of where the animal was: weight f8[k], sums to 1; place f8[k, 2] in metres; covariance f8[k, 3]."""

    weight: Floats
    place: Floats
    covariance: Floats

    def density(self, x_m: Floats, y_m: Floats) -> Floats:
        """At places f8[n]: 1/m2."""
        return np.exp(_log_densities(self, x_m[:, None], y_m[:, None], 0.0)).sum(axis=1)

    def log_likelihood(self, place: Floats, spread: Floats) -> float:
        """Of an animal that is expected at place f8[2] with covariance f8[3]: what weighs one owner against another."""
        terms = _log_densities(self, place[:1], place[1:], spread)
        top = float(terms.max())
        return top + float(np.log(np.exp(terms - top).sum()))

    def moments(self) -> tuple[Floats, Floats]:
        """Mean f8[2] and covariance f8[3] of the whole: one fix for `Evidence` where nothing is expected."""
        return _moments(self.weight, self.place, self.covariance)

    def resolved(self, place: Floats, spread: Floats) -> tuple[Floats, Floats]:
        """Mean f8[2] and covariance f8[3] of the animal after the sighting; before it, place f8[2] and spread f8[3].

        Each component is a Kalman update, weighed by its likelihood; the sum is matched in its first two moments.
        """
        terms = _log_densities(self, place[:1], place[1:], spread)[0]
        weight = np.exp(terms - terms.max())
        P = _matrices(spread[None, :])[0]
        S = P + _matrices(self.covariance)
        K = P @ np.linalg.inv(S)
        places = place + np.einsum("kij,kj->ki", K, self.place - place)
        spreads = P - K @ P
        return _moments(weight / weight.sum(), places, spreads[:, [0, 0, 1], [0, 1, 1]])


def _log_densities(mixture: Mixture, x: Floats, y: Floats, spread: Floats | float) -> Floats:
    """f8[n, k]: logarithm of weight times density of each component, widened by `spread`."""
    xx, xy, yy = np.broadcast_to(mixture.covariance + spread, mixture.covariance.shape).T
    dx, dy = x - mixture.place[:, 0], y - mixture.place[:, 1]
    det = xx * yy - xy * xy
    d2 = (dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / det
    return np.atleast_2d(np.log(mixture.weight) - np.log(2.0 * np.pi) - 0.5 * np.log(det) - 0.5 * d2)


def _moments(weight: Floats, place: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    mean = weight @ place
    dx, dy = (place - mean).T
    between = np.stack([dx * dx, dx * dy, dy * dy], axis=1)
    return mean, weight @ (covariance + between)


def _matrices(covariance: Floats) -> Floats:
    return covariance[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
