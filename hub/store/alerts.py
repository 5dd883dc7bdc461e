"""Alerts: facts from the pipeline, states from people, and every action with who and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from hub.records.errors import Conflict, NotFound, Stale
from hub.records.finding import Alert, Decisions, Subject
from hub.store import log
from hub.store.database import Connection, Database

# An alert that was retracted and is supported again returns to what people had made of it.
RAISE = """
insert into alert (id, site_id, finding_id, subject_kind, subject_id, subject_name, kind, fence_id, fence_name,
                   severity, occurred_at, longitude, latitude, detail)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::uuid[],
                     $9::text[], $10::text[], $11::timestamptz[], $12::float8[], $13::float8[], $14::jsonb[])
on conflict (id) do update set
    subject_name = excluded.subject_name, fence_name = excluded.fence_name, severity = excluded.severity,
    occurred_at = excluded.occurred_at, longitude = excluded.longitude, latitude = excluded.latitude,
    detail = excluded.detail, version = alert.version + 1, cause = null, corrected_by = null,
    state = case when alert.state <> 'retracted' then alert.state
                 when alert.resolved_at is not null then 'resolved'
                 when alert.acknowledged_at is not null then 'acknowledged' else 'new' end
where alert.state = 'retracted' or (alert.subject_name, alert.fence_name, alert.severity, alert.occurred_at,
                                    alert.longitude, alert.latitude, alert.detail)
    is distinct from (excluded.subject_name, excluded.fence_name, excluded.severity, excluded.occurred_at,
                      excluded.longitude, excluded.latitude, excluded.detail)
returning id, version"""
RETRACT = """
update alert set state = 'retracted', cause = $2, version = version + 1
where id = any($1::uuid[]) and state <> 'retracted' returning id, version"""
# Who acknowledged the old one need not do it again for the corrected one.
CORRECT_NEW = """
update alert n set corrects = o.id, acknowledged_by = coalesce(n.acknowledged_by, o.acknowledged_by),
    acknowledged_at = coalesce(n.acknowledged_at, o.acknowledged_at),
    resolved_by = coalesce(n.resolved_by, o.resolved_by), resolved_at = coalesce(n.resolved_at, o.resolved_at),
    outcome = coalesce(n.outcome, o.outcome),
    state = case when n.state <> 'new' then n.state when o.resolved_at is not null then 'resolved'
                 when o.acknowledged_at is not null then 'acknowledged' else 'new' end
from alert o where n.id = $2 and o.id = $1"""
CORRECT_OLD = "update alert set corrected_by = $2 where id = $1"
ACTION = "insert into alert_action (alert_id, version, who, what, note) values ($1, $2, $3, $4, $5)"
PIPELINE = "rosette"


async def apply(connection: Connection, site: str, decisions: Decisions, cause: str) -> list[UUID]:
    """Carry out what the rules decided, in the transaction that saves the findings; returns the alerts that changed."""
    touched: list[UUID] = []
    actions: list[tuple[UUID, int, str, str, str | None]] = []
    if decisions.retracted:
        by_cause: dict[str, list[UUID]] = {}
        for one in decisions.retracted:
            by_cause.setdefault(decisions.causes.get(one, cause), []).append(one)
        for why, ids in by_cause.items():
            for row in await connection.fetch(RETRACT, ids, why):
                touched.append(row["id"])
                actions.append((row["id"], row["version"], PIPELINE, "retracted", why))
    if decisions.raised:
        columns = zip(*(_facts(alert) for alert in decisions.raised), strict=True)
        for row in await connection.fetch(RAISE, *map(list, columns)):
            touched.append(row["id"])
            what = "raised" if row["version"] == 1 else "corrected"
            actions.append((row["id"], row["version"], PIPELINE, what, None))
    for old, new in decisions.corrections:
        await connection.execute(CORRECT_NEW, old, new)
        await connection.execute(CORRECT_OLD, old, new)
    if actions:
        await connection.executemany(ACTION, actions)
        await log.record_change(connection, site, "alert", touched)
    return touched


def _facts(alert: Alert) -> tuple[Any, ...]:
    return (
        alert.id,
        alert.site,
        alert.finding,
        alert.subject.kind,
        alert.subject.id,
        alert.subject_name,
        alert.kind,
        alert.fence,
        alert.fence_name,
        alert.severity,
        alert.occurred_at,
        alert.longitude,
        alert.latitude,
        msgspec.json.encode(alert.detail, order="deterministic"),
    )


LOCK = "select state, version from alert where site_id = $1 and id = $2 for update"
ACKNOWLEDGE = """
update alert set state = 'acknowledged', acknowledged_by = $2, acknowledged_at = clock_timestamp(),
    version = version + 1 where id = $1 returning *"""
RESOLVE = """
update alert set state = 'resolved', resolved_by = $2, resolved_at = clock_timestamp(), outcome = $3,
    acknowledged_by = coalesce(acknowledged_by, $2), acknowledged_at = coalesce(acknowledged_at, clock_timestamp()),
    version = version + 1 where id = $1 returning *"""


async def act(
    connection: Connection, site: str, alert: UUID, *, what: str, who: str, expect: int, outcome: str | None = None
) -> Alert:
    """Acknowledge or resolve. Raises NotFound, Stale (somebody was first) or Conflict (its state forbids it)."""
    row = await connection.fetchrow(LOCK, site, alert)
    if row is None:
        raise NotFound(f"no alert {alert} at site {site}")
    if row["version"] != expect:
        raise Stale(f"alert {alert} is at version {row['version']}, you saw {expect}")
    match what, row["state"]:
        case "acknowledge", "new":
            changed = await connection.fetchrow(ACKNOWLEDGE, alert, who)
        case "resolve", "new" | "acknowledged":
            changed = await connection.fetchrow(RESOLVE, alert, who, outcome)
        case _, state:
            raise Conflict(f"alert {alert} is {state}: nothing to {what}")
    assert changed is not None
    await connection.execute(ACTION, alert, changed["version"], who, f"{what}d", outcome)
    await log.record_change(connection, site, "alert", [alert])
    return _alert(changed)


ONE = "select * from alert where site_id = $1 and id = $2"


async def get(database: Database, site: str, alert: UUID) -> Alert:
    """One alert; raises NotFound."""
    async with database.connection() as connection:
        row = await connection.fetchrow(ONE, site, alert)
    if row is None:
        raise NotFound(f"no alert {alert} at site {site}")
    return _alert(row)


BY_IDS = "select * from alert where site_id = $1 and id = any($2::uuid[]) order by occurred_at desc, id"


async def by_ids(database: Database, site: str, ids: Sequence[UUID]) -> list[Alert]:
    """Some alerts, newest first."""
    async with database.connection() as connection:
        return [_alert(row) for row in await connection.fetch(BY_IDS, site, list(ids))]


PAGE = """
select * from alert
where site_id = $1 and state = any($2::text[]) and ($3::timestamptz is null or (occurred_at, id) < ($3, $4::uuid))
order by occurred_at desc, id desc limit $5"""


async def page(
    database: Database, site: str, states: Sequence[str], after: tuple[datetime, UUID] | None, limit: int
) -> list[Alert]:
    """Alerts in some states, newest first, by keyset."""
    at, last = after or (None, None)
    async with database.connection() as connection:
        return [_alert(row) for row in await connection.fetch(PAGE, site, list(states), at, last, limit)]


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an alert's history."""

    at: datetime
    version: int
    who: str
    what: str
    note: str | None


HISTORY = "select at, version, who, what, note from alert_action where alert_id = $1 order by seq"


async def history(database: Database, alert: UUID) -> list[Action]:
    """Everything that happened to an alert."""
    async with database.connection() as connection:
        return [Action(**row) for row in await connection.fetch(HISTORY, alert)]


ACTIVITY = """
select width_bucket(extract(epoch from occurred_at), $4, $5, $6) as bin, count(*) as n
from alert where site_id = $1 and state <> 'retracted' and occurred_at >= $2 and occurred_at < $3 group by bin"""


async def activity(database: Database, site: str, since: datetime, until: datetime, bins: int) -> list[int]:
    """Standing alerts per equal slice of [since, until)."""
    counts = [0] * bins
    async with database.connection() as connection:
        rows = await connection.fetch(ACTIVITY, site, since, until, since.timestamp(), until.timestamp(), bins)
    for row in rows:
        if 1 <= row["bin"] <= bins:
            counts[row["bin"] - 1] = row["n"]
    return counts


STANDING = "select * from alert where site_id = $1 and state <> 'retracted' order by id"


async def standing(database: Database, site: str) -> list[Alert]:
    """Every alert that the observations support."""
    async with database.connection() as connection:
        return [_alert(row) for row in await connection.fetch(STANDING, site)]


def _alert(row: asyncpg.Record) -> Alert:
    fields: dict[str, Any] = {k: v for k, v in row.items() if k in Alert.__struct_fields__}
    fields["site"] = row["site_id"]
    fields["finding"] = row["finding_id"]
    fields["subject"] = Subject(kind=row["subject_kind"], id=row["subject_id"])
    fields["fence"] = row["fence_id"]
    fields["detail"] = msgspec.json.decode(row["detail"])
    return Alert(**fields)
