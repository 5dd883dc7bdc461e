"""Movement parameters as they were fitted: configuration that tracks are a function of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from hub.records.movement import Movement, Tag
from hub.store import log
from hub.store.database import Connection, Database

NOUN = "movement"
_tags = msgspec.json.Decoder(tuple[Tag, ...]).decode

# The newest fit of an animal is the one that holds.
ALL = """
select distinct on (individual_id) individual_id, tau_position_s, tau_velocity_s, sigma_m, centre_drift_m2_s,
    error_scale, spread_factor, log_covariance, fixes, tags
from movement where site_id = $1 and fitted_at <= coalesce($2::timestamptz, 'infinity')
order by individual_id, fitted_at desc"""


async def everything(database: Database, site: str, as_of: datetime | None = None) -> list[Movement]:
    """All fits of a site that hold, or that held at a time, in the order of ids."""
    async with database.connection() as connection:
        return [_movement(row) for row in await connection.fetch(ALL, site, as_of)]


PUT = """
insert into movement (site_id, individual_id, tau_position_s, tau_velocity_s, sigma_m, centre_drift_m2_s, error_scale,
    spread_factor, log_covariance, fixes, tags)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""


async def put(database: Database, site: str, movements: Sequence[Movement]) -> None:
    """Write new fits, beside those that held before, and tell the pipeline, in one transaction."""
    async with database.transaction() as connection:
        await put_in(connection, site, movements)


async def put_in(connection: Connection, site: str, movements: Sequence[Movement]) -> None:
    """Write new fits, and tell the pipeline, in the caller's transaction."""
    rows = [
        (
            site,
            one.individual,
            one.tau_position_s,
            one.tau_velocity_s,
            one.sigma_m,
            one.centre_drift_m2_s,
            one.error_scale,
            one.spread_factor,
            list(one.log_covariance),
            one.fixes,
            msgspec.json.encode(one.tags),
        )
        for one in movements
    ]
    await connection.executemany(PUT, rows)
    await log.record_change(connection, site, NOUN, [one.individual for one in movements])


def _movement(row: asyncpg.Record) -> Movement:
    return Movement(
        individual=row["individual_id"],
        tau_position_s=row["tau_position_s"],
        tau_velocity_s=row["tau_velocity_s"],
        sigma_m=row["sigma_m"],
        centre_drift_m2_s=row["centre_drift_m2_s"],
        error_scale=row["error_scale"],
        spread_factor=row["spread_factor"],
        log_covariance=tuple(row["log_covariance"]),
        fixes=row["fixes"],
        tags=_tags(row["tags"]),
    )
