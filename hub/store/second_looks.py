"""Which pictures wait for a second look, why, and what was seen then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from hub.store.database import Connection, Database


class Wish(NamedTuple):
    """A picture that deserves another look, the look that says so, and why."""

    medium: UUID
    looked_by: str
    reason: str


WISH = """
insert into second_look_wish as w (medium_id, site_id, looked_by, reason)
select t.medium, $1, t.looked_by, t.reason
from unnest($2::uuid[], $3::text[], $4::text[]) as t (medium, looked_by, reason)
on conflict (medium_id) do update set looked_by = excluded.looked_by, reason = excluded.reason,
    asked_at = clock_timestamp(), done_at = null, problem = ''
where w.looked_by <> excluded.looked_by or (w.reason = 'classify' and excluded.reason <> 'classify')"""


async def wish(connection: Connection, site: str, wishes: Sequence[Wish]) -> None:
    """Ask for second looks; what was asked for because of the same look is not asked for again."""
    if wishes:
        await connection.execute(WISH, site, *map(list, zip(*sorted(wishes), strict=True)))


class Wished(NamedTuple):
    """A wish that waits."""

    medium: UUID
    site: str
    looked_by: str
    reason: str


WAITING = """
select medium_id, site_id, looked_by, reason from second_look_wish
where done_at is null and not (medium_id = any($1::uuid[])) order by asked_at, medium_id limit $2"""


async def waiting(database: Database, limit: int, *, in_hand: Collection[UUID] = ()) -> list[Wished]:
    """What waits, first asked first."""
    async with database.connection() as connection:
        return [Wished(*row) for row in await connection.fetch(WAITING, list(in_hand), limit)]


ADD = """
insert into second_look (medium_id, site_id, model, looked_by, reason, body) values ($1, $2, $3, $4, $5, $6)
on conflict (medium_id, model) do update set looked_by = excluded.looked_by, reason = excluded.reason,
    body = excluded.body, looked_at = clock_timestamp()"""


async def add(connection: Connection, wished: Wished, model: str, reason: str, body: bytes) -> None:
    """What a heavy model saw in the picture (reason: the wish's), or a classifier in its cut-outs (`classify`)."""
    await connection.execute(ADD, wished.medium, wished.site, model, wished.looked_by, reason, body)


DONE = """
update second_look_wish set done_at = clock_timestamp(), problem = $3
where medium_id = $1 and looked_by = $2 and done_at is null"""


async def done(connection: Connection, wished: Wished, problem: str = "") -> None:
    """The wish is fulfilled, or cannot be, with the reason."""
    await connection.execute(DONE, wished.medium, wished.looked_by, problem[:500])


class State(NamedTuple):
    """How second looks go at a site: how many wait, since when, how many were done for which reason."""

    waiting: int
    oldest: datetime | None
    done: dict[str, int]


COUNTS = """
select reason, count(*) filter (where done_at is null) as waiting, count(*) filter (where done_at is not null) as done,
       min(asked_at) filter (where done_at is null) as oldest
from second_look_wish where site_id = $1 group by reason order by reason"""


async def state(database: Database, site: str) -> State:
    """How it goes."""
    async with database.connection() as connection:
        rows = await connection.fetch(COUNTS, site)
    oldest = [row["oldest"] for row in rows if row["oldest"] is not None]
    done = {row["reason"]: row["done"] for row in rows}
    return State(sum(row["waiting"] for row in rows), min(oldest, default=None), done)
