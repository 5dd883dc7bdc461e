"""Step: all that is computed of one subject after a batch. Pure: memory and new observations in, verdict out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from fusion.ellipse import ellipse_from_covariance
from hub.alerts.rules import decide
from hub.pipeline.behave import behaviours
from hub.pipeline.fence import Told, follow_fences, inserted_rows, presences
from hub.pipeline.fuse import CONFIGURATION, fuse, segments_of, spread_of
from hub.pipeline.guard import unpack
from hub.pipeline.history import Insertion, Rows, fixes_only, merge, place_of, rows_of, uuid_of
from hub.pipeline.memory import Memory
from hub.pipeline.months import begins, months_of, states_at
from hub.pipeline.nights import around
from hub.pipeline.shares import last_likely, rows_of_shares, with_shares
from hub.pipeline.signs import signs_of
from hub.pipeline.world import World
from hub.records.finding import Decisions, Finding, Subject
from hub.records.observation import ErrorEllipse, Reading
from hub.records.position import Position
from hub.store.followed import Month
from hub.store.observations import Seen
from hub.store.shares import Shared
from hub.store.tracks import Segment, TrackVersion

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must be saved and told about one subject. `track` is None where nothing of it changed.

    `months`: those that differ from what is saved; if `whole`, they are all that there are.
    """

    subject: Subject
    memory: Memory
    added: tuple[Finding, ...]
    removed: tuple[Finding, ...]
    decisions: Decisions
    track: TrackVersion | None
    segments: tuple[Segment, ...]
    position: Position | None
    months: tuple[Month, ...]
    whole: bool
    # Nights around what is new of an individual; None: all of them.
    nights: frozenset[int] | None = frozenset()


@dataclass(frozen=True, slots=True)
class Work:
    """One subject to be judged. Where nothing is remembered of it, `seen` is its history, and `stood` its findings.

    `since`: only what is decided from then on is judged; `states` are those at fences then, and `seen` goes back as far
    as they need. None: all of it. `shared`: what probably shows the subject; None: as remembered.
    """

    subject: Subject
    device: str
    memory: Memory | None
    stood: tuple[Finding, ...]
    seen: Sequence[Seen]
    since: datetime | None = None
    states: bytes | None = None
    shared: Sequence[Shared] | None = None


def judge_all(work: Sequence[Work], world: World) -> list[Verdict]:
    """Judge subjects one after the other; one that cannot be judged is set aside, loudly, and the rest goes on."""
    verdicts: list[Verdict] = []
    for one in work:
        try:
            verdicts.append(judge(one, world))
        except Exception:
            LOGGER.exception("subject %s %s is set aside: it could not be judged", one.subject.kind, one.subject.id)
    return verdicts


def judge(work: Work, world: World) -> Verdict:
    """Take new observations of a subject into account."""
    subject, device, memory, stood, seen = work.subject, work.device, work.memory, work.stood, work.seen
    name = world.name_of(subject, device)
    known = Memory() if memory is None else memory
    is_animal = subject.kind == "individual"
    told_places = (one for one in seen if not (is_animal and isinstance(one.observation, Reading)))
    new = (
        rows_of(told_places, world, of=subject.id if is_animal else None)
        if subject.kind != "place"
        else rows_of((), world)
    )
    signs, more = merge(known.signs, signs_of(seen)) if is_animal else (known.signs, [])
    rows, inserted = merge(known.rows, new)
    fixes, insertions = rows, inserted
    if known.fixes is not known.rows or not new["is_fix"].all():
        fixes, insertions = merge(known.fixes, fixes_only(new))
    told, present = dict(known.told), dict(known.presences)
    fresh = inserted_rows(insertions)
    states, since = known.states, work.since if memory is None else memory.since
    if memory is None and work.states is not None and since is not None:
        start = int(np.searchsorted(fixes["time_s"], since.timestamp()))
        states, fresh = unpack(work.states, start), np.arange(start, len(fixes))
    words = _words(subject, world)
    found, followed = follow_fences(subject, fixes, world, words, states, fresh)
    dropped = _taken_out(told, fixes, followed.first, followed.stop)
    told |= found
    before = {f.id: f for f in dropped}
    after = {f.id: f for findings in found.values() for f in findings}
    removed = [f for f in dropped if after.get(f.id) != f]
    added = [f for f in after.values() if before.get(f.id) != f]
    if subject.kind != "individual":
        for one in seen:
            place = place_of(one, world) if since is None or one.observed_at >= since else None
            if one.id not in present and place is not None and (here := presences(one, subject, world, place[:2])):
                present[one.id] = here
                added += here
    shared = known.shared if work.shared is None else rows_of_shares(work.shared, world)
    is_moved = bool(inserted) or (shared is not known.shared and shared.tobytes() != known.shared.tobytes())
    known = Memory(
        rows=rows,
        fixes=fixes,
        told=told,
        states=followed.memory,
        presences=present,
        checkpoint=known.checkpoint,
        months=known.months,
        followed=dict(known.followed),
        since=since,
        shared=shared,
        evidence=with_shares(rows, shared) if is_moved else known.evidence,
        signs=signs,
        behaved=known.behaved,
        collars=dict(known.collars),
        past=known.past,
    )
    track, segments = _track(subject, known, world) if is_moved else (None, ())
    if is_animal and (inserted or more):
        behaved, known.behaved = known.behaved, behaviours(subject, known, world)
        # Most are the very findings of the step before.
        added += [one for key, one in known.behaved.items() if (old := behaved.get(key)) is not one and old != one]
        removed += [one for key, one in behaved.items() if (new := known.behaved.get(key)) is not one and new != one]
    standing = added
    if memory is None:
        before, after = {f.id: f for f in stood}, {f.id: f for f in standing}
        removed = [finding for finding in stood if after.get(finding.id) != finding]
        added = [finding for finding in standing if before.get(finding.id) != finding]
    months = _months(work, known, inserted_rows(inserted), followed.first, words, world)
    kept = {finding.id for finding in standing}
    decisions = decide(standing, [f for f in removed if f.id not in kept], world.fences, name)
    return Verdict(
        subject,
        known,
        tuple(added),
        tuple(removed),
        decisions,
        track,
        segments,
        _position(subject, device, name, known, world) if is_moved else None,
        months,
        memory is None and since is None,
        None if memory is None else _nights(rows, inserted, world) if is_animal else frozenset(),
    )


def _taken_out(told: Told, fixes: Rows, first: int, stop: int) -> list[Finding]:
    """Take out what the fixes first <= k < stop had decided."""
    if not told:
        return []
    return [finding for k in range(first, stop) for finding in told.pop(uuid_of(fixes["id"][k]), ())]


def _nights(rows: Rows, inserted: list[Insertion], world: World) -> frozenset[int]:
    return around(rows["time_s"][inserted_rows(inserted)], world.site.centre[0])


def _months(
    work: Work, memory: Memory, fresh: NDArray[np.int64], first: int, words: frozenset[str], world: World
) -> tuple[Month, ...]:
    """Months whose boxes or states differ from what is saved. Only who has no track is ever read from a month on."""
    rows, spread = memory.rows, spread_of(words)
    if work.subject.kind == "place":
        rows = rows_of((one for one in work.seen if place_of(one, world) is not None), world)
        rows = rows[np.argsort(rows["time_s"], kind="stable")]
        fresh = np.arange(len(rows))
    boxes = months_of(rows, fresh, spread)
    states = {} if work.subject.kind in ("individual", "place") else states_at(memory.fixes, memory.states, first)
    for month in states.keys() - boxes.keys():
        at = np.searchsorted(rows["time_s"], begins(month).timestamp())
        boxes |= {k: box for k, box in months_of(rows, np.array([at]), spread).items() if k == month}
    found: list[Month] = []
    for month, box in sorted(boxes.items()):
        old = memory.followed.get(month)
        since, packed = states.get(month) or ((old.since, old.states) if old else (None, None))
        one = Month(month, box, since, packed)
        if one != old:
            memory.followed[month] = one
            found.append(one)
    return tuple(found)


def _words(subject: Subject, world: World) -> frozenset[str]:
    individual = world.individuals.get(subject.id)
    return frozenset({subject.kind, individual.scientific_name} if individual else {subject.kind})


def _track(subject: Subject, memory: Memory, world: World) -> tuple[TrackVersion | None, tuple[Segment, ...]]:
    """Fuse an individual's evidence. People and devices have no home range: their fixes are their trajectory."""
    if subject.kind != "individual":
        return None, ()
    if not len(memory.evidence):
        memory.checkpoint, memory.months = None, {}
        return None, ()
    individual = world.individuals.get(subject.id)
    species = individual.scientific_name if individual else ""
    motion = world.movements.of(subject.id, species)
    memory.checkpoint = fuse(memory.evidence, world.frame, motion, memory.checkpoint)
    track = memory.checkpoint.track
    segments = segments_of(track, memory.evidence["share"])
    changed = tuple(s for s in segments if memory.months.get(s.month) != s.columns)
    memory.months = {s.month: s.columns for s in segments}
    made_with = f"{CONFIGURATION}/{track.configuration_hash.hex()[:16]}"
    header = TrackVersion(subject, 0, track.set_hash, made_with, len(track), segments[0].first_at, segments[-1].last_at)
    return header, changed


def _position(subject: Subject, device: str, name: str, memory: Memory, world: World) -> Position | None:
    k = last_likely(memory.evidence)
    if k is None:
        return None
    individual = world.individuals.get(subject.id)
    registered = world.devices.get(device)
    last = memory.evidence[k]
    longitude, latitude = float(last["longitude"]), float(last["latitude"])
    covariance = last["covariance"].reshape(1, 3)
    if memory.checkpoint is not None:
        track = memory.checkpoint.track
        x, y = world.frame.to_degrees(track.x_m[k : k + 1], track.y_m[k : k + 1])
        longitude, latitude, covariance = float(x[0]), float(y[0]), track.covariance[k : k + 1]
    return Position(
        subject=subject,
        name=name,
        device=device,
        device_kind=registered.kind if registered else "",
        longitude=round(longitude, 6),
        latitude=round(latitude, 6),
        uncertainty_m=round(float(np.sqrt((covariance[0, 0] + covariance[0, 2]) / 2.0)), 1),
        ellipse=ellipse_of(covariance),
        observed_at=datetime.fromtimestamp(float(last["time_s"]), UTC),
        scientific_name=individual.scientific_name if individual else "",
        share=float(last["share"]),
    )


def ellipse_of(covariance: np.ndarray) -> ErrorEllipse:
    """95 % ellipse of a covariance f8[1, 3]."""
    ellipse = ellipse_from_covariance(covariance)
    return ErrorEllipse(
        semi_major_m=round(float(ellipse.semi_major_m[0]), 1),
        semi_minor_m=round(float(ellipse.semi_minor_m[0]), 1),
        orientation_deg=round(float(ellipse.orientation_deg[0]), 1),
    )
