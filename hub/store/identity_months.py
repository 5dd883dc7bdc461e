"""Months in which sightings are weighed: what each was asked for, and what its stored answer has seen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from hub.store.database import Connection, Database


class IdentityMonth(NamedTuple):
    """asked and answered count; basis names the reference data that the answer was computed with."""

    month: date
    asked: int
    answered: int
    basis: str

    @property
    def is_settled(self) -> bool:
        """Has all that was asked been answered?"""
        return self.answered >= self.asked


ASK = """
insert into identity_month (site_id, month) select $1, unnest($2::date[])
on conflict (site_id, month) do update set asked = identity_month.asked + 1"""


async def ask(connection: Connection, site: str, months: Collection[date]) -> None:
    """Something came that bears on these months, in the transaction that takes it in."""
    if months:
        await connection.execute(ASK, site, sorted(months))


# What was asked while it was weighed stays to be answered.
ANSWER = """
update identity_month set answered = greatest(answered, $3), basis = $4, weighed_at = clock_timestamp()
where site_id = $1 and month = $2"""


async def answer(connection: Connection, site: str, month: date, asked: int, basis: str) -> None:
    """All that had been asked by then is answered, in the transaction that stores the answer."""
    await connection.execute(ANSWER, site, month, asked, basis)


EVERYTHING = "select month, asked, answered, basis from identity_month where site_id = $1 order by month desc"


async def everything(database: Database, site: str) -> list[IdentityMonth]:
    """All months that were ever asked for, newest first."""
    async with database.connection() as connection:
        return [IdentityMonth(*row) for row in await connection.fetch(EVERYTHING, site)]


WAITING = """
select month, asked, answered, basis from identity_month where site_id = $1 and answered < asked order by month desc"""


async def waiting(database: Database, site: str) -> list[IdentityMonth]:
    """Months whose stored answer has not seen everything, newest first."""
    async with database.connection() as connection:
        return [IdentityMonth(*row) for row in await connection.fetch(WAITING, site)]
