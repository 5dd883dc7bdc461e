"""Step: whom may it be? Weighs every animal that was seen lately against everybody known, and keeps the answer.

Runs beside the line, over a window of time as a whole: later sightings and late collars change what is believed of
earlier ones. A function of the set in the window, whatever the order in which it came.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from fusion.association import settle
from fusion.calibration import IDENTITY, Calibration
from fusion.camera_process import Cameras, sorted_cameras
from fusion.decisions import review_queue
from fusion.identities import AssociationRules, Identities
from fusion.provisional import Standing, standing
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from hub.pipeline.carried import fixes_of
from hub.pipeline.clocks import SETTING, camera_clocks, corrected_s
from hub.pipeline.fuse import evidence_of
from hub.pipeline.history import UNUSABLE, Rows, ordered_rows
from hub.pipeline.passages import DECIDED, Passage, passages, species_table
from hub.pipeline.world import World
from hub.records.camera_clock import CameraClock
from hub.records.errors import Malformed
from hub.records.identity import Believed
from hub.records.proposal import Candidate, Proposal, Status
from hub.store import identities, observations, proposals, sites
from hub.store.database import Database
from hub.store.observations import Seen

WINDOW: Final = timedelta(days=30)
MOST: Final = 20_000
"""Detections and sightings of a window; of more, the newest."""
MOST_THEN: Final = 10_000
"""Of what was known at an earlier time, so much is weighed while somebody waits for the answer."""
LEAST_SHOWN: Final = 0.01
MOST_SHOWN: Final = 8
LOG_SD: Final = (0.4, 0.4, 0.3)
"""Between individuals of a species, where a site has fitted nothing: log standard deviations of the motion."""
STATION_REACH: Final = 1.9
"""Of what a station states as its uncertainty: twice the effective strip half-width times the chance to notice."""


CALIBRATION: Final = "identity_calibration"
LEAST_STATED: Final = 0.001
"""No more than this from sure is what people judge: the ends of the map stay where they are."""


class KeptCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """The map from stated to true probabilities, and from how many reviews it is."""

    stated: list[float]
    true: list[float]
    reviews: int

    def map(self) -> Calibration:
        """For use."""
        return Calibration(np.array(self.stated), np.array(self.true))


class Window(NamedTuple):
    """What was seen in [since, until), what people decided of it, and the fixes of what individuals carried."""

    since: datetime
    until: datetime
    seen: Sequence[Seen]
    decided: dict[UUID, Believed]
    fixes: Mapping[UUID, Sequence[Seen]]


def to_the_hour(moment: datetime) -> datetime:
    """The end of the hour that a moment is in: the window does not move with every sighting."""
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class Weighed(NamedTuple):
    """Proposals for all that was noticed in a window, and what a sighting more is weighed against; None: nobody."""

    proposals: list[Proposal]
    known: Known | None
    clocks: list[CameraClock]


class Known(NamedTuple):
    """`standing` of the species `kinds`: the number of each individual in it, and of each station; clocks by device."""

    standing: Standing
    kinds: Sequence[str]
    rank: Mapping[UUID, int]
    stations: Mapping[UUID, int]
    clocks: Mapping[str, CameraClock]
    calibration: Calibration
    configuration: str
    since: datetime


async def propose(database: Database, world: World, until: datetime) -> Weighed:
    """Weigh the window that ends then, and keep what comes out."""
    began = await proposals.clock(database)
    window = await read_window(database, world, until)
    kept = await sites.read_setting(database, world.site.id, CALIBRATION)
    calibration = IDENTITY if kept is None else msgspec.convert(kept, KeptCalibration).map()
    weighed = await asyncio.to_thread(weigh, window, world, calibration)
    await sites.write_setting(database, world.site.id, SETTING, weighed.clocks)
    async with database.transaction() as connection:
        await proposals.put(connection, world.site.id, weighed.proposals, began)
    return weighed


async def proposals_then(database: Database, world: World) -> list[Proposal]:
    """What weighing would have proposed at `world.as_of`; raises Malformed where there is too much to weigh."""
    newest = await observations.newest_noticed(database, world.site.id, sorted(UNUSABLE), world.as_of)
    if newest is None:
        return []
    window = await read_window(database, world, to_the_hour(newest))
    pieces = len(window.seen) + sum(map(len, window.fixes.values()))
    if pieces > MOST_THEN:
        raise Malformed(
            f"as_of: {pieces:,} observations were in the window then, more than {MOST_THEN:,}, too many to be weighed "
            "while you wait"
        )
    return (await asyncio.to_thread(weigh, window, world)).proposals


async def read_window(database: Database, world: World, until: datetime) -> Window:
    """All that whom a sighting shows is weighed with."""
    since, site = until - WINDOW, world.site.id
    seen = await observations.noticed(database, site, since, until, MOST, world.as_of)
    decided = await identities.believed_of(database, site, [one.id for one in seen], world.as_of)
    fixes = {one: await fixes_of(database, world, one, since, until) for one in world.individuals}
    return Window(since, until, seen, decided, fixes)


def weigh(window: Window, world: World, calibration: Calibration = IDENTITY) -> Weighed:
    """Proposals for all members of all passages, and the clocks of cameras; a pure function. Nobody known, nothing."""
    kinds = sorted({one.scientific_name for one in world.individuals.values()})
    found = of_kinds(passages(window.seen, window.decided, world), kinds)
    usable = {individual: ordered_rows(said, world) for individual, said in window.fixes.items() if said}
    fixes = {individual: rows for individual, rows in usable.items() if len(rows)}
    clocks = camera_clocks(window.seen, found, fixes, world)
    if not found or not world.individuals:
        return Weighed([], None, clocks)
    roster = _roster(fixes, world, kinds)
    rank = {UUID(name): k for k, name in enumerate(roster.names)}
    stations, cameras = _cameras(window.seen, world)
    by_device = {one.device: one for one in clocks}
    sightings = sightings_of(found, world, kinds, rank, stations, by_device, roster)
    rules = _rules(found, fixes, world)
    span = (window.since.timestamp(), window.until.timestamp())
    settled = settle(sightings, roster, cameras, span, rules)
    value = dict(review_queue(settled, len(sightings)))
    configuration = rules.configuration_hash().hex()[:16]
    by_key = {one.members[0].id.bytes: one for one in found}
    out: list[Proposal] = []
    for j in range(len(sightings)):
        key = sightings.keys[j].tobytes()
        out += proposals_of(by_key[key], j, settled.identities, roster, configuration, value[key], calibration)
    known = Known(standing(settled), kinds, rank, stations, by_device, calibration, configuration, window.since)
    return Weighed(out, known, clocks)


def of_kinds(found: Sequence[Passage], kinds: Sequence[str]) -> list[Passage]:
    """Of a species of which nobody is known, nobody who is known is seen."""
    return [one for one in found if one.species is None or one.species in kinds]


def _roster(fixes: dict[UUID, Rows], world: World, kinds: Sequence[str]) -> Roster:
    people = sorted(world.individuals.values(), key=lambda one: str(one.id))
    collars = {str(individual): evidence_of(rows, world.frame) for individual, rows in fixes.items()}
    parameters = [world.movements.of(one.id, one.scientific_name).parameters for one in people]
    species = [kinds.index(one.scientific_name) for one in people]
    return Roster.of([str(one.id) for one in people], species, parameters, np.array(LOG_SD), collars)


def _cameras(seen: Sequence[Seen], world: World) -> tuple[dict[UUID, int], Cameras]:
    """Stations that were heard in the window, west to east; each operating from when it was heard first to last."""
    heard: dict[UUID, tuple[float, float]] = {}
    for one in seen:
        place = world.place_of(one.device, one.observed_at)
        if place is not None:
            at = one.observed_at.timestamp()
            first, last = heard.get(place.id, (at, at))
            heard[place.id] = min(first, at), max(last, at)
    known = [world.places[key] for key in heard]
    x, y = world.frame.to_metres(np.array([one.longitude for one in known]), np.array([one.latitude for one in known]))
    spans = np.array([heard[one.id] for one in known], dtype=np.float64).reshape(-1, 2)
    width = np.array([STATION_REACH * max(one.uncertainty_m, 15.0) for one in known], dtype=np.float64)
    cameras, number = sorted_cameras(x, y, width, spans[:, 0], spans[:, 1])
    return {one.id: int(number[k]) for k, one in enumerate(known)}, cameras


def sightings_of(
    found: Sequence[Passage],
    world: World,
    kinds: Sequence[str],
    rank: Mapping[UUID, int],
    stations: Mapping[UUID, int],
    clocks: Mapping[str, CameraClock],
    roster: Roster,
) -> Sightings:
    """Passages as the columns that are weighed. Whoever has no number in `rank` is left out."""
    x, y = world.frame.to_metres(np.array([one.longitude for one in found]), np.array([one.latitude for one in found]))
    station = [
        NO_CAMERA if (place := world.place_of(one.members[0].device, one.members[0].observed_at)) is None
        else stations.get(place.id, NO_CAMERA)
        for one in found
    ]  # fmt: skip
    scores = [sorted((rank[who], score) for who, score in one.scores.items() if who in rank) for one in found]
    offset = np.concatenate([[0], np.cumsum([len(one) for one in scores])])
    # A clock that is known to be wrong is put right; what is not known of it is so much of a way.
    clock = [clocks.get(one.members[0].device) for one in found]
    sd_s = np.array([one.sd_s if one is not None and one.is_wrong else 0.0 for one in clock])
    sigma_m, tau_position_s, tau_velocity_s = np.median(roster.medians, axis=0)
    strayed_m2 = (sigma_m * sd_s) ** 2 / (tau_position_s * tau_velocity_s)
    return Sightings.canonical(
        [corrected_s(one.members[0].observed_at, by) for one, by in zip(found, clock, strict=True)],
        np.stack([x, y], axis=1),
        np.stack([one.covariance for one in found]) + strayed_m2[:, None] * np.array([1.0, 0.0, 1.0]),
        station,
        np.full(len(found), NO_CAMERA),
        species_table(found, kinds),
        offset,
        [who for one in scores for who, _ in one],
        [score for one in scores for _, score in one],
        [one.rest for one in found],
        np.frombuffer(b"".join(one.members[0].id.bytes for one in found), "V16"),
    )


def _rules(found: Sequence[Passage], fixes: dict[UUID, Rows], world: World) -> AssociationRules:
    """Home ranges lie where animals were seen: mean and spread of the stations and fixes, at least 5 km."""
    longitudes = [one.longitude for one in found]
    latitudes = [one.latitude for one in found]
    for rows in fixes.values():
        longitudes.append(float(np.median(rows["longitude"])))
        latitudes.append(float(np.median(rows["latitude"])))
    x, y = world.frame.to_metres(np.array(longitudes), np.array(latitudes))
    spread = math.sqrt(0.5 * (float(np.var(x)) + float(np.var(y))))
    # Rounded, so that one sighting more does not change what everything is computed with.
    return AssociationRules(
        centre_x_m=round(float(np.median(x)), -3),
        centre_y_m=round(float(np.median(y)), -3),
        centre_sd_m=max(5_000.0, round(spread, -3)),
    )


def proposals_of(
    passage: Passage,
    j: int,
    found: Identities,
    roster: Roster,
    configuration: str,
    value: float,
    calibration: Calibration,
    status: Status = "settled",
) -> list[Proposal]:
    """The answer for row j, once for every member of its passage."""
    pairs = range(int(found.offset[j]), int(found.offset[j + 1]))
    ranked = sorted(pairs, key=lambda k: (-found.probability[k], found.who[k]))
    shown = found.probability[ranked]
    # The word of people stands, and where nothing was learnt all stays as it is.
    if len(calibration.stated) > 2 and not any(abs(score) >= DECIDED for score in passage.scores.values()):
        shown = calibration(np.clip(shown, LEAST_STATED, 1.0 - LEAST_STATED))
    # Calibrated one by one, they may come to more than 1 together.
    true = dict(zip(ranked, shown / max(float(shown.sum()), 1.0), strict=True))
    candidates = tuple(
        Candidate(
            individual=UUID(roster.names[int(found.who[k])]),
            probability=round(float(true[k]), 4),
            place=round(float(found.place[k]), 2),
            appearance=round(float(found.appearance[k]), 2),
            species=round(float(found.species[k]), 2),
            effort=round(float(found.effort[k]), 2),
        )
        for k in ranked[:MOST_SHOWN]
        if true[k] >= LEAST_SHOWN
    )
    return [
        Proposal(
            observation=one.id,
            observed_at=one.observed_at,
            candidates=candidates,
            nobody=round(max(1.0 - sum(c.probability for c in candidates), 0.0), 4),
            # One of a passage stands for all of it: deciding on the first decides what the others show.
            value=round(value, 3) if number == 0 else 0.0,
            configuration=configuration,
            status=status,
        )
        for number, one in enumerate(passage.members)
    ]
