"""Tracks of sensors whose errors have heavy tails: smoothed in rounds, a fix believed as far as all others let it be.

The weights are those of `sensors.heavy_tail`. A late fix changes them only as far back as it changes the track, so a
checkpoint keeps what every round read, and a round begins where that differs: the answer is the same to the bit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from fusion import kernels
from fusion.ellipse import Floats
from fusion.evidence import BLOCK, Evidence, first_difference, frozen
from fusion.motion import MotionParameters
from fusion.sensors.heavy_tail import ROUNDS, distance2_without, student_weight
from fusion.tracks import Checkpoint, Round, fixes_of, smooth


def smooth_wary(
    evidence: Evidence, parameters: MotionParameters, tail: ArrayLike, checkpoint: Checkpoint | None = None
) -> Checkpoint:
    """As `tracks.smooth`, with Student-t errors: tail f8[n] is 1 / degrees of freedom of each fix, 0 of a Gaussian one.

    `evidence` of the answer has the weights that were found. A pure function of the set and the tails; the checkpoint
    changes the time it takes and nothing else. Raises ValueError if a tail is negative or there is not one a fix.
    """
    tail = frozen(np.asarray(tail, dtype=np.float64))
    if tail.shape != (len(evidence),) or not (tail >= 0.0).all():
        raise ValueError("a tail of at least 0 is needed for each fix")
    if not tail.any():
        return smooth(evidence, parameters, checkpoint)[1]
    old = checkpoint if checkpoint is not None and checkpoint.rounds and checkpoint.parameters == parameters else None
    changed = 0
    if old is not None:
        before = replace(old.evidence, weight=old.rounds[0].weight)
        changed = min(first_difference(before, evidence), _first(old.rounds[0].tail, tail))
        if changed == len(evidence) == len(old.evidence):
            return old
    weight, rounds = evidence.weight, list[Round]()
    for k in range(ROUNDS):
        if old is not None:
            changed = min(changed, _first(old.rounds[k].weight, weight))
        # A block is smoothed with all of the next one.
        kept = max(changed // BLOCK - 1, 0) * BLOCK
        now = replace(evidence, weight=weight)
        states, place, spread, believed = _smoothed(now, parameters, kept, old.rounds[k] if old is not None else None)
        rounds.append(Round(weight, states, tail))
        following = np.empty(len(evidence))
        if old is not None:
            after = old.rounds[k + 1].weight if k + 1 < ROUNDS else old.evidence.weight
            following[:kept] = after[:kept]
        rest = evidence.part(np.arange(kept, len(evidence)))
        distance2 = distance2_without(place[kept:], spread[kept:], believed[kept:], rest)
        following[kept:] = rest.weight * student_weight(distance2, tail[kept:])
        weight = frozen(following)
    last = smooth(replace(evidence, weight=weight), parameters, checkpoint)[1]
    return replace(last, rounds=tuple(rounds))


def heavy_tail_weights(evidence: Evidence, parameters: MotionParameters, tail: ArrayLike) -> Floats:
    """Weight column f8[n] for `Evidence`: its own weights times those of a Student-t error; weights of 0 stay."""
    return smooth_wary(evidence, parameters, tail).evidence.weight


def _smoothed(
    evidence: Evidence, parameters: MotionParameters, kept: int, old: Round | None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Filter states, and place f8[n, 2], spread f8[n, 3] and weight f8[n] of the track from row `kept` on."""
    n, first, p = len(evidence), kept // BLOCK, parameters.vector()
    states = np.empty((-(-n // BLOCK) + 1, kernels.STATE_SIZE))
    states[0] = kernels.prior(p)
    if old is not None:
        states[: first + 1] = old.states[: first + 1]
    out, believed = kernels.estimates(n), np.empty(n)
    kernels.smooth_blocks(fixes_of(evidence), BLOCK, first, p, states, out, believed)
    return frozen(states), out.place, out.spread, believed


def _first(one: Floats, other: Floats) -> int:
    """The first row in which two columns differ; the shorter length if one begins with the other."""
    shared = min(len(one), len(other))
    differing = np.flatnonzero(one[:shared] != other[:shared])
    return int(differing[0]) if len(differing) else shared
