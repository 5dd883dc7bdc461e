"""Step: all that is computed of one subject after a batch. Pure: memory and new observations in, verdict out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from fusion.ellipse import ellipse_from_covariance
from hub.alerts.rules import decide
from hub.pipeline.fence import broken_segments, findings_of, presences, touched_segments
from hub.pipeline.fuse import CONFIGURATION, fuse, segments_of
from hub.pipeline.history import Insertion, fixes_only, merge, place_of, rows_of
from hub.pipeline.memory import Memory
from hub.pipeline.world import World
from hub.records.finding import Decisions, Finding, Subject
from hub.records.observation import ErrorEllipse
from hub.records.position import Position
from hub.store.observations import Seen
from hub.store.tracks import Segment, TrackVersion

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must be saved and told about one subject. `track` is None where nothing of it changed."""

    subject: Subject
    memory: Memory
    added: tuple[Finding, ...]
    removed: tuple[Finding, ...]
    decisions: Decisions
    track: TrackVersion | None
    segments: tuple[Segment, ...]
    position: Position | None


@dataclass(frozen=True, slots=True)
class Work:
    """One subject to be judged. Where nothing is remembered of it, `seen` is its history since `since` (None: all of

    it), and `stood` the findings of that time that the database holds.
    """

    subject: Subject
    device: str
    memory: Memory | None
    stood: tuple[Finding, ...]
    seen: Sequence[Seen]
    since: datetime | None = None


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
    new = rows_of(seen, world) if subject.kind != "place" else rows_of((), world)
    rows, inserted = merge(known.rows, new)
    fixes, insertions = rows, inserted
    if known.fixes is not known.rows or not new["is_fix"].all():
        fixes, insertions = merge(known.fixes, fixes_only(new))
    crossed, present = dict(known.crossings), dict(known.presences)
    removed = [f for ends in broken_segments(insertions, fixes) for f in crossed.pop(ends, ())]
    words = _words(subject, world)
    found = findings_of(subject, fixes, world, words, touched_segments(insertions, len(fixes)))
    crossed |= found
    added = [finding for findings in found.values() for finding in findings]
    if subject.kind != "individual":
        for one in seen:
            place = place_of(one, world)
            if one.id not in present and place is not None and (here := presences(one, subject, world, place[:2])):
                present[one.id] = here
                added += here
    standing = added
    if memory is None:
        before, after = {f.id: f for f in stood}, {f.id: f for f in standing}
        removed = [finding for finding in stood if after.get(finding.id) != finding]
        added = [finding for finding in standing if before.get(finding.id) != finding]
    since = work.since if memory is None else memory.since
    known = Memory(rows, fixes, crossed, present, known.checkpoint, known.months, since)
    kept = {finding.id for finding in standing}
    decisions = decide(standing, [f for f in removed if f.id not in kept], world.fences, name)
    track, segments = _track(subject, known, inserted, world)
    return Verdict(
        subject,
        known,
        tuple(added),
        tuple(removed),
        decisions,
        track,
        segments,
        _position(subject, device, name, known, world) if inserted else None,
    )


def _words(subject: Subject, world: World) -> frozenset[str]:
    individual = world.individuals.get(subject.id)
    return frozenset({subject.kind, individual.scientific_name} if individual else {subject.kind})


def _track(
    subject: Subject, memory: Memory, inserted: list[Insertion], world: World
) -> tuple[TrackVersion | None, tuple[Segment, ...]]:
    """Fuse an individual's evidence. People and devices have no home range: their fixes are their trajectory."""
    if subject.kind != "individual" or not inserted:
        return None, ()
    individual = world.individuals.get(subject.id)
    species = individual.scientific_name if individual else ""
    memory.checkpoint = fuse(memory.rows, world.frame, species, memory.checkpoint)
    track = memory.checkpoint.track
    segments = segments_of(track)
    changed = tuple(s for s in segments if memory.months.get(s.month) != s.columns)
    memory.months = {s.month: s.columns for s in segments}
    header = TrackVersion(
        subject, 0, track.set_hash, CONFIGURATION, len(track), segments[0].first_at, segments[-1].last_at
    )
    return header, changed


def _position(subject: Subject, device: str, name: str, memory: Memory, world: World) -> Position | None:
    if len(memory.rows) == 0:
        return None
    individual = world.individuals.get(subject.id)
    registered = world.devices.get(device)
    last = memory.rows[-1]
    longitude, latitude = float(last["longitude"]), float(last["latitude"])
    covariance = last["covariance"].reshape(1, 3)
    if memory.checkpoint is not None:
        track = memory.checkpoint.track
        x, y = world.frame.to_degrees(track.x_m[-1:], track.y_m[-1:])
        longitude, latitude, covariance = float(x[0]), float(y[0]), track.covariance[-1:]
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
    )


def ellipse_of(covariance: np.ndarray) -> ErrorEllipse:
    """95 % ellipse of a covariance f8[1, 3]."""
    ellipse = ellipse_from_covariance(covariance)
    return ErrorEllipse(
        semi_major_m=round(float(ellipse.semi_major_m[0]), 1),
        semi_minor_m=round(float(ellipse.semi_minor_m[0]), 1),
        orientation_deg=round(float(ellipse.orientation_deg[0]), 1),
    )
