"""Step: fixes × fences → findings, by the fix that decided them; from the first late fix on, as far as it matters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from geo.fence_evidence import CREDIBLE, Fixes
from geo.fence_rules import PRESETS
from geo.geofence import POSSIBLE_FROM, Followed, Transition, follow
from geo.geofence import Memory as States
from geo.uncertainty import floored
from hub.pipeline.fuse import spread_of
from hub.pipeline.guard import CHANCES, open_times, watches
from hub.pipeline.history import Insertion, Rows, instant_of, uuid_of
from hub.pipeline.world import World
from hub.records.finding import Finding, Subject, finding_id
from hub.records.observation import NO_ALARM, Detection, Sighting
from hub.records.reference import Fence
from hub.store.observations import Seen

# Findings by the observation that decided them.
Told = dict[UUID, list[Finding]]


def inserted_rows(insertions: Iterable[Insertion]) -> NDArray[np.int64]:
    """Numbers of new rows among all."""
    runs = list(insertions)
    if len(runs) == 1:
        return np.arange(runs[0].start, runs[0].stop)
    return np.concatenate([np.empty(0, np.int64), *(np.arange(one.start, one.stop) for one in runs)])


def follow_fences(
    subject: Subject,
    rows: Rows,
    world: World,
    watched_as: frozenset[str],
    states: States,
    inserted: NDArray[np.int64],
) -> tuple[Told, Followed]:
    """What a subject did at the fences that watch it, from the first of the `inserted` fixes on."""
    watch = world.watch_for(watched_as)
    if len(inserted) == 0 or not watch.fences:
        return {}, Followed([], states if watch.fences else States(), len(rows), len(rows))
    time_s = np.ascontiguousarray(rows["time_s"])
    fixes = Fixes(
        time_s,
        np.ascontiguousarray(rows["longitude"]),
        np.ascontiguousarray(rows["latitude"]),
        floored(rows["covariance"]),
        spread_of(watched_as),
    )
    opens = open_times(watch.fences, world.site.time_zone, float(time_s[0]), float(time_s[-1]))
    followed = follow(fixes, watch, CHANCES, states, inserted, opens)
    out: Told = {}
    for one in followed.transitions:
        fence = world.fences[UUID(one.fence_id)]
        numbers = dict.fromkeys((one.from_ix, one.to_ix, one.decided_ix))
        ids = {k: uuid_of(rows["id"][k]) for k in numbers}
        told = out.setdefault(ids[one.decided_ix], [])
        told.append(_finding(subject, one, fence, ids, fixes, told))
    return out, followed


def _finding(
    subject: Subject, one: Transition, fence: Fence, ids: dict[int, UUID], fixes: Fixes, told: list[Finding]
) -> Finding:
    ends = tuple(dict.fromkeys((ids[one.from_ix], ids[one.to_ix])))
    ordinal = sum(f.fence == fence.id and f.kind == one.kind and f.evidence[: len(ends)] == ends for f in told)
    xx, _, yy = fixes.covariance[one.decided_ix].tolist()
    why: dict[str, Any] = {
        "cause": one.cause,
        "fixes": one.fixes,
        "error_m": round(math.sqrt((xx + yy) / 2.0), 1),
        "sensitivity": fence.sensitivity,
        "thresholds": _thresholds(one, fence),
    }
    if not math.isnan(one.log_odds):
        why["log_odds"] = round(one.log_odds, 2)
    detail: dict[str, Any] = {"why": why}
    if one.until_s is not None:
        detail["left_at"] = instant_of(one.until_s).isoformat()
    return Finding(
        id=finding_id(subject, fence.id, one.kind, ordinal, *ends),
        site=fence.site,
        subject=subject,
        kind=one.kind,
        fence=fence.id,
        fence_version=fence.version,
        observed_from=instant_of(float(fixes.time_s[one.from_ix])),
        observed_to=instant_of(float(fixes.time_s[one.to_ix])),
        crossed_at=instant_of(one.time_s),
        earliest_at=instant_of(one.earliest_s),
        latest_at=instant_of(one.latest_s),
        decided_at=instant_of(float(fixes.time_s[one.decided_ix])),
        probability=round(one.p, 6),
        longitude=round(one.longitude, 7),
        latitude=round(one.latitude, 7),
        evidence=tuple(dict.fromkeys((*ends, ids[one.decided_ix]))),
        detail=detail,
    )


def _thresholds(one: Transition, fence: Fence) -> dict[str, float]:
    """What the probability had to reach."""
    if one.kind == "possible_crossing":
        return {"p": POSSIBLE_FROM}
    if one.kind == "approach":
        return {"approach_s": fence.approach_s or 0.0}
    if math.isnan(one.log_odds):
        return {"p": CREDIBLE}
    sensitivity = PRESETS[fence.sensitivity]
    half = sensitivity.leave if one.kind == "exit" else sensitivity.enter
    return {"begin": half.begin, "sure": half.sure, "clear": sensitivity.clear}


def presences(seen: Seen, subject: Subject, world: World, place: tuple[float, float]) -> list[Finding]:
    """A detection or sighting inside a fence that watches for such things: finding ``present``."""
    observation = seen.observation
    if not isinstance(observation, Detection | Sighting):
        return []
    sure = observation.probability if isinstance(observation, Detection) else None
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
                    earliest_at=seen.observed_at,
                    latest_at=seen.observed_at,
                    decided_at=seen.observed_at,
                    probability=1.0 if sure is None else sure,
                    longitude=place[0],
                    latitude=place[1],
                    evidence=(seen.id,),
                    detail=_shown(seen.device, observation) | ({"sensitive": True} if world.shows(observation) else {}),
                )
            )
    return out


def _shown(device: str, observation: Detection | Sighting) -> dict[str, Any]:
    # Whose place this is depends on what is shown: clearance needs all of it.
    detail: dict[str, Any] = {"label": observation.label, "device": device}
    if NO_ALARM in observation.flags:
        detail[NO_ALARM] = True
    if isinstance(observation, Detection):
        detail["probability"] = observation.probability
    if observation.scientific_name:
        detail["scientific_name"] = observation.scientific_name
    if observation.individual:
        detail["individual"] = observation.individual
    return detail
