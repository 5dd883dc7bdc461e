"""A set of evidence becomes a track: a pure function of the set and the parameters, to the bit.

The law: the estimate of a fix uses everything before it and everything to the end of the block after its own (64 to
127 later fixes). So a late fix changes the track from the block before its own on, and nothing earlier: what was
published of the distant past stays as it was, and only what changed is computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fusion import kernels
from fusion.ellipse import Floats
from fusion.evidence import BLOCK, Evidence, Keys, block_hashes, first_difference, frozen
from fusion.motion import MotionParameters

HOME_RANGE_AFTER = 3.0
"""Farther than this many tau_position from any fix, the answer is the home range and not a place."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Where one individual was at its fixes; row k belongs to keys[k].

    covariance f8[n, 3] as (xx, xy, yy) in m2; vx_mps, vy_mps f8[n]; weight f8[n]: how far the fix was believed, 1 in
    full, 0 not at all, between where the outlier policy held it back.
    """

    time_s: Floats
    x_m: Floats
    y_m: Floats
    covariance: Floats
    vx_mps: Floats
    vy_mps: Floats
    weight: Floats
    keys: Keys
    set_hash: bytes
    configuration_hash: bytes

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """What a round of `wary` read, weight and tail f8[n], and the filter states before its blocks."""

    weight: Floats
    states: Floats
    tail: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A disposable memory of one smoothing: what it read, the filter state before every block, and what came out."""

    evidence: Evidence
    parameters: MotionParameters
    states: Floats
    hashes: tuple[bytes, ...]
    track: Track
    rounds: tuple[Round, ...] = ()
    """Of the weights of heavy-tailed errors, see `wary`; none where all errors are Gaussian."""


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Where one individual was at any times, f8[m] each, covariance f8[m, 3]; is_home_range bool[m]: no fix is near."""

    time_s: Floats
    x_m: Floats
    y_m: Floats
    covariance: Floats
    vx_mps: Floats
    vy_mps: Floats
    is_home_range: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class QuantisedTrack:
    """A track in whole numbers, int64[n] each: a change too small to matter does not change what is stored."""

    time_ms: NDArray[np.int64]
    x_cm: NDArray[np.int64]
    y_cm: NDArray[np.int64]
    sd_x_cm: NDArray[np.int64]
    sd_y_cm: NDArray[np.int64]
    correlation_permille: NDArray[np.int64]
    vx_mmps: NDArray[np.int64]
    vy_mmps: NDArray[np.int64]


def smooth(
    evidence: Evidence, parameters: MotionParameters, checkpoint: Checkpoint | None = None
) -> tuple[Track, Checkpoint]:
    """Track of a set of evidence, and the checkpoint that makes the next one cheap.

    The checkpoint changes the time it takes, never a bit of the answer; one of other parameters is ignored.
    """
    n, blocks = len(evidence), -(-len(evidence) // BLOCK)
    if checkpoint is None or checkpoint.parameters != parameters:
        changed, known = 0, ()
    else:
        changed = first_difference(checkpoint.evidence, evidence)
        if changed == n == len(checkpoint.evidence):
            return checkpoint.track, checkpoint
        known = checkpoint.hashes[: changed // BLOCK]
    first = max(changed // BLOCK - 1, 0)
    kept = first * BLOCK
    p = parameters.vector()
    states = np.empty((blocks + 1, kernels.STATE_SIZE))
    out, weight = kernels.estimates(n), np.empty(n)
    place, spread, velocity = out
    states[0] = kernels.prior(p)
    if checkpoint is not None and first:
        old = checkpoint.track
        states[: first + 1] = checkpoint.states[: first + 1]
        place[:kept, 0], place[:kept, 1] = old.x_m[:kept], old.y_m[:kept]
        velocity[:kept, 0], velocity[:kept, 1] = old.vx_mps[:kept], old.vy_mps[:kept]
        spread[:kept], weight[:kept] = old.covariance[:kept], old.weight[:kept]
    kernels.smooth_blocks(fixes_of(evidence), BLOCK, first, p, states, out, weight)
    hashes = block_hashes(evidence, known)
    track = Track(
        evidence.time_s,
        frozen(place[:, 0]),
        frozen(place[:, 1]),
        frozen(spread),
        frozen(velocity[:, 0]),
        frozen(velocity[:, 1]),
        frozen(weight),
        evidence.keys,
        hashes[-1] if hashes else evidence.set_hash(),
        parameters.configuration_hash(),
    )
    return track, Checkpoint(evidence, parameters, frozen(states), hashes, track)


def positions_at(checkpoint: Checkpoint, time_s: ArrayLike) -> Positions:
    """Position with its covariance at any times, before, between and after the fixes; 128 fixes of work a block asked.

    Exact by the model given the same fixes that the law of this file gives the fix before. Raises ValueError without
    any evidence: an animal that nobody has seen is nowhere.
    """
    evidence, parameters = checkpoint.evidence, checkpoint.parameters
    if not len(evidence):
        raise ValueError("no evidence: nothing is known of the position")
    asked = np.atleast_1d(np.asarray(time_s, dtype=np.float64))
    place, spread, velocity = kernels.estimates(len(asked))
    fixes, p, scratch = fixes_of(evidence), parameters.vector(), np.empty(len(evidence))
    before = np.searchsorted(evidence.time_s, asked, side="right") - 1
    blocks = np.maximum(before, 0) // BLOCK
    for block in np.unique(blocks):
        here = blocks == block
        part = kernels.estimates(int(here.sum()))
        lo, hi = int(block) * BLOCK, min((int(block) + 2) * BLOCK, len(evidence))
        kernels.between(fixes, lo, hi, checkpoint.states[block].copy(), p, asked[here], part, scratch)
        place[here], spread[here], velocity[here] = part
    after = np.minimum(before + 1, len(evidence) - 1)
    nearest = np.minimum(np.abs(asked - evidence.time_s[np.maximum(before, 0)]), np.abs(evidence.time_s[after] - asked))
    return Positions(
        asked,
        place[:, 0],
        place[:, 1],
        spread,
        velocity[:, 0],
        velocity[:, 1],
        nearest > HOME_RANGE_AFTER * parameters.tau_position_s,
    )


def quantise(track: Track) -> QuantisedTrack:
    """Centimetres, milliseconds, millimetres a second and thousandths, rounded half to even."""
    sd_x, sd_y = np.sqrt(track.covariance[:, 0]), np.sqrt(track.covariance[:, 2])
    return QuantisedTrack(
        *(
            np.rint(column).astype(np.int64)
            for column in (
                track.time_s * 1e3,
                track.x_m * 1e2,
                track.y_m * 1e2,
                sd_x * 1e2,
                sd_y * 1e2,
                track.covariance[:, 1] / (sd_x * sd_y) * 1e3,
                track.vx_mps * 1e3,
                track.vy_mps * 1e3,
            )
        )
    )


def fixes_of(evidence: Evidence) -> kernels.Fixes:
    """The columns that kernels read."""
    return kernels.Fixes(evidence.time_s, evidence.x_m, evidence.y_m, evidence.covariance, evidence.weight)
