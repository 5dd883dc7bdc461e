"""Step: weighing a span of time as a whole: each animal that was seen in it against everybody known. Pure.

Later sightings and late collars change what is believed of earlier ones. A function of the set in the span, whatever
the order in which it came.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from fusion.association import Settled, settle
from fusion.calibration import IDENTITY, Calibration
from fusion.camera_process import Cameras, sorted_cameras
from fusion.decisions import review_queue
from fusion.identities import AssociationRules, Identities
from fusion.provisional import Standing, standing
from fusion.residence import Mapper
from fusion.roster import Roster
from fusion.sightings import NO_CAMERA, Sightings
from hub.pipeline.clocks import camera_clocks, corrected_s
from hub.pipeline.fuse import evidence_of
from hub.pipeline.history import Rows, ordered_rows
from hub.pipeline.identity import owner_of
from hub.pipeline.passages import DECIDED, Passage, passages, species_table
from hub.pipeline.shares import LEAST_SHARE, MOST_OF_A_SHARE
from hub.pipeline.weighing import Span
from hub.pipeline.world import World
from hub.records.camera_clock import CameraClock
from hub.records.identity import NOTHING_DECIDED, Believed
from hub.records.proposal import Candidate, Proposal, Share, Status, Together
from hub.store.observations import Seen

LEAST_SHOWN: Final = 0.01
MOST_SHOWN: Final = 8
LOG_SD: Final = (0.4, 0.4, 0.3)
"""Between individuals of a species, where a site has fitted nothing: log standard deviations of the motion."""
STATION_REACH: Final = 1.9
"""Of what a station states as its uncertainty: twice the effective strip half-width times the chance to notice."""
LEAST_STATED: Final = 0.001
"""No more than this from sure is what people judge: the ends of the map stay where they are."""


class Window(NamedTuple):
    """What was seen in a span, what people decided of it, and the fixes of what individuals carried."""

    span: Span
    seen: Sequence[Seen]
    decided: dict[UUID, Believed]
    fixes: Mapping[UUID, Sequence[Seen]]


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


class Weighed(NamedTuple):
    """The answers for [since, until) of a span: proposals by observation, and what of it is part of whose track.

    known: what a sighting more is weighed against; None: nobody is. clocks: of the cameras that were heard.
    """

    proposals: list[Proposal]
    shares: list[Share]
    known: Known | None
    clocks: list[CameraClock]


def weigh(window: Window, world: World, calibration: Calibration = IDENTITY, mapper: Mapper = map) -> Weighed:
    """Answers for what is of the span itself, and the clocks of cameras; a pure function. Nobody known, nothing.

    Only what is shown follows the calibration; shares are what was weighed. `mapper` may be the map of a pool of
    threads; the answer is the same.
    """
    kinds = sorted({one.scientific_name for one in world.individuals.values()})
    found = of_kinds(passages(window.seen, window.decided, world), kinds)
    usable = {individual: ordered_rows(said, world) for individual, said in window.fixes.items() if said}
    fixes = {individual: rows for individual, rows in usable.items() if len(rows)}
    clocks = camera_clocks(window.seen, found, fixes, world)
    if not found or not world.individuals:
        return Weighed([], [], None, clocks)
    roster = _roster(fixes, world, kinds)
    rank = {UUID(name): k for k, name in enumerate(roster.names)}
    stations, cameras = _cameras(window.seen, world)
    by_device = {one.device: one for one in clocks}
    sightings = sightings_of(found, world, kinds, rank, stations, by_device, roster)
    rules = _rules(found, fixes, world)
    since, until = window.span.since, window.span.until
    read_s = (window.span.read_since.timestamp(), window.span.read_until.timestamp())
    settled = settle(sightings, roster, cameras, read_s, rules, mapper)
    value = dict(review_queue(settled, len(sightings)))
    configuration = rules.configuration_hash().hex()[:16]
    by_key = {one.members[0].id.bytes: one for one in found}
    met = together_of(settled, [by_key[key.tobytes()].members[0] for key in sightings.keys])
    out: list[Proposal] = []
    parts: list[Share] = []
    for j in range(len(sightings)):
        key = sightings.keys[j].tobytes()
        passage, first = by_key[key], by_key[key].members[0]
        told = proposals_of(passage, j, settled.identities, roster, configuration, value[key], calibration)
        told = [msgspec.structs.replace(one, together=met.get(j, ())) for one in told]
        out += [one for one in told if since <= one.observed_at < until]
        # What was taken at another time than it says would pull a track to where its animal was not.
        is_wrong = (clock := by_device.get(first.device)) is not None and clock.is_wrong
        if since <= first.observed_at < until and not is_wrong and not _is_certain(passage, window.decided, world):
            parts += _shares(passage, j, settled)
    read_since = window.span.read_since
    known = Known(standing(settled), kinds, rank, stations, by_device, calibration, configuration, read_since)
    return Weighed(out, parts, known, clocks)


def of_kinds(found: Sequence[Passage], kinds: Sequence[str]) -> list[Passage]:
    """Of a species of which nobody is known, nobody who is known is seen."""
    return [one for one in found if one.species is None or one.species in kinds]


def together_of(settled: Settled, first: Sequence[Seen]) -> dict[int, tuple[Together, ...]]:
    """With which others each row was weighed together, likeliest first; `first`: the observation of each row."""
    met, found = settled.together, defaultdict[int, list[Together]](list)
    for one, other, probability in zip(met.one.tolist(), met.other.tolist(), met.probability.tolist(), strict=True):
        for here, there in ((one, first[other]), (other, first[one])):
            shown = Together(observation=there.id, observed_at=there.observed_at, probability=round(probability, 4))
            found[here].append(shown)
    return {
        row: tuple(sorted(others, key=lambda one: (-one.probability, one.observation))[:MOST_SHOWN])
        for row, others in found.items()
    }


def _is_certain(passage: Passage, decided: Mapping[UUID, Believed], world: World) -> bool:
    """Is it known whom one of these shows, or that it is nobody known? Then the passage is not shared out."""
    for one in passage.members:
        what = decided.get(one.id, NOTHING_DECIDED)
        if what.decided or owner_of(one.observation, what, world) is not None:
            return True
    return False


def _shares(passage: Passage, j: int, settled: Settled) -> list[Share]:
    found, first = settled.identities, passage.members[0]
    return [
        Share(
            individual=UUID(settled.roster.names[int(found.who[k])]),
            observation=first.id,
            observed_at=first.observed_at,
            share=share,
            spread_m2=round(float(found.spread_m2[k]), 1),
        )
        for k in range(int(found.offset[j]), int(found.offset[j + 1]))
        if (share := round(min(float(found.probability[k]), MOST_OF_A_SHARE), 4)) >= LEAST_SHARE
    ]


def _roster(fixes: dict[UUID, Rows], world: World, kinds: Sequence[str]) -> Roster:
    people = sorted(world.individuals.values(), key=lambda one: str(one.id))
    motions = {one.id: world.movements.of(one.id, one.scientific_name) for one in people}
    collars = {
        str(individual): evidence_of(rows, world.frame, motions[individual].error_factor)
        for individual, rows in fixes.items()
    }
    parameters = [motions[one.id].parameters for one in people]
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
