"""What sensors say about where one individual was, as columns in canonical order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fusion.ellipse import Floats

Keys = NDArray[np.void]

BLOCK: Final = 64
"""Fixes per block: the unit in which the set is hashed, filtered from and smoothed."""

ROW: Final = np.dtype(
    [("time_s", "<f8"), ("x_m", "<f8"), ("y_m", "<f8"), ("covariance", "<f8", 3), ("weight", "<f8"), ("key", "V16")]
)


def keys_from(ids: Sequence[bytes]) -> Keys:
    """Content ids of exactly 16 bytes each -> V16[n]. Raises ValueError for any other length."""
    if any(len(one) != ROW["key"].itemsize for one in ids):
        raise ValueError("a content id has 16 bytes")
    return np.frombuffer(b"".join(ids), dtype=ROW["key"])


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Fixes of one individual, sorted by (time, key), every key once. Build it with `canonical`.

    time_s f8[n] seconds since the epoch, UTC; x_m, y_m f8[n] site-local metres; covariance f8[n, 3] as (xx, xy, yy)
    in m2; weight f8[n] in 0..1 divides the information of a fix, 0 = kept, not believed; keys V16[n] content ids.
    """

    time_s: Floats
    x_m: Floats
    y_m: Floats
    covariance: Floats
    weight: Floats
    keys: Keys

    @classmethod
    def canonical(
        cls,
        time_s: ArrayLike,
        x_m: ArrayLike,
        y_m: ArrayLike,
        covariance: ArrayLike,
        keys: Keys,
        weight: ArrayLike | None = None,
    ) -> Evidence:
        """Sort by (time, key) and keep each key once; the same set of rows in any order gives the same bytes.

        Raises ValueError if columns differ in length, a number is not finite, a covariance is not positive definite
        or a weight lies outside 0..1.
        """
        rows = np.zeros(len(keys), ROW)
        # Adding zero turns -0.0 into 0.0: two equal numbers must not hash differently.
        rows["time_s"] = _column(time_s, (len(keys),))
        rows["x_m"] = _column(x_m, (len(keys),))
        rows["y_m"] = _column(y_m, (len(keys),))
        rows["covariance"] = _column(covariance, (len(keys), 3))
        rows["weight"] = 1.0 if weight is None else _column(weight, (len(keys),))
        rows["key"] = keys
        xx, xy, yy = rows["covariance"].T
        if not ((xx > 0) & (yy > 0) & (xx * yy > xy * xy)).all():
            raise ValueError("a covariance is not positive definite")
        if not ((rows["weight"] >= 0) & (rows["weight"] <= 1)).all():
            raise ValueError("a weight lies outside 0..1")
        return _from_rows(_sorted_once(rows))

    def __len__(self) -> int:
        return len(self.time_s)

    def rows(self) -> NDArray[np.void]:
        """The columns as packed records `ROW`: what is hashed and compared."""
        rows = np.empty(len(self), ROW)
        rows["time_s"], rows["x_m"], rows["y_m"] = self.time_s, self.x_m, self.y_m
        rows["covariance"], rows["weight"], rows["key"] = self.covariance, self.weight, self.keys
        return rows

    def part(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Evidence:
        """Some of the rows: a mask, or their numbers, ascending."""
        return _from_rows(self.rows()[which])

    def set_hash(self) -> bytes:
        """sha256 of the set, whatever the order of arrival (chained over blocks, see `block_hashes`)."""
        hashes = block_hashes(self)
        return hashes[-1] if hashes else hashlib.sha256().digest()


def block_hashes(evidence: Evidence, known: Sequence[bytes] = ()) -> tuple[bytes, ...]:
    """One sha256 per block of 64 rows, over the hash before it and the block's bytes; the last names the set.

    `known` are the hashes of leading complete blocks that are already certain: an unchanged past is not hashed again.
    """
    hashes = list(known)
    rows = evidence.rows()
    for start in range(len(hashes) * BLOCK, len(rows), BLOCK):
        before = hashes[-1] if hashes else b""
        hashes.append(hashlib.sha256(before + rows[start : start + BLOCK].tobytes()).digest())
    return tuple(hashes)


def merge(known: Evidence, late: Evidence) -> tuple[Evidence, int]:
    """Union of two sets, and the first row at which it differs from `known` (its length if nothing changed)."""
    merged = _from_rows(_sorted_once(np.concatenate([known.rows(), late.rows()])))
    return merged, first_difference(known, merged)


def first_difference(a: Evidence, b: Evidence) -> int:
    """Index of the first row in which two sets differ; the shorter length if one begins with the other."""
    shared = min(len(a), len(b))
    one, other = (e.rows()[:shared].view(np.uint8).reshape(shared, ROW.itemsize) for e in (a, b))
    differing = np.flatnonzero((one != other).any(axis=1))
    return int(differing[0]) if len(differing) else shared


def _column(values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    column = np.asarray(values, dtype=np.float64) + 0.0
    if column.shape != shape:
        raise ValueError(f"a column has shape {column.shape}, {shape} was expected")
    if not np.isfinite(column).all():
        raise ValueError("a column holds a number that is not finite")
    return column


def _sorted_once(rows: NDArray[np.void]) -> NDArray[np.void]:
    # Void keys have no order in numpy; their two halves, read as big-endian numbers, order like the bytes do.
    halves = np.ascontiguousarray(rows["key"]).view(">u8").reshape(len(rows), 2).astype(np.uint64)
    high, low = halves[:, 0], halves[:, 1]
    order = np.argsort(rows["time_s"], kind="stable")
    # Distinct times and keys leave nothing to settle: the usual case, and far cheaper than sorting nine columns.
    if (np.diff(rows["time_s"][order]) > 0).all() and (np.diff(np.sort(high)) > 0).all():
        return rows[order]
    rest = (rows["weight"], *rows["covariance"].T, rows["y_m"], rows["x_m"])
    # The remaining columns settle which of two unequal rows with one key stays, so that arrival cannot.
    order = np.lexsort((*rest, low, high, rows["time_s"]))
    by_key = order[np.lexsort((np.arange(len(rows)), low[order], high[order]))]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (high[by_key[1:]] != high[by_key[:-1]]) | (low[by_key[1:]] != low[by_key[:-1]])
    keep = np.zeros(len(rows), dtype=bool)
    keep[by_key[is_first]] = True
    return rows[order[keep[order]]]


def _from_rows(rows: NDArray[np.void]) -> Evidence:
    names = ("time_s", "x_m", "y_m", "covariance", "weight")
    time_s, x_m, y_m, covariance, weight = (frozen(rows[name]) for name in names)
    return Evidence(time_s, x_m, y_m, covariance, weight, frozen(rows["key"]))


def frozen(column: NDArray[Any]) -> NDArray[Any]:
    """A contiguous column that nobody can write to; kernels compile once for it."""
    column = np.ascontiguousarray(column)
    column.setflags(write=False)
    return column
