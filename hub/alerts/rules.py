"""Which findings deserve a dispatcher, and how a late observation turns one alert into another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from hub.records.finding import BEHAVIOURS, Alert, Decisions, Finding
from hub.records.ids import content_id
from hub.records.observation import NO_ALARM
from hub.records.reference import Fence, Severity

# Nothing has happened yet, or not for sure.
WARNINGS = frozenset({"proximity", "approach", "possible_crossing"})


# From which probability of death, and of death or a lost or failed collar, somebody should look.
GRAVE, LOST = 0.2, 0.3
MOVED_ON = "the animal moved on"


def alert_id(finding: UUID) -> UUID:
    """One alert per finding: equal findings, equal alerts."""
    return content_id("alert", finding.bytes)


def alert_of(finding: Finding, fence: Fence, subject_name: str) -> Alert | None:
    """The alert that a fence asks for, or None: not this kind of thing, or before it began to watch."""
    if finding.kind not in fence.triggers or finding.detail.get(NO_ALARM):
        return None
    if fence.alert_from is not None and finding.crossed_at < fence.alert_from:
        return None
    severity = (fence.warning_severity or fence.severity) if finding.kind in WARNINGS else fence.severity
    return _alert(finding, subject_name, severity, fence)


def behaviour_alert(finding: Finding, subject_name: str) -> Alert | None:
    """The alert for what an animal does now, or None: it is over, it is harmless, or it is no alarm."""
    severity = _gravity(finding) if finding.detail.get("is_open") else None
    if severity is None:
        return None
    return _alert(finding, subject_name, severity)


def _alert(finding: Finding, subject_name: str, severity: Severity, fence: Fence | None = None) -> Alert:
    return Alert(
        id=alert_id(finding.id),
        site=finding.site,
        finding=finding.id,
        subject=finding.subject,
        subject_name=subject_name,
        kind=finding.kind,
        fence=None if fence is None else fence.id,
        fence_name="" if fence is None else fence.name,
        severity=severity,
        occurred_at=finding.crossed_at,
        longitude=finding.longitude,
        latitude=finding.latitude,
        detail=finding.detail | _how_sure(finding),
    )


def _gravity(finding: Finding) -> Severity | None:
    """How grave it is that a stay, a slow spell or a doubtful collar is going on. Encounters are no alarm."""
    match finding.kind:
        case "immobility":
            chance = {one["cause"]: one["p"] for one in finding.detail["causes"]}
            if chance["death"] >= GRAVE:
                return "high"
            lost = chance["death"] + chance["drop_off"] + chance["failure"]
            return "medium" if lost >= LOST or finding.detail.get("signal") else None
        case "low_speed":
            return "low"
        case "wrong_deployment":
            return "medium"
        case _:
            return None


def _how_sure(finding: Finding) -> dict[str, Any]:
    """What a dispatcher asks next: between when and when, how sure, and what decided it."""
    return {
        "observed_from": finding.observed_from,
        "observed_to": finding.observed_to,
        "earliest_at": finding.earliest_at,
        "latest_at": finding.latest_at,
        "decided_at": finding.decided_at,
        "p": finding.probability,
    }


def decide(
    standing: Iterable[Finding],
    removed: Iterable[Finding],
    fences: Mapping[UUID, Fence],
    subject_name: str,
) -> Decisions:
    """Alerts of findings that stand, and the fate of the alerts of those that do not.

    A standing finding whose fence asks for no alert (any more) has none. A late observation that splits a segment
    moves a crossing: the new finding lies inside the old one's interval, has its fence and kind, and so corrects it
    instead of crying wolf twice.
    """
    raised: list[Alert] = []
    retracted: list[UUID] = []
    causes: dict[UUID, str] = {}
    now = list(standing)
    for finding in now:
        fence = None if finding.fence is None else fences.get(finding.fence)
        if finding.kind in BEHAVIOURS:
            alert = behaviour_alert(finding, subject_name)
        else:
            alert = None if fence is None else alert_of(finding, fence, subject_name)
        if alert is None:
            retracted.append(alert_id(finding.id))
            if finding.kind in BEHAVIOURS and finding.detail.get("until"):
                causes[alert_id(finding.id)] = MOVED_ON
        else:
            raised.append(alert)
    asked_for = {alert.finding for alert in raised}
    successors = {finding.id: finding for finding in now if finding.id in asked_for}
    corrections: list[tuple[UUID, UUID]] = []
    for old in sorted(removed, key=lambda f: (f.crossed_at, f.id)):
        retracted.append(alert_id(old.id))
        successor = next((f for f in successors.values() if _replaces(f, old)), None)
        if successor is not None:
            corrections.append((alert_id(old.id), alert_id(successor.id)))
            del successors[successor.id]
    return Decisions(raised=tuple(raised), retracted=tuple(retracted), corrections=tuple(corrections), causes=causes)


def _replaces(new: Finding, old: Finding) -> bool:
    same = (new.fence, new.kind, new.subject) == (old.fence, old.kind, old.subject)
    if same and new.id != old.id and new.kind in BEHAVIOURS:
        # A late fix may begin a stay earlier as well as end it.
        return new.observed_from <= old.observed_to and old.observed_from <= new.observed_to
    return same and new.id != old.id and old.observed_from <= new.observed_from and new.observed_to <= old.observed_to
