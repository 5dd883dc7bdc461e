"""Step: consecutive fixes × fences → findings, by exact geometry; only the segments that a late fix touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from geo.crossing import Crossing, crossings
from hub.pipeline.history import Insertion, Rows, uuid_of
from hub.pipeline.world import World
from hub.records.finding import Finding, Subject, finding_id
from hub.records.observation import Detection, Sighting
from hub.records.reference import Fence
from hub.store.observations import Seen

# A segment is named by the two observations at its ends.
Ends = tuple[UUID, UUID]


def touched_segments(insertions: Iterable[Insertion], count: int) -> list[tuple[int, int]]:
    """Ranges of segments [first, last) that new rows made, among `count` rows; neighbours joined."""
    out: list[tuple[int, int]] = []
    for one in insertions:
        first, last = max(one.start - 1, 0), min(one.stop, count - 1)
        if first >= last:
            continue
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def broken_segments(insertions: Iterable[Insertion], rows: Rows) -> list[Ends]:
    """Segments that are none any more: new rows came between their ends."""
    return [
        (uuid_of(rows["id"][one.start - 1]), uuid_of(rows["id"][one.stop]))
        for one in insertions
        if one.start > 0 and one.stop < len(rows)
    ]


def findings_of(
    subject: Subject, rows: Rows, world: World, watched_as: frozenset[str], segments: Sequence[tuple[int, int]]
) -> dict[Ends, list[Finding]]:
    """Crossings on some segments of a subject's fixes, as findings by segment."""
    out: dict[Ends, list[Finding]] = {}
    if not world.fences:
        return out
    for first, last in segments:
        # Only the fixes of this range are handed on: the rest of a long history is not looked at.
        part = rows[first : last + 1]
        for crossing in crossings(part["longitude"].copy(), part["latitude"].copy(), world.fence_index):
            fence = world.fences[UUID(crossing.fence_id)]
            if not watches(fence, watched_as):
                continue
            a, b = part[crossing.from_ix], part[crossing.to_ix]
            ends = (uuid_of(a["id"]), uuid_of(b["id"]))
            earlier = out.setdefault(ends, [])
            ordinal = sum(f.fence == fence.id and f.kind == crossing.kind for f in earlier)
            earlier.append(_finding(subject, crossing, fence, ends, ordinal, (float(a["time_s"]), float(b["time_s"]))))
    return out


def watches(fence: Fence, watched_as: frozenset[str]) -> bool:
    """Does this fence care about a subject or detection that goes by these words? An empty list cares about all."""
    return not fence.watches or not watched_as.isdisjoint(fence.watches)


def _finding(
    subject: Subject, crossing: Crossing, fence: Fence, ends: Ends, ordinal: int, times: tuple[float, float]
) -> Finding:
    fraction = crossing.left_at_fraction if crossing.entered_at_fraction is None else crossing.entered_at_fraction
    assert fraction is not None
    began, ended = times
    left_at = _instant(_along(began, ended, crossing.left_at_fraction))
    detail = {"left_at": left_at.isoformat()} if crossing.kind == "through" else {}
    return Finding(
        id=finding_id(subject, fence.id, crossing.kind, ordinal, *ends),
        site=fence.site,
        subject=subject,
        kind=crossing.kind,
        fence=fence.id,
        fence_version=fence.version,
        observed_from=_instant(began),
        observed_to=_instant(ended),
        crossed_at=_instant(_along(began, ended, fraction)),
        longitude=round(crossing.longitude, 7),
        latitude=round(crossing.latitude, 7),
        evidence=ends,
        detail=detail,
    )


def presences(seen: Seen, subject: Subject, world: World, place: tuple[float, float]) -> list[Finding]:
    """A detection or sighting inside a fence that watches for such things: finding ``present``."""
    observation = seen.observation
    if not isinstance(observation, Detection | Sighting):
        return []
    words = frozenset({observation.label, observation.scientific_name or observation.label})
    _, found, _ = world.fence_index.locate([place[0]], [place[1]])
    out: list[Finding] = []
    for k in found.tolist():
        fence = world.fences[UUID(world.fence_index.fences[k].id)]
        if "present" in fence.triggers and watches(fence, words):
            out.append(
                Finding(
                    id=finding_id(subject, fence.id, "present", 0, seen.id),
                    site=fence.site,
                    subject=subject,
                    kind="present",
                    fence=fence.id,
                    fence_version=fence.version,
                    observed_from=seen.observed_at,
                    observed_to=seen.observed_at,
                    crossed_at=seen.observed_at,
                    longitude=place[0],
                    latitude=place[1],
                    evidence=(seen.id,),
                    detail=_shown(seen.device, observation),
                )
            )
    return out


def _shown(device: str, observation: Detection | Sighting) -> dict[str, Any]:
    # Whose place this is depends on what is shown: clearance needs all of it.
    detail: dict[str, Any] = {"label": observation.label, "device": device}
    if isinstance(observation, Detection):
        detail["probability"] = observation.probability
    if observation.scientific_name:
        detail["scientific_name"] = observation.scientific_name
    if observation.individual:
        detail["individual"] = observation.individual
    return detail


def _along(began: float, ended: float, fraction: float | None) -> float:
    return began + (ended - began) * (1.0 if fraction is None else fraction)


def _instant(time_s: float) -> datetime:
    return datetime.fromtimestamp(round(time_s, 3), UTC)
