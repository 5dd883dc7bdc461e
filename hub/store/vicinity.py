"""Observations of a stretch of time, of everywhere or of a box: what may have been near something, then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.store.database import Database
from hub.store.observations import Seen, seen_of


class Box(NamedTuple):
    """Degrees; west > east goes over the antimeridian."""

    west: float
    south: float
    east: float
    north: float


# The nearest in time come first, so that what a limit cuts off is the farthest. Without a box, where things were has no
# part in what is answered.
AROUND = """
select id, device, observed_at, received_at, body from observation
where site_id = $1 and observed_at between $2 and $3 and not coalesce(body -> 'flags' ?| $5::text[], false)
  and ($6::float8[] is null or (longitude is null and device = any($7::text[]))
       or (latitude between $6[2] and $6[4]
           and case when $6[1] <= $6[3] then longitude between $6[1] and $6[3]
                    else longitude >= $6[1] or longitude <= $6[3] end))
order by abs(extract(epoch from observed_at - $4::timestamptz)), id limit $8"""


async def around(
    database: Database,
    site: str,
    *,
    since: datetime,
    until: datetime,
    at: datetime,
    unusable: Sequence[str],
    box: Box | None,
    standing: Sequence[str],
    most: int,
) -> list[Seen]:
    """Observations of [since, until], nearest to `at` first, at most `most`.

    With a box, those with a place in it, and those without a place of the devices in `standing`.
    """
    bounds = None if box is None else list(box)
    async with database.connection() as connection:
        rows = await connection.fetch(AROUND, site, since, until, at, list(unusable), bounds, list(standing), most)
    return [seen_of(row) for row in rows]


BY_ID = "select id, device, observed_at, received_at, body from observation where site_id = $1 and id = $2"


async def by_id(database: Database, site: str, key: UUID) -> Seen | None:
    """One observation of a site."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BY_ID, site, key)
    return None if row is None else seen_of(row)
