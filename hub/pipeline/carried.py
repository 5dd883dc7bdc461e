"""What the devices of an individual said while they were on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.pipeline.world import World
from hub.records.finding import Subject
from hub.records.observation import Fix
from hub.store import observations
from hub.store.database import Database
from hub.store.observations import Seen


async def fixes_of(
    database: Database,
    world: World,
    individual: UUID,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    collars_only: bool = False,
) -> list[Seen]:
    """The fixes of what an individual carried, in [since, until), deployment by deployment. Open ends are None."""
    fixes: list[Seen] = []
    for stay in world.stays_of_carrier.get(Subject(kind="individual", id=individual), ()):
        device = world.devices.get(stay.device)
        if collars_only and (device is None or device.kind != "collar"):
            continue
        begin = max((at for at in (since, stay.valid_from) if at is not None), default=None)
        end = min((at for at in (until, stay.valid_to) if at is not None), default=None)
        if begin is None or end is None or begin < end:
            said = await observations.of_device(database, world.site.id, stay.device, begin, end, world.as_of)
            fixes += [one for one in said if isinstance(one.observation, Fix)]
    return fixes


async def readings_of(database: Database, world: World, individual: UUID) -> list[Seen]:
    """What the devices of an individual said beside where they were, while they were on it."""
    said: list[Seen] = []
    for stay in world.stays_of_carrier.get(Subject(kind="individual", id=individual), ()):
        said += await observations.readings(database, world.site.id, stay.device, stay.valid_from, stay.valid_to)
    return said
