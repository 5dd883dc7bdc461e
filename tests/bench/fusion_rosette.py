"""What Rosette answers on the made reserve."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from fusion.association import Settled, settle
from fusion.camera_process import Cameras, sorted_cameras
from fusion.evidence import Evidence, keys_from
from fusion.identities import AssociationRules
from fusion.motion import MotionParameters
from fusion.places import positions
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings, top_scores
from tests.bench.fusion_scenario import CAMERA, DAY, NOBODY, SIGMA_M, TAU_POSITION_S, TAU_VELOCITY_S, Month
from tests.bench.fusion_scores import Answer

LOG_SD = (0.4, 0.4, 0.3)
"""Between individuals, where nothing was fitted; the truth is 0.30, 0.30, 0.18 and is not told."""


@dataclass(frozen=True)
class Wrong:
    """Factors by which what the tracker is told of the species is wrong."""

    scale: float = 1.0
    log_sd: float = 1.0


def told(
    month: Month, wrong: Wrong = Wrong(), identity_llr: np.ndarray | None = None
) -> tuple[Sightings, Roster, Cameras, np.ndarray]:
    """Sightings, roster and cameras, and for every sighting its row in the month."""
    rows = np.flatnonzero(month.kind == CAMERA)
    offset, who, score, rest = top_scores((month.identity_llr if identity_llr is None else identity_llr)[rows], 12)
    keys = keys_from(
        [hashlib.blake2b(month.time_s[j].tobytes() + month.place[j].tobytes(), digest_size=16).digest() for j in rows]
    )
    sightings = Sightings.canonical(
        month.time_s[rows],
        month.place[rows],
        month.covariance[rows],
        month.camera[rows],
        np.full(len(rows), NO_CAMERA),
        month.species_ll[rows],
        offset,
        who,
        score,
        rest,
        keys,
    )
    k = month.catalogued
    collars = {}
    for i in np.flatnonzero(month.collar[:k] >= 0):
        mine = np.flatnonzero(month.known == i)
        collars[f"{i:05d}"] = Evidence.canonical(
            month.time_s[mine],
            month.place[mine, 0],
            month.place[mine, 1],
            month.covariance[mine],
            keys_from([int(j).to_bytes(16, "big") for j in mine]),
        )
    parameters = [
        MotionParameters(TAU_POSITION_S[s], TAU_VELOCITY_S[s], SIGMA_M[s] * wrong.scale) for s in month.species[:k]
    ]
    roster = Roster.of(
        [f"{i:05d}" for i in range(k)], month.species[:k], parameters, np.array(LOG_SD) * wrong.log_sd, collars
    )
    width = 2 * month.reach_m * month.reserve.detected
    end = month.reserve.days * DAY
    cameras, _ = sorted_cameras(
        month.camera_m[:, 0], month.camera_m[:, 1], width, np.zeros(len(width)), np.full(len(width), end)
    )
    row_of = {keys[i].tobytes(): j for i, j in enumerate(rows)}
    return sightings, roster, cameras, np.array([row_of[key.tobytes()] for key in sightings.keys])


def true_llr(month: Month) -> np.ndarray:
    """Identity scores of somebody who knows: the oracle of association."""
    return np.where(month.truth[:, None] == np.arange(month.catalogued), 45.0, -45.0)


def rosette(
    month: Month, wrong: Wrong = Wrong(), identity_llr: np.ndarray | None = None, **rules: Any
) -> tuple[Answer, Settled, float]:
    sightings, roster, cameras, row = told(month, wrong, identity_llr)
    x, y = month.reserve.side_m
    assumed = AssociationRules(centre_x_m=x / 2, centre_y_m=y / 2, **rules)
    started = time.process_time()
    settled = settle(sightings, roster, cameras, (0.0, month.reserve.days * DAY), assumed)
    mean, covariance = positions(settled, month.path_s)
    owner, stated = np.full(len(month.time_s), NOBODY), np.full(len(month.time_s), np.nan)
    owner[row], stated[row] = settled.identities.owners()
    return Answer(mean, covariance, owner, stated), settled, time.process_time() - started
