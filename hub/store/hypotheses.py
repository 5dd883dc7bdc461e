"""Hypotheses, and what people made of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec

from hub.records.errors import Conflict, NotFound
from hub.records.hypothesis import Act, Hypothesis, HypothesisDecision, HypothesisKind, HypothesisVerdict
from hub.store.database import Connection, Database

_acts = msgspec.json.Decoder(tuple[Act, ...]).decode
_hypothesis_of = msgspec.json.Decoder(Hypothesis).decode

# What came out as before is not written again, so that `computed_at` says since when it is so.
PUT = """
insert into hypothesis (site_id, id, kind, subject_id, since, decided_at, probability, value, longitude, latitude,
                        sensitive, evidence, detail)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (site_id, id) do update set
    subject_id = excluded.subject_id, since = excluded.since, decided_at = excluded.decided_at,
    probability = excluded.probability, value = excluded.value, longitude = excluded.longitude,
    latitude = excluded.latitude, sensitive = excluded.sensitive, evidence = excluded.evidence,
    detail = excluded.detail, computed_at = clock_timestamp()
where (hypothesis.subject_id, hypothesis.since, hypothesis.decided_at, hypothesis.probability, hypothesis.value,
       hypothesis.longitude, hypothesis.latitude, hypothesis.sensitive, hypothesis.evidence, hypothesis.detail)
    is distinct from (excluded.subject_id, excluded.since, excluded.decided_at, excluded.probability, excluded.value,
       excluded.longitude, excluded.latitude, excluded.sensitive, excluded.evidence, excluded.detail)"""
FORGET = "delete from hypothesis where site_id = $1 and kind = any($2::text[]) and not (id = any($3::uuid[]))"


async def put(connection: Connection, site: str, kinds: Sequence[HypothesisKind], found: Sequence[Hypothesis]) -> None:
    """Make these all hypotheses of some kinds at a site, in the caller's transaction."""
    await connection.execute(FORGET, site, list(kinds), [one.id for one in found])
    rows = [
        (
            site,
            h.id,
            h.kind,
            h.individual,
            h.since,
            h.decided_at,
            h.probability,
            h.value,
            h.longitude,
            h.latitude,
            h.sensitive,
            list(h.evidence),
            msgspec.json.encode(h.detail, order="deterministic"),
        )
        for h in found
    ]
    await connection.executemany(PUT, rows)


# What people have decided needs no second look.
QUEUE = """
select h.*, count(*) over () as waiting from hypothesis h
where h.site_id = $1 and h.value >= $2 and not exists (
    select from hypothesis_decision d
    where d.site_id = $1 and d.hypothesis_id = h.id and d.withdrawn_at is null)
order by h.value desc, h.id limit $3"""


async def queue(database: Database, site: str, least: float, limit: int) -> tuple[list[Hypothesis], int]:
    """(undecided hypotheses worth at least so much, worth most first; how many there are in all)."""
    async with database.connection() as connection:
        rows = await connection.fetch(QUEUE, site, least, limit)
    return [_hypothesis(row) for row in rows], rows[0]["waiting"] if rows else 0


EVERY = "select * from hypothesis where site_id = $1 order by id"


async def everything(database: Database, site: str) -> list[Hypothesis]:
    """All hypotheses of a site, decided or not."""
    async with database.connection() as connection:
        return [_hypothesis(row) for row in await connection.fetch(EVERY, site)]


ONE = "select * from hypothesis where site_id = $1 and id = $2"


async def get(database: Database, site: str, key: UUID) -> Hypothesis | None:
    """One hypothesis, if it stands."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, key)
    return None if row is None else _hypothesis(row)


HISTORY = """
select * from hypothesis_decision where site_id = $1 and ($2::uuid is null or hypothesis_id = $2)
order by decided_at desc, id limit $3"""


async def decisions(database: Database, site: str, hypothesis: UUID | None, limit: int) -> list[HypothesisDecision]:
    """Decisions about one hypothesis (None: about any), newest first, also those that were withdrawn."""
    async with database.connection() as connection:
        return [_decision(row) for row in await connection.fetch(HISTORY, site, hypothesis, limit)]


CONFIRMED = """
select * from hypothesis_decision
where site_id = $1 and verdict = 'confirmed' and withdrawn_at is null and hypothesis ->> 'kind' = $2"""


async def confirmed(database: Database, site: str, kind: HypothesisKind) -> list[HypothesisDecision]:
    """What holds of what people confirmed."""
    async with database.connection() as connection:
        return [_decision(row) for row in await connection.fetch(CONFIRMED, site, kind)]


ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended($1, 11))"
KNOWN = "select * from hypothesis_decision where site_id = $1 and id = $2 for update"
HOLDS = """
select id from hypothesis_decision where site_id = $1 and hypothesis_id = $2 and withdrawn_at is null"""
ADD = """
insert into hypothesis_decision (site_id, id, hypothesis_id, verdict, hypothesis, acts, note, decided_by)
values ($1, $2, $3, $4, $5, $6, $7, $8)"""


async def begin(connection: Connection, site: str, hypothesis: UUID, key: UUID, verdict: HypothesisVerdict) -> bool:
    """May a decision by this id be made now? False: it was made already. Raises Conflict: another holds, or that id."""
    await connection.execute(ONE_AT_A_TIME, str(hypothesis))
    known = await connection.fetchrow(KNOWN, site, key)
    if known is not None:
        if (known["hypothesis_id"], known["verdict"]) != (hypothesis, verdict):
            raise Conflict(f"decision {key} was made already, and says something else")
        return False
    if (other := await connection.fetchval(HOLDS, site, hypothesis)) is not None:
        raise Conflict(f"hypothesis {hypothesis} is decided: withdraw decision {other} first")
    return True


async def decide(
    connection: Connection,
    hypothesis: Hypothesis,
    key: UUID,
    *,
    verdict: HypothesisVerdict,
    acts: Sequence[Act],
    note: str,
    who: str,
) -> None:
    """Keep a decision that `begin` allowed, in the same transaction."""
    body, done = msgspec.json.encode(hypothesis), msgspec.json.encode(tuple(acts))
    await connection.execute(ADD, hypothesis.site, key, hypothesis.id, verdict, body, done, note, who)


WITHDRAW = """
update hypothesis_decision set withdrawn_by = $3, withdrawn_at = clock_timestamp()
where site_id = $1 and id = $2 and withdrawn_at is null returning *"""


async def withdraw(
    connection: Connection, site: str, hypothesis: UUID, key: UUID, who: str
) -> HypothesisDecision | None:
    """Take a decision back, in the caller's transaction; raises NotFound. None: it was taken back before."""
    await connection.execute(ONE_AT_A_TIME, str(hypothesis))
    known = await connection.fetchrow(KNOWN, site, key)
    if known is None or known["hypothesis_id"] != hypothesis:
        raise NotFound(f"no decision {key} about hypothesis {hypothesis} at site {site}")
    row = await connection.fetchrow(WITHDRAW, site, key, who)
    return None if row is None else _decision(row)


def _hypothesis(row: asyncpg.Record) -> Hypothesis:
    return Hypothesis(
        id=row["id"],
        site=row["site_id"],
        kind=row["kind"],
        individual=row["subject_id"],
        since=row["since"],
        decided_at=row["decided_at"],
        probability=row["probability"],
        value=row["value"],
        longitude=row["longitude"],
        latitude=row["latitude"],
        sensitive=row["sensitive"],
        evidence=tuple(row["evidence"]),
        detail=msgspec.json.decode(row["detail"]),
    )


def _decision(row: asyncpg.Record) -> HypothesisDecision:
    return HypothesisDecision(
        id=row["id"],
        hypothesis=_hypothesis_of(row["hypothesis"]),
        verdict=row["verdict"],
        acts=_acts(row["acts"]),
        note=row["note"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        withdrawn_by=row["withdrawn_by"],
        withdrawn_at=row["withdrawn_at"],
    )
