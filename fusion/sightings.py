"""Sightings of animals that nobody has named yet, as columns in canonical order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fusion.association_kernels import Integers, Seen
from fusion.ellipse import Floats
from fusion.evidence import Keys, frozen

NO_CAMERA: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """One animal seen once a row, sorted by (time, key), every key once. Build it with `canonical`.

    time_s f8[n] seconds since the epoch, UTC; place f8[n, 2] site-local metres; covariance f8[n, 3] as (xx, xy, yy) in
    m2; camera i8[n], NO_CAMERA for a person, a drone, a microphone; burst i8[n]: sightings with one number are
    different animals of one moment, NO_CAMERA where alone; species f8[n, s] log likelihood of what was seen by
    species; identities of row j are score_of[offset[j]:offset[j + 1]] i8 (ascending) with score f8, log likelihood
    ratio against somebody who is in no gallery, already weighed with the observer's confidence; rest f8[n] the same
    for every individual that is not listed; keys V16[n] content ids.
    """

    time_s: Floats
    place: Floats
    covariance: Floats
    camera: Integers
    burst: Integers
    species: Floats
    offset: Integers
    score_of: Integers
    score: Floats
    rest: Floats
    keys: Keys

    @classmethod
    def canonical(
        cls,
        time_s: ArrayLike,
        place: ArrayLike,
        covariance: ArrayLike,
        camera: ArrayLike,
        burst: ArrayLike,
        species: ArrayLike,
        offset: ArrayLike,
        score_of: ArrayLike,
        score: ArrayLike,
        rest: ArrayLike,
        keys: Keys,
    ) -> Sightings:
        """Sort by (time, key), keep each key once. Raises ValueError for columns that do not fit each other."""
        n = len(keys)
        times, places, covariances = (np.asarray(v, np.float64) + 0.0 for v in (time_s, place, covariance))
        likelihoods, scores, rests = (np.asarray(v, np.float64) + 0.0 for v in (species, score, rest))
        cameras, bursts, offsets, names = (np.asarray(v, np.int64) for v in (camera, burst, offset, score_of))
        if n == 0:
            places = places.reshape(0, 2)
        if places.shape != (n, 2) or covariances.shape != (n, 3) or likelihoods.shape[0] != n or offsets.size != n + 1:
            raise ValueError("columns of sightings differ in length")
        xx, xy, yy = covariances.T
        if not ((xx > 0) & (yy > 0) & (xx * yy > xy * xy)).all():
            raise ValueError("a covariance is not positive definite")
        if not all(np.isfinite(v).all() for v in (times, places, likelihoods, scores, rests)):
            raise ValueError("a column holds a number that is not finite")
        order = _order(times, keys)
        counts = np.diff(offsets)[order]
        fresh = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        take = np.repeat(offsets[:-1][order], counts) + np.arange(fresh[-1]) - np.repeat(fresh[:-1], counts)
        by_name = np.lexsort((names[take], np.repeat(np.arange(len(order)), counts)))
        return cls(
            frozen(times[order]),
            frozen(places[order]),
            frozen(covariances[order]),
            frozen(cameras[order]),
            frozen(bursts[order]),
            frozen(likelihoods[order]),
            frozen(fresh),
            frozen(names[take][by_name]),
            frozen(scores[take][by_name]),
            frozen(rests[order]),
            frozen(keys[order]),
        )

    def __len__(self) -> int:
        return len(self.time_s)

    def seen(self) -> Seen:
        """The columns that the kernels read."""
        return Seen(
            self.time_s,
            self.place,
            self.covariance,
            self.species,
            self.offset,
            self.score_of,
            self.score,
            self.rest,
        )

    def set_hash(self) -> bytes:
        """sha256 of the set, whatever the order of arrival."""
        digest = hashlib.sha256(str(self.species.shape).encode())
        for column in (self.keys, *self.seen(), self.camera, self.burst):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.digest()


def merge(known: Sightings, late: Sightings) -> Sightings:
    """Union of two sets."""
    return Sightings.canonical(
        np.concatenate([known.time_s, late.time_s]),
        np.concatenate([known.place, late.place]),
        np.concatenate([known.covariance, late.covariance]),
        np.concatenate([known.camera, late.camera]),
        np.concatenate([known.burst, late.burst]),
        np.concatenate([known.species, late.species]),
        np.concatenate([known.offset, late.offset[1:] + known.offset[-1]]),
        np.concatenate([known.score_of, late.score_of]),
        np.concatenate([known.score, late.score]),
        np.concatenate([known.rest, late.rest]),
        np.concatenate([known.keys, late.keys]),
    )


def top_scores(dense: Floats, most: int) -> tuple[Integers, Integers, Floats, Floats]:
    """f8[n, m] of a small gallery -> offset, score_of, score of the `most` best each, and rest: log mean exp of others.

    A gallery too large for a dense table is searched by nearest neighbours elsewhere and comes as lists at once.
    """
    n, m = dense.shape
    kept = min(most, m)
    best = np.sort(np.argsort(-dense, axis=1, kind="stable")[:, :kept], axis=1)
    score = np.take_along_axis(dense, best, axis=1)
    others = dense.copy()
    np.put_along_axis(others, best, -np.inf, axis=1)
    top = score.min(axis=1)
    with np.errstate(divide="ignore"):
        rest = top + np.log(np.exp(others - top[:, None]).sum(axis=1) / max(m - kept, 1))
    rest = np.maximum(rest, -60.0)
    return np.arange(n + 1, dtype=np.int64) * kept, best.ravel().astype(np.int64), score.ravel(), rest


def _order(times: Floats, keys: Keys) -> NDArray[np.intp]:
    halves = np.ascontiguousarray(keys).view(">u8").reshape(len(keys), 2).astype(np.uint64)
    order = np.lexsort((halves[:, 1], halves[:, 0], times))
    by_key = order[np.lexsort((np.arange(len(keys)), halves[order, 1], halves[order, 0]))]
    keep = np.ones(len(keys), dtype=bool)
    same = (halves[by_key[1:]] == halves[by_key[:-1]]).all(axis=1)
    keep[by_key[1:][same]] = False
    return order[keep[order]]
