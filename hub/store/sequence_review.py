"""What people said of sequences, which of them need a look, and what the blind audit amounts to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from hub.records.errors import Conflict, NotFound
from hub.records.sequence import SaidOfSequence, Sequence, SequenceEntry, SequenceState, SequenceVerdict
from hub.store import log, repeat_memory
from hub.store.database import Connection, Database
from hub.store.sequences import COLUMNS, NOUN, encode, sequence_of

_entries = msgspec.json.Decoder(tuple[SequenceEntry, ...]).decode
_said = msgspec.json.Decoder(tuple[SaidOfSequence, ...]).decode

# The newest word that stands about any of its pictures. A picture that the word did not know of opens it again, if it
# came within a day of it.
_JUDGED = f"""
select {COLUMNS}, v.id as verdict,
    case when v.id is null then
        case when cardinality(s.reasons) > 0 or s.audited or exists (
            select from unnest(s.labels, s.sure) as e (label, sure)
            left join unnest($2::text[], $3::float8[]) as t (label, least) on t.label = e.label
            where t.least is null or e.sure < t.least) then 'review' else 'accepted' end
    when exists (
        select from medium m
        where m.id = any(s.pictures) and m.id <> all(v.pictures)
          and m.recorded_at between v.decided_at and v.decided_at + interval '1 day') then 'reopened'
    else 'decided' end as state
from picture_sequence s
left join lateral (
    select id, pictures, decided_at from sequence_verdict
    where site_id = s.site_id and withdrawn_at is null and pictures && s.pictures
    order by decided_at desc, id desc limit 1) v on true
where s.site_id = $1"""


class Judged(NamedTuple):
    """A sequence, how it stands, and which word of a person holds of it."""

    sequence: Sequence
    state: SequenceState
    verdict: UUID | None


PAGE = f"""
select * from ({_JUDGED} and s.begins_at >= $4 and s.begins_at < $5 and ($6::text is null or s.device = $6)
    and ($7::text is null or $7 = any(s.labels))
    and ($8::timestamptz is null or (s.begins_at, s.id) < ($8, $9::uuid))) j
where $10::text is null or state = $10
order by begins_at desc, id desc limit $11"""


async def page(
    database: Database,
    site: str,
    least: Mapping[str, float],
    *,
    since: datetime,
    until: datetime,
    device: str | None = None,
    label: str | None = None,
    state: SequenceState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Judged]:
    """Sequences that begin in [since, until), newest first. `least`: from where on a label's answers are trusted."""
    at, key = after or (None, None)
    async with database.connection() as connection:
        rows = await connection.fetch(
            PAGE, site, list(least), list(least.values()), since, until, device, label, at, key, state, limit
        )
    return [_judged(row) for row in rows]


QUEUE = f"""
select * from ({_JUDGED} and ($4::text is null or s.device = $4)) j
where state in ('review', 'reopened') order by value desc, id limit $5"""


async def queue(
    database: Database, site: str, least: Mapping[str, float], device: str | None, limit: int
) -> list[Judged]:
    """What a person should look at, that first whose look is worth most."""
    async with database.connection() as connection:
        rows = await connection.fetch(QUEUE, site, list(least), list(least.values()), device, limit)
    return [_judged(row) for row in rows]


ONE = f"{_JUDGED} and s.id = $4"


async def judged(database: Database, site: str, least: Mapping[str, float], key: UUID) -> Judged:
    """One sequence and how it stands; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, list(least), list(least.values()), key)
    if row is None:
        raise NotFound(f"no sequence {key} at site {site}; an earlier picture that came late gives it another id")
    return _judged(row)


def _judged(row: asyncpg.Record) -> Judged:
    return Judged(sequence_of(row), row["state"], row["verdict"])


HISTORY = """
select * from sequence_verdict where site_id = $1 and pictures && $2::uuid[] order by decided_at desc, id desc"""


async def history(database: Database, site: str, pictures: tuple[UUID, ...]) -> list[SequenceVerdict]:
    """All that people ever said of any of these pictures, the newest first; also what was withdrawn."""
    async with database.connection() as connection:
        return [_verdict(row) for row in await connection.fetch(HISTORY, site, list(pictures))]


WORDS = "select id, said from sequence_verdict where site_id = $1 and id = any($2::uuid[])"


async def said(database: Database, site: str, verdicts: Collection[UUID]) -> dict[UUID, tuple[SaidOfSequence, ...]]:
    """What these words say."""
    async with database.connection() as connection:
        return {row["id"]: _said(row["said"]) for row in await connection.fetch(WORDS, site, list(verdicts))}


KNOWN = "select sequence_id, said from sequence_verdict where site_id = $1 and id = $2"
ADD = """
insert into sequence_verdict
    (site_id, id, sequence_id, device, infrared, pictures, said, machine, blind, note, decided_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""


async def decide(
    connection: Connection,
    of: Sequence,
    key: UUID,
    said: tuple[SaidOfSequence, ...],
    *,
    blind: bool,
    note: str,
    who: str,
) -> None:
    """A person's word. The same id again is the same word; raises Conflict where it was another one."""
    known = await connection.fetchrow(KNOWN, of.site, key)
    if known is not None:
        if known["sequence_id"] != of.id or _said(known["said"]) != said:
            raise Conflict(f"verdict {key} is there already, and says something else")
        return
    await connection.execute(
        ADD,
        of.site,
        key,
        of.id,
        of.device,
        of.infrared,
        list(of.pictures),
        encode(said),
        encode(of.entries),
        blind,
        note,
        who,
    )
    await repeat_memory.answered(connection, of.site, of.device, of.begins_at, of.ends_at)
    await log.record_change(connection, of.site, NOUN, [of.id])


WITHDRAW = """
update sequence_verdict
set withdrawn_by = coalesce(withdrawn_by, $4), withdrawn_at = coalesce(withdrawn_at, clock_timestamp())
where site_id = $1 and id = $2 and pictures && $3::uuid[] returning id"""


async def withdraw(connection: Connection, of: Sequence, key: UUID, who: str) -> None:
    """Take a word back: what stood before it stands again. Twice is once; raises NotFound."""
    if await connection.fetchval(WITHDRAW, of.site, key, list(of.pictures), who) is None:
        raise NotFound(f"no verdict {key} about sequence {of.id}")
    await repeat_memory.answered(connection, of.site, of.device, of.begins_at, of.ends_at)
    await log.record_change(connection, of.site, NOUN, [of.id])


# Whoever was asked blindly twice about the same pictures counts once, by the last word.
BLIND = """
select v.* from sequence_verdict v
where v.site_id = $1 and v.blind and v.withdrawn_at is null and v.decided_at >= $2
  and not exists (
    select from sequence_verdict later
    where later.site_id = v.site_id and later.withdrawn_at is null and later.blind
      and later.pictures && v.pictures and (later.decided_at, later.id) > (v.decided_at, v.id))
order by v.decided_at, v.id limit $3"""


async def blind(database: Database, site: str, since: datetime, most: int) -> list[SequenceVerdict]:
    """What was said without knowing the machine's answer."""
    async with database.connection() as connection:
        return [_verdict(row) for row in await connection.fetch(BLIND, site, since, most)]


EFFORT = """
select count(*) as sequences, coalesce(sum(cardinality(pictures)), 0) as pictures,
       count(*) filter (where opened) as opened,
       coalesce(sum(cardinality(pictures)) filter (where opened), 0) as opened_pictures
from (select s.pictures, exists (
        select from sequence_verdict v where v.site_id = s.site_id and v.pictures && s.pictures) as opened
      from picture_sequence s where s.site_id = $1 and s.begins_at >= $2) each"""


class Effort(NamedTuple):
    """How many sequences and pictures there are, and how many of them a person ever said something of."""

    sequences: int
    pictures: int
    opened: int
    opened_pictures: int


async def effort(database: Database, site: str, since: datetime) -> Effort:
    """What people had to look at, of sequences that begin at `since` or later."""
    async with database.connection() as connection:
        row = await connection.fetchrow(EFFORT, site, since)
    assert row is not None
    return Effort(*row)


def _verdict(row: asyncpg.Record) -> SequenceVerdict:
    return SequenceVerdict(
        id=row["id"],
        sequence=row["sequence_id"],
        device=row["device"],
        infrared=row["infrared"],
        pictures=tuple(row["pictures"]),
        said=_said(row["said"]),
        machine=_entries(row["machine"]),
        blind=row["blind"],
        note=row["note"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        withdrawn_by=row["withdrawn_by"],
        withdrawn_at=row["withdrawn_at"],
    )
