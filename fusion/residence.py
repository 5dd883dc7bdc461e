"""How each individual moves, and whether it lives where its sightings say, or a stranger does, or nobody.

An individual that was never seen attracts the chance resemblances of others. Three hypotheses are weighed: it lives
here, an unknown resident lives here, neither. The evidence of the first is the density of the places of all its
sightings together, their appearance against all other explanations, their number, and the silence of the cameras
around such a home, against the silence of the cameras around a home that nobody has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from fusion import association_kernels as loops
from fusion import camera_process
from fusion.camera_process import Cameras
from fusion.ellipse import Floats
from fusion.identities import AssociationRules, Identities
from fusion.marginal_kernels import Rows
from fusion.roster import Roster
from fusion.timelines import LEAST_SHARE, Silence, Timelines

NODES: Final = np.array([[s, t, 0.0] for s in (-1.6, -0.53, 0.53, 1.6) for t in (-1.0, 1.0)])
"""Motions that an individual without a collar may have, in log standard deviations of its kind."""
EDGES: Final = np.array(
    [[0, 0, 0]]
    + [[a, b, 0] for a in (-1, 1) for b in (-1, 1)]
    + [[a, 0, b] for a in (-1, 1) for b in (-1, 1)]
    + [[0, a, b] for a in (-1, 1) for b in (-1, 1)],
    dtype=np.float64,
)
"""Design of Box & Behnken 1960 (Technometrics 2, 455-475) in three factors: half the points of the full cube."""
CHUNK: Final = 32
"""Individuals per unit of work; results do not depend on it, each individual is computed alone."""

Mapper = Callable[[Callable[[tuple[int, int]], None], Iterable[tuple[int, int]]], Iterable[None]]
"""`map`, or the map of a pool of threads: the kernels release the interpreter's lock."""


@dataclass(frozen=True, slots=True, eq=False)
class Residence:
    """log_motion f8[m, 3]: deviation from the medians of the kind; node_weight f8[m, nodes]; here, in_stead f8[m]."""

    log_motion: Floats
    node_weight: Floats
    here: Floats
    in_stead: Floats


def each(mapper: Mapper, count: int, work: Callable[[int, int], None]) -> None:
    """Work over all individuals, in chunks that any thread may take."""
    for _ in mapper(lambda span: work(*span), [(lo, min(lo + CHUNK, count)) for lo in range(0, count, CHUNK)]):
        pass


def motions(roster: Roster, log_motion: Floats, rules: AssociationRules) -> Floats:
    """Deviations f8[m, ..., 3] from the medians of each individual's kind -> f8[m, ..., 6] as the kernels read them."""
    medians = roster.medians.reshape((len(roster),) + (1,) * (log_motion.ndim - 2) + (3,))
    scales = medians * np.exp(log_motion)
    out = np.empty((*log_motion.shape[:-1], 6))
    out[..., 0] = 1.0 / scales[..., 1]
    out[..., 1] = 1.0 / np.minimum(scales[..., 2], scales[..., 1] / 1.05)
    out[..., 2] = scales[..., 0] ** 2
    out[..., 3], out[..., 4], out[..., 5] = rules.centre_x_m, rules.centre_y_m, rules.centre_sd_m**2
    return out


def of_collars(roster: Roster, cameras: Cameras, rules: AssociationRules, mapper: Mapper) -> Residence:
    """Before any sighting: motion of those with a collar, by three designs, each finer; everybody lives here."""
    m, collared = len(roster), roster.has_collar()
    chosen = np.flatnonzero(collared)
    rows = Rows(roster.time_s, roster.precision, roster.shift, np.ones(len(roster.time_s)))
    no_silence, nothing = np.zeros(len(roster.time_s), dtype=np.bool_), np.zeros(m)
    mean = np.zeros((m, 3))
    for width in (0.5, 0.25, 0.1):
        deviation = mean[:, None, :] + EDGES * width
        weights, grid = np.zeros((m, len(EDGES))), motions(roster, deviation, rules)

        def weigh(lo: int, hi: int, weights: Floats = weights, grid: Floats = grid) -> None:
            camera_process.weigh_motions(
                chosen, roster.offset, lo, hi, rows, no_silence, 1.0, grid, nothing, cameras, weights
            )

        each(mapper, len(chosen), weigh)
        weights -= 0.5 * ((deviation / roster.log_sd[:, None]) ** 2).sum(axis=2)
        p = _normalised(weights)
        mean = (p[:, :, None] * deviation).sum(axis=1)
    node_weight = np.tile(np.eye(len(NODES))[0], (m, 1))
    return Residence(np.where(collared[:, None], mean, 0.0), node_weight, np.ones(m), np.zeros(m))


def unseen(roster: Roster, cameras: Cameras, silence: Silence, rules: AssociationRules, mapper: Mapper) -> Floats:
    """Log probability f8[m] that no camera records an individual that lives anywhere."""
    m, t = len(roster), len(silence.clock_s)
    rows = Rows(np.tile(silence.clock_s, m), np.zeros((m * t, 3)), np.zeros((m * t, 2)), np.zeros(m * t))
    # Individuals of one kind have one answer; it is found once.
    _, first, kind = np.unique(
        np.concatenate([roster.medians, roster.log_sd], axis=1), axis=0, return_index=True, return_inverse=True
    )
    weights, starts, quiet = np.zeros((m, len(NODES))), np.arange(m + 1) * t, np.full(m * t, rules.silence)
    grid = motions(roster, roster.log_sd[:, None, :] * NODES, rules)

    def weigh(lo: int, hi: int) -> None:
        camera_process.weigh_motions(
            first, starts, lo, hi, rows, quiet, rules.silence_step_s, grid, np.zeros(m), cameras, weights
        )

    each(mapper, len(first), weigh)
    return _log_mean(weights)[first][kind.reshape(-1)]


def settle(
    before: Residence,
    identities: Identities,
    lines: Timelines,
    r: Floats,
    alone: Floats,
    roster: Roster,
    cameras: Cameras,
    rules: AssociationRules,
    unknown: Floats,
    mapper: Mapper,
) -> Residence:
    """Motion of everybody without a collar, and the three hypotheses; r f8[p] is its share of sightings if it is here.

    alone f8[m] comes from `unseen`; unknown f8[m]: unknown residents of its kind that are to be expected.
    """
    m, collared = len(roster), roster.has_collar()
    chosen = np.flatnonzero(~collared)
    deviation = roster.log_sd[:, None, :] * NODES
    weights, grid = np.zeros((m, len(NODES))), motions(roster, deviation, rules)
    q = np.where(r > LEAST_SHARE, r, 0.0)
    recorded = loops.gathered(identities.who, q, np.ones(len(q)), m)
    quiet = lines.is_silence if rules.silence else np.zeros_like(lines.is_silence)

    def weigh(lo: int, hi: int) -> None:
        camera_process.weigh_motions(
            chosen, lines.starts, lo, hi, lines.rows, quiet, rules.silence_step_s, grid, recorded, cameras, weights
        )

    each(mapper, len(chosen), weigh)
    p = _normalised(weights - 0.5 * (NODES**2).sum(axis=1))
    h = np.clip(q, 1e-12, 1.0 - 1e-12)
    entropy = np.where(q > 0.0, -(h * np.log(h) + (1.0 - h) * np.log(1.0 - h)), 0.0)
    against = np.bincount(identities.who, weights=q * (identities.species - identities.others) + entropy, minlength=m)
    looks = np.bincount(identities.who, weights=q * identities.appearance, minlength=m)
    evidence = _log_mean(weights) + against - alone
    own, other = evidence + looks, evidence + np.log(unknown)
    top = np.maximum(np.maximum(own, other), 0.0)
    total = np.exp(own - top) + np.exp(other - top) + np.exp(-top)
    return Residence(
        np.where(collared[:, None], before.log_motion, (p[:, :, None] * deviation).sum(axis=1)),
        np.where(collared[:, None], before.node_weight, p),
        np.where(collared, 1.0, np.exp(own - top) / total),
        np.where(collared, 0.0, np.exp(other - top) / total),
    )


def _normalised(weights: Floats) -> Floats:
    p = np.exp(weights - weights.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _log_mean(weights: Floats) -> Floats:
    """Log of the mean of exp(weights) over the nodes under the prior."""
    prior = -0.5 * (NODES**2).sum(axis=1)
    full = weights + prior - np.log(np.exp(prior).sum())
    top = full.max(axis=1)
    return top + np.log(np.exp(full - top[:, None]).sum(axis=1))
