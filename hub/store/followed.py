"""Months of followed subjects: where they were, and their states at fences when the month began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from hub.records.finding import Subject
from hub.store.database import Connection, Database

# (west, south, east, north) in degrees.
Box = tuple[float, float, float, float]


class Month(NamedTuple):
    """`box` holds every place of the month with its error. `states`: see `hub/pipeline/guard.py`; None: none kept."""

    month: date
    box: Box
    since: datetime | None
    states: bytes | None


PUT = """
insert into followed_month (site_id, subject_kind, subject_id, month, west, south, east, north, since, states)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (site_id, subject_kind, subject_id, month) do update set
    west = least(followed_month.west, excluded.west), south = least(followed_month.south, excluded.south),
    east = greatest(followed_month.east, excluded.east), north = greatest(followed_month.north, excluded.north),
    since = excluded.since, states = excluded.states"""
DROP = "delete from followed_month where site_id = $1 and subject_kind = $2 and subject_id = $3"


async def put(connection: Connection, site: str, seen: Sequence[tuple[Subject, bool, Sequence[Month]]]) -> None:
    """Write months of subjects; boxes grow, unless the whole of a subject is given (the flag), which replaces all."""
    whole = [(site, subject.kind, subject.id) for subject, everything, _ in seen if everything]
    rows = [
        (site, subject.kind, subject.id, one.month, *one.box, one.since, one.states)
        for subject, _, months in seen
        for one in months
    ]
    await connection.executemany(DROP, whole)
    await connection.executemany(PUT, rows)


BEFORE = """
select month, west, south, east, north, since, states from followed_month
where site_id = $1 and subject_kind = $2 and subject_id = $3 and month <= $4 and states is not null
order by month desc limit 1"""


async def last_states(database: Database, site: str, subject: Subject, day: date) -> Month | None:
    """The last month that began on or before a day and has states."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BEFORE, site, subject.kind, subject.id, day)
    if row is None:
        return None
    return Month(row["month"], (row["west"], row["south"], row["east"], row["north"]), row["since"], row["states"])


NEIGHBOURS = """
select distinct subject_id from followed_month
where site_id = $1 and subject_kind = 'individual' and month between $2 and $3
  and west <= $6 and east >= $4 and south <= $7 and north >= $5"""


async def individuals_near(database: Database, site: str, box: Box, first: date, last: date) -> set[UUID]:
    """Individuals that were where a box is in any of the months from `first` to `last`."""
    async with database.connection() as connection:
        rows = await connection.fetch(NEIGHBOURS, site, first, last, *box)
    return {UUID(str(row["subject_id"])) for row in rows}


NEAR = """
select distinct m.subject_kind, m.subject_id from followed_month m
where m.site_id = $1 and exists (
    select from unnest($2::float8[], $3::float8[], $4::float8[], $5::float8[]) as b (west, south, east, north)
    where m.west <= b.east and m.east >= b.west and m.south <= b.north and m.north >= b.south)"""


async def near(database: Database, site: str, boxes: Sequence[Box]) -> list[Subject]:
    """Who was, in any month, where one of these boxes is."""
    columns = [list(column) for column in zip(*boxes, strict=True)] or [[], [], [], []]
    async with database.connection() as connection:
        rows = await connection.fetch(NEAR, site, *columns)
    return [Subject(kind=row["subject_kind"], id=UUID(str(row["subject_id"]))) for row in rows]
