"""Who is known at a site: individuals, how their species moves, and the fixes of those with a collar."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fusion.association_kernels import Integers
from fusion.ellipse import Floats
from fusion.evidence import Evidence, frozen
from fusion.motion import MotionParameters


@dataclass(frozen=True, slots=True, eq=False)
class Roster:
    """Individuals in the order of their ids. Build it with `of`.

    names; species i8[m] column of `Sightings.species`; medians f8[m, 3] of (sigma_m, tau_position_s, tau_velocity_s)
    for an animal of its kind; log_sd f8[m, 3] between individuals; fixes of individual i are rows
    offset[i]:offset[i + 1] of time_s f8, place f8[., 2], precision f8[., 3] in 1/m2, shift f8[., 2].
    """

    names: tuple[str, ...]
    species: Integers
    medians: Floats
    log_sd: Floats
    offset: Integers
    time_s: Floats
    precision: Floats
    shift: Floats

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        species: ArrayLike,
        parameters: Sequence[MotionParameters],
        log_sd: ArrayLike,
        collars: dict[str, Evidence],
    ) -> Roster:
        """One row a name, sorted by name whatever the order given; log_sd f8[3] or f8[m, 3].

        Raises ValueError for a name twice, or a collar on somebody who is not known.
        """
        if len(set(names)) != len(names) or not set(collars) <= set(names):
            raise ValueError("a name is given twice, or a collar's animal is not known")
        order = sorted(range(len(names)), key=lambda i: names[i])
        evidence = [collars.get(names[i]) for i in order]
        counts = [0 if one is None else len(one) for one in evidence]
        worn = [one for one in evidence if one is not None]
        covariance = _joined([one.covariance for one in worn], (0, 3))
        weight = _joined([one.weight for one in worn], (0,))
        place = np.stack([_joined([one.x_m for one in worn], (0,)), _joined([one.y_m for one in worn], (0,))], axis=1)
        xx, xy, yy = covariance.T
        precision = np.stack([yy, -xy, xx], axis=1) * (weight / (xx * yy - xy * xy))[:, None]
        scales = np.array([[p.sigma_m, p.tau_position_s, p.tau_velocity_s] for p in parameters], dtype=np.float64)
        return cls(
            tuple(names[i] for i in order),
            frozen(np.asarray(species, np.int64)[order]),
            frozen(scales.reshape(len(names), 3)[order]),
            frozen(np.broadcast_to(np.asarray(log_sd, np.float64), (len(names), 3))[order]),
            frozen(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)),
            frozen(_joined([one.time_s for one in worn], (0,))),
            frozen(precision),
            frozen(shifted(precision, place)),
        )

    def __len__(self) -> int:
        return len(self.names)

    def has_collar(self) -> np.ndarray:
        """b[m]: who wears a collar that spoke."""
        return np.diff(self.offset) > 0

    def set_hash(self) -> bytes:
        """sha256 of everything in it."""
        digest = hashlib.sha256(repr(self.names).encode())
        for column in (self.species, self.medians, self.log_sd, self.offset, self.time_s, self.precision, self.shift):
            digest.update(column.tobytes())
        return digest.digest()


def shifted(precision: Floats, place: Floats) -> Floats:
    """precision f8[n, 3] times place f8[n, 2]: the other natural parameter of a Gaussian."""
    xx, xy, yy = precision.T
    return np.stack([xx * place[:, 0] + xy * place[:, 1], xy * place[:, 0] + yy * place[:, 1]], axis=1)


def _joined(parts: list[Floats], empty: tuple[int, ...]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(empty)
