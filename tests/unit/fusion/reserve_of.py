"""A small reserve with cameras, residents and strangers, for tests of identity."""

from __future__ import annotations

import numpy as np

from fusion.camera_process import Cameras, sorted_cameras
from fusion.evidence import Evidence, keys_from
from fusion.identities import AssociationRules
from fusion.motion import MotionParameters
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings, top_scores

DAY = 86_400.0
SPAN_S = (0.0, 10 * DAY)
RULES = AssociationRules(silence_step_s=DAY / 2, sweeps=4, centre_sd_m=8_000.0)
CAT = MotionParameters(1.0 * DAY, 3600.0, 1500.0)


def columns(n: int, individuals: int, seed: int) -> dict[str, np.ndarray]:
    """Sightings of nobody in particular, with ties in time; the dense scores are under "scores"."""
    rng = np.random.default_rng(seed)
    return {
        "time_s": np.floor(rng.uniform(0, 10, n) * 24) / 24 * DAY,
        "camera": rng.integers(-1, 9, n),
        "burst": rng.integers(-1, n, n),
        "quality": rng.choice([0.2, 2.0, 8.0], n),
        "who": rng.integers(-1, individuals, n),
        "scores": rng.normal(-1.0, 1.0, (n, individuals)),
        "species": np.log(rng.dirichlet([1.0, 1.0], n)),
        "keys": keys_from([rng.bytes(16) for _ in range(n)]),
    }


def cameras() -> Cameras:
    """Nine cameras in a grid of 2 km, all on for ten days."""
    x, y = (axis.ravel() for axis in np.meshgrid([-2000.0, 0.0, 2000.0], [-2000.0, 0.0, 2000.0], indexing="ij"))
    return sorted_cameras(x, y, np.full(9, 100.0), np.zeros(9), np.full(9, 10 * DAY))[0]


def sightings(made: dict[str, np.ndarray], rows: np.ndarray) -> Sightings:
    """The chosen rows, in the order given."""
    site = cameras()
    camera = made["camera"][rows]
    place = np.stack([site.x_m[camera], site.y_m[camera]], axis=1)
    place[camera == NO_CAMERA] = 500.0
    score = made["scores"][rows].copy()
    named = made["who"][rows] >= 0
    score[named, made["who"][rows][named]] += made["quality"][rows][named]
    offset, who, listed, rest = top_scores(score, 3)
    return Sightings.canonical(
        made["time_s"][rows],
        place,
        np.tile([900.0, 0.0, 900.0], (len(rows), 1)),
        camera,
        made["burst"][rows],
        made["species"][rows],
        offset,
        who,
        listed,
        rest,
        made["keys"][rows],
    )


def roster(individuals: int, seed: int = 0, collars: int = 1) -> Roster:
    """Individuals of two kinds, the first of them with a collar."""
    rng = np.random.default_rng(seed + 77)
    worn = {}
    for i in range(min(collars, individuals)):
        x, y = np.cumsum(rng.normal(0, 150.0, (2, 40)), axis=1)
        keys = keys_from([rng.bytes(16) for _ in range(40)])
        worn[f"a{i:03d}"] = Evidence.canonical(
            np.linspace(0, 10 * DAY, 40), x, y, np.tile([100.0, 0.0, 100.0], (40, 1)), keys
        )
    names = [f"a{i:03d}" for i in range(individuals)]
    return Roster.of(names, np.arange(individuals) % 2, [CAT] * individuals, np.array([0.4, 0.4, 0.3]), worn)
