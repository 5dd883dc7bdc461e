"""Where everybody was at any time, over what is not known: motion, identity, residence."""

from __future__ import annotations

import numpy as np

from fusion import camera_process, residence
from fusion.association import Settled
from fusion.ellipse import Floats
from fusion.marginal_kernels import Rows
from fusion.residence import NODES, Mapper
from fusion.timelines import timelines

LEAST_WEIGHT = 0.005
"""A motion less likely than this is left out of the mixture."""


def positions(settled: Settled, times_s: Floats, mapper: Mapper = map) -> tuple[Floats, Floats]:
    """Place f8[t, m, 2] and covariance f8[t, m, 3] (xx, xy, yy) of every individual at times_s f8[t].

    The mean and the covariance of a mixture over motions, and over believing unsure sightings and not: where they
    would move a track, its covariance says so. With the probability that an individual does not live where its
    sightings say, it may be anywhere, and the covariance says that too.
    """
    roster, rules, living = settled.roster, settled.rules, settled.residence
    mean, covariance = _mixed([_where(settled, settled.identities.if_here**c, times_s, mapper) for c in rules.cautions])
    here, centre = living.here[None, :, None], np.array([rules.centre_x_m, rules.centre_y_m])
    anywhere = np.array([1.0, 0.0, 1.0]) * (rules.centre_sd_m**2 + roster.medians[:, :1] ** 2)
    return (
        here * mean + (1.0 - here) * centre,
        here * covariance + (1.0 - here) * anywhere + here * (1.0 - here) * _squared(mean - centre),
    )


def _mixed(parts: list[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Mean and covariance of an even mixture."""
    mean = np.mean([place for place, _ in parts], axis=0)
    return mean, np.mean([spread + _squared(place - mean) for place, spread in parts], axis=0)


def _squared(apart: Floats) -> Floats:
    """f8[..., 2] -> f8[..., 3]: its products as a covariance."""
    return np.stack([apart[..., 0] ** 2, apart[..., 0] * apart[..., 1], apart[..., 1] ** 2], axis=-1)


def _where(settled: Settled, share: Floats, times_s: Floats, mapper: Mapper) -> tuple[Floats, Floats]:
    """Place and covariance if the individuals live where their sightings say, with shares f8[p] of those."""
    found, roster, rules, living = settled.identities, settled.roster, settled.rules, settled.residence
    m, q = len(roster), len(times_s)
    lines = timelines(settled.sightings, roster, settled.silence, found.offset, found.who, share, found.spread_m2)
    n = len(lines.rows.time_s)
    animal = np.concatenate([np.repeat(np.arange(m), np.diff(lines.starts)), np.repeat(np.arange(m), q)])
    time_s = np.concatenate([lines.rows.time_s, np.tile(times_s, m)])
    quiet = np.concatenate([lines.is_silence & rules.silence, np.zeros(m * q, dtype=np.bool_)])
    precision = np.concatenate([lines.rows.precision, np.zeros((m * q, 3))])
    # Pairs too unlikely to say anything only cost time.
    useful = np.concatenate([lines.is_silence | (lines.rows.weight > 0.0), np.ones(m * q, dtype=np.bool_)])
    order = np.lexsort((time_s, animal))
    order = order[useful[order]]
    rows = Rows(
        time_s[order],
        precision[order],
        np.concatenate([lines.rows.shift, np.zeros((m * q, 2))])[order],
        np.concatenate([lines.rows.weight, np.zeros(m * q)])[order],
    )
    starts = np.searchsorted(animal[order], np.arange(m + 1)).astype(np.int64)
    collared = roster.has_collar()[:, None]
    deviation = np.where(collared[..., None], living.log_motion[:, None, :], roster.log_sd[:, None, :] * NODES)
    weight = np.where(living.node_weight < LEAST_WEIGHT, 0.0, living.node_weight)
    weight /= weight.sum(axis=1, keepdims=True)
    grid, silent = residence.motions(roster, deviation, rules), quiet[order]
    place, spread = np.zeros((len(order), 2)), np.zeros((len(order), 3))

    def mix(lo: int, hi: int) -> None:
        camera_process.mix_motions(
            starts, lo, hi, rows, silent, rules.silence_step_s, grid, weight, settled.cameras, 2, place, spread
        )

    residence.each(mapper, m, mix)
    asked = order >= n
    return (
        place[asked].reshape(m, q, 2).transpose(1, 0, 2),
        spread[asked].reshape(m, q, 3).transpose(1, 0, 2),
    )
