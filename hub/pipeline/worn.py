"""What the tags of one animal said, and how far off each of them is: the ground on which its movement is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.evidence import Evidence, keys_from
from fusion.hierarchy import LogNormal
from fusion.parameters import Fitted
from fusion.sensors.inflation import fit_inflation
from fusion.tags import judged_with, tag_errors
from hub.pipeline.fuse import evidence_of
from hub.pipeline.history import argos_axes, ordered_rows, place_of
from hub.pipeline.world import World
from hub.records.movement import UNFITTED, Tag
from hub.records.observation import Fix
from hub.store.observations import Seen

FEWEST_FIXES = 30
"""Fewer say less than the prior does, of an animal and of a tag."""
MOST_FIXES = 20_000
"""The newest are fitted to: an animal of ten years ago is not the one of today."""
MOST_ELLIPSES = 2_000
"""So many of a tag say how much too thin its ellipses are."""


class Worn(NamedTuple):
    """Evidence in canonical order, with what each tag states of its errors stretched by psi; tag i8[n] numbers devices.

    psi: of each device, as fitted to its ellipses, or as assumed.
    """

    evidence: Evidence
    tag: NDArray[np.int64]
    devices: tuple[str, ...]
    psi: tuple[float, ...]


def worn_of(said: Sequence[Seen], world: World, prior: LogNormal) -> Worn:
    """The newest `MOST_FIXES` usable fixes of an animal's tags. Takes a second where ellipses are fitted."""
    usable = [one for one in said if isinstance(one.observation, Fix) and place_of(one, world, UNFITTED) is not None]
    usable = list({one.id: one for one in sorted(usable, key=lambda one: (one.observed_at, one.id))}.values())
    usable = usable[-MOST_FIXES:]
    devices = tuple(sorted({one.device for one in usable}))
    psi = {device: _psi([one for one in usable if one.device == device], world, prior) for device in devices}
    rows = ordered_rows(usable, world, {device: Tag(device=device, psi=psi[device]) for device in devices})
    number = {device: k for k, device in enumerate(devices)}
    tag = np.array([number[one.device] for one in usable], dtype=np.int64)
    return Worn(evidence_of(rows, world.frame), tag, devices, tuple(psi[device] for device in devices))


def errors_of(worn: Worn, fitted: Fitted) -> tuple[Fitted, tuple[Tag, ...]]:
    """Errors of each tag given how the animal moves, and the fit judged with them; in the order of devices."""
    errors = tag_errors(worn.evidence, worn.tag, fitted)
    fixes = np.bincount(worn.tag, minlength=len(worn.devices)).tolist()
    tags = tuple(
        Tag(device=device, scale=errors[k].scale, psi=worn.psi[k], tail=errors[k].tail, fixes=fixes[k])
        for k, device in enumerate(worn.devices)
    )
    return judged_with(worn.evidence, worn.tag, fitted, errors), tags


def errors_differ(one: Sequence[Tag], other: Sequence[Tag]) -> bool:
    """Is any tag another one, or its errors of another kind? How many fixes say so does not matter."""
    told: list[Mapping[str, tuple[float, float, float]]] = [
        {tag.device: (tag.scale, tag.psi, tag.tail) for tag in tags} for tags in (one, other)
    ]
    return told[0] != told[1]


def _psi(said: Sequence[Seen], world: World, prior: LogNormal) -> float:
    """Of one tag, fitted where it sent enough ellipses of Argos; whose track is its own for that."""
    with_axes = [(one, axes) for one in said if (axes := argos_axes(one.observation)) is not None][-MOST_ELLIPSES:]
    if len(with_axes) < FEWEST_FIXES:
        return UNFITTED.psi
    places = [place_of(one, world, UNFITTED) for one, _ in with_axes]
    at = np.array([place[:2] for place in places if place is not None])
    x, y = world.frame.to_metres(at[:, 0], at[:, 1])
    time_s = np.array([one.observed_at.timestamp() for one, _ in with_axes])
    major, minor, bearing = np.array([axes for _, axes in with_axes]).T
    keys = keys_from([one.id.bytes for one, _ in with_axes])
    return fit_inflation(time_s, x, y, major, minor, bearing, keys, prior).psi
