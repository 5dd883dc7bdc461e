"""People and their roles."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from hub.records.errors import Conflict, NotFound, Stale
from hub.records.person import Person
from hub.store.database import Connection, Database

INSERT = "insert into person (id, email, name, language, password_hash) values ($1, $2, $3, $4, $5)"
SET_ROLE = "insert into person_role (person_id, site_id, role) values ($1, $2, $3)"
CLEAR_ROLES = "delete from person_role where person_id = $1"


async def add(connection: Connection, person: Person, password_hash: str) -> None:
    """Add somebody who may log in; raises Conflict when the e-mail address is taken."""
    try:
        await connection.execute(INSERT, person.id, person.email, person.name, person.language, password_hash)
    except asyncpg.UniqueViolationError:
        raise Conflict(f"somebody has the e-mail address {person.email} already") from None
    await _roles(connection, person)


EDIT = """
update person set name = $2, language = $3, active = $4, version = version + 1, recorded_at = clock_timestamp()
where id = $1 and version = $5 returning version"""


async def edit(connection: Connection, person: Person, expect: int) -> Person:
    """Change name, language, roles or whether the person may log in; raises Stale."""
    version = await connection.fetchval(EDIT, person.id, person.name, person.language, person.active, expect)
    if version is None:
        raise Stale(f"person {person.id} is not at version {expect} any more")
    await connection.execute(CLEAR_ROLES, person.id)
    await _roles(connection, person)
    return await get_on(connection, person.id)


async def _roles(connection: Connection, person: Person) -> None:
    await connection.executemany(SET_ROLE, [(person.id, site, role) for site, role in person.sites.items()])


SET_PASSWORD = "update person set password_hash = $2, version = version + 1 where lower(email) = lower($1) returning id"


END_SESSIONS = "delete from session where person_id = $1"


async def set_password(connection: Connection, email: str, password_hash: str) -> None:
    """Replace a password and end whatever was opened with the old one; raises NotFound."""
    person = await connection.fetchval(SET_PASSWORD, email, password_hash)
    if person is None:
        raise NotFound(f"nobody with the e-mail address {email!r}")
    await connection.execute(END_SESSIONS, person)


SELECT = """
select p.id, p.email, p.name, p.language, p.active, p.version, p.password_hash,
       coalesce(array_agg(r.site_id order by r.site_id) filter (where r.site_id is not null), '{}') as sites,
       coalesce(array_agg(r.role order by r.site_id) filter (where r.site_id is not null), '{}') as roles
from person p left join person_role r on r.person_id = p.id """
BY_EMAIL = SELECT + "where lower(p.email) = lower($1) group by p.id"


async def by_email(database: Database, email: str) -> tuple[Person, str] | None:
    """A person and the password hash, or None."""
    async with database.connection() as connection:
        row = await connection.fetchrow(BY_EMAIL, email)
    return None if row is None else (_person(row), row["password_hash"])


BY_ID = SELECT + "where p.id = $1 group by p.id"


async def get(database: Database, person_id: UUID) -> Person:
    """One person; raises NotFound."""
    async with database.connection() as connection:
        return await get_on(connection, person_id)


async def get_on(connection: Connection, person_id: UUID) -> Person:
    """One person, in the caller's transaction; raises NotFound."""
    row = await connection.fetchrow(BY_ID, person_id)
    if row is None:
        raise NotFound(f"no person {person_id}")
    return _person(row)


PAGE = (
    SELECT
    + """where ($1::uuid is null or p.id > $1)
and exists (select from person_role s where s.person_id = p.id and ($2::text is null or s.site_id in ($2, '*')))
group by p.id order by p.id limit $3"""
)


async def page(database: Database, site: str | None, after: UUID | None, limit: int) -> list[Person]:
    """People of a site (None: of all sites), by keyset."""
    async with database.connection() as connection:
        return [_person(row) for row in await connection.fetch(PAGE, after, site, limit)]


ANYBODY = "select exists (select from person)"


async def anybody(database: Database) -> bool:
    """Is there a login at all yet?"""
    async with database.connection() as connection:
        return await connection.fetchval(ANYBODY)


def _person(row: asyncpg.Record) -> Person:
    return Person(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        language=row["language"],
        active=row["active"],
        version=row["version"],
        sites=dict(zip(row["sites"], row["roles"], strict=True)),
    )
