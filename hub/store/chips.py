"""Chips of coats: which pictures are to be cut, what was cut, what people say of flanks, and whom chips look like."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from hub.records.coat import Chip, ChipCandidate, FlankWord
from hub.records.errors import Conflict
from hub.records.flank import Flank
from hub.records.medium import Medium
from hub.store import log, media
from hub.store.database import Connection, Database

NOUN = "coat"
"""In the change log: what is known of the coat of these detections has changed."""

_candidates = msgspec.json.Decoder(tuple[ChipCandidate, ...]).decode
_encode = msgspec.json.Encoder(order="deterministic").encode
_COLUMNS = """c.id, c.site_id, c.observation, c.observed_at, c.device, c.medium_id, c.box, c.method, c.reason,
    c.told_flank, c.flank, c.quality, c.to_picture, c.gallery"""

# As the index says it.
WAITING = f"""
select {media.COLUMNS} from medium
where looked_by is not null and taken_at is not null and preview_of is null and kind <> 'mp4' and state <> 'erased'
  and coated is distinct from looked_by
order by received_at, id limit $1"""


async def waiting(database: Database, limit: int) -> list[Medium]:
    """Pictures that were looked at, and whose animals are to be cut out."""
    async with database.connection() as connection:
        return [media.medium_of(row) for row in await connection.fetch(WAITING, limit)]


NAMED = "select body from second_look where medium_id = $1 and reason = 'classify' order by model"


async def named(database: Database, medium: UUID) -> list[bytes]:
    """What classifiers said of boxes in a picture, as it is kept."""
    async with database.connection() as connection:
        return [row["body"] for row in await connection.fetch(NAMED, medium)]


PUT = """
insert into coat_chip (id, site_id, observation, observed_at, device, medium_id, box, method, reason, told_flank, flank,
                       quality, to_picture, pattern)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
        case when exists (select from coat_flank where site_id = $2 and observation = $3) then
            (select flank from coat_flank where site_id = $2 and observation = $3
             order by decided_at desc, id desc limit 1)
        else $10 end, $11, $12, $13)
on conflict (id) do nothing returning observation"""
DONE = "update medium set coated = $2 where id = $1 and looked_by = $2"


async def put(
    connection: Connection, medium: UUID, looked_by: str, site: str, chips: Sequence[tuple[Chip, bytes]]
) -> None:
    """Keep chips (with patterns, empty for none) of a picture: it was cut as that look saw it. Twice is once."""
    made: list[UUID] = []
    for one, pattern in chips:
        # One at a time with words about its flank.
        await connection.execute(ONE_AT_A_TIME, str(one.observation))
        row = (one.id, site, one.observation, one.observed_at, one.device, one.medium, list(one.box), one.method)
        shape = list(one.to_picture) if one.to_picture else None
        key = await connection.fetchval(
            PUT, *row, one.reason, one.told_flank, one.quality, shape, pattern if pattern else None
        )
        if key is not None:
            made.append(key)
    await connection.execute(DONE, medium, looked_by)
    await log.record_change(connection, site, NOUN, made)


ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended($1, 19))"
SAID = "select observation, flank from coat_flank where site_id = $1 and id = $2"
SAY = "insert into coat_flank (site_id, id, observation, flank, decided_by) values ($1, $2, $3, $4, $5)"
HOLDS = "update coat_chip set flank = $3, gallery = null where site_id = $1 and observation = $2"


async def say_flank(
    connection: Connection, site: str, observation: UUID, key: UUID, flank: Flank | None, who: str
) -> None:
    """Keep a person's word. The same again changes nothing; another by that id: Conflict."""
    await connection.execute(ONE_AT_A_TIME, str(observation))
    known = await connection.fetchrow(SAID, site, key)
    if known is not None:
        if (known["observation"], known["flank"]) != (observation, flank):
            raise Conflict(f"{key} was said already, and says something else")
        return
    await connection.execute(SAY, site, key, observation, flank, who)
    await connection.execute(HOLDS, site, observation, flank)
    await log.record_change(connection, site, NOUN, [observation])


WORDS = """
select id, flank, decided_by, decided_at from coat_flank where site_id = $1 and observation = $2
order by decided_at desc, id desc"""


async def words(database: Database, site: str, observation: UUID) -> list[FlankWord]:
    """What people said of the flank of a detection, the last word first."""
    async with database.connection() as connection:
        rows = await connection.fetch(WORDS, site, observation)
    return [FlankWord(id=row[0], flank=row[1], decided_by=row[2], decided_at=row[3]) for row in rows]


class Owned(NamedTuple):
    """A chip of a detection whose owner a person decided. individual: as it was said, merges not followed."""

    chip: UUID
    individual: UUID
    flank: Flank
    medium: UUID
    device: str
    observed_at: datetime


OWNED = """
select c.id, d.individual, c.flank, c.medium_id, c.device, c.observed_at
from identity_decision d join coat_chip c on c.site_id = d.site_id and c.observation = d.observation
where d.site_id = $1 and d.verdict = 'is' and d.withdrawn_at is null and d.individual is not null
  and c.pattern is not null and c.flank is not null and c.method = $2
order by c.id"""


async def owned(database: Database, site: str, method: str) -> list[Owned]:
    """The chips of a site's gallery."""
    async with database.connection() as connection:
        return [Owned(*row) for row in await connection.fetch(OWNED, site, method)]


PATTERNS = "select id, pattern from coat_chip where id = any($1::uuid[]) and pattern is not null"


async def patterns(database: Database, chips: Collection[UUID]) -> dict[UUID, bytes]:
    """Patterns of chips, as they are kept."""
    async with database.connection() as connection:
        return {row["id"]: row["pattern"] for row in await connection.fetch(PATTERNS, list(chips))}


STALE = """
update coat_chip set gallery = null
where site_id = $1 and pattern is not null and method = $5
  and gallery <> case flank when 'left' then $2 when 'right' then $3 else $4 end"""


async def outdated(database: Database, site: str, left: str, right: str, both: str, method: str) -> None:
    """The galleries have these digests now: what was compared with others is to be compared again."""
    async with database.transaction() as connection:
        await connection.execute(STALE, site, left, right, both, method)


UNCOMPARED = f"""
select {_COLUMNS} from coat_chip c where site_id = $1 and gallery is null and pattern is not null and method = $2
order by observed_at desc, id limit $3"""


async def uncompared(database: Database, site: str, method: str, limit: int) -> list[Chip]:
    """Chips that are to be compared, the newest first."""
    async with database.connection() as connection:
        return [_chip(row) for row in await connection.fetch(UNCOMPARED, site, method, limit)]


# Whoever said another flank meanwhile wants it compared again.
COMPARED = "update coat_chip set gallery = $2 where id = $1 and flank is not distinct from $3 returning observation"
LIKE = """
insert into coat_likeness (chip_id, gallery, candidates) values ($1, $2, $3)
on conflict (chip_id) do update set gallery = excluded.gallery, candidates = excluded.candidates,
    computed_at = clock_timestamp()
where coat_likeness.gallery <> excluded.gallery or coat_likeness.candidates <> excluded.candidates"""


async def compared(
    connection: Connection, site: str, found: Sequence[tuple[Chip, str, Sequence[ChipCandidate]]]
) -> None:
    """Keep whom chips look like, beside the digest of the gallery that they were compared with."""
    changed: list[UUID] = []
    for chip, gallery, candidates in sorted(found, key=lambda one: one[0].id):
        observation = await connection.fetchval(COMPARED, chip.id, gallery, chip.flank)
        if observation is None:
            continue
        done = await connection.execute(LIKE, chip.id, gallery, _encode(candidates))
        if done.endswith("1"):
            changed.append(observation)
    await log.record_change(connection, site, NOUN, changed)


OF = f"select {_COLUMNS} from coat_chip c where site_id = $1 and observation = $2 order by made_at desc, id limit 1"
BY_IDS = f"select {_COLUMNS} from coat_chip c where site_id = $1 and id = any($2::uuid[])"


async def of(database: Database, site: str, observation: UUID) -> Chip | None:
    """The chip of a detection, the one made last."""
    async with database.connection() as connection:
        row = await connection.fetchrow(OF, site, observation)
    return None if row is None else _chip(row)


async def by_ids(database: Database, site: str, keys: Collection[UUID]) -> dict[UUID, Chip]:
    """Chips of a site."""
    async with database.connection() as connection:
        return {row["id"]: _chip(row) for row in await connection.fetch(BY_IDS, site, list(keys))}


LIKENESS = "select candidates from coat_likeness where chip_id = $1"


async def likeness(database: Database, chip: UUID) -> tuple[ChipCandidate, ...]:
    """Whom a chip looks like, the likeliest first; empty before it was compared."""
    async with database.connection() as connection:
        body = await connection.fetchval(LIKENESS, chip)
    return () if body is None else _candidates(body)


def _chip(row: asyncpg.Record) -> Chip:
    given: dict[str, Any] = dict(row)
    shape = given["to_picture"]
    left, top, width, height = given["box"]
    given |= {"box": (left, top, width, height), "to_picture": None if shape is None else tuple(shape)}
    return Chip(site=given.pop("site_id"), medium=given.pop("medium_id"), **given)
