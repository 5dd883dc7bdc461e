"""The fences of the drill: what the dispatcher is told about."""

from __future__ import annotations

from datetime import datetime

from shapely import Geometry, LineString, Point, union_all

from hub.drill.geography import SITE, geometry, ground
from hub.records.ids import content_id
from hub.records.reference import Fence, FenceTrigger, Severity

VILLAGE_RADIUS_M = 2_500.0
PATROLLED_M = 250.0
PEOPLE = ("person", "vehicle", "gunshot")


def shapes() -> dict[str, Geometry]:
    """Fence name → shape in metres. The core is watched off the tracks: on them walk the patrols, all day long."""
    earth = ground()
    patrolled = union_all([LineString(way.xy).buffer(PATROLLED_M, quad_segs=2) for way in earth.tracks])
    around = {f"Around {name}": Point(*xy).buffer(VILLAGE_RADIUS_M) for name, xy in earth.settlements.items()}
    return {"Core zones": earth.cores - patrolled, "Border strip": earth.strip, "Park": earth.park, **around}


def fences(alert_from: datetime) -> list[Fence]:
    """One fence for each of `shapes`. People in the core or at the border matter most, then beasts near houses."""
    made: list[Fence] = []
    for name, shape in shapes().items():
        severity, triggers, watches, colour = _policy(name)
        made.append(
            Fence(
                id=content_id(SITE.id, "fence", name),
                site=SITE.id,
                name=name,
                geometry=geometry(shape),
                triggers=triggers,
                severity=severity,
                watches=watches,
                alert_from=alert_from,
                colour=colour,
            )
        )
    return made


def _policy(name: str) -> tuple[Severity, tuple[FenceTrigger, ...], tuple[str, ...], str]:
    if name == "Border strip":
        return "critical", ("enter", "through", "present"), PEOPLE, "#c0392b"
    if name == "Core zones":
        return "high", ("enter", "through", "present"), PEOPLE, "#d35400"
    if name == "Park":
        return "low", ("exit",), ("individual",), "#2e7d32"
    return "high", ("enter", "through"), ("individual",), "#8e44ad"
