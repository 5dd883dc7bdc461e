"""A leopard with a collar that walks over a fence, and a camera that saw it."""

from __future__ import annotations

from tests import builders as a
from tests.api.conftest import SITE, Hub

EAST = 0.02


async def a_walk(hub: Hub) -> None:
    """In, through and out of the fence "core", one fix an hour, an hour before the hub's clock."""
    hub.clock.time = a.NOON.replace(hour=18)
    collar, camera = a.a_device(SITE, "collar-1"), a.a_device(SITE, "camera-1", kind="camera")
    leopard, gate = a.an_individual(SITE, "F01", sensitive=True), a.a_place(SITE, "gate")
    await hub.store(
        collar,
        camera,
        leopard,
        gate,
        a.a_deployment(collar, leopard),
        a.a_deployment(camera, gate),
        a.a_fence(SITE),
    )
    await hub.send(*(a.a_fix(minutes=60 * k, east=east) for k, east in enumerate((-EAST, 0.0, EAST, -EAST))))
    seen = {"kind": "detection", "device": "camera-1", "observed_at": "2026-07-01T16:30:00Z", "label": "animal"}
    await hub.send(seen | {"scientific_name": leopard.scientific_name, "individual": "F01", "probability": 0.9})
    await hub.settle()
