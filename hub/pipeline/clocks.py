"""Step: are the clocks of cameras right? Asks animals with collars that passed, service pictures and live receipts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from fusion.association_kernels import WIDEST
from fusion.ellipse import Floats
from fusion.sensors.clock_offset import FARTHEST_H, candidates, clock_offset, of_passages, of_service
from fusion.sensors.clock_receipts import Receipts, of_receipts, receipts
from fusion.tracks import positions_at
from hub.pipeline.fuse import fuse
from hub.pipeline.history import Rows
from hub.pipeline.passages import Passage
from hub.pipeline.world import World
from hub.records.camera_clock import CameraClock
from hub.records.observation import Detection, Sighting
from hub.store.observations import Seen

SETTING: Final = "camera_clocks"
SERVICE_AT: Final = "service_at"
"""Attribute of a picture whose true time is known: somebody held up a watch, or was there with a phone."""
RECEIVED_TIME: Final = "received_time"
STEP_S: Final = 300.0
"""Tracks are straight between times so far apart."""
MOST: Final = 40
"""Passages of one camera, the newest: more would not change what is known."""
FEWEST_FIXES: Final = 10
LEAST_RIGHT: Final = 0.5


class _Way(NamedTuple):
    """A collared animal's track at steps: time_s f8[t], columns f8[t, 5] x, y, xx, xy, yy; home f8[5] of all of it."""

    time_s: Floats
    columns: Floats
    home: Floats


def camera_clocks(
    seen: Sequence[Seen], found: Sequence[Passage], fixes: Mapping[UUID, Rows], world: World
) -> list[CameraClock]:
    """What is known of every camera that recorded a collared animal or a service picture, or that sends at once; a
    function of the set.
    """
    live = _live(seen)
    service: defaultdict[str, list[float]] = defaultdict(list)
    for one in seen:
        shown = _service_offset(one)
        if shown is not None and _is_of_now(one, live):
            service[one.device].append(shown)
    passed: defaultdict[str, list[tuple[Passage, UUID, float]]] = defaultdict(list)
    for passage in found:
        first = passage.members[0]
        if not _is_of_now(first, live):
            continue
        named = _named(passage, fixes, len(world.individuals))
        if named is not None and isinstance(first.observation, Detection) and world.place_of(
            first.device, first.observed_at
        ):  # fmt: skip
            passed[first.device].append((passage, *named))
    ways: dict[UUID, _Way] = {}
    out: list[CameraClock] = []
    for device in sorted(service.keys() | passed.keys() | live.keys()):
        newest = sorted(passed[device], key=lambda p: (p[0].members[0].observed_at, p[0].members[0].id))[-MOST:]
        for _, individual, _ in newest:
            if individual not in ways:
                ways[individual] = _way(fixes[individual], individual, world)
        out.append(_clock(device, newest, ways, np.array(sorted(service[device])), live.get(device), world))
    return out


def corrected_s(observed_at: datetime, clock: CameraClock | None) -> float:
    """Seconds since the epoch at which a picture was taken, as far as that is known."""
    at = observed_at.timestamp()
    return at - clock.offset_s if clock is not None and clock.is_wrong else at


def _clock(
    device: str,
    passed: Sequence[tuple[Passage, UUID, float]],
    ways: Mapping[UUID, _Way],
    service_s: Floats,
    live: Receipts | None,
    world: World,
) -> CameraClock:
    at = candidates(service_s if live is None else np.append(service_s, live.lead_s[0]))
    log = of_service(service_s, at) if len(service_s) else np.zeros(len(at.offset_s))
    if passed:
        x, y = world.frame.to_metres(
            np.array([one.longitude for one, _, _ in passed]), np.array([one.latitude for one, _, _ in passed])
        )
        density, anywhere = np.empty((len(passed), len(at.offset_s))), np.empty(len(passed))
        for k, (one, individual, _) in enumerate(passed):
            way = ways[individual]
            when = one.members[0].observed_at.timestamp() - at.offset_s
            there = np.stack([np.interp(when, way.time_s, column) for column in way.columns.T], axis=1)
            density[k] = _density(x[k], y[k], there, one.covariance)
            anywhere[k] = _density(x[k], y[k], way.home[None], one.covariance)[0]
            # Where nothing is known of the animal, nothing is known of the clock.
            density[k][(when < way.time_s[0]) | (when > way.time_s[-1])] = anywhere[k]
        log = log + of_passages(density, anywhere, np.array([right for _, _, right in passed]))
    if live is not None:
        log = log + of_receipts(live, at.offset_s)
    told = clock_offset(at, log, len(passed) + len(service_s) + (live.fast if live else 0))
    return CameraClock(
        device=device,
        offset_s=round(told.offset_s),
        sd_s=round(told.sd_s, 1),
        probability=round(told.probability, 4),
        wrong=round(told.wrong, 4),
        witnesses=told.witnesses,
        resets=live.resets if live else 0,
    )


def _live(seen: Sequence[Seen]) -> dict[str, Receipts]:
    """What receipts say of the clocks of those cameras that have pictures which came at once."""
    times: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in seen:
        # A picture without a time of its own was dated by its receipt.
        if isinstance(one.observation, Detection) and RECEIVED_TIME not in one.observation.flags:
            times[one.device].append((one.observed_at.timestamp(), one.received_at.timestamp()))
    found = {device: receipts(*np.array(sorted(set(pairs))).T) for device, pairs in times.items()}
    return {device: one for device, one in found.items() if one.fast}


def _is_of_now(seen: Seen, live: Mapping[str, Receipts]) -> bool:
    """Did it come since the clock was set anew, as far as is known?"""
    known = live.get(seen.device)
    return known is None or not known.resets or seen.received_at.timestamp() >= known.since_s


def _named(passage: Passage, fixes: Mapping[UUID, Rows], individuals: int) -> tuple[UUID, float] | None:
    """The collared animal that a passage shows by its looks, and how surely; the place has no say."""
    listed = {who: min(max(score, -WIDEST), WIDEST) for who, score in passage.scores.items()}
    worn = [(score, str(who), who) for who, score in listed.items() if who in fixes and len(fixes[who]) >= FEWEST_FIXES]
    if not worn:
        return None
    best, _, who = max(worn)
    rest = max(individuals - len(listed), 0) * math.exp(min(passage.rest, 0.0)) + 1.0
    right = math.exp(best) / (sum(map(math.exp, listed.values())) + rest)
    return (who, right) if right >= LEAST_RIGHT else None


def _way(rows: Rows, individual: UUID, world: World) -> _Way:
    motion = world.movements.of(individual, world.individuals[individual].scientific_name)
    known = fuse(rows, world.frame, motion, None)
    evidence, beyond = known.evidence, FARTHEST_H * 3600.0
    time_s = np.arange(evidence.time_s[0] - beyond, evidence.time_s[-1] + beyond + STEP_S, STEP_S)
    there = positions_at(known, time_s)
    xx, xy, yy = there.covariance.T
    columns = np.stack([there.x_m, there.y_m, xx, xy, yy], axis=1)
    spread = np.cov(np.stack([evidence.x_m, evidence.y_m]))
    home = np.array([evidence.x_m.mean(), evidence.y_m.mean(), spread[0, 0], spread[0, 1], spread[1, 1]])
    return _Way(time_s, columns, home)


def _density(x: float, y: float, there: Floats, covariance: Floats) -> Floats:
    dx, dy = x - there[:, 0], y - there[:, 1]
    xx, xy, yy = there[:, 2] + covariance[0], there[:, 3] + covariance[1], there[:, 4] + covariance[2]
    determinant = xx * yy - xy * xy
    distance2 = (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / determinant
    return np.exp(-0.5 * distance2) / (2.0 * math.pi * np.sqrt(determinant))


def _service_offset(seen: Seen) -> float | None:
    """Stamp less true time of a service picture; what is no time of a zone says nothing."""
    observation = seen.observation
    if not isinstance(observation, Detection | Sighting) or SERVICE_AT not in observation.attributes:
        return None
    try:
        truth = msgspec.convert(observation.attributes[SERVICE_AT], datetime)
    except msgspec.ValidationError:
        return None
    return (seen.observed_at - truth).total_seconds() if truth.tzinfo is not None else None
