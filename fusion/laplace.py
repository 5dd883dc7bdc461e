"""The mode of a smooth function of a few numbers, and how sharp it is: Laplace's approximation of a posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fusion.ellipse import Floats

STEP = 1e-2
"""Of the differences. The numbers are logarithms: one in a hundred of each."""
MOST_ROUNDS = 60
SMALL = 1e-3
"""A round that changes no number by more, or gains less in log density, is the last."""
LARGEST_STEP = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """Where a log density is highest: at f8[k], its value there, covariance f8[k, k] = inverse curvature."""

    at: Floats
    log_density: float
    covariance: Floats
    is_found: bool
    """False where the search ended without standing still: what it has is the best that it saw."""

    @property
    def log_evidence(self) -> float:
        """Logarithm of the integral: k/2 log 2 pi + 1/2 log det covariance + log density at the mode."""
        _, log_det = np.linalg.slogdet(2.0 * np.pi * self.covariance)
        return float(self.log_density + 0.5 * log_det)


def mode(log_density: Callable[[Floats], float], start: Floats) -> Mode:
    """Highest point near `start` f8[k] by Newton's method with central differences, damped as Levenberg's.

    The function is asked 1 + 2 k^2 times a round. Raises ValueError if it is not finite at `start`.
    """
    at = np.array(start, dtype=np.float64)
    value = log_density(at)
    if not np.isfinite(value):
        raise ValueError("the density is not finite where the search begins")
    damping, found = 1e-3, False
    gradient, curvature = _differences(log_density, at, value)
    for _ in range(MOST_ROUNDS):
        eigenvalues, vectors = np.linalg.eigh(-curvature)
        along = vectors.T @ gradient
        # A direction that curves the wrong way is followed by its slope.
        step = vectors @ (along / (np.maximum(np.abs(eigenvalues), 1e-6) + damping))
        longest = float(np.abs(step).max())
        if longest > LARGEST_STEP:
            step *= LARGEST_STEP / longest
        there = at + step
        reached = log_density(there)
        if not reached > value:
            if longest < SMALL or damping > 1e9:
                found = longest < SMALL or float(np.abs(step).max()) < SMALL
                break
            damping = max(damping, 1e-2 * float(np.abs(eigenvalues).max())) * 10.0
            continue
        small = float(np.abs(step).max()) < SMALL or reached - value < SMALL * SMALL
        at, value, damping = there, reached, damping / 10.0
        gradient, curvature = _differences(log_density, at, value)
        if small:
            found = True
            break
    return Mode(at, float(value), _inverse(-curvature), found)


def _differences(log_density: Callable[[Floats], float], at: Floats, value: float) -> tuple[Floats, Floats]:
    """Gradient f8[k] and matrix of second derivatives f8[k, k]."""
    k = len(at)
    steps = STEP * np.eye(k)
    up = np.array([log_density(at + step) for step in steps])
    down = np.array([log_density(at - step) for step in steps])
    curvature = np.diag((up - 2.0 * value + down) / STEP**2)
    for i in range(k):
        for j in range(i):
            both = log_density(at + steps[i] + steps[j]) + log_density(at - steps[i] - steps[j])
            curvature[i, j] = (both - up[i] - up[j] - down[i] - down[j] + 2.0 * value) / (2.0 * STEP**2)
            curvature[j, i] = curvature[i, j]
    return (up - down) / (2.0 * STEP), np.nan_to_num(curvature, nan=0.0, posinf=0.0, neginf=0.0)


def _inverse(curvature: Floats) -> Floats:
    # A direction that the data leave flat is as wide as the largest standard deviation a logarithm may sensibly have.
    eigenvalues, vectors = np.linalg.eigh(curvature)
    inverse = (vectors / np.clip(eigenvalues, 1e-2, None)) @ vectors.T
    return 0.5 * (inverse + inverse.T)
