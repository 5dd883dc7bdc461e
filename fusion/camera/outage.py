"""Many cameras silent at once are one outage: of the repeater they send through, or of something else they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from fusion.camera.silence import Silence, silence_of
from fusion.ellipse import Floats

MANY: Final = 3
"""So many cameras without a word of a repeater are needed before something shared is thought of."""
ORDINARY: Final = 3.0
"""A camera was last heard at most so many usual times before what silenced it: 95 % of times are shorter (e^-3)."""


class Outage(NamedTuple):
    """`repeater`: None where cameras share something else. `since_h`: the last sign of life of any of its `members`."""

    repeater: str | None
    since_h: float
    members: tuple[str, ...]


def outages_of(
    reported_h: Mapping[str, Floats], silences: Mapping[str, Silence], repeaters: Mapping[str, str], now_h: float
) -> list[Outage]:
    """Reports (hours since the epoch) and silences by camera, repeaters by camera -> outages, the newest first.

    All that came through a repeater is taken for one sender: it is down when that sender is silent, which is known long
    before it is known of each camera. Members are its cameras that were not silent already. No one camera may account
    for it: without any of them the rest is silent too, or else a busy camera that died would be a repeater down.
    """
    behind: defaultdict[str, list[str]] = defaultdict(list)
    for camera in sorted(silences):
        if camera in repeaters:
            behind[repeaters[camera]].append(camera)
    found: list[Outage] = []
    for repeater, cameras in behind.items():
        through = _through(reported_h, cameras)
        if through is None or not through.is_silent(now_h):
            continue
        members = tuple(camera for camera in cameras if not silences[camera].is_silent(through.last_h))
        if members and all(_is_silent_without(reported_h, members, camera, now_h) for camera in members):
            found.append(Outage(repeater, through.last_h, members))
    known = {camera for one in found for camera in one.members}
    left = {camera: one for camera, one in silences.items() if one.is_silent(now_h) and camera not in known}
    found += _shared(left)
    return sorted(found, key=lambda one: (-one.since_h, one.repeater or "", one.members))


def _through(reported_h: Mapping[str, Floats], cameras: Iterable[str]) -> Silence | None:
    reports = [reported_h[camera] for camera in cameras]
    return silence_of(np.concatenate(reports)) if reports else None


def _is_silent_without(reported_h: Mapping[str, Floats], members: Iterable[str], camera: str, now_h: float) -> bool:
    rest = _through(reported_h, [one for one in members if one != camera])
    return rest is not None and rest.is_silent(now_h)


def _shared(silent: Mapping[str, Silence]) -> list[Outage]:
    """Silent cameras that may have fallen silent at the same moment, from the one that was heard last."""
    found: list[Outage] = []
    left = sorted(silent, key=lambda camera: (-silent[camera].last_h, camera))
    while left:
        since_h = silent[left[0]].last_h
        together = [one for one in left if silent[one].last_h + ORDINARY * (silent[one].usual_h or 0.0) >= since_h]
        if len(together) >= MANY:
            found.append(Outage(None, since_h, tuple(sorted(together))))
            left = [one for one in left if one not in together]
        else:
            left = left[1:]
    return found
