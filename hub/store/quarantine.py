"""What could not be accepted: kept with its bytes and the reason, replayable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hub.records.errors import NotFound
from hub.records.ids import content_id
from hub.records.receipt import Arrival, Bad
from hub.records.site import UNROUTED
from hub.store.database import Connection, Database, storable

# A resend of the same bad bytes counts up; it does not add a row.
ADD = """
insert into quarantine (id, site_id, door, dialect, address, sender, device, code, reason, raw, received_at)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::bytea[], $11::timestamptz[])
on conflict (id) do update set times = quarantine.times + 1, reason = excluded.reason, code = excluded.code"""


async def add(connection: Connection, bad: Sequence[tuple[Arrival, Bad]]) -> None:
    """Keep bad parts of arrivals. Addresses and reasons lose NUL characters, which text cannot hold; raw is exact."""
    rows = {
        content_id("quarantine", a.site, a.dialect, a.address, b.raw): (
            a.site,
            a.door,
            a.dialect,
            storable(a.address),
            a.sender,
            a.device,
            b.code,
            storable(b.reason),
            b.raw,
            a.received_at,
        )
        for a, b in bad
    }
    if rows:
        await connection.execute(ADD, list(rows), *map(list, zip(*rows.values(), strict=True)))


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, without its bytes (`size` says how many there are, `preview` shows the first)."""

    id: UUID
    door: str
    dialect: str
    address: str
    sender: str | None
    code: str
    reason: str
    received_at: datetime
    recorded_at: datetime
    times: int
    replayed_at: datetime | None
    size: int
    preview: str


# What names a site that does not exist is nobody's: it is found under `unrouted`, until there is such a site.
OF_SITE = f"""(site_id = $1 or (
    $1 = '{UNROUTED}' and not exists (select from site where site.id = quarantine.site_id)))"""

PAGE = f"""
select id, door, dialect, address, sender, code, reason, received_at, recorded_at, times, replayed_at,
       length(raw) as size, substring(raw for 200) as head
from quarantine
where {OF_SITE} and ($2::timestamptz is null or (recorded_at, id) < ($2, $3::uuid))
order by recorded_at desc, id desc limit $4"""


async def page(database: Database, site: str, after: tuple[datetime, UUID] | None, limit: int) -> list[Quarantined]:
    """Newest first, by keyset."""
    at, last = after or (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(PAGE, site, at, last, limit)
    return [
        Quarantined(
            preview=bytes(row["head"]).decode("utf-8", "replace"), **{k: v for k, v in row.items() if k != "head"}
        )
        for row in rows
    ]


ONE = f"select * from quarantine where {OF_SITE} and id = $2"


async def arrival(database: Database, site: str, entry: UUID) -> Arrival:
    """The arrival as it was, ready to be accepted again; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, entry)
    if row is None:
        raise NotFound(f"no quarantine entry {entry} at site {site}")
    return Arrival(
        site=row["site_id"],
        door=row["door"],
        dialect=row["dialect"],
        address=row["address"],
        body=row["raw"],
        received_at=row["received_at"],
        sender=row["sender"],
        device=row["device"],
    )


WAITING = f"select id from quarantine where {OF_SITE} and replayed_at is null order by recorded_at, id"


async def waiting(database: Database, site: str) -> list[UUID]:
    """Entries that no replay has cleared yet."""
    async with database.connection() as connection:
        return [row["id"] for row in await connection.fetch(WAITING, site)]


REPLAYED = f"update quarantine set replayed_at = clock_timestamp() where {OF_SITE} and id = $2"


async def mark_replayed(database: Database, site: str, entry: UUID) -> None:
    """The entry was accepted at last; it stays, marked."""
    async with database.connection() as connection:
        await connection.execute(REPLAYED, site, entry)


COUNT = """
select count(*) filter (where replayed_at is null) as open,
       count(*) filter (where recorded_at > $2) as recent
from quarantine where site_id = $1"""


async def count(database: Database, site: str, since: datetime) -> tuple[int, int]:
    """(entries not replayed, entries recorded since a time)."""
    async with database.connection() as connection:
        row = await connection.fetchrow(COUNT, site, since)
    assert row is not None
    return row["open"], row["recent"]
